"""The functions that `search.py` minimizes: known ones, a conditional space, and a table of real trainings.

The held-out problems were never looked at for a choice of ours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

__all__ = ["HELD_OUT", "TABLE", "Params", "Problem", "Table", "problems"]

TABLE = Path(__file__).with_name("search_table.json")
Params = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """A function to minimize; `active` names the parameters that matter for given params."""

    name: str
    space: dict[str, dict[str, Any]]
    function: Callable[[Params], float]
    optimum: float
    parent: str | None = None
    children: dict[str, tuple[str, ...]] | None = None


def _box(low: float, high: float, dimensions: int) -> dict[str, dict[str, Any]]:
    return {f"x{place}": {"kind": "uniform", "value": [low, high]} for place in range(dimensions)}


def _branin(p: Params) -> float:
    x, y = p["x"], p["y"]
    bend = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


_H_A = ((10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8), (17, 8, 0.05, 10, 0.1, 14))
_H_P = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


def _hartmann6(p: Params) -> float:
    x = list(p.values())
    total = 0.0
    for height, widths, centre in zip((1.0, 1.2, 3.0, 3.2), _H_A, _H_P, strict=True):
        total -= height * math.exp(-sum(a * (v - c) ** 2 for a, v, c in zip(widths, x, centre, strict=True)))
    return total


def _ackley(p: Params) -> float:
    x = list(p.values())
    radius = math.sqrt(sum(v * v for v in x) / len(x))
    waves = sum(math.cos(2 * math.pi * v) for v in x) / len(x)
    return -20 * math.exp(-0.2 * radius) - math.exp(waves) + 20 + math.e


def _rosenbrock(p: Params) -> float:
    x = list(p.values())
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))


def _levy(p: Params) -> float:
    w = [1 + (v - 1) / 4 for v in p.values()]
    middle = sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    return math.sin(math.pi * w[0]) ** 2 + middle + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)


def _conditional(p: Params) -> float:
    """Three learners, each with settings of its own; the second one tuned well is the best."""
    if p["model"] == "trees":
        return 0.15 + 0.004 * (p["depth"] - 7) ** 2 + 0.3 * (p["subsample"] - 0.8) ** 2
    rate = math.log10(p["rate"])
    if p["model"] == "linear":
        return 0.30 + 0.05 * (rate + 2.5) ** 2
    width = math.log2(p["width"])
    return 0.10 + 0.06 * (rate + 3.0) ** 2 + 0.02 * (width - 6) ** 2 + 0.4 * abs(p["dropout"] - 0.2)


def _styblinski_tang(p: Params) -> float:
    return sum(v**4 - 16 * v * v + 5 * v for v in p.values()) / 2


def _michalewicz(p: Params) -> float:
    return -sum(math.sin(v) * math.sin(place * v * v / math.pi) ** 20 for place, v in enumerate(p.values(), 1))


def _griewank(p: Params) -> float:
    x = list(p.values())
    waves = math.prod(math.cos(v / math.sqrt(place)) for place, v in enumerate(x, 1))
    return 1 + sum(v * v for v in x) / 4000 - waves


CONDITIONAL: dict[str, dict[str, Any]] = {
    "model": {"kind": "choice", "value": ["linear", "net", "trees"]},
    "rate": {
        "kind": "loguniform",
        "value": [math.log(1e-5), math.log(1.0)],
        "when": {"model": ["linear", "net"]},
    },
    "width": {"kind": "choice", "value": [8, 16, 32, 64, 128, 256, 512], "when": {"model": "net"}},
    "dropout": {"kind": "uniform", "value": [0.0, 0.8], "when": {"model": "net"}},
    "depth": {"kind": "range", "value": [1, 16, 1], "when": {"model": "trees"}},
    "subsample": {"kind": "uniform", "value": [0.2, 1.0], "when": {"model": "trees"}},
}
CHILDREN = {
    "linear": ("rate",),
    "net": ("rate", "width", "dropout"),
    "trees": ("depth", "subsample"),
}


HELD_OUT = [
    Problem("styblinski5", _box(-5, 5, 5), _styblinski_tang, -39.16616570377142 * 5),
    Problem("michalewicz5", _box(0, math.pi, 5), _michalewicz, -4.687658179),
    Problem("griewank6", _box(-50, 70, 6), _griewank, 0.0),
]


def problems() -> list[Problem]:
    """The seven problems and the held-out ones; the table is left out when its file is missing."""
    found = [
        Problem(
            "branin",
            {"x": {"kind": "uniform", "value": [-5, 10]}, "y": {"kind": "uniform", "value": [0, 15]}},
            _branin,
            0.39788735772973816,
        ),
        Problem("hartmann6", _box(0, 1, 6), _hartmann6, -3.322368011415515),
        Problem("ackley5", _box(-32.768, 32.768, 5), _ackley, 0.0),
        Problem("rosenbrock4", _box(-5, 10, 4), _rosenbrock, 0.0),
        Problem("levy8", _box(-10, 10, 8), _levy, 0.0),
        Problem("conditional", CONDITIONAL, _conditional, 0.10, "model", CHILDREN),
    ]
    if TABLE.exists():
        table = Table.load()
        found.append(Problem("table", table.space, lambda p: table.curve(p)[-1], table.best))
    return found + HELD_OUT


@dataclass(frozen=True)
class Table:
    """Validation losses per epoch of a real network at every point of a grid, measured once (search_table.py)."""

    space: dict[str, dict[str, Any]]
    curves: list[list[float]]

    @classmethod
    def load(cls) -> Table:
        stored = json.loads(TABLE.read_text())
        return cls(stored["space"], [[value / 1e4 for value in curve] for curve in stored["curves"]])

    @property
    def best(self) -> float:
        return min(curve[-1] for curve in self.curves)

    @property
    def epochs(self) -> int:
        return len(self.curves[0])

    def curve(self, params: Params) -> list[float]:
        place = 0
        for name, spec in self.space.items():
            place = place * len(spec["value"]) + spec["value"].index(params[name])
        return self.curves[place]
