"""What can be wrong with a file by itself? The stable codes PX001–PX199, each with a title, an explanation, an example.

A code is never reused for something else. `docs/reference/errors.md` is generated from this table and the compiler's.
"""

from __future__ import annotations

from enum import StrEnum

from polyaxon.model.record import dataclass

__all__ = ["CODES", "Code", "SpecCode"]


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means: for people who look it up."""

    title: str
    explanation: str
    example: str


class SpecCode(StrEnum):
    """The problems that reading one file can have."""

    ENCODING = "PX001"
    CONTROL_CHARACTER = "PX002"
    YAML_SYNTAX = "PX003"
    JSON_SYNTAX = "PX004"
    TAB = "PX005"
    EMPTY = "PX006"
    SEVERAL_DOCUMENTS = "PX007"
    NOT_A_MAPPING = "PX008"
    TOO_LARGE = "PX009"
    TOO_DEEP = "PX010"
    ALIAS_BOMB = "PX011"
    ALIAS = "PX012"
    TAG = "PX013"
    KEY_NOT_TEXT = "PX014"
    DUPLICATE_KEY = "PX015"
    MERGE_KEY = "PX016"
    UNKNOWN_FIELD = "PX101"
    MISSING_FIELD = "PX102"
    WRONG_TYPE = "PX103"
    NOT_A_CHOICE = "PX104"
    KIND = "PX105"
    OUT_OF_RANGE = "PX106"
    BAD_NAME = "PX107"
    UNQUOTED = "PX108"
    SEVERAL_REFERENCES = "PX109"
    CONFLICT = "PX110"
    IO_TYPE = "PX111"
    IO_VALUE = "PX112"
    IO_RULES = "PX113"
    QUANTITY = "PX114"
    SPACE = "PX115"
    PARAM_FORM = "PX116"
    SPACE_KIND = "PX117"
    RESERVED_NAME = "PX118"
    DUPLICATE_NAME = "PX119"
    BAD_REFERENCE = "PX120"
    BAD_TIME = "PX121"
    CONNECTION_SCHEMA = "PX122"
    MORE_PROBLEMS = "PX123"


CODES: dict[str, Code] = {
    SpecCode.ENCODING: Code(
        "The file is not UTF-8 text",
        "Polyaxonfiles are UTF-8 text. The bytes at the position shown are something else: another encoding, or not "
        "text at all.",
        "printf 'name: caf\\351' > polyaxonfile.yaml",
    ),
    SpecCode.CONTROL_CHARACTER: Code(
        "The file holds a control character",
        "YAML allows no control characters but line breaks and tabs. They usually come with text copied from a "
        "terminal or a PDF. In a quoted text, write them as an escape (`\\x1b`).",
        "name: a\\x07b   # the bell character itself",
    ),
    SpecCode.YAML_SYNTAX: Code(
        "The YAML cannot be read",
        "The text is not YAML at the position shown. The usual causes are a missing colon, wrong indentation, or a "
        "value that begins with a special character (`{`, `[`, `*`, `&`, `!`, `%`, `@`, `` ` ``) and needs quotes.",
        'run:\n  kind: job\n container: {image: "busybox"}',
    ),
    SpecCode.JSON_SYNTAX: Code(
        "The JSON cannot be read",
        "The file's name or first character says JSON, and its text is not JSON at the position shown.",
        '{"kind": "operation",}',
    ),
    SpecCode.TAB: Code(
        "A tab is used for indentation",
        "YAML indents with spaces only.",
        "run:\n\tkind: job",
    ),
    SpecCode.EMPTY: Code(
        "The file is empty",
        "There is nothing in the file but blanks and comments.",
        "# to be written",
    ),
    SpecCode.SEVERAL_DOCUMENTS: Code(
        "The file holds several YAML documents",
        "A polyaxonfile is one document. Put the part after `---` into a file of its own.",
        "kind: component\n---\nkind: operation",
    ),
    SpecCode.NOT_A_MAPPING: Code(
        "The file is not a mapping",
        "The top level of a polyaxonfile is a mapping of fields (`kind: …`, `run: …`), not a list or a single value.",
        "- kind: component",
    ),
    SpecCode.TOO_LARGE: Code(
        "The file is too large",
        "A file may have so many bytes and so many values. Move embedded data out of the file, or raise the limit.",
        "a file of 50 MB",
    ),
    SpecCode.TOO_DEEP: Code(
        "The file is nested too deeply",
        "Lists and mappings may be nested a hundred levels deep.",
        "a: [[[[[[ … ]]]]]]",
    ),
    SpecCode.ALIAS_BOMB: Code(
        "Aliases expand to too much",
        "The aliases (`*name`) of the file stand for more values than a file may hold once they are written out.",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]   # and so on",
    ),
    SpecCode.ALIAS: Code(
        "An alias has no anchor",
        "`*name` stands for the value that `&name` marks earlier in the file. There is none of that name, or the "
        "alias lies inside the very value it stands for.",
        "run: *base",
    ),
    SpecCode.TAG: Code(
        "A YAML tag is not supported",
        "Only the tags of plain data (`!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!seq`, `!!map`) are read.",
        "value: !!python/object:os.system ls",
    ),
    SpecCode.KEY_NOT_TEXT: Code(
        "A key is not text",
        "The key of a mapping is a list or a mapping. An unquoted template does this: `{{ x }}` is a mapping inside "
        "a mapping to YAML. Quote it.",
        "value: {{ lr }}",
    ),
    SpecCode.DUPLICATE_KEY: Code(
        "A key is given twice",
        "Within one mapping the last of several equal keys wins; the earlier ones are lost. This is a warning.",
        "name: first\nname: second",
    ),
    SpecCode.MERGE_KEY: Code(
        "`<<` needs a mapping",
        "The merge key takes a mapping, an alias of one, or a list of these.",
        "run:\n  <<: [1, 2]",
    ),
    SpecCode.UNKNOWN_FIELD: Code(
        "There is no such field here",
        "The field is not one of this section's. Look at the suggestion, or at the section's reference page.",
        "kind: component\ninptus: []",
    ),
    SpecCode.MISSING_FIELD: Code(
        "A required field is missing",
        "The section cannot do without the field.",
        "inputs:\n  - {type: int}",
    ),
    SpecCode.WRONG_TYPE: Code(
        "A value has the wrong type",
        "The field takes another type of value. Text fields do not take unquoted numbers and booleans.",
        "termination: {maxRetries: lots}",
    ),
    SpecCode.NOT_A_CHOICE: Code(
        "A value is not one of the choices",
        "The field takes one of a few words, spelled exactly so.",
        "trigger: any",
    ),
    SpecCode.KIND: Code(
        "The kind is missing or unknown",
        "The section has several kinds with different fields; its `kind` says which one it is.",
        "matrix:\n  kind: grdi",
    ),
    SpecCode.OUT_OF_RANGE: Code(
        "A number is out of range",
        "The field takes numbers of a certain range only.",
        "matrix: {kind: mapping, concurrency: 0, values: [{a: 1}]}",
    ),
    SpecCode.BAD_NAME: Code(
        "The name has characters that names cannot have",
        "Components and operations are named with letters, digits, `-` and `_`; inputs and outputs begin with a "
        "letter or `_`, so that templates can use them.",
        "name: my.model",
    ),
    SpecCode.UNQUOTED: Code(
        "YAML read the value as something else",
        "YAML 1.1 reads `yes`, `no`, `on`, `off` as booleans, `0755` as an octal number and `1:10:2` as a number in "
        "base 60. Put the value in quotes.",
        "value: 1:10:2",
    ),
    SpecCode.SEVERAL_REFERENCES: Code(
        "There is more than one reference",
        "An operation refers to its component in one way: `hubRef`, `dagRef`, `urlRef` or `pathRef`.",
        "hubRef: acme/train\npathRef: ./train.yaml",
    ),
    SpecCode.CONFLICT: Code(
        "Fields exclude each other",
        "The fields cannot be used together, or one needs another that is not there.",
        "init:\n  - {git: {url: https://example.org/a}, file: {content: x}}",
    ),
    SpecCode.IO_TYPE: Code(
        "The type is unknown",
        "Inputs and outputs have one of the format's types, or an expression of `List`, `Dict`, `Optional`, `Set`.",
        "inputs:\n  - {name: lr, type: flaot}",
    ),
    SpecCode.IO_VALUE: Code(
        "The default does not fit its input",
        "A default value is checked when the file is read: it must be of the declared type and pass the validation.",
        "inputs:\n  - {name: n, type: int, value: abc}",
    ),
    SpecCode.IO_RULES: Code(
        "The input contradicts itself",
        "For example `isFlag` on something other than a `bool`, or `isOptional: false` beside a default.",
        "inputs:\n  - {name: n, type: int, isFlag: true}",
    ),
    SpecCode.QUANTITY: Code(
        "The amount is not valid",
        "Resources are numbers with an optional unit: `500m`, `2`, `1.5` for cpu; `200Mi`, `4Gi`, `1G` for memory. "
        "They are never negative.",
        "resources: {limits: {memory: lots, cpu: -3}}",
    ),
    SpecCode.SPACE: Code(
        "The values of a parameter cannot be read",
        "Each kind of parameter takes its values as a list, a mapping or a text of its own form.",
        "params:\n  lr: {kind: linspace, value: 0.1:abc:5}",
    ),
    SpecCode.PARAM_FORM: Code(
        "The param is not in its full form",
        "The params of hooks, builds, tuners and joins are mappings (`{value: …}`). Beside `ref`, the value is the "
        "path of what is wanted of the run referred to.",
        "hooks:\n  - hubRef: slack\n    params: {channel: ops}",
    ),
    SpecCode.SPACE_KIND: Code(
        "The search cannot use this kind of parameter",
        "A grid needs values that can be counted; `bayes` takes countable values and `uniform`.",
        "matrix:\n  kind: grid\n  params:\n    lr: {kind: uniform, value: [0, 1]}",
    ),
    SpecCode.RESERVED_NAME: Code(
        "The name is reserved",
        "Templates use `globals`, `params`, `connections` and `init` for themselves.",
        "inputs:\n  - {name: globals}",
    ),
    SpecCode.DUPLICATE_NAME: Code(
        "The name is used twice",
        "Inputs and outputs of one component have different names.",
        "inputs:\n  - {name: a}\n  - {name: a}",
    ),
    SpecCode.BAD_REFERENCE: Code(
        "The reference cannot be read",
        "`hubRef` is `[owner/]name[:version]`, `urlRef` a URL; a queue is `queue` or `agent/queue`.",
        "hubRef: a/b/c",
    ),
    SpecCode.BAD_TIME: Code(
        "The date, time or duration cannot be read",
        "Dates and times are ISO 8601 (`2024-05-01T08:00:00+02:00`); durations are seconds or ISO 8601 (`PT1H`).",
        "schedule: {kind: datetime, startAt: tomorrow}",
    ),
    SpecCode.CONNECTION_SCHEMA: Code(
        "The connection's schema does not fit its kind",
        "A bucket needs `bucket`, a volume claim `volumeClaim` and `mountPath`, a host path `hostPath` and "
        "`mountPath`, a registry `url`.",
        "{name: data, kind: s3, schema: {foo: 1}}",
    ),
    SpecCode.MORE_PROBLEMS: Code(
        "There are more problems than are shown",
        "Only so many problems of one file are shown. Mend these first; they often have one cause.",
        "a file that is not a polyaxonfile",
    ),
}
