"""Which trials does a matrix run, and what does it learn from them?

Children are created as slots free, never all at once: a search of a million points costs what its running trials cost.
Enumerable searches (mapping, grid, random) are asked for their next numbers; adaptive ones see the history of trials,
failed ones included. Everything needed to go on is in the children's rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from hashlib import blake2b
from typing import Any

from polyaxon.engine import compilation, tuning
from polyaxon.engine.births import create, reborn
from polyaxon.engine.commands import Linked, Recall
from polyaxon.engine.flow import Group, Node
from polyaxon.engine.lifecycle import remember
from polyaxon.engine.slots import release, window_of
from polyaxon.engine.stopping import check_early_stopping
from polyaxon.engine.stops import Cause, stop
from polyaxon.engine.trials import objectives_of, trial_of
from polyaxon.engine.tuning import Tuning, is_tuner, plan_tuning, take_up, tuned_space
from polyaxon.engine.turn import Turn
from polyaxon.engine.warm import known_trials, recalled
from polyaxon.errors import InternalError, UsageError
from polyaxon.model.ids import RunId, child_id
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.model.status import FINAL, Pending, Status
from polyaxon.search import Enumerable, Search, Suggestion, Trial, plan_search
from polyaxon.search.stopping import evaluations, should_stop

__all__ = ["Sweep", "child_ended", "extend", "open_matrix", "reported"]

Curve = tuple[tuple[int, float], ...]
_NO_NOTES: Mapping[str, Any] = {}


@dataclass(slots=True, eq=False)
class Sweep:
    """A search under way. `trials` is kept only for searches and policies that look at them."""

    search: Search | None
    """None when a tuner suggests."""
    numbered: Enumerable | None
    """The search again, when its n-th suggestion needs no history."""
    seed: int
    objectives: tuple[str, ...]
    policies: tuple[Mapping[str, Any], ...]
    shape: tuple[RunKind, str | None]
    pending: Pending | None
    upcoming: int = 0
    """The number of the next suggestion."""
    trials: dict[int, Trial] = field(default_factory=dict)
    curves: dict[str, dict[int, Curve]] = field(default_factory=dict)
    """Metric → trial → what it reported so far."""
    judged: dict[tuple[str, int], int] = field(default_factory=dict)
    """(metric, trial) → how many observations it had before its last report."""
    exhausted: bool = False
    missing: Sequence[int] = ()
    """Numbers of points that were made once and whose runs are gone."""
    tuning: Tuning | None = None
    """The user's own tuner, which suggests in place of the search."""

    @property
    def may_go_ahead(self) -> bool:
        """Whether trials may be made before others have ended: nothing is learned from those."""
        return self.numbered is not None and not self.policies

    @property
    def remembers(self) -> bool:
        return bool(self.policies) or self.numbered is None


def open_matrix(turn: Turn, node: Node, resumed: bool) -> None:
    """Plan the search and take up the trials that exist; `extend` makes the others."""
    group = node.group or Group()
    compiled = compilation.compiled_of(node)
    if compiled.matrix is None:
        raise InternalError(f"run {node.id} is a matrix without a matrix")
    policies = [rule for rule in compiled.early_stopping if rule.get("policy") is not None]
    shape, pending = compilation.shape_of_children(node)
    previous = group.sweep
    seed = _seed(compiled.matrix, node.id)
    tuned = plan_tuning(turn.flow, compiled.matrix, seed)
    search = plan_search(compiled.matrix) if tuned is None else None
    sweep = group.sweep = Sweep(
        search=search,
        numbered=search if isinstance(search, Enumerable) and search.asynchronous else None,
        seed=seed,
        objectives=objectives_of(compiled.matrix),
        policies=tuple(policies),
        shape=shape,
        pending=pending,
        tuning=tuned,
    )
    group.expected = search.total if search is not None else None
    recalled(turn, node, compiled.matrix, search.space if search is not None else tuned_space(tuned), sweep.objectives)
    if sweep.remembers:
        sweep.trials = {trial.index: trial for trial in known_trials(node)}
    if previous is not None:  # finished points are not kept as children: the count goes on
        sweep.upcoming = previous.upcoming
    for child in sorted(group.children.values(), key=lambda child: child.index):
        sweep.upcoming = max(sweep.upcoming, child.index + 1)
        if resumed and child.is_final and child.status is not Status.SUCCEEDED and "pruned" not in child.notes:
            reborn(turn, child)
        if sweep.remembers and not is_tuner(child):
            sweep.trials[child.index] = trial_of(child, sweep.objectives)
            if sweep.policies and child.is_final and previous is None:  # rows keep no curves
                turn.commands.append(Recall(child.id))
        if child.status in {Status.CREATED, Status.RESUMING} and not child.released:
            release(turn, child)
    if resumed and sweep.numbered is not None and previous is None:
        # Points whose runs were deleted: they are made again.
        sweep.missing = sorted(set(range(sweep.upcoming)) - {child.index for child in group.children.values()})
    if tuned is not None:
        take_up(turn, node, tuned, resumed)


def extend(turn: Turn, node: Node) -> None:
    """Make as many new trials as there is room for."""
    group = node.group
    sweep = group.sweep if group is not None else None
    if group is None or sweep is None or sweep.exhausted:
        return
    if sweep.tuning is not None:
        _extend_tuned(turn, node, sweep, sweep.tuning)
        return
    room = _room(group, sweep, window_of(group, turn.flow.world.defaults.window))
    if room <= 0 or sweep.search is None:
        return
    if sweep.numbered is not None and sweep.missing:
        again, sweep.missing = sweep.missing[:room], sweep.missing[room:]
        for number in again:
            _make(turn, node, sweep, sweep.numbered.window(number, 1, sweep.seed)[0], number=number)
        return
    for suggestion in _suggest(group, sweep, sweep.search, room):
        _make(turn, node, sweep, suggestion)


def child_ended(turn: Turn, node: Node, child: Node) -> None:
    """A trial is data, however it ended."""
    sweep = node.group.sweep if node.group is not None else None
    if sweep is None or is_tuner(child):
        return
    if sweep.remembers and child.index in sweep.trials:
        sweep.trials[child.index] = replace(trial_of(child, sweep.objectives), curve=sweep.trials[child.index].curve)
    elif node.group is not None and child.status is Status.SUCCEEDED and child.kind is not RunKind.DAG:
        # A finished point of an enumerable search is never looked at again: its row keeps it.
        node.group.children.pop(str(child.index), None)
        turn.flow.nodes.pop(child.id, None)
    check_early_stopping(turn, node, child)


def reported(turn: Turn, child: Node, metrics: Mapping[str, Sequence[tuple[int, float]]]) -> None:
    """A trial logged metrics: take them in, and end it if it runs and a stopping policy finds it hopeless."""
    node = child.pipeline
    sweep = node.group.sweep if node is not None and node.group is not None else None
    if node is None or sweep is None or child.index not in sweep.trials:
        return
    before: dict[str, int] = {}
    for name in {*sweep.objectives[:1], *(str(rule["metric"]) for rule in sweep.policies)} & metrics.keys():
        # Those of its last report are judged once more: of trials that go side by side, whose metrics are read first
        # finds the others a report behind.
        before[name] = sweep.judged.get((name, child.index), 0)
        sweep.judged[name, child.index] = len(sweep.curves.get(name, {}).get(child.index, ()))
        _prolong(sweep, child.index, name, metrics[name])
    for rule in sweep.policies:
        name = str(rule["metric"])
        if name in metrics and child.status not in FINAL and child.status is not Status.STOPPING:
            _judge(turn, sweep, child, rule, before[name])


def _judge(turn: Turn, sweep: Sweep, child: Node, rule: Mapping[str, Any], before: int) -> None:
    """Metrics come in handfuls: judge the trial after each observation at which it is due."""
    curves = sweep.curves[str(rule["metric"])]
    curve = curves.get(child.index, ())
    due = evaluations(rule["policy"], before, len(curve))
    if not due:
        return
    others = [
        replace(trial, curve=curves.get(trial.index, ()))
        for trial in sweep.trials.values()
        if trial.index != child.index
    ]
    trial = sweep.trials[child.index]
    optimization = str(rule.get("optimization", "minimize"))
    verdicts = (should_stop(rule["policy"], replace(trial, curve=curve[:count]), others, optimization) for count in due)
    verdict = next((verdict for verdict in verdicts if verdict is not None), None)
    if verdict is None:
        return
    turn.explain(child, "stop", policy=verdict.policy, step=verdict.step, value=verdict.value, bound=verdict.bound)
    turn.update(child, **remember(child, pruned=True))
    stop(turn, child, Cause("Pruned", verdict.message))


def _prolong(sweep: Sweep, index: int, name: str, points: Sequence[tuple[int, float]]) -> None:
    """Append what is new: a report that comes twice, or again after a crash, adds nothing."""
    curves = sweep.curves.setdefault(name, {})
    curve = curves.get(index, ())
    fresh = tuple((step, value) for step, value in points if not curve or step > curve[-1][0])
    if not fresh:
        return
    curves[index] = curve + fresh
    if name in sweep.objectives[:1]:
        sweep.trials[index] = replace(sweep.trials[index], curve=curves[index])


def _room(group: Group, sweep: Sweep, window: int) -> int:
    if (room := group.room) is not None:
        return min(room - group.used, window) - len(group.ready)
    # Without a limit, adaptive searches suggest one trial ahead of the queue: later suggestions know more.
    ahead = window if sweep.numbered is not None else 1
    return ahead - sum(group.lanes.values()) - len(group.ready)


def _suggest(group: Group, sweep: Sweep, search: Search, room: int) -> list[Suggestion]:
    if sweep.numbered is not None:
        suggestions = sweep.numbered.window(sweep.upcoming, room, sweep.seed)
        total = search.total
        sweep.exhausted = len(suggestions) < room or (total is not None and sweep.upcoming + room >= total)
        return suggestions
    history = list(sweep.trials.values())
    suggestions = search.suggest(history, sweep.seed, room)
    if not suggestions:
        sweep.exhausted = search.done(history)
        if not sweep.exhausted and group.unfinished == 0:
            raise UsageError("the search has nothing to suggest, although it is not done")
    return suggestions


def _extend_tuned(turn: Turn, node: Node, sweep: Sweep, tuned: Tuning) -> None:
    def make(suggestion: Suggestion, notes: Mapping[str, Any]) -> None:
        _make(turn, node, sweep, suggestion, notes)

    trials = [sweep.trials[index] for index in sorted(sweep.trials)]
    sweep.exhausted = tuning.extend(turn, node, tuned, trials, make)


def _make(
    turn: Turn,
    node: Node,
    sweep: Sweep,
    suggestion: Suggestion,
    notes: Mapping[str, Any] = _NO_NOTES,
    number: int | None = None,
) -> None:
    index = sweep.upcoming if number is None else number
    sweep.upcoming = max(sweep.upcoming, index + 1)
    engine: dict[str, Any] = {"suggestion": dict(suggestion.params), **notes}
    engine |= {key: value for key in _PLACE if (value := getattr(suggestion, key)) is not None}
    if suggestion.origin is not None:
        engine["restore"] = child_id(node.id, str(suggestion.origin))
    meta: dict[str, Any] = {"iteration": suggestion.iteration, "engine": engine}
    child = create(turn, node, child_id(node.id, str(index)), node.name, index, sweep.shape, sweep.pending, meta)
    if node.group is not None:
        node.group.children[str(index)] = child
    if sweep.remembers:
        sweep.trials[index] = suggestion.pending(index)
    if "by" in notes:
        turn.changes.append(Linked(RunId(notes["by"]), child.id, "join"))  # its values are what the tuner suggested
    if suggestion.reason:
        turn.explain(child, "suggestion", **suggestion.reason)
    release(turn, child)


_PLACE = ("resource", "bracket", "rung", "origin")
"""What of a suggestion is needed to tell the search about the trial again."""


def _seed(matrix: Mapping[str, Any], run: RunId) -> int:
    """The file's seed, or one of the run's own: another run searches elsewhere, the same run always alike."""
    seed = matrix.get("seed")
    if isinstance(seed, int):
        return seed
    return int.from_bytes(blake2b(f"{run}/seed".encode(), digest_size=4).digest())
