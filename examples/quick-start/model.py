"""Train a small convolutional network on the handwritten digits that scikit-learn ships.

Every epoch logs the loss and the accuracy on images held out from training; the last ones become the run's outputs.
The same flags give the same numbers: all randomness comes from `--seed`.
"""

import os

# One core per experiment: a search runs several at a time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time

import numpy as np
from network import ACTIVATIONS, OPTIMIZERS, Network, softmax
from sklearn.datasets import load_digits

from polyaxon import tracking

HELD_OUT = 360


def read_settings():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conv1_size", type=int, default=32, help="filters of the first convolution")
    parser.add_argument("--conv2_size", type=int, default=64, help="filters of the second convolution")
    parser.add_argument("--dropout", type=float, default=0.2, help="share of values dropped while training")
    parser.add_argument("--hidden1_size", type=int, default=500, help="size of the hidden dense layer")
    parser.add_argument("--conv_activation", choices=sorted(ACTIVATIONS), default="relu")
    parser.add_argument("--dense_activation", choices=sorted(ACTIVATIONS), default="relu")
    parser.add_argument("--optimizer", choices=sorted(OPTIMIZERS), default="adam")
    parser.add_argument("--learning_rate", type=float, default=0.001)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def split_digits(rng):
    """Return (images, labels) to train on, and those held out."""
    digits = load_digits()
    images = (digits.images[..., None] / 16).astype(np.float32)
    order = rng.permutation(len(images))
    images, labels = images[order], digits.target[order]
    return (images[HELD_OUT:], labels[HELD_OUT:]), (images[:HELD_OUT], labels[:HELD_OUT])


def train_epoch(network, optimizer, images, labels, batch_size, rng):
    """Show every image once, in random order; return the mean loss."""
    order = rng.permutation(len(images))
    total = 0.0
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        rows = np.arange(len(batch))
        probabilities = softmax(network.forward(images[batch], training=True))
        total -= np.log(probabilities[rows, labels[batch]] + 1e-9).sum()
        gradient = probabilities
        gradient[rows, labels[batch]] -= 1
        network.backward(gradient / len(batch))
        optimizer.step(network.weights(), network.gradients())
    return float(total / len(order))


def evaluate(network, images, labels):
    """Return the mean loss and the accuracy."""
    probabilities = softmax(network.forward(images))
    loss = -np.log(probabilities[np.arange(len(labels)), labels] + 1e-9).mean()
    return float(loss), float((probabilities.argmax(axis=1) == labels).mean())


def main():
    settings = read_settings()
    tracking.init()
    rng = np.random.default_rng(settings.seed)
    (images, labels), (held_images, held_labels) = split_digits(rng)
    network = Network(rng, images.shape[1], 10, settings)
    optimizer = OPTIMIZERS[settings.optimizer](settings.learning_rate)
    print(f"training on {len(images)} digits, {len(held_images)} held out", flush=True)
    for epoch in range(1, settings.epochs + 1):
        started = time.perf_counter()
        train_loss = train_epoch(network, optimizer, images, labels, settings.batch_size, rng)
        loss, accuracy = evaluate(network, held_images, held_labels)
        tracking.log_metrics(step=epoch, train_loss=train_loss, loss=loss, accuracy=accuracy)
        seconds = time.perf_counter() - started
        print(
            f"epoch {epoch:>2}/{settings.epochs}  train loss {train_loss:.4f}  "
            f"loss {loss:.4f}  accuracy {accuracy:.4f}  {seconds:.2f} s",
            flush=True,
        )
    tracking.log_outputs(loss=loss, accuracy=accuracy)


if __name__ == "__main__":
    main()
