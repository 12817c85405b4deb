# ruff: noqa: E501  (a bomb is one line)
"""Files made to take for ever or to fill the memory: each is refused at once, whatever would be done with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from compiler_builders import Files, use
from limited import within_limits

from polyaxon.compiler.resolve import load
from polyaxon.compiler.sources import Source
from polyaxon.errors import SpecError

pytestmark = pytest.mark.bomb


def many(count: int, item: Callable[[int], str]) -> str:
    return "".join(map(item, range(count)))


def dag(operations: str) -> str:
    return "kind: component\nrun: {kind: dag, operations: [" + operations + "]}"


def params(values: str, more: str = "") -> str:
    return "kind: operation\ncmd: echo {{ p0 }}\n" + more + "params:\n" + values


BOMBS: dict[str, Callable[[], str]] = {
    "50 MB in one text": lambda: "name: " + "a" * 50_000_000,
    "50 MB in a list": lambda: "a:\n" + "- x\n" * 12_500_000,
    "50 MB in one line": lambda: "{a: [" + "x," * 25_000_000 + "]}",
    "a text of 19 MB": lambda: "name: " + "a" * 19_000_000,
    "a comment of 19 MB": lambda: "#" + "a" * 19_000_000,
    "19 MB of open brackets": lambda: "[" * 19_000_000,
    "19 MB of open braces": lambda: "{" * 19_000_000,
    "19 MB of dashes": lambda: "- " * 9_500_000,
    "19 MB of question marks": lambda: "? " * 9_500_000,
    "19 MB of colons": lambda: "a: " * 6_300_000,
    "19 MB of JSON brackets": lambda: '{"a":' + "[" * 19_000_000,
    "an open quote of 19 MB": lambda: "a: '" + "b\n" * 9_500_000,
    "JSON of commas": lambda: '{"a": [' + "1," * 9_000_000 + "1]}",
    "JSON of mappings": lambda: '{"run": {"kind": "dag", "operations": [' + "{}," * 6_000_000 + "{}]}}",
    "JSON of one text full of commas": lambda: '{"a": "' + ",[{" * 6_000_000 + '"}',
    "operations of nothing": lambda: dag("{}," * 1_000_000),
    "half a million wrong names": lambda: "kind: operation\ncmd: x\ndependencies: [" + "1," * 490_000 + "]\n",
    "half a million wrong inputs": lambda: "kind: operation\ncmd: x\ninputs: [" + "1," * 490_000 + "]\n",
    "half a million wrong inputs of operations": lambda: dag(("{name: a, cmd: x, inputs: [" + "1," * 990 + "]},") * 490),
    "a hundred thousand unknown fields": lambda: many(100_000, lambda i: f"a{i}: 1\n"),
    "a hundred thousand wrong variables": lambda: "cmd: x\nenv: {" + many(100_000, lambda i: f"a{i}: 1,") + "}",
    "a billion laughs": lambda: "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + many(12, lambda i: f"{chr(98 + i)}: &{chr(98 + i)} [" + f"*{chr(97 + i)}," * 10 + "]\n"),
    "a billion laughs in params": lambda: "kind: operation\ncmd: x\nparams:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n" + many(12, lambda i: f"  {chr(98 + i)}: &{chr(98 + i)} [" + f"*{chr(97 + i)}," * 10 + "]\n"),
    "laughs by merge keys": lambda: "a: &a {" + many(100, lambda i: f"k{i}: 1,") + "}\n" + many(100, lambda i: f"b{i}: {{<<: [" + "*a," * 100 + "]}\n"),
    "a chain of merge keys": lambda: "a0: &a0 {k: 1}\n" + many(480, lambda i: f"a{i + 1}: &a{i + 1} {{<<: *a{i}, x{i}: 1}}\n"),
    "a long text, aliased": lambda: "run: {kind: job, container: {image: x, command: [&a '" + "x" * 100_000 + "'" + ",*a" * 4000 + "]}}",
    "lists in lists": lambda: "a: " + "[" * 5000 + "]" * 5000,
    "lists in lists in JSON": lambda: '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "mappings in mappings": lambda: "a: " + "{a: " * 5000 + "}" * 5000,
    "deep indentation": lambda: many(3000, lambda i: " " * i + "a:\n"),
    "dags in dags": lambda: "kind: component\nrun: " + "{kind: dag, operations: [{name: a, component: {run: " * 24 + "{kind: job}" + "}}]}" * 24,
    "components in components": lambda: "component: {" * 98 + "cmd: x" + "}" * 98,
    "a file that refers to itself": lambda: "pathRef: main.yaml",
    "a chain of components": lambda: "kind: component\nrun:\n  kind: dag\n  components:\n" + many(2000, lambda i: f"  - {{name: c{i}, dagRef: c{i + 1}}}\n") + "  operations: [{name: a, dagRef: c0}]\n",
    "many operations of one name": lambda: dag("{name: a, dagRef: b}," * 5000),
    "many unknown dependencies": lambda: dag(many(1000, lambda i: f"{{name: operation-{i}, cmd: x, dependencies: [operatoin-{i}]}},")),
    "many unknown params": lambda: params(many(10_000, lambda i: f"  input{i}x: 1\n"), "inputs: [" + many(500, lambda i: f"{{name: input{i}, value: 1}},") + "]\n"),
    "many undefined names": lambda: "kind: operation\ncmd: [" + many(10_000, lambda i: f"'{{{{ v{i} }}}}',") + "]",
    "many unknown fields": lambda: many(10_000, lambda i: f"a{i}: 1\n"),
    "a number of 19 million digits": lambda: '{"cmd": "x", "params": {"a": ' + "9" * 19_000_000 + "}}",
    "a hexadecimal number of 19 MB": lambda: "cmd: x\nparams: {a: 0x" + "f" * 19_000_000 + "}",
    "a number beyond all others": lambda: '{"cmd": "x", "params": {"a": 1e' + "9" * 900 + "}}",
    "a number in base 60": lambda: "cmd: x\nparams: {a: " + ":".join(["1"] * 40_000) + "}",
    "texts that double": lambda: params(many(40, lambda i: f"  p{i}: '{{{{ p{i + 1} }}}}{{{{ p{i + 1} }}}}'\n") + "  p40: x\n"),
    "lists that double": lambda: params(many(40, lambda i: f"  p{i}: ['{{{{ p{i + 1} }}}}', '{{{{ p{i + 1} }}}}']\n") + "  p40: x\n"),
    "a long text, named often": lambda: params("  p0: '" + "x" * 500_000 + "'\n" + many(2000, lambda i: f"  q{i}: '{{{{ p0 }}}}.'\n")),
    "many loops": lambda: "kind: operation\ncmd: [" + many(500, lambda i: f"\"{{% for i in range(90000) %}}{{% set x{i} = 1 %}}{{% endfor %}}\",") + "]\n",
    "a condition that is a bomb": lambda: "kind: operation\ncmd: x\nconditions: \"{{ 'a' * 10**9 == 'b' }}\"\n",
    "many templates": lambda: "kind: operation\ncmd: [" + many(3000, lambda i: f"'{{{{ 1 + {i} }}}}',") + "]\n",
    "an expression that backtracks": lambda: "kind: operation\ncmd: x\ninputs: [{name: p0, type: str, validation: {regex: '(?=(a+)+$)'}}]\nparams: {p0: '" + "a" * 60 + "b'}\n",
    "a huge grid": lambda: "kind: operation\ncmd: x {{ p0 }}\nmatrix: {kind: grid, params: {p0: {kind: range, value: [0, 1000000000000, 1]}}}\n",
    "a huge linspace": lambda: "kind: operation\ncmd: x {{ p0 }}\nmatrix: {kind: grid, params: {p0: {kind: linspace, value: [0, 1, 1000000000]}}}\n",
    "all days of history": lambda: "kind: operation\ncmd: x {{ p0 }}\nmatrix: {kind: grid, params: {p0: {kind: daterange, value: ['0001-01-01', '9999-01-01', 1]}}}\n",
    "a circle of operations": lambda: dag(many(2000, lambda i: f"{{name: o{i}, cmd: x, dependencies: [o{(i + 1) % 2000}]}},")),
    "a complete graph": lambda: dag(many(300, lambda i: f"{{name: o{i}, cmd: x, dependencies: [" + ",".join(f"o{j}" for j in range(i)) + "]},")),
    "a schedule that never comes": lambda: "kind: operation\ncmd: x\nschedule: {kind: cron, cron: '0 0 31 2 *'}\n",
}  # fmt: skip


def handle(data: bytes, name: str) -> bool:
    """Do with the file what commands do; whether nothing is wrong with it."""
    loaded = load(Files({"main.yaml": "pathRef: main.yaml"}), Source(data, name), partial=True)
    assert loaded.operation is not None or loaded.problems
    if loaded.operation is None or loaded.operation.component is None:
        return False
    with suppress(SpecError):
        use(loaded.operation)
    return True


@pytest.fixture(scope="module", autouse=True)
def _everything_is_imported() -> None:
    handle(b"{kind: component, run: {kind: dag, operations: [{name: a, cmd: 'echo {{ 1 + 1 }}'}]}}", "main.yaml")
    handle(b"no: thing", "main.yaml")
    handle(b"kind: operation\ncmd: x {{ a }}\nmatrix: {kind: grid, params: {a: {kind: choice, value: [1]}}}", "x.yaml")


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_less_than_a_second_and_200_mb(name: str) -> None:
    data = BOMBS[name]().encode()
    within_limits(lambda: handle(data, "bomb.json" if data[:1] == b"{" and data[1:2] == b'"' else "bomb.yaml"))


def test_a_process_that_reads_one_wrong_file_after_another_does_not_grow() -> None:
    data = b"kind: component\nrun: {kind: dag, operations: [{name: a, cmd: 'x {{ y }}'}, {nam: b, cmd: z}]}"

    def read_many() -> None:
        for _ in range(300):
            handle(data, "a.yaml")

    # What Python takes for itself at first, 4 MB, is the same for any number of files; a leak of 50 KB each is 15.
    assert within_limits(read_many).megabytes < 9
