"""Whatever the bytes are, the answer is a model or a `SpecError`."""

# ruff: noqa: E501, RUF005  (tables of tokens)

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyaxon.errors import Problem, SpecError
from polyaxon.spec.anatomy import fields_of
from polyaxon.spec.check import read
from polyaxon.spec.dump import dump
from polyaxon.spec.load import parse
from polyaxon.spec.operation import Operation

FILES = (
    b"version: 1.1\nkind: component\ninputs:\n- {name: lr, type: float, value: 0.1}\nrun:\n  kind: job\n"
    b"  init:\n  - git: {url: 'https://h/r'}\n  container:\n    image: x\n    args: ['--lr={{ lr }}']\n",
    b"kind: operation\nparams: {a: 1, b: {ref: ops.x, value: outputs.y}}\nmatrix:\n  kind: random\n  numRuns: 3\n"
    b"  params:\n    lr: {kind: linspace, value: 0.1:1:5}\nhubRef: acme/train:1\n",
    b"cmd: &c [a, b]\nenv: {A: '1'}\nresources: {cpu: 1..2}\nsidecars: [{command: *c}]\n",
    b'{"run": {"kind": "dag", "operations": [{"name": "a", "cmd": "ls", "dependencies": ["b"]}]}}',
)
TOKENS = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        ":",
        "- ",
        "\n",
        "  ",
        "\t",
        "&a ",
        "*a",
        "<<: ",
        "!!int ",
        "|\n",
        "'",
        '"',
        "{{ x }}",
        "#",
        "? ",
    ]
    + [
        "kind",
        "run",
        "job",
        "inputs",
        "yes",
        "1:30",
        "null",
        "---",
        "%",
        "@",
        "0755",
        "\ufeff",
        "\x00",
        "é",
        "😀",
        "=",
        ",",
    ]
)
KEYS = st.sampled_from([*fields_of(Operation), "kind", "value", "name", "image", "unknown", "git", "kinds", "a"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["job", "grid", "dag", "{{ x }}", "component", "cron"]),
    lambda item: st.lists(item, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), item, max_size=4),
    max_leaves=12,
)  # fmt: skip
ANY_TEXT = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judge(text: str | bytes, file: str) -> None:
    found: list[Problem] = []
    try:
        assert isinstance(dump(read(parse(text, file))), dict)
    except SpecError as error:
        found = error.problems
    for problem in found:
        assert problem.message
        assert problem.line is None or problem.line >= 1
        assert "pydantic" not in str(problem)


@ANY_TEXT
@given(st.binary(max_size=200), st.sampled_from(["x.yaml", "x.json"]))
def test_any_bytes_are_read_or_refused(text, file) -> None:
    judge(text, file)


@ANY_TEXT
@given(st.lists(TOKENS, max_size=25).map("".join), st.sampled_from(["x.yaml", "x.json"]))
def test_any_text_of_yaml_tokens_is_read_or_refused(text, file) -> None:
    judge(text, file)


@ANY_TEXT
@given(
    st.sampled_from(FILES),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 6), st.binary(max_size=3) | TOKENS.map(str.encode)), min_size=1, max_size=3),
)  # fmt: skip
def test_any_damaged_file_is_read_or_refused(text, damages) -> None:
    for place, removed, inserted in damages:
        place %= len(text) + 1
        text = text[:place] + inserted + text[place + removed :]
    judge(text, "x.yaml")


@ANY_TEXT
@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_structure_is_read_or_refused(value) -> None:
    judge(json.dumps(value), "x.yaml")
