"""The init step that brings the TensorBoard logs of several runs into one directory."""

from __future__ import annotations

import os

from polyaxon.artifacts.local import copy_into
from polyaxon.model.launch import InitStep
from polyaxon.runtimes.process import Preparation
from polyaxon.sidecar.target import target_directory

__all__ = ["collect"]


def collect(preparation: Preparation, step: InitStep) -> None:
    """Copy `<uuid>/outputs/tensorboard` of each run to `tensorboard/<uuid>`."""
    given = step.spec.get("uuids") or ()
    uuids = [uuid.strip() for uuid in given.split(",")] if isinstance(given, str) else [str(uuid) for uuid in given]
    target = os.path.join(target_directory(preparation, step), "tensorboard")
    os.makedirs(target, exist_ok=True)
    for uuid in filter(None, uuids):
        run = uuid.replace("-", "")
        source = os.path.join(preparation.plan.places.store, run, "outputs", "tensorboard")
        if not os.path.isdir(source):
            preparation.log(f"init: run `{run}` has no TensorBoard logs")
            continue
        copy_into(source, os.path.join(target, run))
        preparation.log(f"init: copied the TensorBoard logs of `{run}`")
