"""What is fuzzed: three generators that take any bytes and come to an end, or raise what is no mistake of the user.

A target swallows the `UserError` that refuses its input; whatever else rises is a bug. Each step, from one `yield` to
the next, is measured by itself: first what a command would do with the input, then laws about it.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "compiler"))

from compiler_builders import PLACES, Files, facts, use

from polyaxon.compiler import conditions, sandbox, template
from polyaxon.compiler.context import RESERVED, Bindings, Bound, context, run_globals
from polyaxon.compiler.merge import Strategy, merge
from polyaxon.compiler.resolve import Overrides, load
from polyaxon.compiler.sources import Source
from polyaxon.compiler.template import TemplateError
from polyaxon.compiler.tree import render
from polyaxon.errors import Problem, UserError
from polyaxon.spec.load import parse

__all__ = ["TARGETS", "Target", "files", "patches", "templates"]

Target = Callable[[bytes], Iterator[None]]

OTHERS = {
    "part.yaml": "kind: component\nname: part\ninputs: [{name: x, type: int, value: 1}]\ncmd: echo {{ x }}\n",
    "layer.yaml": "pathRef: part.yaml\nparams: {x: 2}\nrunPatch: {container: {image: y}}\n",
    "itself.yaml": "pathRef: itself.yaml\n",
    "one.yaml": "pathRef: two.yaml\n",
    "two.yaml": "pathRef: one.yaml\n",
    "wrong.yaml": "kind: component\nruns: {}\n",
    "acme/train:1": "kind: component\nname: train\ninputs: [{name: lr, type: float, value: 0.1}]\ncmd: echo {{ lr }}\n",
}
"""What a file can refer to: a component, a layer over it, circles, something wrong."""


def files(data: bytes) -> Iterator[None]:
    """Load, check and, where nothing is wrong, compile a file as YAML and as JSON."""
    for name in ("main.yaml", "main.json") if data[:1] in (b"{", b"[") else ("main.yaml",):
        loaded = load(Files(OTHERS), Source(data, name), partial=True)
        yield
        _judge(loaded.problems)
        assert loaded.operation is not None or loaded.problems
        if loaded.operation is not None and loaded.operation.component is not None:
            _try(partial(use, loaded.operation))
        yield


def _judge(problems: tuple[Problem, ...]) -> None:
    """Every finding is for people: it has words and a place, and none of them is a library's."""
    for problem in problems:
        assert problem.message
        assert problem.line is None or (problem.line >= 1 and problem.column is not None and problem.column >= 1)
        assert "pydantic" not in str(problem)
        assert problem.to_dict()["code"]


def _try(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except UserError:
        return None


BINDINGS = Bindings(
    inputs=(
        Bound("n", 3, "int"),
        Bound("x", 0.5, "float"),
        Bound("s", "abc", "str"),
        Bound("l", [1, 2, 3], "int", is_list=True),
        Bound("d", {"a": 1, "items": {"b": [1, "{{ x }}"]}}, "dict"),
        Bound("flag", True, "bool", is_flag=True),
        Bound("nothing", None, "str"),
        Bound("day", date(2030, 1, 31), "date"),
        Bound("moment", datetime(2030, 1, 31, 12, tzinfo=UTC), "datetime"),
        Bound("span", timedelta(hours=1), "timedelta"),
        Bound("path", "/a/b", "path", arg_format="--p={{ path }}"),
    ),
    outputs=(Bound("loss", 0.25, "float"), Bound("unset", None, "float")),
    contexts=(Bound("where", "s3://bucket/key", "str"),),
)


def templates(data: bytes) -> Iterator[None]:
    """Render a text in the context of a run. Data comes out and nothing else; both readers of templates agree."""
    text = data.decode("utf-8", "replace")
    names = context(BINDINGS, lambda: run_globals(facts(), PLACES))
    before = _copied(names)
    value = _try(lambda: render(text, names))
    yield
    _check_value(value)
    assert before == _copied(names)
    if template.has_template(text):
        quick = _outcome(template.parse, text, names)
        yield
        slow = _outcome(sandbox.parse, text, names)
        assert quick == slow, f"{quick!r} but {slow!r}"
    yield
    _try(lambda: render({text: [text]}, {}))
    yield
    _try(lambda: conditions.evaluate(text, names))
    yield
    _try(lambda: conditions.shape_of(text))


def _copied(names: Mapping[str, Any]) -> dict[str, Any]:
    return copy.deepcopy({name: value for name, value in names.items() if name not in RESERVED})


def _outcome(read: Callable[[str], Any], text: str, names: Mapping[str, Any]) -> str:
    try:
        return repr(read(text).evaluate(names))
    except TemplateError as error:
        return f"error: {error.kind}"


_DATA = (str, bytes, int, float, type(None), Mapping, list, tuple, set, frozenset, date, timedelta)


def _check_value(value: Any) -> None:
    """Nothing but data leaves the sandbox, and no text shows an address in memory: such a text is never the same."""
    assert isinstance(value, _DATA), type(value)
    if isinstance(value, str):
        assert " at 0x" not in value or " at 0x" in repr(BINDINGS), value
    elif isinstance(value, (Mapping, list, tuple, set, frozenset)):
        for item in value.items() if isinstance(value, Mapping) else value:
            _check_value(item)


def patches(data: bytes) -> Iterator[None]:
    """Lay patches over a base: `runPatch`, presets and options, by each strategy; merging keeps what it was given.

    The input is a mapping of `base`, `patch`, `preset`, `strategy` and `options`; anything else is no input.
    """
    try:
        parts = parse(data, "parts.yaml").value
    except UserError:
        return
    base, patch, preset = (parts.get(name) for name in ("base", "patch", "preset"))
    if not isinstance(base, dict):
        return
    strategy = parts.get("strategy")
    for chosen in [strategy] if strategy in list(Strategy) else Strategy:
        main = {**base, "patchStrategy": str(chosen), **({"runPatch": patch} if patch is not None else {})}
        presets = [] if preset is None else [Source(_text(preset), "preset.yaml")]
        source, options = Source(_text(main), "main.yaml"), _options(parts.get("options"))
        yield
        loaded = load(Files(OTHERS), source, presets, options)
        _judge(loaded.problems)
        assert loaded.operation is not None or loaded.problems
        yield
        if loaded.operation is not None and loaded.operation.component is not None:
            _try(partial(use, loaded.operation))
        yield
        if isinstance(patch, dict):
            _check_merge(base, patch, Strategy(chosen))


def _text(value: Any) -> str:
    return json.dumps(value)


def _options(given: Any) -> Overrides:
    """Return options as a command line could give them."""
    if not isinstance(given, dict):
        return Overrides()
    texts = {str(name): str(value) for name, value in given.items()}
    chosen = {name: texts[name] for name in ("image", "cpu", "memory", "gpu", "queue", "matrix_kind") if name in texts}
    free = {name: text for name, text in texts.items() if name not in chosen}
    return Overrides(
        **chosen,
        params={name: text for name, text in free.items() if name.islower()},
        hparams={name: text for name, text in free.items() if not name.islower()},
        cmd=(texts["cmd"],) if "cmd" in texts else (),
        mounts=(texts["mount"],) if "mount" in texts else (),
    )


def _check_merge(base: dict[str, Any], patch: dict[str, Any], strategy: Strategy) -> None:
    kept = copy.deepcopy((base, patch))
    once = merge(base, patch, strategy)
    assert kept == (base, patch)
    assert merge(once, {}, strategy) == once
    if strategy is not Strategy.PRE_MERGE and not _holds_nan(kept):
        assert merge(once, patch, strategy) == once, "merging the same patch twice changes something"


def _holds_nan(value: Any) -> bool:
    if isinstance(value, (dict, list, tuple)):
        return any(map(_holds_nan, value.values() if isinstance(value, dict) else value))
    return bool(value != value)


TARGETS: Mapping[str, Target] = {"files": files, "templates": templates, "patches": patches}
