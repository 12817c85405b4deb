"""Many processes on one home at once: nobody is refused, nothing is lost.

`POLYAXON_HAMMER_PROCESSES` and `POLYAXON_HAMMER_SECONDS` change how many and how long; the figures are printed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyaxon.model.status import Status
from polyaxon.store.sql import SqlStore
from polyaxon.store.sqlite import SqliteDatabase

PROCESSES = int(os.environ.get("POLYAXON_HAMMER_PROCESSES", "16"))
SECONDS = float(os.environ.get("POLYAXON_HAMMER_SECONDS", "60"))

WORKER = """
import json, os, sys, time
from datetime import UTC, datetime
from polyaxon.engine.commands import Moved, Updated
from polyaxon.engine.events import Adopted
from polyaxon.model.ids import RunId
from polyaxon.model.run import Condition, Run, RunKind
from polyaxon.model.status import Status
from polyaxon.store.base import Batch
from polyaxon.store.owners import this_process
from polyaxon.store.reader import open_home
from polyaxon.store.sql import SqlStore
from polyaxon.store.sqlite import SqliteDatabase

home, seconds, counter = sys.argv[1], float(sys.argv[2]), sys.argv[3]
store = SqlStore(SqliteDatabase(os.path.join(home, "polyaxon.db")))
store.migrate()
local = open_home(home)
moves = [Status.COMPILED, Status.QUEUED, Status.SCHEDULED, Status.RUNNING, Status.SUCCEEDED]
ends, done, counted, reads = time.monotonic() + seconds, 0, 0, 0
while time.monotonic() < ends:
    now = datetime.now(UTC)
    uuid = RunId(os.urandom(16).hex())
    run = Run(uuid, "hammer", "r", RunKind.JOB, "job", Status.CREATED, now, now, uuid)
    lease = store.create(run, Condition(Status.CREATED, "x", "", now), this_process(), 30)
    for status in moves:
        moved = Moved(uuid, Condition(status, "x", "", datetime.now(UTC)))
        assert store.apply([Batch(lease, [(Adopted(), now)], [moved])]) == []
    store.release(lease)
    # A shared counter under a lease that all of them want: an update would be lost if two could hold it.
    for held in store.claim(this_process(), datetime.now(UTC), 30, [RunId(counter)]):
        count = store.get(counter).outputs.get("count", 0) + 1
        assert store.apply([Batch(held, [], [Updated(RunId(counter), {"outputs": {"count": count}})])]) == []
        store.release(held)
        counted += 1
    mine = local.create_user_run({"project": "users"})
    local.add_condition(mine, "running")
    # What it wrote is there at once, for both kinds of readers.
    assert store.get(uuid).status is Status.SUCCEEDED
    assert local.list_runs("hammer", "status:succeeded", limit=5)
    assert len(store.conditions(uuid)) == len(moves) + 1
    reads += 3
    done += 1
print(json.dumps([done, counted, reads]))
"""


@pytest.mark.slow
def test_many_processes_on_one_home_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from polyaxon.testing.store_builders import condition, run

    store = SqlStore(SqliteDatabase(str(tmp_path / "polyaxon.db")))
    store.migrate()
    counter = run(1, project="counter")
    store.create(counter, condition())
    command = [sys.executable, "-c", WORKER, str(tmp_path), str(SECONDS), counter.uuid]
    workers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    results = [worker.communicate(timeout=SECONDS + 90) for worker in workers]
    errors = [error for _, error in results if error]
    assert errors == []
    done, counted, reads = (sum(column) for column in zip(*(json.loads(out) for out, _ in results), strict=True))
    with capsys.disabled():
        what = f"{2 * done} submissions, {6 * done + counted} updates, {counted} on one row, {reads} reads"
        print(f"\n{PROCESSES} processes, {SECONDS:.0f} s: {what}")
    now = counter.created_at
    assert done > 0
    assert store.list("hammer", "status:succeeded", "", 1, 0, now).count == done
    assert store.list("users", "status:running", "", 1, 0, now).count == done
    assert store.get(counter.uuid).outputs["count"] == counted
    assert counted > 0
    for each in store.list("hammer", "", "", 5, 0, now).runs:
        assert [found.type for found in store.conditions(each.uuid)][-1] is Status.SUCCEEDED
    store.close()
