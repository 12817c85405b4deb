"""Reading text: values, places, warnings, and refusals of what cannot be read."""

from __future__ import annotations

import json

import pytest

from polyaxon.errors import Problem, SpecError
from polyaxon.spec.load import Document, Limits, parse


def refusal(text: str | bytes, file: str = "x.yaml", limits: Limits | None = None) -> Problem:
    with pytest.raises(SpecError) as caught:
        parse(text, file, limits)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [x, 2.5, true, null, ~]\n", {"a": 1, "b": ["x", 2.5, True, None, None]}),
        ("a: {b: {c: d}}", {"a": {"b": {"c": "d"}}}),
        ("a:\nb: ''\n", {"a": None, "b": ""}),
        ("a: yes\nb: 'yes'\nc: off", {"a": True, "b": "yes", "c": False}),
        ("a: 1:10:2\nb: 010\nc: 0x1F\nd: 1_000", {"a": 4202, "b": 8, "c": 31, "d": 1000}),
        ("a: 1e3\nb: 1.0e+3\nc: .inf", {"a": "1e3", "b": 1000.0, "c": float("inf")}),
        ("a: 2024-05-31\nb: 2024-05-31T10:00:00Z", {"a": "2024-05-31", "b": "2024-05-31T10:00:00Z"}),
        ("1: a\non: b\n~: c\n2024-01-01: d", {"1": "a", "on": "b", "~": "c", "2024-01-01": "d"}),
        ("a: &x [1, {b: 2}]\nc: *x", {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}),
        ("k: &k key\n*k : 1", {"k": "key", "key": 1}),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        ("b: {<<: [{p: 1}, {p: 2, q: 2}], r: 3}", {"b": {"p": 1, "q": 2, "r": 3}}),
        ("a: !!str 5\nb: !!int '7'", {"a": "5", "b": 7}),
        ("a: |\n  x\n  y\nb: >\n  x\n  y\n", {"a": "x\ny\n", "b": "x y\n"}),
        ("---\na: 1\n...\n", {"a": 1}),
        ("\ufeffa: 1", {"a": 1}),
        ("a: '{{ x }}'\nb: v={{ x }}", {"a": "{{ x }}", "b": "v={{ x }}"}),
        ("a: =\nb: '<<'", {"a": "=", "b": "<<"}),
    ],
)
def test_yaml_becomes_plain_values(text, value) -> None:
    assert parse(text, "x.yaml").value == value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_bytes_are_decoded_by_their_byte_order_mark(encoding) -> None:
    assert parse("name: Grüße".encode(encoding), "x.yaml").value == {"name": "Grüße"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1e3, "b": "\\ud83d\\ude00", "c": [null, true]}', {"a": 1000.0, "b": "😀", "c": [None, True]}),
        ('{\t"a":\t"x\\/y"}', {"a": "x/y"}),
    ],
)
def test_json_keeps_the_meaning_that_json_gives_it(text, value) -> None:
    assert parse(text, "x.json").value == value
    assert parse(text, "x.yaml").value == value


def test_a_yaml_mapping_in_braces_is_not_taken_for_json() -> None:
    assert parse("{a: 1, b: [x]}", "x.yaml").value == {"a": 1, "b": ["x"]}


def test_the_last_of_two_equal_keys_counts_and_is_warned_about() -> None:
    document = parse("a: 1\nb:\n- {c: 1, d: 0, c: 2}\n", "x.yaml")
    assert document.value["b"] == [{"c": 2, "d": 0}]
    (problem,) = document.problems
    assert (problem.code, problem.severity, problem.path) == ("PX015", "warning", "b[0].c")
    assert (problem.line, problem.column) == (3, 16)


def test_equal_keys_are_warned_about_in_json_too() -> None:
    document = parse('{"a": 1,\n "a": 2}', "x.json")
    assert document.value == {"a": 2}
    assert [(problem.code, problem.line, problem.column) for problem in document.problems] == [("PX015", 2, 2)]


def test_a_key_that_overrides_a_merged_one_is_not_a_duplicate() -> None:
    assert parse("a: &x {p: 1}\nb: {<<: *x, p: 2}", "x.yaml").problems == []


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("", "PX006", 1, 1),
        ("# nothing\n", "PX006", 1, 1),
        ("null", "PX006", 1, 1),
        ("- a", "PX008", 1, 1),
        ("text", "PX008", 1, 1),
        ("a: 1\n---\nb: 2", "PX007", 2, 1),
        ("a:\n\tb: 1", "PX005", 2, 1),
        ("a: {{ x }}", "PX014", 1, 5),
        ("? [x]\n: y", "PX014", 1, 3),
        ("a: *b", "PX012", 1, 4),
        ("a: &a [*a]", "PX012", 1, 8),
        ("a: !!python/object:os.system ls", "PX013", 1, 4),
        ("a: !mine {b: 1}", "PX013", 1, 4),
        ("a: !!binary aGk=", "PX013", 1, 4),
        ("a: {<<: [1]}", "PX016", 1, 11),
        ("a: b: c", "PX003", 1, 5),
        ("a: [1, 2\nb: 3", "PX003", 1, 4),
        ("a: 'x\nb: 3", "PX003", 1, 4),
        ("a: @x", "PX003", 1, 4),
        ("run:\n  kind: job\n container: x", "PX003", 3, 2),
        ("a: \x07", "PX002", 1, 4),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(text, code, line, column) -> None:
    problem = refusal(text)
    assert (problem.code, problem.line, problem.column) == (code, line, column)
    assert problem.file == "x.yaml"


def test_bytes_that_are_no_text_are_refused_at_their_place() -> None:
    problem = refusal(b"name: a\ntags: caf\xe9")
    assert (problem.code, problem.line, problem.column) == ("PX001", 2, 10)


def test_json_that_is_wrong_is_refused_where_it_goes_wrong() -> None:
    problem = refusal('{"a": 1,\n "b": }', "x.json")
    assert (problem.code, problem.line, problem.column) == ("PX004", 2, 7)


@pytest.mark.parametrize("text", ['{"a": NaN}', "[1]", "", '{"a": ' + "9" * 5000 + "}"])
def test_json_that_is_no_mapping_of_plain_values_is_refused(text) -> None:
    assert refusal(text, "x.json").code in {"PX004", "PX006", "PX008"}


def bomb(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (bomb(12, 10), "PX011"),
        ("a: " + "[" * 5000 + "]" * 5000, "PX010"),
        ("a: " + "[" * 200_000, "PX010"),
        ("\n".join("  " * level + f"k{level}:" for level in range(500)), "PX010"),
        ("- " * 3000 + "a", "PX010"),
        (bomb(150, 1), "PX010"),
        ("a: [" + "1, " * 1_100_000 + "]", "PX009"),
        (b"a" * 50_000_000, "PX009"),
        ('{"a":' * 100_000, "PX010"),
    ],
    ids=["alias bomb", "flow", "open flow", "block", "dashes", "alias chain", "many values", "50 MB", "json"],
)
def test_what_would_cost_too_much_is_refused(text, code) -> None:
    assert refusal(text).code == code


@pytest.mark.parametrize("file", ["x.yaml", "x.json"])
def test_the_operations_of_a_dag_make_room_for_their_own_values(file: str) -> None:
    limits = Limits(values=50, operations=30, values_of_each=5)
    operations = [{"name": f"op{place}", "dagRef": "a", "params": {"i": place}} for place in range(30)]
    nested = {"operations": [{"component": {"run": {"operations": operations}}}]}
    for run in ({"operations": operations}, nested):
        assert parse(json.dumps({"run": run}), file, limits).value == {"run": run}
    many = json.dumps({"run": {"operations": [*operations, {"name": "one more", "params": {"l": list(range(60))}}]}})
    assert refusal(many, file, limits).code == "PX009"
    assert refusal(json.dumps({"run": {"steps": operations}}), file, limits).code == "PX009"


def test_limits_can_be_chosen() -> None:
    assert refusal("a: [1, 2, 3]", limits=Limits(values=2)).code == "PX009"
    assert refusal("a: [[1]]", limits=Limits(depth=2)).code == "PX010"
    assert refusal("a: 1", limits=Limits(size=3)).code == "PX009"


def test_a_long_number_stays_text_instead_of_taking_for_ever() -> None:
    text = "1" + ":59" * 100_000
    assert parse(f"a: {text}", "x.yaml").value == {"a": text}


FILE = """\
kind: component
inputs:
  - {name: lr, type: float}
  - name: epochs
    value: "07"
run:
  container:
    args: &args [a, bb]
  sidecars:
    - args: *args
base: &base {x: 1}
more: {<<: *base, max_retries: 3}
text: |
  one
  two
"""


@pytest.fixture
def document() -> Document:
    return parse(FILE, "x.yaml")


@pytest.mark.parametrize(
    ("path", "line", "column", "length"),
    [
        (("kind",), 1, 7, 9),
        (("inputs", 0, "type"), 3, 22, 5),
        (("inputs", 1, "value"), 5, 12, 4),
        (("inputs", 1), 4, 5, 12),
        (("run", "container", "args", 1), 8, 21, 2),
        (("run", "sidecars", 0, "args", 0), 8, 18, 1),
        (("more", "x"), 11, 17, 1),
        (("more", "maxRetries"), 12, 32, 1),
        (("inputs", 0, "missing", "deeper"), 3, 5, 23),
        (("run", "container", "missing"), 7, 3, 9),
        (("nothing",), 1, 1, 15),
        (("text",), 13, 7, 1),
    ],
)
def test_a_value_is_located_or_else_its_nearest_ancestor(document, path, line, column, length) -> None:
    found = document.locate(path)
    assert (found.line, found.column, found.length) == (line, column, length)
    assert found.source == FILE.splitlines()[line - 1]


def test_a_key_is_located(document) -> None:
    found = document.locate_key(("inputs", 1, "value"))
    assert (found.line, found.column, found.length) == (5, 5, 5)


def test_the_written_text_of_a_scalar_is_kept(document) -> None:
    assert document.raw(("inputs", 1, "value")) == "07"
    assert document.is_quoted(("inputs", 1, "value"))
    assert document.raw(("inputs",)) is None
    assert parse("a: 1:10:2", "x.yaml").raw(("a",)) == "1:10:2"
    assert not parse("a: 0755", "x.yaml").is_quoted(("a",))


def test_columns_count_characters() -> None:
    document = parse("name: Grüße 😀\nköln: {a: ß, b: 1}", "x.yaml")
    found = document.locate(("köln", "b"))
    assert (found.line, found.column, found.source) == (2, 17, "köln: {a: ß, b: 1}")


def test_json_is_located_as_well() -> None:
    document = parse(json.dumps({"a": {"b": [1, 22]}}, indent=1), "x.json")
    found = document.locate(("a", "b", 1))
    assert (found.line, found.column, found.length) == (5, 4, 2)


def test_positions_survive_json_that_yaml_cannot_read() -> None:
    document = parse('{"a": "\\ud83d\\ude00"}', "x.json")
    assert document.locate(("a",)).line == 1


def test_the_pure_parser_reads_the_same(monkeypatch) -> None:
    import yaml

    from polyaxon.spec import values

    monkeypatch.setattr(values, "LOADER", yaml.SafeLoader)
    assert parse(FILE, "x.yaml").value == yaml.safe_load(FILE)
