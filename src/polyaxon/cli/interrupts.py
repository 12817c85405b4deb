"""What Ctrl-C means, by how often it was pressed and whether anybody can be asked. Pure."""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["Answer", "Interrupts", "Step", "read_answer"]


class Step(Enum):
    """What to do about a press of Ctrl-C."""

    ASK = auto()
    STOP = auto()
    FORCE = auto()
    LEAVE = auto()
    """Return at once; what still runs goes on without us."""


class Answer(Enum):
    """What the user wants of a run whose driver was interrupted."""

    STOP = auto()
    DETACH = auto()
    CONTINUE = auto()


class Interrupts:
    """Counts: on a terminal the first press asks, the next stops; then force, then leave."""

    def __init__(self, can_ask: bool) -> None:
        self._steps = [Step.ASK, Step.STOP, Step.FORCE] if can_ask else [Step.STOP, Step.FORCE]
        self._count = 0

    def press(self) -> Step:
        """Return what this press means."""
        step = self._steps[self._count] if self._count < len(self._steps) else Step.LEAVE
        self._count += 1
        return step

    def answered(self, answer: Answer) -> None:
        """Begin anew after `continue`; after `stop` the next press forces."""
        self._count = 0 if answer == Answer.CONTINUE else self._steps.index(Step.FORCE)


def read_answer(text: str) -> Answer | None:
    """Read `s`, `d`, `c` or the whole words; None when it is none of them."""
    word = text.strip().lower()
    for answer in Answer:
        name = answer.name.lower()
        if word and name.startswith(word):
            return answer
    return None
