"""At most so many attempts at once, in all and in their lane; the next begins the moment one ends."""

from __future__ import annotations

from polyaxon.runtimes.line import Line


class Door:
    """A line, and who began."""

    def __init__(self, places: int | None) -> None:
        self.line = Line(places)
        self.began: list[str] = []

    def enter(self, *names: str, lane: str | None = None, width: int = 0, at_once: bool = False) -> None:
        for name in names:
            self.line.enter(name, lane, width, at_once)
        self.began += self.line.begin()

    def leave(self, name: str) -> None:
        self.line.leave(name)
        self.began += self.line.begin()


def test_who_finds_no_place_begins_when_one_is_left_in_the_order_of_coming() -> None:
    door = Door(2)
    door.enter("a", "b", "c", "d")
    assert door.began == ["a", "b"]
    door.leave("b")
    assert door.began == ["a", "b", "c"]
    door.leave("a")
    assert door.began == ["a", "b", "c", "d"]


def test_without_a_limit_everybody_begins() -> None:
    door = Door(None)
    door.enter("a", "b", "c")
    assert door.began == ["a", "b", "c"]


def test_who_takes_a_place_at_once_counts_though_there_was_none() -> None:
    door = Door(1)
    door.enter("a")
    door.enter("b", at_once=True)
    door.enter("c")
    door.leave("a")
    assert door.began == ["a"], "the one that was there already holds a place"
    door.leave("b")
    assert door.began == ["a", "c"]


def test_one_that_is_withdrawn_while_it_waits_never_begins() -> None:
    door = Door(1)
    door.enter("a", "b", "c")
    assert door.line.withdraw("b")
    assert not door.line.withdraw("a"), "it began"
    door.leave("a")
    assert door.began == ["a", "c"]


def test_leaving_twice_frees_one_place() -> None:
    door = Door(1)
    door.enter("a", "b", "c")
    door.leave("a")
    door.leave("a")
    assert door.began == ["a", "b"]


def test_no_more_than_its_width_of_a_lane_begin_at_once() -> None:
    door = Door(None)
    door.enter("1", "2", "3", "4", lane="search", width=2)
    assert door.began == ["1", "2"]
    door.leave("2")
    assert door.began == ["1", "2", "3"]
    door.leave("1")
    door.leave("3")
    assert door.began == ["1", "2", "3", "4"]


def test_a_full_lane_holds_nobody_else_back() -> None:
    door = Door(3)
    door.enter("1", "2", lane="search", width=1)
    door.enter("3", lane="other", width=1)
    door.enter("4", "5")
    assert door.began == ["1", "3", "4"]
    door.leave("3")
    assert door.began == ["1", "3", "4", "5"], "`2` waits for its lane"
    door.leave("1")
    assert door.began[-1] == "2"


def test_what_ran_before_takes_its_place_in_the_lane_first() -> None:
    door = Door(None)
    door.enter("1", "2", lane="search", width=2, at_once=True)
    door.enter("3", lane="search", width=2)
    assert door.began == []
    door.leave("1")
    assert door.began == ["3"]
