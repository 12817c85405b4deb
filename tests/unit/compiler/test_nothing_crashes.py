# ruff: noqa: E501  (a file is one line)
"""Whatever stands in a file, the answer is an operation or problems: never another exception, never a hang."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from compiler_builders import Files, use

from polyaxon.compiler.resolve import Overrides, load
from polyaxon.compiler.sources import Source
from polyaxon.errors import SpecError

PLANS = Path(__file__).parents[2] / "golden" / "compiler" / "plans"
JUNK: list[Any] = [
    None, True, -1, 1.5, 10**20, float("nan"), "", "x", "{{ x }}", "{{ }}", "{% if %}", "{{ globals.uuid }}",
    "ops.a", "dag", "outputs.loss", [], {}, [1], [None], [[]], {"a": 1}, {"value": None}, {"kind": "job"},
    {"kind": "dag", "operations": []}, {"ref": "ops.a", "value": "outputs.x"},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def broken(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The file with one or two of its parts replaced by something else, or removed."""
    found = copy.deepcopy(document)
    for _ in range(chance.randint(1, 2)):
        *path, last = chance.choice(list(places(found)) or [("x",)])
        holder = found
        for part in path:
            holder = holder[part]
        if chance.random() < 0.2 and path:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(chance.choice(JUNK))
    return found


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_file_with_something_else_in_it_is_loaded_or_refused(path: Path) -> None:
    chance = random.Random(path.stem)
    document = yaml.safe_load(path.read_text())
    options = [Overrides(), Overrides(image="y", cmd=("a",), env={"A": "b"}, cpu="1..2", params={"lr": "x"})]
    for _ in range(60):
        text = yaml.safe_dump(broken(document, chance), sort_keys=False)
        loaded = load(Files(), Source(text, "main.yaml"), overrides=chance.choice(options))
        assert loaded.operation is not None or loaded.problems
        if loaded.operation is not None and loaded.operation.component is not None:
            with suppress(SpecError):
                use(loaded.operation)


@pytest.mark.parametrize(
    "text",
    [
        "kind: component\nrun:\n  kind: dag\n  components:\n"
        + "".join(f"  - {{name: c{index}, dagRef: c{index + 1}}}\n" for index in range(3000))
        + "  operations: [{name: a, dagRef: c0}]\n",
        "component: {" * 90 + "cmd: x" + "}" * 90,
        "kind: operation\nparams:\n" + "".join(f"  p{index}: '{{{{ p{index + 1} }}}}'\n" for index in range(3000)) + "  p3000: 1\ncmd: echo {{ p0 }}\n",
    ],
    ids=["a long chain of components", "deep layers", "a long chain of params"],
)  # fmt: skip
def test_long_chains_end(text: str) -> None:
    loaded = load(Files(), Source(text, "main.yaml"))
    assert loaded.operation is not None or loaded.problems
    if loaded.operation is not None:
        with suppress(SpecError):
            use(loaded.operation)
