"""How does an adaptive search proceed? One suggestion at a time, each a function of everything before it.

`Sequential` owns what all adaptive algorithms share: batches, totals, distinctness, pending trials, and the rule
that asking for two is asking for one, twice. An algorithm gives `propose`: a view of the history → the next point.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence, Set
from functools import cached_property, partial
from operator import attrgetter
from typing import Any

import numpy as np

from polyaxon.model.record import dataclass
from polyaxon.search.cube import Array, Cube
from polyaxon.search.draw import mixed, permuted, unit
from polyaxon.search.history import Suggestion, Trial, following, ordered, own
from polyaxon.search.memory import Memory
from polyaxon.search.sobol import sobol_point
from polyaxon.search.space import Space

__all__ = ["DESIGNS", "Sequential", "Shape", "View"]

_DESIGN, _FALLBACK, _MODEL = 11, 12, 13
_ATTEMPTS = 100
_INDEX = attrgetter("index")


def _random_point(index: int, dimensions: int, seed: int) -> list[float]:
    return [unit(seed, index, column) for column in range(dimensions)]


# Number, dimensions, seed → a point of the unit cube.
DESIGNS = {"sobol": sobol_point, "random": _random_point}


@dataclass(frozen=True, slots=True)
class Shape:
    """How many trials: a first batch, then `rest` per iteration; `total` None goes on until told to stop."""

    first: int
    rest: int
    total: int | None
    asynchronous: bool = True

    def iteration(self, index: int) -> int:
        """The batch that trial `index` belongs to."""
        return 0 if index < self.first else 1 + (index - self.first) // self.rest

    def start(self, iteration: int) -> int:
        """The index of the first trial of a batch."""
        return 0 if iteration == 0 else self.end(iteration - 1)

    def end(self, iteration: int) -> int:
        """The index after the last trial of a batch."""
        return self.first + iteration * self.rest


@dataclass(frozen=True)
class View:
    """The history as models want it: `points` and `losses` of what is known (less is better), and the pending."""

    cube: Cube
    points: Array
    losses: Array
    pending: Array
    index: int
    seed: int
    trials: Sequence[Trial]
    seen: Set[Any]

    @cached_property
    def generator(self) -> np.random.Generator:
        """The chance of this one suggestion: it depends on the seed and the suggestion's number alone."""
        return np.random.Generator(np.random.PCG64(mixed(self.seed, _MODEL, self.index)))

    @property
    def begun(self) -> int:
        """How much of the first look is taken: what earlier searches found need not be looked for again."""
        return self.index + bisect_left(self.trials, 0, key=_INDEX)

    def is_new(self, point: Array) -> bool:
        """Whether no trial has these params; `seen` is empty where there are no repetitions worth looking for."""
        return not self.seen or self.cube.space.key(self.cube.decode(point)) not in self.seen


@dataclass(frozen=True)
class Sequential:
    """Base of the adaptive searches."""

    kind: str
    space: Space
    shape: Shape
    signs: tuple[float, ...]
    design: str = "sobol"
    """How the first trials spread out: `sobol` or `random`."""

    @cached_property
    def cube(self) -> Cube:
        return Cube(self.space)

    @cached_property
    def _memory(self) -> Memory:
        return Memory(self.cube, self._repeats)

    @cached_property
    def _repeats(self) -> bool:
        """Whether points may come again: in finite spaces, and on branches of others that hold few points."""
        return self.space.size is not None or self.space.is_conditional

    @property
    def total(self) -> int | None:
        size, total = self.space.size, self.shape.total
        return total if size is None else size if total is None else min(size, total)

    @property
    def asynchronous(self) -> bool:
        return self.shape.asynchronous

    def propose(self, view: View) -> tuple[Array, dict[str, Any]]:
        """The next point and the reason for it; `view` holds at least one loss."""
        raise NotImplementedError

    def suggest(self, history: Sequence[Trial], seed: int, count: int) -> list[Suggestion]:
        trials = ordered(history)
        made: list[Suggestion] = []
        while len(made) < count and not self._is_over(trials) and not self._waits(trials):
            index = following(trials)
            params, reason = self._next(trials, index, seed)
            suggestion = Suggestion(params, iteration=self.shape.iteration(index), reason=reason)
            made.append(suggestion)
            trials.append(suggestion.pending(index))
        return made

    def done(self, history: Sequence[Trial]) -> bool:
        return self._is_over(ordered(history))

    def _is_over(self, trials: Sequence[Trial]) -> bool:
        """`done`, for trials that are in order."""
        if self.shape.total is not None and following(trials) >= self.shape.total:
            return True
        size = self.space.size
        if size is None or len(trials) < size:
            return False
        # What an earlier search tried outside this space takes no point of it.
        inside = [trial for trial in trials if trial.index >= 0 or trial.params in self.space]
        return len({self.space.key(trial.params) for trial in inside}) >= size

    def _waits(self, trials: Sequence[Trial]) -> bool:
        """Whether a batch must finish before the next one starts."""
        if self.asynchronous:
            return False
        start = self.shape.start(self.shape.iteration(following(trials)))
        return any(trial.is_pending and trial.index < start for trial in own(trials))

    def _next(self, trials: Sequence[Trial], index: int, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
        view = self._view(trials, index, seed)
        if self.starts(view):
            point, reason = self._design(view), {"source": "initial design", "point": index + 1}
        else:
            point, reason = self.propose(view)
        if not view.is_new(point):
            return self._unseen(view), {"source": "exploration", "why": "the best point is already known"}
        return self.cube.decode(point), reason

    def starts(self, view: View) -> bool:
        """Whether to spread out rather than to model: the first batch, or nothing finished yet."""
        return view.begun < self.shape.first or not len(view.losses) or not self.cube.dimensions

    def _view(self, trials: Sequence[Trial], index: int, seed: int) -> View:
        memory = self._memory
        memory.take(trials)
        known, points, losses = memory.known(self.signs[0])
        return View(
            cube=self.cube,
            points=points,
            losses=losses,
            pending=memory.pending,
            index=index,
            seed=seed,
            trials=known,
            seen=memory.seen,
        )

    def _design(self, view: View) -> Array:
        seed, dimensions = mixed(view.seed, _DESIGN), self.cube.dimensions
        point = DESIGNS[self.design](view.index, dimensions, seed)
        return np.asarray(self.cube.spread(np.array([point]))[0])

    def _unseen(self, view: View) -> dict[str, Any]:
        """The first point of a seeded order that nothing has tried."""
        size, seed = self.cube.space.size, mixed(view.seed, _FALLBACK)
        if size is None:
            for attempt in range(_ATTEMPTS):
                params = self.cube.space.drawn(partial(unit, seed, view.index, attempt))
                if self.space.key(params) not in view.seen:
                    break
            return params
        start = int(unit(seed, view.index) * size)
        for turn in range(size):
            params = self.cube.space.branches.at(permuted((start + turn) % size, size, seed))
            if self.space.key(params) not in view.seen:
                return params
        raise ValueError("every point of the space is taken")  # `done` was true: a bug of the caller
