"""The quick-start example: its network computes the gradients it should, its dag is the seed unchanged."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "quick-start"
SEED_DIGEST = "8fc56877d71cb27f5f4896d8a959bc5fb6fe33f25aa4b063aeb22d45facc244d"


@pytest.fixture(scope="module")
def network() -> ModuleType:
    spec = importlib.util.spec_from_file_location("example_network", EXAMPLE / "network.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["example_network"] = module
    spec.loader.exec_module(module)
    return module


def settings(**changed: object) -> SimpleNamespace:
    chosen = {"conv1_size": 2, "conv2_size": 3, "hidden1_size": 4, "dropout": 0.0}
    return SimpleNamespace(**{**chosen, "conv_activation": "tanh", "dense_activation": "sigmoid", **changed})


def loss_of(module: ModuleType, net: object, images: np.ndarray, labels: np.ndarray) -> float:
    probabilities = module.softmax(net.forward(images, training=True))  # type: ignore[attr-defined]
    return float(-np.log(probabilities[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_gradients_agree_with_finite_differences(network: ModuleType, activation: str) -> None:
    rng = np.random.default_rng(3)
    net = network.Network(rng, 8, 3, settings(conv_activation=activation))
    net.layers = [layer for layer in net.layers if not hasattr(layer, "rng")]  # dropout draws anew each time
    for layer in net.layers:  # 32-bit floats are too coarse for differences
        inner = getattr(layer, "dense", layer)
        if len(inner.weights):
            inner.weights[:] = [weight.astype(np.float64) for weight in inner.weights]
    images, labels = rng.random((5, 8, 8, 1)), np.array([0, 1, 2, 1, 0])

    probabilities = network.softmax(net.forward(images, training=True))
    probabilities[np.arange(5), labels] -= 1
    net.backward(probabilities / 5)
    for weight, gradient in zip(net.weights(), net.gradients(), strict=True):
        place = tuple(rng.integers(size) for size in weight.shape)
        kept, step = weight[place], 1e-6
        weight[place] = kept + step
        above = loss_of(network, net, images, labels)
        weight[place] = kept - step
        below = loss_of(network, net, images, labels)
        weight[place] = kept
        assert gradient[place] == pytest.approx((above - below) / (2 * step), abs=1e-5)


@pytest.mark.parametrize("name", ["adam", "rmsprop", "sgd"])
def test_every_optimizer_lowers_the_loss(network: ModuleType, name: str) -> None:
    rng = np.random.default_rng(5)
    net = network.Network(rng, 8, 2, settings(hidden1_size=16, dense_activation="tanh"))
    labels = rng.integers(0, 2, 40)
    images = (rng.random((40, 8, 8, 1)) * 0.2 + labels[:, None, None, None]).astype(np.float32)
    optimizer = network.OPTIMIZERS[name](0.1 if name == "sgd" else 0.01)
    before = loss_of(network, net, images, labels)
    for _ in range(40):
        gradient = network.softmax(net.forward(images, training=True))
        gradient[np.arange(40), labels] -= 1
        net.backward(gradient / 40)
        optimizer.step(net.weights(), net.gradients())
    assert loss_of(network, net, images, labels) < before / 2


def test_the_dag_is_the_seed_unchanged() -> None:
    assert hashlib.sha256((EXAMPLE / "dag.yaml").read_bytes()).hexdigest() == SEED_DIGEST
