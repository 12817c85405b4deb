"""Runs, conditions and changes for tests of stores, and what the search language finds among some runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from polyaxon.engine.commands import Moved
from polyaxon.model.ids import RunId, child_id
from polyaxon.model.run import Condition, ManagedBy, Run, RunKind
from polyaxon.model.status import Status

__all__ = ["EPOCH", "ME", "OTHER", "SEARCHED", "SEARCHES", "SORTED", "child", "condition", "move", "run"]

EPOCH = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ME = "here:1:1"
OTHER = "elsewhere:2:2"


def run(number: int = 1, **fields: Any) -> Run:
    """Return a root run; fields replace the defaults."""
    uuid = fields.pop("uuid", RunId(f"{number:032x}"))
    known: dict[str, Any] = {
        "uuid": uuid,
        "project": "default",
        "name": f"run-{number}",
        "kind": RunKind.JOB,
        "runtime": "job",
        "status": Status.CREATED,
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "root": uuid,
    }
    return Run(**{**known, **fields})


def child(parent: Run, index: int, **fields: Any) -> Run:
    """Return a child of a pipeline."""
    uuid = child_id(parent.uuid, str(index))
    place = {"uuid": uuid, "root": parent.root, "pipeline": parent.uuid, "controller": parent.root, "index": index}
    return run(index, **{**place, **fields})


def condition(status: Status = Status.CREATED, seconds: float = 0, message: str = "because") -> Condition:
    """Return a condition at some seconds after `EPOCH`."""
    return Condition(status, "TestReason", message, EPOCH + timedelta(seconds=seconds))


def move(uuid: RunId, status: Status, seconds: float = 1, **fields: Any) -> Moved:
    """Return a status change."""
    return Moved(uuid, condition(status, seconds), fields)


SEARCHED = [
    run(1, name="a", status=Status.SUCCEEDED, outputs={"loss": 0.25, "note": "Ä"}, tags=("x", "y"), duration=9.0),
    run(2, name="b", outputs={"loss": 1}, inputs={"lr": 0.1, "on": True, "n": 2}, description="100%_Ärger!"),
    run(3, name="c", outputs={"loss": float("nan")}, inputs={"lr": "0.1", "on": None}, started_at=EPOCH),
    run(4, name="d", kind=RunKind.MATRIX, pipeline=run(1).uuid, root=run(1).uuid, tags=("y",), meta={"flag": True}),
    run(5, name="e", live_state=0, managed_by=ManagedBy.USER, created_at=EPOCH - timedelta(days=90)),
]
SEARCHES = [
    ("", "abcd"),
    ("live_state:0|1", "abcde"),
    ("live_state:0", "e"),
    ("status:succeeded", "a"),
    ("status:~succeeded", "bcd"),
    ("name:a|c OR kind:matrix", "acd"),
    ("(name:a OR name:b), metrics.loss:<0.5", "a"),
    ("metrics.loss:~<0.5", "b"),
    ("metrics.loss:nil", "cd"),
    ("outputs.loss:1", "b"),
    ("outputs.note:Ä", "a"),
    ("outputs.note:~nil", "a"),
    ("inputs.lr:0.1", "b"),
    ('inputs.lr:"0.1"', "c"),
    ("inputs.lr:~0.1", "acd"),
    ("inputs.lr:>0.05", "b"),
    ('inputs.lr:>="0"', "c"),
    ("inputs.on:true", "b"),
    ("inputs.on:nil", "acd"),
    ("inputs.n:1|2", "b"),
    ("description:%ärger!", "b"),
    ("description:100%%", "b"),
    ("description:%%_%", "b"),
    ("tags:x", "a"),
    ("tags:x|y", "ad"),
    ("tags:~y", "bc"),
    ("tags:nil", "bc"),
    ("pipeline:nil", "abc"),
    ("pipeline:" + run(1).uuid, "d"),
    ("pipeline.name:a", "d"),
    ("duration:>3", "a"),
    ("started_at:2026-03-01", "c"),
    ("started_at:nil", "abd"),
    ("created_at:2025-01-01 .. 2025-12-31, live_state:_any_", "e"),
    ("created_at:last_month", "abcd"),
    ("meta_flags.flag:true", "d"),
    ("is_managed:false, live_state:_any_", "e"),
    ("commit:abc", "a"),
    ("commit:~abc", "bcd"),
    ("backend:nil", "abcd"),
    ("upstream:nil", "abcd"),
]
"""(query, names of the runs in `SEARCHED` that it finds)"""
SORTED = [
    ("metrics.loss", "abcd"),
    ("-metrics.loss", "badc"),
    ("inputs.lr,-name", "bcda"),
    ("-in.lr,name", "bcad"),
    ("-duration,name", "abcd"),
    ("-started_at,name", "cabd"),
]
"""(sort, names of the first four in that order): missing values come last."""
