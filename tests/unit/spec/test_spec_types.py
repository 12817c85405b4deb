"""The types of inputs and outputs, row by row."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.spec.types import TYPES, CastError, cast, check_type, compatible, plain

ACCEPTED = [
    ("any", [1, "x", None], [1, "x", None]),
    ("int", [1, 1.0, "1", "1.0", True, "-3"], [1, 1, 1, 1, 1, -3]),
    ("float", [1, "1e-3", "2", True, 0.5], [1.0, 0.001, 2.0, 1.0, 0.5]),
    ("metric", [1, "0.5"], [1.0, 0.5]),
    ("bool", [True, 0, 1.0, "yes", "F", "on", "0", "N"], [True, False, True, True, False, True, False, False]),
    ("str", ["5", 5, True, [1, 2], {"a": 1}, 0.5], ["5", "5", "true", "[1,2]", '{"a":1}', "0.5"]),
    ("path", ["/a/b", "x"], ["/a/b", "x"]),
    ("dict", [{"a": 1}, '{"a": 1}'], [{"a": 1}, {"a": 1}]),
    ("metadata", [{"a": 1}], [{"a": 1}]),
    ("list", [[1, "a"], (1,), "[1, 2]"], [[1, "a"], [1], [1, 2]]),
    ("uri", ["http://u:p@h/x", "file:///a"], ["http://u:p@h/x", "file:///a"]),
    ("uuid", ["12345678-1234-1234-1234-1234567890AB", "0" * 32], ["123456781234123412341234567890ab", "0" * 32]),
    ("email", ["a@b.co", "root@localhost"], ["a@b.co", "root@localhost"]),
    (
        "image",
        ["python:3.11", "reg.io:5000/a/b:1@sha256:ab", "{{ image }}", {"name": "x:1"}],
        ["python:3.11", "reg.io:5000/a/b:1@sha256:ab", "{{ image }}", "x:1"],
    ),
    ("gcs", ["gs://b/p", "gcs://b"], ["gs://b/p", "gcs://b"]),
    ("s3", ["s3://b/p"], ["s3://b/p"]),
    (
        "wasb",
        ["wasbs://c@a.blob.core.windows.net/p", "https://a.blob.core.windows.net/c/p", "az://c/p", "abfss://c@a/p"],
        ["wasbs://c@a.blob.core.windows.net/p", "https://a.blob.core.windows.net/c/p", "az://c/p", "abfss://c@a/p"],
    ),
    ("date", ["2024-05-31", date(2024, 5, 31), datetime(2024, 5, 31, tzinfo=UTC), 1717113600], [date(2024, 5, 31)] * 4),
    (
        "datetime",
        ["2024-05-31T10:30:00+00:00", "2024-05-31T10:30:00Z", datetime(2024, 5, 31, 10, 30, tzinfo=UTC)],
        [datetime(2024, 5, 31, 10, 30, tzinfo=UTC)] * 3,
    ),
    (
        "timedelta",
        [90, 1.5, "P1DT2H", "1:30:00", "1 day", "2 days, 3:00:00", "PT0.5S", "P2W"],
        [
            timedelta(seconds=90),
            timedelta(seconds=1.5),
            timedelta(days=1, hours=2),
            timedelta(hours=1, minutes=30),
            timedelta(days=1),
            timedelta(days=2, hours=3),
            timedelta(seconds=0.5),
            timedelta(weeks=2),
        ],
    ),
    ("git", [{"url": "https://h/r"}, '{"revision": "dev"}'], [{"url": "https://h/r"}, {"revision": "dev"}]),
    ("dockerfile", [{"image": "a:1", "lang_env": "C"}], [{"image": "a:1", "langEnv": "C"}]),
    ("file", [{"content": "x", "filename": "f"}], [{"content": "x", "filename": "f"}]),
    ("tensorboard", [{"uuids": "a, b", "useNames": True}], [{"uuids": ["a", "b"], "useNames": True}]),
    ("artifacts", [{"files": ["a", ["b", "c"]]}], [{"files": ["a", ["b", "c"]]}]),
    ("event", [{"name": "a", "kind": "b"}], [{"name": "a", "kind": "b"}]),
    ("List[int]", [[1, "2"], "[1, 2]"], [[1, 2], [1, 2]]),
    ("Dict[str, int]", [{"a": "1"}], [{"a": 1}]),
    ("Optional[int]", [None, "3"], [None, 3]),
    ("Set[int]", [[1, 1, 2]], [[1, 2]]),
    ("typing.List[typing.Optional[float]]", [[None, 1]], [[None, 1.0]]),
    ("PositiveInt", ["2"], [2]),
    ("StrictInt", [2], [2]),
    ("Any", [object], [object]),
]
REFUSED = [
    ("int", [1.5, "1.5", "abc", "", None, [1], math.nan, math.inf]),
    ("float", ["nan", "inf", "NaN", "Infinity", "text", None, []]),
    ("bool", [2, "", "maybe", None, 0.5]),
    ("str", [None]),
    ("path", [1, None]),
    ("dict", [[1], 3, "[1]", "x"]),
    ("list", ["1,2", 3, {"a": 1}, "'a'"]),
    ("uri", ["x/y", {"url": "http://a"}, 1]),
    ("uuid", ["abc", "1" * 33]),
    ("email", ["a", "a@b@c", "a b@c.d", "a@b..c"]),
    ("image", ["a b", "", ":1", 3, "a:b:c:d:e"]),
    ("gcs", ["s3://b", {"bucket": "b"}]),
    ("s3", ["gs://b", "s3://"]),
    ("wasb", ["wasb://c/p", "https://a.example.org/c"]),
    ("date", ["tomorrow", "2024-05-31T10:00:00", 1717113601, datetime(2024, 5, 31, 1, tzinfo=UTC)]),
    ("datetime", ["tomorrow", "10:00"]),
    ("timedelta", ["60", "soon", "P", True]),
    ("git", [{"repo": "x"}, 3, "x"]),
    ("dockerfile", [{"env": {}}]),
    ("file", [{"filename": "x"}]),
    ("artifacts", [{"files": [["a", "b", "c"]]}, {"paths": []}]),
    ("event", [{"what": 1}]),
    ("List[int]", ["1", ["x"], 3]),
    ("Optional[int]", ["x"]),
    ("PositiveInt", [0]),
    ("StrictInt", ["2", 2.0, True]),
]


@pytest.mark.parametrize(("name", "given", "expected"), ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_a_type_accepts_and_converts(name, given, expected) -> None:
    assert [cast(name, value) for value in given] == expected


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in REFUSED for value in values], ids=lambda item: repr(item)[:30]
)
def test_a_type_refuses(name, value) -> None:
    with pytest.raises(CastError):
        cast(name, value)


@pytest.mark.parametrize(
    "name",
    [
        "auth",
        "url",
        "dict_of_dicts",
        "Int",
        "Union[int, str]",
        "Tuple[int, int]",
        "Literal[1]",
        "List[GitType]",
        "List[",
    ],
)
def test_what_is_not_a_type_is_refused(name) -> None:
    with pytest.raises(CastError):
        check_type(name)


def test_a_list_is_cast_item_by_item() -> None:
    assert cast("int", ["1", 2.0], is_list=True) == [1, 2]
    assert cast("float", "[1, 2]", is_list=True) == [1.0, 2.0]
    assert cast(None, (1, "x"), is_list=True) == [1, "x"]


@pytest.mark.parametrize("value", ["1,2", 3, {"a": 1}, [1, "x"]])
def test_what_is_not_a_list_of_the_type_is_refused(value) -> None:
    with pytest.raises(CastError):
        cast("int", value, is_list=True)


def test_a_value_without_a_type_is_left_alone() -> None:
    assert cast(None, "5") == "5"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda item: st.lists(item, max_size=3) | st.dictionaries(st.text(), item, max_size=3),
    max_leaves=8,
)


@given(name=st.sampled_from(TYPES), value=JSON, is_list=st.booleans())
def test_casting_refuses_or_settles(name, value, is_list) -> None:
    try:
        once = cast(name, value, is_list)
    except CastError:
        return
    again = cast(name, once, is_list)
    assert again == once or repr(again) == repr(once)


@given(st.text(max_size=40))
def test_any_type_expression_is_read_or_refused(text) -> None:
    try:
        caster = check_type(text)
    except CastError:
        return
    assert callable(caster)


FITTING = [
    ("int", False, "int", None),
    ("int", None, "float", False),
    ("int", None, "metric", False),
    ("float", None, "metric", None),
    ("metric", None, "float", None),
    (None, None, "int", None),
    ("int", True, None, None),
    ("int", True, "any", None),
    ("any", None, "int", True),
    ("str", None, "path", None),
    ("s3", None, "str", None),
    ("wasb", None, "gcs", None),
    ("int", True, "float", True),
    ("list", None, "int", True),
    ("int", True, "list", None),
    ("dict", None, "metadata", None),
]
UNFIT = [
    ("str", None, "int", None),
    ("float", None, "int", None),
    ("int", None, "int", True),
    ("int", True, "int", False),
    ("int", None, "str", None),
    ("str", True, "int", True),
    ("dict", None, "str", None),
    ("git", None, "artifacts", None),
]


@pytest.mark.parametrize("edge", FITTING)
def test_an_edge_between_fitting_types_is_allowed(edge) -> None:
    assert compatible(*edge)


@pytest.mark.parametrize("edge", UNFIT)
def test_an_edge_between_other_types_is_not(edge) -> None:
    assert not compatible(*edge)


def test_plain_values_are_what_json_has() -> None:
    found = plain(
        {"a": [date(2024, 5, 31), timedelta(minutes=1)], "b": (1,), "c": datetime(2024, 5, 31, 1, tzinfo=UTC)}
    )
    assert found == {"a": ["2024-05-31", 60.0], "b": [1], "c": "2024-05-31T01:00:00+00:00"}
