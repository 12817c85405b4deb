"""Files a run keeps, and its lineage: what it used and made. One method per kind of thing.

Paths of lineage are relative to the run's directory for what is inside it, else absolute.
"""

from __future__ import annotations

import os

from polyaxon.tracking import layout
from polyaxon.tracking.events import Events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from polyaxon.tracking.events import Moment

__all__ = ["Files"]

# `Any` throughout: summaries are users' JSON.


class Files(Events):
    """The methods of a run about files and lineage."""

    # Files

    def get_artifacts_path(
        self,
        rel_path: str | None = None,
        ensure_path: bool = False,
        is_dir: bool = False,
        use_store_path: bool = False,
    ) -> str:
        """Return a path in the run's directory; with `ensure_path` its parent (itself, if `is_dir`) exists."""
        del use_store_path  # the directory is in the store, or is brought there
        path = os.path.join(self._directory, rel_path) if rel_path else self._directory
        if ensure_path:
            os.makedirs(path if is_dir or not rel_path else os.path.dirname(path), exist_ok=True)
        return path

    def get_outputs_path(
        self,
        rel_path: str | None = None,
        ensure_path: bool = True,
        is_dir: bool = False,
        use_store_path: bool = False,
    ) -> str:
        """Return a path in the run's outputs; its parent (itself, if `is_dir`) exists."""
        path = os.path.join("outputs", rel_path) if rel_path else "outputs"
        return self.get_artifacts_path(path, ensure_path, is_dir or not rel_path, use_store_path)

    def get_tensorboard_path(self, rel_path: str = "tensorboard", use_store_path: bool = False) -> str:
        """Return a directory for TensorBoard's files, which becomes part of the lineage."""
        path = self.get_outputs_path(rel_path, is_dir=True, use_store_path=use_store_path)
        self.log_tensorboard_ref(path)
        return path

    def log_artifact(
        self,
        path: str,
        name: str | None = None,
        kind: str | None = None,
        summary: Mapping[str, Any] | None = None,
        step: int | None = None,
        timestamp: Moment = None,
        rel_path: str | None = None,
        skip_hash_calculation: bool = False,
    ) -> None:
        """Keep a file or directory: as an event of a step, or among the outputs with a line of lineage."""
        kind = kind or ("dir" if os.path.isdir(path) else "file")
        if step is not None:
            self._step_artifact(path, name, kind, {"kind": kind}, step, timestamp)
            return
        kept = self._keep_output(path, rel_path)
        self.log_artifact_ref(kept, kind, name, summary=summary, skip_hash_calculation=skip_hash_calculation)

    def log_model(
        self,
        path: str,
        name: str | None = None,
        framework: str | None = None,
        summary: Mapping[str, Any] | None = None,
        step: int | None = None,
        timestamp: Moment = None,
        rel_path: str | None = None,
        skip_hash_calculation: bool = False,
    ) -> None:
        """Keep a model: as an event of a step, or among the outputs with a line of lineage."""
        if step is not None:
            value = {"framework": framework, "spec": dict(summary) if summary else None}
            self._step_artifact(path, name, "model", value, step, timestamp)
            return
        kept = self._keep_output(path, rel_path)
        self.log_model_ref(kept, name, framework, summary, skip_hash_calculation=skip_hash_calculation)

    # Lineage

    def log_artifact_ref(
        self,
        path: str,
        kind: str,
        name: str | None = None,
        hash: str | None = None,  # noqa: A002 - the name that programs pass
        content: Any = None,
        summary: Mapping[str, Any] | None = None,
        is_input: bool = False,
        rel_path: str | None = None,
        skip_hash_calculation: bool = False,
    ) -> None:
        """Add a file or directory to the lineage without copying it."""
        if not self._is_reporting:
            return
        from polyaxon.tracking.artifacts import content_hash, place_of

        self._flag("has_model" if kind == "model" else "has_artifacts")
        shown = place_of(path, self._directory) if rel_path is None else rel_path
        facts = {**(summary or {}), "path": shown}
        digest = hash or (None if content is None else _text_hash(content))
        if digest is None and not skip_hash_calculation and os.path.exists(path):
            digest = content_hash(path)
        if digest is not None:
            facts["hash"] = digest
        stem = os.path.splitext(os.path.basename(os.path.normpath(path)))[0]
        self._lineage(name or stem, kind, shown, facts, is_input)

    def log_model_ref(
        self,
        path: str,
        name: str | None = None,
        framework: str | None = None,
        summary: Mapping[str, Any] | None = None,
        is_input: bool = False,
        rel_path: str | None = None,
        skip_hash_calculation: bool = False,
    ) -> None:
        """Add a model to the lineage without copying it."""
        facts = {**(summary or {}), **({"framework": framework} if framework else {})}
        self.log_artifact_ref(
            path,
            "model",
            name,
            summary=facts,
            is_input=is_input,
            rel_path=rel_path,
            skip_hash_calculation=skip_hash_calculation,
        )

    def log_file_ref(self, /, path: str, name: str | None = None, **options: Any) -> None:
        """Add a file to the lineage without copying it; options as of `log_artifact_ref`."""
        self.log_artifact_ref(path, "file", name, **options)

    def log_dir_ref(self, /, path: str, name: str | None = None, **options: Any) -> None:
        """Add a directory to the lineage without copying it; options as of `log_artifact_ref`."""
        self.log_artifact_ref(path, "dir", name, **options)

    def log_data_ref(
        self,
        name: str,
        hash: str | None = None,  # noqa: A002 - the name that programs pass
        path: str | None = None,
        content: Any = None,
        summary: Mapping[str, Any] | None = None,
        is_input: bool = True,
        skip_hash_calculation: bool = False,
    ) -> None:
        """Add a data set to the lineage, by its path, its content or its hash."""
        if path is not None:
            self.log_artifact_ref(
                path,
                "data",
                name,
                hash,
                content,
                summary,
                is_input,
                skip_hash_calculation=skip_hash_calculation,
            )
            return
        digest = hash or (None if content is None else _text_hash(content))
        self._lineage(name, "data", "", {**(summary or {}), **({"hash": digest} if digest else {})}, is_input)

    def log_tensorboard_ref(
        self, path: str, name: str = "tensorboard", is_input: bool = False, rel_path: str | None = None
    ) -> None:
        """Add a directory of TensorBoard's files to the lineage, once."""
        if "has_tensorboard" in self._flags:
            return
        self._flag("has_tensorboard")
        self.log_artifact_ref(
            path, "tensorboard", name, is_input=is_input, rel_path=rel_path, skip_hash_calculation=True
        )

    def log_code_ref(self, code_ref: Mapping[str, Any] | None = None, is_input: bool = True) -> None:
        """Add the state of the code (commit, branch, url, dirty) to the lineage; read from git unless given."""
        from polyaxon.tracking.environment import code_reference

        found = dict(code_ref) if code_ref is not None else code_reference()
        if found and found.get("commit"):
            self._lineage(str(found["commit"]), "coderef", "", found, is_input)

    def log_artifact_lineage(self, body: Any, async_req: bool = True) -> None:
        """Add lines to the lineage as they are: a mapping, an object with `to_dict`, or a list of them."""
        del async_req
        for item in body if isinstance(body, (list, tuple)) else [body]:
            line = item.to_dict() if hasattr(item, "to_dict") else dict(item)
            self._lineage(
                str(line.get("name", "")),
                str(line.get("kind", "artifact")),
                str(line.get("path") or ""),
                dict(line.get("summary") or {}),
                bool(line.get("is_input")),
            )

    def log_env(self, rel_path: str | None = None, content: Mapping[str, Any] | None = None) -> None:
        """Write what the run is made with to `outputs/env.json`."""
        if not self._is_reporting:
            return
        from polyaxon.tracking.environment import snapshot

        relative = rel_path or "env.json"
        try:
            with open(self.get_outputs_path(relative), "w", encoding="utf-8") as file:
                file.write(layout.encode(dict(content) if content is not None else snapshot()))
        except OSError as error:
            self._warn(f"the environment cannot be kept: {error}")
            return
        self._lineage("env", "env", f"outputs/{relative}", {"path": f"outputs/{relative}"}, is_input=True)

    # Private

    def _keep_output(self, path: str, rel_path: str | None) -> str:
        _require(path)
        target = self.get_outputs_path(rel_path or os.path.basename(os.path.normpath(path)))
        if not self._is_reporting:
            return path
        from polyaxon.tracking.artifacts import keep

        inside = os.path.realpath(path).startswith(os.path.realpath(self._directory) + os.sep)
        return path if inside and rel_path is None else keep(path, target)

    def _step_artifact(
        self, path: str, name: str | None, kind: str, value: dict[str, Any], step: int, timestamp: Moment
    ) -> None:
        _require(path)
        if not self._can_write(kind):
            return
        from polyaxon.tracking.artifacts import keep

        stem, extension = os.path.splitext(os.path.basename(os.path.normpath(path)))
        stored = layout.safe_name(name or stem)
        relative = layout.asset_path(kind, stored, extension.lstrip("."), step)
        keep(path, os.path.join(self._directory, relative))
        self._event(kind, stored, {**value, "path": relative}, step, timestamp)

    def _lineage(self, name: str, kind: str, path: str, summary: Mapping[str, Any], is_input: bool) -> None:
        self._say("artifact", name=name, kind=kind, path=path, summary=summary, is_input=is_input)


def _text_hash(content: Any) -> str:
    import hashlib

    data = bytes(content) if isinstance(content, (bytes, bytearray)) else layout.encode(content).encode()
    return hashlib.sha256(data).hexdigest()[:12]


def _require(path: str) -> None:
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no file or directory `{path}` to log")
