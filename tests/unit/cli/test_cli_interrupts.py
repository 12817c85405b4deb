"""Ctrl-C, once and again."""

from __future__ import annotations

from polyaxon.cli.interrupts import Answer, Interrupts, Step, read_answer


def test_without_a_terminal_the_first_press_stops_and_the_second_forces() -> None:
    interrupts = Interrupts(can_ask=False)
    assert [interrupts.press() for _ in range(4)] == [Step.STOP, Step.FORCE, Step.LEAVE, Step.LEAVE]


def test_on_a_terminal_the_first_press_asks() -> None:
    interrupts = Interrupts(can_ask=True)
    assert [interrupts.press() for _ in range(4)] == [Step.ASK, Step.STOP, Step.FORCE, Step.LEAVE]


def test_after_going_on_the_next_press_asks_again() -> None:
    interrupts = Interrupts(can_ask=True)
    interrupts.press()
    interrupts.answered(Answer.CONTINUE)
    assert interrupts.press() == Step.ASK


def test_after_the_answer_stop_the_next_press_forces() -> None:
    interrupts = Interrupts(can_ask=True)
    interrupts.press()
    interrupts.answered(Answer.STOP)
    assert interrupts.press() == Step.FORCE


def test_answers_may_be_shortened_and_anything_else_is_asked_again() -> None:
    assert [read_answer(text) for text in ("s", "Stop\n", "d", "cont", "", "x")] == [
        Answer.STOP,
        Answer.STOP,
        Answer.DETACH,
        Answer.CONTINUE,
        None,
        None,
    ]
