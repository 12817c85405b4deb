"""Writing a tuner of one's own: what the search asks, and the answer.

    from polyaxon.tracking.tuner import Tuner

    tuner = Tuner()
    best = min(tuner.finished, key=lambda trial: trial.value, default=None)
    tuner.suggest([{"lr": 0.1}, {"lr": best.params["lr"] / 2 if best else 0.01}])

The engine writes the question to `outputs/search.json` of the tuner's run; the answer is its output `suggestions`.
"""

from __future__ import annotations

import json
import os

from polyaxon.client.failures import PolyaxonClientException
from polyaxon.tracking import get_or_create_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Mapping, Sequence

__all__ = ["Trial", "Tuner"]

_FILE = "search.json"


class Trial:
    """One run of the search. `value` is its metric, None while it has none; `outputs` is everything that it logged."""

    __slots__ = ("index", "iteration", "outputs", "params", "status", "value")

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.index: int = said["index"]
        self.params: Mapping[str, Any] = said["params"]
        self.status: str = said["status"]
        self.value: float | None = said.get("value")
        self.outputs: Mapping[str, Any] = said.get("outputs") or {}
        self.iteration: int = said.get("iteration") or 0

    def __repr__(self) -> str:
        return f"Trial(index={self.index}, params={self.params!r}, status={self.status!r}, value={self.value!r})"


class Tuner:
    """One question of a search. `question` is for trying a tuner without one: what `search.json` would hold."""

    def __init__(self, question: Mapping[str, Any] | None = None) -> None:
        self._is_real = question is None
        said = _read() if question is None else question
        self.matrix: Mapping[str, Any] = said.get("matrix") or {}
        self.params: Mapping[str, Any] = self.matrix.get("params") or {}
        """The space, in the file's words: name → `{kind, value}`."""
        self.iteration: int = said.get("iteration") or 0
        self.bracket_iteration: int | None = said.get("bracket_iteration")
        self.seed: int = said.get("seed") or 0
        """The same whenever this question is asked again: for generators of random numbers."""
        metric = self.matrix.get("metric") or {}
        self.metric: str | None = metric.get("name")
        self.maximize: bool = metric.get("optimization") == "maximize"
        self.trials: Sequence[Trial] = tuple(map(Trial, said.get("trials") or ()))
        """Every trial so far, failed ones included, in the order in which they were suggested."""
        self.configs: Sequence[Mapping[str, Any]] = said.get("configs") or ()
        self.metrics: Sequence[float] = said.get("metrics") or ()
        """The values of `configs`, the best first."""
        self.suggestions: Sequence[Mapping[str, Any]] = ()

    @property
    def finished(self) -> Sequence[Trial]:
        """The trials that have a value, the best first."""
        known = [trial for trial in self.trials if trial.value is not None]
        return sorted(known, key=lambda trial: -(trial.value or 0.0) if self.maximize else (trial.value or 0.0))

    @property
    def known(self) -> Sequence[tuple[Mapping[str, Any], float]]:
        """(params, value) of the finished trials: what `polyaxon.search.Optimizer(known=…)` takes."""
        return [(trial.params, trial.value or 0.0) for trial in self.finished]

    def suggest(self, suggestions: Iterable[Mapping[str, Any]]) -> None:
        """Answer: the params of the next trials. None at all makes the search fail, so that is refused here."""
        chosen = [dict(params) for params in suggestions]
        if not chosen:
            raise PolyaxonClientException("a tuner has to suggest something", "pass at least one mapping of params")
        if any(not params for params in chosen):
            raise PolyaxonClientException("a suggestion is empty", f"give each the params {', '.join(self.params)}")
        self.suggestions = chosen
        if self._is_real:
            get_or_create_run().log_outputs(suggestions=json.loads(json.dumps(chosen, default=_as_plain)))


def _read() -> Mapping[str, Any]:
    path = os.path.join(get_or_create_run().get_outputs_path(), _FILE)
    try:
        with open(path, encoding="utf-8") as file:
            said: Mapping[str, Any] = json.load(file)
    except FileNotFoundError:
        raise PolyaxonClientException(
            f"there is no `{path}`: this is no tuner's run",
            "name the component in `matrix.tuner`, or try it with `Tuner({'matrix': …, 'trials': […]})`",
        ) from None
    return said


def _as_plain(value: Any) -> Any:
    """Numbers of numpy and the like become plain ones."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a suggestion holds a {type(value).__name__}, which is no plain value")
