"""Laws of `record.dataclass`: what its records do like those of the standard decorator."""

from __future__ import annotations

import dataclasses
from dataclasses import field, fields, replace
from typing import Any

import pytest

from polyaxon.model.record import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """Two numbers and what was said of them."""

    x: int
    y: int = 2
    notes: list[str] = field(default_factory=list)
    label: str = field(default="", compare=False, repr=False)


@dataclass(slots=True)
class Scaled(Point):
    """A point with more."""

    factor: float = 1.0
    product: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.product = self.x * self.factor


def test_values_are_taken_by_place_and_by_name_and_the_rest_has_its_default() -> None:
    first, second = Point(1), Point(y=3, x=4, notes=["far"])
    assert (first.x, first.y, first.notes, first.label) == (1, 2, [], "")
    assert (second.x, second.y, second.notes) == (4, 3, ["far"])


def test_no_two_records_share_what_a_factory_makes() -> None:
    first, second = Point(1), Point(1)
    first.notes.append("mine")
    assert second.notes == []


@pytest.mark.parametrize("given", [{}, {"x": 1, "z": 2}, {"x": 1, "product": 2}])
def test_the_first_record_and_all_later_ones_refuse_missing_and_unknown_values(given: dict[str, Any]) -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match=r"__init__\(\)"):
            Scaled(**given)


def test_a_subclass_takes_the_fields_of_both_and_ends_with_its_own_words() -> None:
    made = Scaled(2, factor=3.0)
    assert (made.x, made.y, made.factor, made.product) == (2, 2, 3.0, 6.0)
    assert [item.name for item in fields(Scaled)] == ["x", "y", "notes", "label", "factor", "product"]


def test_records_are_equal_by_class_and_compared_fields() -> None:
    assert Point(1, label="a") == Point(1, label="b")
    assert Point(1) != Point(2)
    assert Point(1) != Scaled(1)


def test_frozen_records_can_be_keys_and_others_cannot() -> None:
    @dataclass(frozen=True)
    class Key:
        """A name."""

        name: str

    assert {Key("a"): 1}[Key("a")] == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Scaled(1))


def test_copies_texts_and_mappings_are_those_of_dataclasses() -> None:
    assert replace(Point(1), y=5) == Point(1, 5)
    assert repr(Point(1)) == "Point(x=1, y=2, notes=[])"
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 2, "notes": [], "label": ""}
    match Point(7, 8):
        case Point(x, y):
            assert (x, y) == (7, 8)


def test_an_init_of_its_own_is_left_alone() -> None:
    @dataclass()
    class Own:
        """A doubled number."""

        value: int

        def __init__(self, half: int) -> None:
            self.value = 2 * half

    assert Own(4).value == 8
