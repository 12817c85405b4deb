"""What a sort text means."""

from __future__ import annotations

import pytest

from polyaxon.errors import QueryError
from polyaxon.query import SortKey, known_sort, parse_sort


def test_keys_are_read_in_order() -> None:
    assert parse_sort("-metrics.accuracy, name,params.lr") == (
        SortKey("metrics", "accuracy", descending=True),
        SortKey("name"),
        SortKey("inputs", "lr"),
    )


@pytest.mark.parametrize(("entity", "key"), [("run", SortKey("updated_at", None, True)), ("artifact", SortKey("name"))])
def test_an_empty_text_is_the_order_of_the_entity(entity: str, key: SortKey) -> None:
    assert parse_sort("", entity=entity) == (key,)


def test_an_unknown_key_is_refused_with_a_suggestion() -> None:
    with pytest.raises(QueryError) as caught:
        parse_sort("-creatd_at")
    assert caught.value.hint == "did you mean `created_at`?"


@pytest.mark.parametrize("sort", ["metrics", "tags", "status.x", "a b", "--name"])
def test_what_cannot_be_sorted_by_is_refused(sort: str) -> None:
    with pytest.raises(QueryError):
        parse_sort(sort)


def test_the_api_leaves_unknown_keys_out() -> None:
    assert known_sort("foo,-name") == (SortKey("name", None, True),)
    assert known_sort("foo") == parse_sort("")
