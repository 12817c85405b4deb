"""The journal: what a run says of itself, in one file that whoever runs it reads afterwards.

`journal.jsonl` in the run's directory holds one JSON object per line, in the order it was said:

    {"op": "inputs" | "outputs" | "meta" | "metrics", "values": {…}, "reset": false}
    {"op": "tags", "tags": […], "reset": false}
    {"op": "artifact", "name": …, "kind": …, "path": …, "summary": {…}, "is_input": false}
    {"op": "status", "status": …, "reason": …, "message": …, "at": …}
    {"op": "name" | "description" | "readme", "value": …}
    {"op": "warning", "message": …}

`path` is relative to the run's directory, or absolute outside it. Any number of processes of one run append to it;
a reader ignores a last line that is still being written and lines it does not know.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Iterator, Mapping

from polyaxon.tracking import layout
from polyaxon.tracking.metrics import last_metrics, list_events
from polyaxon.tracking.writer import append

__all__ = ["Journal", "JournalArtifact", "ReportedStatus", "read_journal", "replay", "write_record"]

# `Any` throughout: the values are users' JSON.


@dataclass(frozen=True)
class JournalArtifact:
    """One line of lineage; `path` is relative to the run's directory, or absolute outside it."""

    name: str
    kind: str
    path: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    is_input: bool = False


@dataclass(frozen=True)
class ReportedStatus:
    """What the code said of itself. `at` is in seconds since the epoch, to be set beside the start of an attempt."""

    status: str
    reason: str
    message: str
    at: float


@dataclass
class Journal:
    """Everything a run said, merged. `outputs` has the last value of each metric unless an output of that name was
    logged; a value that JSON has no number for is the text `nan`, `inf` or `-inf`."""

    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    artifacts: tuple[JournalArtifact, ...] = ()
    status: ReportedStatus | None = None
    name: str | None = None
    description: str | None = None
    readme: str | None = None
    warnings: tuple[str, ...] = ()


def read_journal(run_dir: str) -> Journal:
    """Return what the run in this directory said so far; an empty journal when it said nothing.

    Event files that nobody registered are part of the lineage too. Reads the ends of metric files only.
    """
    journal = replay(_lines(os.path.join(run_dir, layout.JOURNAL)))
    journal.metrics.update(last_metrics(run_dir))
    journal.outputs = {**{name: layout.value_text(value) for name, value in journal.metrics.items()}, **journal.outputs}
    known = {(artifact.name, artifact.kind) for artifact in journal.artifacts}
    events = (
        JournalArtifact(name, kind, layout.event_path(kind, name), {"is_event": True})
        for kind, name in list_events(run_dir)
        if (name, kind) not in known
    )
    journal.artifacts += tuple(events)
    return journal


def write_record(run_dir: str, record: Mapping[str, Any]) -> None:
    """Add one record at once, for programs of the project that speak for a run without tracking it."""
    append(os.path.join(run_dir, layout.JOURNAL), layout.encode(record).encode() + b"\n")


def replay(lines: Iterable[str]) -> Journal:
    """Merge the lines of a journal, without the event files beside it."""
    journal = Journal()
    artifacts: dict[tuple[str, str], JournalArtifact] = {}
    broken = 0
    for line in lines:
        record = _record(line)
        if record is None:
            broken += 1
        elif record.get("op") == "artifact":
            artifact = _artifact(record)
            artifacts[artifact.name, artifact.kind] = artifact
        else:
            _APPLY.get(str(record.get("op")), _ignore)(journal, record)
    journal.artifacts = tuple(artifacts.values())
    if broken:
        journal.warnings += (f"{broken} lines of the run's journal cannot be read",)
    return journal


def _lines(path: str) -> Iterator[str]:
    """Complete lines; the last one without an end is still being written, or a kill cut it off."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.endswith("\n") and line.strip():
                    yield line
    except FileNotFoundError:
        return


def _record(line: str) -> Mapping[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _artifact(record: Mapping[str, Any]) -> JournalArtifact:
    summary = record.get("summary")
    return JournalArtifact(
        name=str(record.get("name", "")),
        kind=str(record.get("kind", "artifact")),
        path=str(record.get("path") or ""),
        summary=summary if isinstance(summary, dict) else {},
        is_input=bool(record.get("is_input")),
    )


def _merge(part: str) -> Callable[[Journal, Mapping[str, Any]], None]:
    def apply(journal: Journal, record: Mapping[str, Any]) -> None:
        values = record.get("values")
        if isinstance(values, dict):
            setattr(journal, part, values if record.get("reset") else {**getattr(journal, part), **values})

    return apply


def _tags(journal: Journal, record: Mapping[str, Any]) -> None:
    tags = record.get("tags")
    if isinstance(tags, list):
        before = () if record.get("reset") else journal.tags
        journal.tags = tuple(dict.fromkeys([*before, *map(str, tags)]))


def _text(part: str) -> Callable[[Journal, Mapping[str, Any]], None]:
    def apply(journal: Journal, record: Mapping[str, Any]) -> None:
        setattr(journal, part, str(record.get("value", "")))

    return apply


def _status(journal: Journal, record: Mapping[str, Any]) -> None:
    at = record.get("at")
    journal.status = ReportedStatus(
        status=str(record.get("status", "")),
        reason=str(record.get("reason") or ""),
        message=str(record.get("message") or ""),
        at=float(at) if isinstance(at, (int, float)) else 0.0,
    )


def _warning(journal: Journal, record: Mapping[str, Any]) -> None:
    journal.warnings += (str(record.get("message", "")),)


def _ignore(journal: Journal, record: Mapping[str, Any]) -> None:
    """A later version's word."""


_APPLY: Mapping[str, Callable[[Journal, Mapping[str, Any]], None]] = {
    "inputs": _merge("inputs"),
    "outputs": _merge("outputs"),
    "meta": _merge("meta"),
    "metrics": _merge("metrics"),
    "tags": _tags,
    "status": _status,
    "name": _text("name"),
    "description": _text("description"),
    "readme": _text("readme"),
    "warning": _warning,
}
