"""Build search_table.json: a real network, trained once at every point of a grid, one loss per epoch.

    python benchmarks/search_table.py

Needs scikit-learn for its digits data set; takes about a minute and a half. The searches are compared on the table
(search.py), so that thousands of trainings cost nothing.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

SPACE: dict[str, dict[str, Any]] = {
    "learning_rate": {"kind": "choice", "value": [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]},
    "hidden": {"kind": "choice", "value": [4, 8, 16, 32, 64]},
    "activation": {"kind": "choice", "value": ["relu", "tanh", "sigmoid"]},
    "momentum": {"kind": "choice", "value": [0.0, 0.5, 0.9, 0.97]},
    "batch": {"kind": "choice", "value": [16, 64]},
}
EPOCHS = 27


class Network:
    """One hidden layer, cross-entropy, stochastic gradients with momentum."""

    def __init__(self, hidden: int, activation: str, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.activation = activation
        self.weights = [
            self.chance.normal(0, 1 / 8, (64, hidden)),
            np.zeros(hidden),
            self.chance.normal(0, 1 / np.sqrt(hidden), (hidden, 10)),
            np.zeros(10),
        ]
        self.speeds = [np.zeros_like(weight) for weight in self.weights]

    def forward(self, images: Any) -> tuple[Any, Any, Any]:
        inner, inner_bias, outer, outer_bias = self.weights
        before = images @ inner + inner_bias
        hidden = {
            "relu": lambda: np.maximum(before, 0),
            "tanh": lambda: np.tanh(before),
            "sigmoid": lambda: 1 / (1 + np.exp(-np.clip(before, -30, 30))),
        }[self.activation]()
        scores = hidden @ outer + outer_bias
        scores -= scores.max(axis=1, keepdims=True)
        return before, hidden, scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))

    def step(self, images: Any, targets: Any, rate: float, momentum: float) -> None:
        before, hidden, logs = self.forward(images)
        error = (np.exp(logs) - targets) / len(images)
        back = error @ self.weights[2].T
        slope = {"relu": before > 0, "tanh": 1 - hidden**2, "sigmoid": hidden * (1 - hidden)}[self.activation]
        inner = back * slope
        gradients = [images.T @ inner, inner.sum(0), hidden.T @ error, error.sum(0)]
        for weight, speed, gradient in zip(self.weights, self.speeds, gradients, strict=True):
            speed *= momentum
            speed -= rate * np.clip(gradient, -5, 5)
            weight += speed


def curve(data: tuple[Any, Any, Any, Any], point: tuple[Any, ...]) -> list[int]:
    """Validation losses of one grid point, in units of 1e-4."""
    images, targets, held_images, held_labels = data
    rate, hidden, activation, momentum, batch = point
    network = Network(hidden, activation, seed=1)
    losses = []
    for _ in range(EPOCHS):
        order = network.chance.permutation(len(images))
        for start in range(0, len(order) - batch + 1, batch):
            rows = order[start : start + batch]
            network.step(images[rows], targets[rows], rate, momentum)
        _, _, logs = network.forward(held_images)
        losses.append(round(1e4 * min(9.9999, float(-logs[np.arange(len(held_labels)), held_labels].mean()))))
    return losses


def main() -> None:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order] / 16.0, labels[order]
    data = (images[:700], np.eye(10)[labels[:700]], images[700:1300], labels[700:1300])
    points = itertools.product(*(spec["value"] for spec in SPACE.values()))
    table = {
        "about": "validation cross-entropy (1e-4 units) of a one-hidden-layer network per epoch on scikit-learn's "
        "digits, one entry per grid point, last key fastest",
        "space": SPACE,
        "curves": [curve(data, point) for point in points],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(table, separators=(",", ":")))


if __name__ == "__main__":
    sys.exit(main())
