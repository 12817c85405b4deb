"""What fuzzing starts from: the files and templates of this repository, and the words of the format."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_TESTS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit" / "compiler"))

from template_attacks import ESCAPES, VALUES

from polyaxon.spec.anatomy import fields_of
from polyaxon.spec.fields import Model
from polyaxon.spec.kinds import EARLY_STOPPING, MATRICES, POLICIES, RUNS, SCHEDULES, SPACE

__all__ = ["FIELDS", "JUNK", "KINDS", "seeds", "trees", "words"]

TABLES = (RUNS, MATRICES, SPACE, SCHEDULES, EARLY_STOPPING, POLICIES)
KINDS = sorted({"component", "operation", *(kind for table in TABLES for kind in table.kinds)})
JUNK: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**20, 1e400, float("nan"), "", "x", "1", "1e5", "0755", "1:30", "on", "{{ x }}",
    "{{ }}", "{% if %}", "{{ globals.uuid }}", "{{ n + 1 }}", "ops.a", "dag", "outputs.loss", "inputs.x", [], {}, [1],
    [None], [[]], {"a": 1}, {"value": None}, {"kind": "job"}, {"kind": "dag", "operations": []},
    {"ref": "ops.a", "value": "outputs.x"}, {"kind": "choice", "value": [1, 2]}, {"kind": "uniform", "value": "0:1"},
    "0.1:1:0.1", "2030-01-01", "0 0 * * *", "500m", "1..2", "part.yaml", "layer.yaml", "itself.yaml", "one.yaml",
    "wrong.yaml", "acme/train:1", "metrics.loss:<1", "created_at:last_month", "-created_at", "*", "ops.*", "^(a+)+$",
]  # fmt: skip
"""Values that mean something somewhere, and others that mean nothing anywhere."""


def _all_models(model: type[Model]) -> Iterator[type[Model]]:
    for below in model.__subclasses__():
        yield below
        yield from _all_models(below)


def _fields() -> list[str]:
    for table in TABLES:
        for kind in table.kinds:
            table.model(kind)  # the kinds' modules are imported when asked for
    return sorted({name for model in _all_models(Model) for field in fields_of(model).values() for name in field.names})


FIELDS = _fields()


@cache
def _yaml_texts() -> tuple[str, ...]:
    paths = [*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("tests/golden/compiler/**/*.yaml")]
    pages = [*ROOT.glob("docs/**/*.md")]
    blocks = [block for page in pages for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)]
    return (*(path.read_text() for path in sorted(paths)), *blocks)


@cache
def trees() -> tuple[dict[str, Any], ...]:
    """Return the files as plain values."""
    found = []
    for text in _yaml_texts():
        try:
            value = yaml.load(text, yaml.CSafeLoader)
        except yaml.YAMLError:
            continue
        if isinstance(value, dict) and len(text) < 5000:
            found.append(value)
    return tuple(found)


def _template_texts() -> Iterator[str]:
    yield from (text for text, _ in VALUES)
    yield from ESCAPES  # no bombs: refusing one takes as long as a thousand other templates
    for text in _yaml_texts():
        yield from re.findall(r"\{\{.*?\}\}|\{%.*?%\}", text)
    yield from ("{{ n | " + name + " }}" for name in sorted(DEFAULT_FILTERS))
    yield from ("{{ n is " + name + " }}" for name in sorted(DEFAULT_TESTS))


def _patch_texts() -> Iterator[str]:
    patches = ({"container": {"image": "y"}}, {"environment": {"labels": {"a": "b"}}}, {"worker": {"replicas": 2}})
    for index, tree in enumerate(trees()):
        strategy = ("replace", "isnull", "post_merge", "pre_merge")[index % 4]
        preset = {"isPreset": True, "runPatch": patches[index % 3], "queue": "q"}
        parts = {"strategy": strategy, "base": tree, "patch": patches[index % 3], "preset": preset}
        yield yaml.dump({**parts, "options": {"cmd": "ls", "lr": "0.1", "LR": "choice:[1,2]"}}, Dumper=yaml.CSafeDumper)


def seeds(target: str) -> Iterator[bytes]:
    """Yield the inputs that fuzzing of the target begins with."""
    made = {"files": _yaml_texts, "templates": _template_texts, "patches": _patch_texts}[target]()
    yield from sorted({text.encode() for text in made})


def words() -> list[str]:
    """Return the words of the format and of its templates, for the fuzzer's dictionary."""
    signs = [
        "{{ ",
        " }}",
        "{% ",
        " %}",
        "&a ",
        "*a",
        "<<: ",
        "!!int ",
        "|\n",
        ">-\n",
        "- ",
        "? ",
        "---\n",
        "\t",
        "\ufeff",
    ]
    jinja = ["for", "in", "endfor", "if", "endif", "set", "raw", "endraw", "filter", "endfilter", "with", "endwith"]
    names = ["__class__", "__mro__", "__globals__", "range(", "namespace(", "cycler(", "joiner(", "dict(", "loop."]
    texts = [str(value) for value in JUNK if isinstance(value, (str, int, float))]
    return [*FIELDS, *KINDS, *signs, *jinja, *names, *DEFAULT_FILTERS, *DEFAULT_TESTS, *texts]
