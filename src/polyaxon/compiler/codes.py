"""What can be wrong between the parts of a polyaxonfile? The stable codes PX200–PX399, explained for people.

Mistakes inside one file are `spec.codes`. A code is never reused for something else; `docs/reference/errors.md` is
generated from both tables.
"""

from __future__ import annotations

from enum import StrEnum

from polyaxon.spec.codes import Code

__all__ = ["CODES", "CompileCode"]


class CompileCode(StrEnum):
    """The problems that composing, checking and compiling can have."""

    NOT_FOUND = "PX200"
    FETCH = "PX201"
    REFERENCE_CYCLE = "PX202"
    UNKNOWN_COMPONENT = "PX203"
    DAG_REF_OUTSIDE = "PX204"
    NO_RUNTIME = "PX205"
    RUN_PATCH = "PX206"
    MISPLACED_SHORTHAND = "PX207"
    OVERRIDE = "PX208"
    OVERRIDE_LOST = "PX209"
    UNKNOWN_OPERATION = "PX210"
    UNKNOWN_VALUE = "PX211"
    CYCLE = "PX212"
    DUPLICATE_OPERATION = "PX213"
    DUPLICATE_COMPONENT = "PX214"
    UNUSED_COMPONENT = "PX215"
    EMPTY_DAG = "PX216"
    UNNAMED = "PX217"
    UNREACHABLE = "PX218"
    BUILD_ON_DAG = "PX219"
    MISSING_PARAM = "PX220"
    UNKNOWN_PARAM = "PX221"
    PARAM_TYPE = "PX222"
    EDGE_TYPE = "PX223"
    BAD_REF = "PX224"
    BAD_PATH = "PX225"
    PARAM_AND_MATRIX = "PX226"
    TO_INIT = "PX227"
    JOIN_PARAM = "PX228"
    UNUSED_PARAM = "PX229"
    UNDEFINED = "PX230"
    TEMPLATE_SYNTAX = "PX231"
    TEMPLATE_REFUSED = "PX232"
    TEMPLATE_FAILED = "PX233"
    CONDITION = "PX234"
    CONSTANT_CONDITION = "PX235"
    PARAM_CYCLE = "PX236"
    MATRIX_VALUE = "PX240"
    MATRIX_SPACE = "PX241"
    MATRIX_SIZE = "PX242"
    HYPERBAND = "PX243"
    PROBABILITIES = "PX244"
    SEARCH_SETTINGS = "PX245"
    CRON = "PX250"
    SCHEDULE = "PX251"
    PLUGINS = "PX260"
    CULLING = "PX261"
    TERMINATION = "PX262"
    NO_CONTAINER = "PX263"
    NO_IMAGE = "PX264"
    NESTED_SCHEDULE = "PX265"
    EVENT = "PX266"
    TEMPLATE_FILE = "PX267"
    UNSUPPORTED = "PX268"
    DUPLICATE_VOLUME = "PX269"
    RENDERED = "PX270"
    JOIN = "PX271"


CODES: dict[str, Code] = {}
