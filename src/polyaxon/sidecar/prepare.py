"""Carries out the init steps of a run on this machine. One table from the kind of a step to the function that does it.

Every step may be repeated: after a crash all of them start over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from polyaxon.errors import UsageError
from polyaxon.hub.mirrors import Mirrors
from polyaxon.model.launch import InitStep
from polyaxon.runtimes.process import Preparation
from polyaxon.sidecar import git
from polyaxon.sidecar.copying import copy_artifacts, copy_paths
from polyaxon.sidecar.dockerfile import render_dockerfile
from polyaxon.sidecar.tensorboard import collect
from polyaxon.sidecar.writing import write_file

__all__ = ["Preparer"]

_BUCKETS = frozenset({"s3", "gcs", "wasb"})


class Preparer:
    """Implements `polyaxon.runtimes.process.Prepare`. `mirrors` maps addresses to what stands for them here."""

    def __init__(self, mirrors: Mapping[str, str] | None = None) -> None:
        self._mirrors = Mirrors(mirrors)

    def __call__(self, preparation: Preparation) -> None:
        """Carry out the steps of one replica, in order; bare containers come last."""
        for step in sorted(preparation.replica.init, key=lambda step: step.kind == "container"):
            self._carry_out(preparation, step)

    def _carry_out(self, preparation: Preparation, step: InitStep) -> None:
        connection = preparation.plan.connections.get(step.connection or "")
        if connection is not None and connection.kind in _BUCKETS:
            raise UsageError(f"`{connection.name}`: the process runtime cannot read `{connection.kind}` stores yet")
        if step.kind == "git" or (connection is not None and connection.kind == "git"):
            git.clone(preparation, step, self._mirrors)
            return
        carry_out = _STEPS.get(step.kind)
        if carry_out is None:
            raise UsageError(
                f"the process runtime cannot carry out `{step.kind}`: there is no registry of versions yet"
            )
        carry_out(preparation, step)


def _file(preparation: Preparation, step: InitStep) -> None:
    spec = step.spec
    name = spec.get("filename") or "file"
    write_file(preparation, step, name, str(spec.get("content") or ""), spec.get("kind") or "file", spec.get("chmod"))


def _dockerfile(preparation: Preparation, step: InitStep) -> None:
    name = step.spec.get("filename") or "Dockerfile"
    write_file(preparation, step, name, render_dockerfile(step.spec), "dockerfile")


def _container(preparation: Preparation, step: InitStep) -> None:
    if step.container is None:
        raise UsageError(f"an init step with the connection `{step.connection}` needs a `container`")
    if step.container.image:
        preparation.log(f"init: `{step.container.image}` is not honoured, its command runs on this machine")
    program = preparation.render(step.container)
    Path(program.cwd).mkdir(parents=True, exist_ok=True)
    preparation.run(program)


_STEPS: dict[str, Callable[[Preparation, InitStep], None]] = {
    "artifacts": copy_artifacts,
    "paths": copy_paths,
    "file": _file,
    "dockerfile": _dockerfile,
    "tensorboard": collect,
    "container": _container,
}
