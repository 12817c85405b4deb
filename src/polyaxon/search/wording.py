"""Why this suggestion, in words? The sentence that people read, from the reason that was stored with the trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["in_words"]

_SENTENCES = {
    "mapping": "item {point} of {of} of the mapping",
    "grid": "point {point} of {of} of the grid",
    "random": "drawn at random",
    "initial design": "initial design, point {point}",
    "exploration": "a point that nothing tried yet: {why}",
    "bayes": (
        "{mode}: expected gain {expected_gain} ± {uncertainty}, in standard deviations of the results "
        "({acquisition} {score})"
    ),
    "tpe": (
        "{log_ratio} (log) likelier among the {good_trials} best trials than the other {other_trials}, "
        "nearest to trial {nearest_good}"
    ),
    "anneal": "near trial {near}, within {radius} of every range",
    "cmaes": "generation {generation}, drawn with step {step} from what generation {learned_from} taught",
    "warm cmaes": "generation {generation}, drawn with step {step} around the best of the earlier runs",
    "tuner": "suggestion {point} of {of} of the tuner (run {run})",
    "promotion": "trial {from} goes on, its value was {value}",
}
_PLACES = ("bracket", "rung", "resource")
"""Where a search over budgets put the trial."""


def in_words(reason: Mapping[str, Any]) -> str:
    """The reason as one sentence; facts that no sentence is known for are listed."""
    facts = {name: value for name, value in reason.items() if name not in _PLACES}
    places = ", ".join(f"{name} {_short(reason[name])}" for name in _PLACES if name in reason)
    try:
        said = _SENTENCES[str(facts.get("source"))].format_map({name: _short(value) for name, value in facts.items()})
    except KeyError:  # a reason of another version: nothing of it is kept back
        said = ", ".join(f"{name}={_short(value)}" for name, value in facts.items())
    if facts.get("source") == "random" and "point" in facts:
        said += f", number {facts['point']} of {facts.get('of')}"
    return f"{said} ({places})" if places else said


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
