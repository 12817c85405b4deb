"""Stands in for the example's training script where a test needs its flags, outputs and timing, not its numbers."""

import argparse
import os
import time

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
time.sleep(float(os.environ.get("MODEL_SECONDS", "0")))
loss = settings.learning_rate + settings.dropout
print(f"loss {loss}")
tracking.log_outputs(loss=loss, accuracy=1 - loss)
