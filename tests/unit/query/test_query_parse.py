"""What a query text means, and what is said of a wrong one."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.errors import QueryError
from polyaxon.query import (
    ENTITIES,
    And,
    Anything,
    Between,
    Compare,
    Condition,
    Equals,
    Filter,
    In,
    Like,
    Missing,
    Operation,
    Or,
    Within,
    check,
    mentions,
    parse,
    with_defaults,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def read(query: str, entity: str = "run") -> Filter:
    return parse(query, now=NOW, entity=entity)


def condition(query: str, entity: str = "run") -> Condition:
    tree = read(query, entity)
    assert isinstance(tree, Condition)
    return tree


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("query", "operation"),
    [
        ("status:queued", Equals("queued")),
        ("status: queued ", Equals("queued")),
        ("status :queued", Equals("queued")),
        ("status:nil", Missing()),
        ("status:null", Missing()),
        ("status:a|b|c", In(("a", "b", "c"))),
        ("status:_any_", Anything()),
        ("name:%bert%", Like("bert", "contains")),
        ("name:bert%", Like("bert", "startswith")),
        ("name:%bert", Like("bert", "endswith")),
        ("name:%5%", Like("5", "contains")),
        ("name:5", Equals("5")),
        ('name:"x y"', Equals("x y")),
        ('name:"a|b"', Equals("a|b")),
        ('name:"50%"', Equals("50%")),
        ("name:true", Equals("true")),
        ("inputs.n:1", Equals(1)),
        ("inputs.n:1.5", Equals(1.5)),
        ("inputs.n:true", Equals(True)),
        ('inputs.n:"1"', Equals("1")),
        ("inputs.n:abc", Equals("abc")),
        ("inputs.n:null", Missing()),
        ("inputs.n:1|2", In((1, 2))),
        ("params.n:>=0.1", Compare(">=", 0.1)),
        ("in.n:=>0.1", Compare(">=", 0.1)),
        ("out.n:=<3", Compare("<=", 3)),
        ("metrics.loss:<0.5", Compare("<", 0.5)),
        ("metrics.loss:<.5", Compare("<", 0.5)),
        ("metrics.val-loss:> -1e3", Compare(">", -1000.0)),
        ("duration:>3600", Compare(">", 3600)),
        ("cpu:>100m", Compare(">", 0.1)),
        ("memory:>512Mi", Compare(">", 512 * 1024**2)),
        ("memory:<=1Gi", Compare("<=", 1024**3)),
        ("memory:2k", Equals(2000)),
        ("live_state:-1", Equals(-1)),
        ("is_managed:true", Equals(True)),
        ("tags:keep", Equals("keep")),
        ("tags:a|b", In(("a", "b"))),
        ("commit:a|b", In(("a", "b"))),
        ("uuid:0A0A-0b0b", Equals("0a0a0b0b")),
        ("uuid:0a-0%", Like("0a0", "startswith")),
        ("created_at:2026-03-01", Within(utc(2026, 3, 1), utc(2026, 3, 2))),
        ("created_at:2026-03-01 10:30", Within(utc(2026, 3, 1, 10, 30), utc(2026, 3, 1, 10, 31))),
        ("created_at:2026-03-01T10:30:59Z", Within(utc(2026, 3, 1, 10, 30), utc(2026, 3, 1, 10, 31))),
        ("created_at:2026-03-01T10:30+02:00", Within(utc(2026, 3, 1, 8, 30), utc(2026, 3, 1, 8, 31))),
        ("created_at:>=2026-03-01", Compare(">=", utc(2026, 3, 1))),
        ("created_at:<2026-03-01 10:30:15.25", Compare("<", utc(2026, 3, 1, 10, 30, 15, 250000))),
        ("created_at:2026-03-01 .. 2026-04-01 12:00", Between(utc(2026, 3, 1), utc(2026, 4, 1, 12))),
        ("created_at:2026-03-01..2026-04-01", Between(utc(2026, 3, 1), utc(2026, 4, 1))),
        ("created_at:last_month", Compare(">=", NOW - timedelta(days=30))),
    ],
)
def test_an_operation_is_read_by_the_type_of_its_field(query: str, operation: Operation) -> None:
    assert condition(query).operation == operation
    assert not condition(query).negated


@pytest.mark.parametrize(
    ("query", "name", "key"),
    [
        ("id:x", "uuid", None),
        ("uid:x", "uuid", None),
        ("params.lr:1", "inputs", "lr"),
        ("out.loss:1", "outputs", "loss"),
        ("metrics.loss:1", "metrics", "loss"),
        ("pipeline.id:x", "pipeline", None),
        ("pipeline.name:x", "pipeline", "name"),
        ("project.name:x", "project", None),
    ],
)
def test_a_field_is_known_by_its_canonical_name(query: str, name: str, key: str | None) -> None:
    assert (condition(query).field.name, condition(query).field.key) == (name, key)


@pytest.mark.parametrize("query", ["status:~running", "status:~a|b", "status:~nil", "name:~%a%", "duration:~>1"])
def test_a_tilde_negates_the_whole_operation(query: str) -> None:
    assert condition(query).negated
    assert condition(query.replace("~", "")).operation == condition(query).operation


def test_and_binds_tighter_than_or() -> None:
    a, b, c = (condition(f"name:{name}") for name in "abc")
    assert read("name:a OR name:b AND name:c") == Or((a, And((b, c))))
    assert read("name:a, name:b OR name:c") == Or((And((a, b)), c))
    assert read("(name:a OR name:b), name:c") == And((Or((a, b)), c))


@pytest.mark.parametrize("joined", ["name:a OR name:b", "name:a or name:b", "name:a|name:b", "name:a | name:b"])
def test_or_has_two_spellings(joined: str) -> None:
    assert read(joined) == Or((condition("name:a"), condition("name:b")))


@pytest.mark.parametrize("joined", ["name:a,name:b", "name:a AND name:b", "name:a and name:b", "(name:a)AND(name:b)"])
def test_and_has_two_spellings(joined: str) -> None:
    assert read(joined) == And((condition("name:a"), condition("name:b")))


def test_a_pipe_joins_conditions_only_where_a_condition_follows() -> None:
    assert read("status:a|b|name:c") == Or((condition("status:a|b"), condition("name:c")))
    assert isinstance(read("status:a|(name:b)"), Or)


@pytest.mark.parametrize("query", ["", "  ", "\n"])
def test_an_empty_query_matches_everything(query: str) -> None:
    assert read(query) == And()


@pytest.mark.parametrize(
    ("query", "column", "said"),
    [
        ("foo:1", 1, "key `foo` is not supported by the query manager `run`"),
        ("name:a, foo:1", 9, "key `foo` is not supported"),
        ("word", 1, "`word` is not a condition"),
        ("name:a,", 8, "a condition is missing"),
        (",name:a", 1, "a condition is missing"),
        ("name:a,,name:b", 8, "a condition is missing"),
        ("name:a AND", 11, "a condition is missing"),
        ("name:", 6, "has no value"),
        ("name: , name:b", 7, "has no value"),
        ("name:~", 6, "has no value"),
        ("(name:a", 1, "not closed"),
        ("name:a)", 7, "closes that none opened"),
        ("()", 2, "a condition is missing"),
        ("(name:a) name:b", 10, "two conditions follow each other"),
        ("inputs:1", 1, "`inputs` needs a key"),
        ("status.x:1", 1, "`status` has no keys"),
        ("inputs.a.b:1", 1, "is not the name of a field"),
        ("name:>3", 6, "cannot be asked for a comparison"),
        ("name:a .. b", 6, "cannot be asked for a range"),
        ("inputs.n:1 .. 2", 10, "cannot be asked for a range"),
        ("duration:1|2", 10, "cannot be asked for a list"),
        ("duration:1 .. 2", 10, "cannot be asked for a range"),
        ("created_at:2026-03-01|2026-03-02", 12, "cannot be asked for a list"),
        ("tags:>a", 6, "cannot be asked for a comparison"),
        ("status:%run%", 8, "cannot be asked for a `%` pattern"),
        ("status:>a", 8, "cannot be asked for a comparison"),
        ("is_managed:true|false", 12, "cannot be asked for a list"),
        ("is_managed:perhaps", 12, "takes `true` or `false`"),
        ("metrics.loss:<abc", 14, "takes a number"),
        ("metrics.loss:1e999", 14, "takes a number below"),
        ("memory:>1Xi", 8, "takes a number of bytes"),
        ("live_state:1.5", 12, "takes an integer"),
        ("created_at:yesterday", 12, "is not a date"),
        ("created_at:2026-02-30", 12, "existing date"),
        ("created_at:0001-01-01T00:00+12:00", 12, "between the years"),
        ("created_at:9999-12-31", 12, "before the end"),
        ("created_at:2026-03-01 .. ", 12, "a range has two ends"),
        ("created_at:.. 2026-03-01", 12, "a range has two ends"),
        ("name:a||b", 6, "empty value"),
        ("name:nil|b", 6, "`nil` has no place in a list"),
        ("inputs.n:1|null", 10, "null has no place"),
        ("name:%%", 6, "no text to look for"),
        ("name:~_any_", 6, "matches nothing"),
        ("inputs.n:[1]", 10, "lists and mappings are not compared"),
        ("duration:>", 10, "compares with nothing"),
    ],
)
def test_a_wrong_query_is_refused_with_the_column_and_the_cause(query: str, column: int, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        read(query)
    assert f"column {column}: " in caught.value.message
    assert said in caught.value.message


def test_an_unknown_field_gets_a_suggestion() -> None:
    with pytest.raises(QueryError) as caught:
        read("stats:running")
    assert caught.value.hint == "did you mean `status`?"


def test_each_entity_has_fields_of_its_own() -> None:
    assert condition("stage:production", "version").operation == Equals("production")
    with pytest.raises(QueryError, match="query manager `project`"):
        read("status:running", "project")


def test_dates_without_a_zone_are_in_the_zone_of_now() -> None:
    now = datetime(2026, 4, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    # The clock is put forward on 29 March: that day has 23 hours.
    tree = parse("created_at:2026-03-29", now=now)
    assert isinstance(tree, Condition)
    assert tree.operation == Within(utc(2026, 3, 28, 23), utc(2026, 3, 29, 22))


def test_defaults_hold_around_the_whole_query() -> None:
    tree = with_defaults(read("status:a OR status:b"), now=NOW)
    assert isinstance(tree, And)
    assert tree.parts == (read("status:a OR status:b"), condition("created_at:last_month"), condition("live_state:1"))


@pytest.mark.parametrize("query", ["created_at:_any_, live_state:_any_", "live_state:0, created_at:>2026-01-01"])
def test_a_mentioned_field_has_no_default(query: str) -> None:
    assert with_defaults(read(query), now=NOW) == read(query)
    assert mentions(read(query), "live_state")


def test_checking_needs_no_clock() -> None:
    check("created_at:last_month")
    with pytest.raises(QueryError):
        check("foo:1")


@given(st.text(alphabet="nametus:,()|~%<>=. ANDOR0_\"'-\\", max_size=60) | st.text(max_size=60))
def test_any_text_is_a_query_or_refused(text: str) -> None:
    with contextlib.suppress(QueryError):
        assert isinstance(read(text), Filter)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "name:" + "a|" * 100_000 + "b",
        "name:a" + " " * 200_000,
        "name:a" + " " * 200_000 + "b",
        "created_at:a" + " " * 200_000 + "..b" + " .." * 50_000,
        "name:a" + "|" + "b" * 200_000,
        "name:a" + "| b" * 100_000,
        "name:" + "[" * 100_000,
        "inputs.x:" + "9" * 100_000,
        "| " * 100_000,
        "name:a " + "OR " * 100_000,
        "name:a," * 100_000,
    ],
)
def test_long_texts_are_read_in_linear_time(text: str) -> None:
    before = time.process_time()
    with contextlib.suppress(QueryError):
        read(text)
    assert time.process_time() - before < 1


def test_every_default_of_every_entity_is_a_query_of_it() -> None:
    for name, entity in ENTITIES.items():
        for field, operation in entity.defaults.items():
            read(f"{field}:{operation}", name)
