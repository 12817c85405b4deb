"""Init steps that write one file: it appears in the target directory and, for the record, in the run's outputs."""

from __future__ import annotations

import os
from pathlib import Path

from polyaxon.errors import UsageError
from polyaxon.model.launch import InitStep
from polyaxon.runtimes.process import Preparation, Program
from polyaxon.sidecar.target import target_directory
from polyaxon.tracking.journal import write_record

__all__ = ["write_file"]


def write_file(
    preparation: Preparation, step: InitStep, name: str, content: str, kind: str, chmod: str | None = None
) -> None:
    """Write the file and its copy, and enter it into the run's lineage."""
    if os.path.basename(name) != name or name in {"", ".", ".."}:
        raise UsageError(f"the file name `{name}` must not be a path", "`path` of the init step chooses the directory")
    places = preparation.plan.places
    for directory in (target_directory(preparation, step), places.run_outputs):
        file = Path(directory, name)
        file.write_text(content, encoding="utf-8")
        if chmod:
            preparation.run(Program(("chmod", str(chmod), str(file)), preparation.env, directory))
    record = {"op": "artifact", "name": name, "kind": kind, "path": f"outputs/{name}", "is_input": True}
    write_record(places.run_artifacts, record)
    preparation.log(f"init: wrote `{name}`")
