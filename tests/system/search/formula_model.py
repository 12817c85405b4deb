"""Stands in for the quick start's training script: its flags, its metrics epoch by epoch, no network to train."""

import argparse
import math

from polyaxon import tracking

parser = argparse.ArgumentParser()
for flag in ("conv1_size", "conv2_size", "hidden1_size", "epochs"):
    parser.add_argument(f"--{flag}", type=int)
for flag in ("dropout", "learning_rate"):
    parser.add_argument(f"--{flag}", type=float)
for flag in ("conv_activation", "dense_activation", "optimizer"):
    parser.add_argument(f"--{flag}")
settings = parser.parse_args()

tracking.init()
floor = 0.02 + 0.1 * abs(math.log10(settings.learning_rate + 1e-9) + 2) + settings.dropout / 10
floor += 0.0 if settings.conv_activation == "relu" else 0.05
for epoch in range(1, settings.epochs + 1):
    loss = floor + 0.5 * math.exp(-epoch)
    tracking.log_metrics(loss=loss, accuracy=1 - loss / 2, step=epoch)
tracking.log_outputs(loss=loss, accuracy=1 - loss / 2)
