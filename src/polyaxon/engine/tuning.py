"""How does a search go on whose suggestions come from a component of the user's?

Round after round: a tuner run, a child like the trials, is told what was tried; what it logs as `suggestions` becomes
the next trials; when all of them are over, the next tuner runs. A round's trials are created in the decision that sees
the tuner's end, so the rows say at any time how far the search is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

from polyaxon.engine import compilation
from polyaxon.engine.births import create, reborn
from polyaxon.engine.flow import Flow, Group, Node
from polyaxon.engine.lifecycle import end_with
from polyaxon.engine.slots import release
from polyaxon.engine.turn import Turn
from polyaxon.errors import UsageError
from polyaxon.model.ids import child_id
from polyaxon.model.record import dataclass
from polyaxon.model.status import Status
from polyaxon.search import Space, Suggestion, Trial, parse_space
from polyaxon.search.budget import Budget, brackets

__all__ = ["Round", "Tuning", "extend", "is_tuner", "next_round", "plan_tuning", "take_up", "tuned_space"]

Make = Callable[[Suggestion, Mapping[str, Any]], None]
"""Creates a trial: what it tries, and the engine's notes on it."""
_MOST_OBSERVATIONS = 1000
"""How many trials a tuner is told of in `configs` and `metrics`."""


@dataclass(frozen=True, slots=True)
class Round:
    """Which suggestions are due: the iteration and, in a hyperband, the step of its bracket."""

    iteration: int = 0
    step: int = 0


@dataclass(slots=True, eq=False)
class Tuning:
    """A tuned search under way. `runs` are its tuners, the oldest first."""

    component: Mapping[str, Any]
    settings: Mapping[str, Any]
    matrix: Mapping[str, Any]
    seed: int
    runs: list[Node] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    """The tuners whose suggestions became trials."""


def is_tuner(node: Node) -> bool:
    """Whether the child of a search is a tuner and not a trial."""
    return node.index < 0


def plan_tuning(flow: Flow, matrix: Mapping[str, Any], seed: int) -> Tuning | None:
    """What the matrix says of a tuner; None without one, and for the built-in ones, which run in the scheduler."""
    settings = matrix.get("tuner")
    if not settings:
        return None
    name = str(settings["hubRef"])
    component = flow.component(name)
    if component is None:
        raise UsageError(f"the tuner component `{name}` is not known", "see `polyaxon hub ls`")
    if not (component.get("run") or {}).get("container"):
        return None
    asked = {key: value for key, value in matrix.items() if key != "tuner"}
    return Tuning(component, settings, asked, seed)


def tuned_space(tuning: Tuning | None) -> Space | None:
    """Where a tuner searches, if its file says so: for runs of other searches that it is told of."""
    params = tuning.matrix.get("params") if tuning is not None else None
    return parse_space(params) if isinstance(params, Mapping) else None


def next_round(matrix: Mapping[str, Any], last: Round | None) -> Round | None:
    """The round after `last`, None after the last one."""
    if last is None:
        return Round()
    if matrix["kind"] == "hyperband":
        plan = brackets(Budget.read(matrix))
        if last.step + 1 < len(plan[last.iteration]):
            return Round(last.iteration, last.step + 1)
        return Round(last.iteration + 1) if last.iteration + 1 < len(plan) else None
    following = Round(last.iteration + 1)
    return following if following.iteration <= int(matrix.get("maxIterations") or 0) else None


def take_up(turn: Turn, node: Node, tuning: Tuning, resumed: bool) -> None:
    """Take up the tuners that exist; a resumed search asks its last one again if it did not bring anything."""
    group = node.group or Group()
    tuning.runs = sorted((child for child in group.children.values() if is_tuner(child)), key=lambda run: -run.index)
    for run in tuning.runs:
        run.operation = _operation(tuning)
    tuning.answered = {str(child.notes["by"]) for child in group.children.values() if "by" in child.notes}
    last = tuning.runs[-1] if tuning.runs else None
    if resumed and last is not None and last.status is Status.SUCCEEDED and last.id not in tuning.answered:
        reborn(turn, last)
        release(turn, last)


def extend(
    turn: Turn,
    node: Node,
    tuning: Tuning,
    trials: Sequence[Trial],
    make: Make,
) -> bool:
    """Make the trials that were suggested, or the next tuner; tell whether the search is over."""
    group = node.group or Group()
    last = tuning.runs[-1] if tuning.runs else None
    if last is not None and not last.is_final:
        return False
    if last is not None and last.id not in tuning.answered:
        return not _make_trials(turn, node, tuning, last, make)
    if group.unfinished:
        return False
    following = next_round(tuning.matrix, _round_of(last) if last is not None else None)
    if following is None:
        return True
    _ask(turn, node, tuning, following, trials)
    return False


def _make_trials(turn: Turn, node: Node, tuning: Tuning, tuner: Node, make: Make) -> bool:
    suggestions = tuner.outputs.get("suggestions")
    wrong = _what_is_wrong(tuner, suggestions)
    if wrong is not None or not isinstance(suggestions, Sequence):
        turn.update(node, **end_with(node, Status.FAILED, "EmptyIteration", str(wrong)))
        return False
    tuning.answered.add(tuner.id)
    place = _round_of(tuner)
    budget, bracket = _budget(tuning, place)
    for number, params in enumerate(suggestions, 1):
        reason = {"source": "tuner", "run": tuner.id[:8], "point": number, "of": len(suggestions)}
        suggestion = Suggestion({**budget, **params}, None, place.iteration, bracket, place.step, reason=reason)
        make(suggestion, {"by": tuner.id})
    return True


def _budget(tuning: Tuning, place: Round) -> tuple[Mapping[str, Any], int]:
    """What the trials of a hyperband's round may spend unless the tuner says so itself, and their bracket."""
    if tuning.matrix["kind"] != "hyperband":
        return {}, 0
    budget = Budget.read(tuning.matrix)
    return {budget.name: brackets(budget)[place.iteration][place.step].resource}, place.iteration


def _what_is_wrong(tuner: Node, suggestions: Any) -> str | None:
    who = f"the tuner of iteration {_round_of(tuner).iteration} (run {tuner.id})"
    if tuner.status is not Status.SUCCEEDED:
        return f"{who} ended as {tuner.status}"
    if suggestions is None:
        return f"{who} logged no output `suggestions`"
    if not isinstance(suggestions, list) or not all(isinstance(item, Mapping) and item for item in suggestions):
        return f"{who} logged `suggestions` that are no list of mappings from param to value"
    return None if suggestions else f"{who} suggested nothing"


def _ask(turn: Turn, node: Node, tuning: Tuning, place: Round, trials: Sequence[Trial]) -> None:
    number = len(tuning.runs)
    operation = _operation(tuning)
    given = set(tuning.settings.get("params") or ())
    question = {name: value for name, value in _question(node, tuning, place, trials).items() if name not in given}
    engine = {"tuner": [place.iteration, place.step], "suggestion": question}
    meta = {"iteration": place.iteration, "engine": engine}
    shape, index = compilation.shape_of(operation), -1 - number
    child = create(turn, node, child_id(node.id, f"tuner:{number}"), "tuner", index, shape, None, meta)
    child.operation = operation
    (node.group or Group()).children[str(index)] = child
    tuning.runs.append(child)
    release(turn, child)


def _operation(tuning: Tuning) -> compilation.Operation:
    """What a tuner runs. Never served from the cache: asking again may well bring another answer."""
    kept = ("presets", "queue", "namespace", "params")
    sections = {name: tuning.settings[name] for name in kept if tuning.settings.get(name) is not None}
    base = {"version": 1.1, "kind": "operation", "name": "tuner", "cache": {"disable": True}}
    return compilation.load_operation({**base, **sections, "component": tuning.component})


def _question(node: Node, tuning: Tuning, place: Round, trials: Sequence[Trial]) -> dict[str, Any]:
    """What the tuner is told, as inputs where its component declares them."""
    sign = -1.0 if (tuning.matrix.get("metric") or {}).get("optimization") == "maximize" else 1.0
    is_hyperband = tuning.matrix["kind"] == "hyperband"
    known = [trial for trial in trials if trial.value is not None and trial.status.value == "succeeded"]
    if is_hyperband:  # the next step looks at the one before it, a new bracket at nothing
        known = [trial for trial in known if (trial.bracket, trial.rung) == (place.iteration, place.step - 1)]
    known.sort(key=lambda trial: (sign * (trial.value or 0.0), trial.index))
    known = known[:_MOST_OBSERVATIONS]
    told = {
        "matrix": dict(tuning.matrix),
        "iteration": place.iteration,
        "configs": [dict(trial.params) for trial in known],
        "metrics": [trial.value for trial in known],
        "trials": [_told(node, trial) for trial in trials],
        "seed": (tuning.seed + len(tuning.runs)) % 2**32,
    }
    return {**told, "bracket_iteration": place.step} if is_hyperband else told


def _told(node: Node, trial: Trial) -> dict[str, Any]:
    # Trials of other searches (warm start) have negative numbers, as tuners have among the children.
    child = node.group.children.get(str(trial.index)) if node.group is not None and trial.index >= 0 else None
    return {
        "index": trial.index,
        "params": dict(trial.params),
        "status": trial.status.value,
        "value": trial.value,
        "outputs": dict(child.outputs) if child is not None else {},
        "iteration": trial.iteration,
    }


def _round_of(tuner: Node) -> Round:
    return Round(*tuner.notes["tuner"])
