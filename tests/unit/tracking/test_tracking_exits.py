"""How processes end, and what is left of their runs."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tracking_program import Program

from polyaxon.client.local import LocalTransport

ENTERED = """
import json, sys
class Transport:
    def create_run(self, owner, project, body): return body
    def update_run(self, *names): return {}
    def add_artifacts(self, *names): pass
    def add_status(self, owner, project, uuid, condition):
        sys.stderr.write("STATUS %s %s\\n" % (condition["type"], condition["message"]))
run = tracking.init(client=Transport(), is_new=True, track_code=False)
"""


def statuses(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line[7:] for line in done.stderr.splitlines() if line.startswith("STATUS ")]


def wait_for_line(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def test_a_managed_run_leaves_its_status_to_whoever_drives_it(program: Program) -> None:
    done = program.run("tracking.log_metric('loss', 0.5, step=1)\ntracking.log_outputs(a=1)")
    assert (done.returncode, done.stderr) == (0, "")
    assert program.journal().status is None
    assert program.journal().outputs == {"loss": 0.5, "a": 1}
    assert not program.home.exists()


def test_an_uncaught_exception_is_reported_and_still_printed(program: Program) -> None:
    done = program.run("tracking.log_metric('loss', 0.5)\nraise ValueError('bad batch')")
    assert done.returncode == 1
    assert "ValueError: bad batch" in done.stderr
    status = program.journal().status
    assert status is not None
    assert (status.status, status.reason, status.message) == ("failed", "ExitHandler", "ValueError: bad batch")
    assert program.journal().metrics == {"loss": 0.5}


def test_the_excepthook_that_was_there_is_called(program: Program) -> None:
    done = program.run("import sys\nsys.excepthook = lambda *a: print('mine')\ntracking.init()\nraise KeyError")
    assert done.stdout == "mine\n"


def test_a_run_of_user_code_succeeds_at_exit(program: Program) -> None:
    assert statuses(program.run(ENTERED)) == ["running Operation is running", "succeeded Operation has succeeded"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("sys.exit(3)", "failed the process ended with exit code 3"),
        ("sys.exit('no')", "failed the process ended with exit code 1"),
        ("sys.exit(0)", "succeeded Operation has succeeded"),
        ("sys.exit()", "succeeded Operation has succeeded"),
        ("1 / 0", "failed ZeroDivisionError: division by zero"),
        ("raise KeyboardInterrupt", "stopped interrupted"),
        ("run.log_stopped(message='enough'); sys.exit(3)", "stopped enough"),
    ],
)
def test_the_way_a_process_ends_is_the_status_of_its_run(program: Program, code: str, status: str) -> None:
    assert statuses(program.run(ENTERED + code))[1:] == [status]


def test_sigterm_stops_the_run_and_kills_the_process_as_ever(program: Program) -> None:
    process = program.start(
        ENTERED + "run.log_metric('loss', 1)\nprint('ready', flush=True)\nimport time\ntime.sleep(60)"
    )
    wait_for_line(process)
    process.terminate()
    _, err = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGTERM
    assert "STATUS stopped terminated" in err
    (metrics,) = program.home.glob("artifacts/*/events/metric/loss.plx")
    assert metrics.read_text().count("\n") == 2


def test_a_handler_of_the_user_is_left_alone(program: Program) -> None:
    handler = "import signal, time\nsignal.signal(15, lambda *a: exit(7))\n"
    process = program.start(handler + "tracking.init()\nprint('ready', flush=True)\ntime.sleep(60)")
    wait_for_line(process)
    process.terminate()
    process.communicate(timeout=120)
    assert process.returncode == 7


def test_sigkill_leaves_everything_older_than_a_second(program: Program) -> None:
    code = """
tracking.init()
for i in range(10**9):
    tracking.log_metric('loss', i, step=i)
    if i == 1000:
        print('ready', flush=True)
"""
    process = program.start(code)
    wait_for_line(process)
    before = time.monotonic()
    file = program.directory / "events/metric/loss.plx"
    while not (file.exists() and file.stat().st_size):
        assert time.monotonic() - before < 10
    process.kill()
    process.communicate()
    whole = file.read_text().rpartition("\n")[0]
    steps = [line.split("|")[0] for line in whole.splitlines()]
    assert len(steps) > 1000
    assert steps[1:] == [str(step) for step in range(len(steps) - 1)]
    assert program.journal().metrics["loss"] == float(steps[-1])


def test_forked_workers_write_their_own_events_once(program: Program) -> None:
    code = """
import os
tracking.init()
tracking.log_metric('parent', 1)
for worker in range(3):
    pid = os.fork()
    if pid == 0:
        tracking.log_metric('worker', worker, step=worker)
        if worker == 0: raise SystemExit   # runs exit handlers
        os._exit(0)
    os.waitpid(pid, 0)
"""
    done = program.run(code)
    assert done.stderr == ""
    events = program.directory / "events/metric"
    assert (events / "parent.plx").read_text().count("\n") == 2
    assert [line.split("|")[0] for line in (events / "worker.plx").read_text().splitlines()] == ["step", "0", "1", "2"]
    artifacts = [artifact.name for artifact in program.journal().artifacts]
    assert sorted(artifacts) == ["env", "parent", "worker"]


def test_what_user_code_prints_is_kept(program: Program) -> None:
    done = program.run(ENTERED + "print('hello'); sys.stderr.write('part'); sys.stderr.write('ial\\n'); print(' ')")
    assert "hello" in done.stdout
    assert "partial" in done.stderr
    (file,) = program.home.glob("artifacts/*/plxlogs/logs.jsonl")
    values = [json.loads(line)["value"] for line in file.read_text().splitlines()]
    assert values[0] == "hello"
    assert "partial" in values


def test_several_processes_of_one_run_write_the_same_files(program: Program) -> None:
    code = (
        "import sys\nfor i in range(2000): tracking.log_metric('m', i)\ntracking.log_outputs(**{'p' + sys.argv[-1]: 1})"
    )
    processes = [program.start(code) for _ in range(3)]
    for process in processes:
        process.communicate(timeout=120)
    lines = (program.directory / "events/metric/m.plx").read_text().splitlines()
    values = [line for line in lines if not line.startswith("step|")]
    assert len(values) == 6000
    assert all(line.count("|") == 2 for line in values)


def test_a_missing_directory_of_the_run_is_made(program: Program, tmp_path: Path) -> None:
    program.run("tracking.log_outputs(a=1)", POLYAXON_RUN_ARTIFACTS_PATH=str(tmp_path / "new/one"))
    assert (tmp_path / "new/one/journal.jsonl").exists()


def test_a_run_outside_of_any_is_entered_in_the_home(program: Program) -> None:
    code = """
run = tracking.init(name='mine', project='demo', tags='a')
tracking.log_inputs(lr=0.1)
tracking.log_metric('loss', 0.5, step=1)
from polyaxon.client import RunClient
print(RunClient(project='demo').list(query='status:running').results[0].name)
raise ValueError('bad')
"""
    done = program.run(code, POLYAXON_IS_MANAGED="")
    assert done.stdout == "mine\n"
    transport = LocalTransport(str(program.home))
    (run,) = transport.list_runs("default", "demo", "", "", 20, 0)["results"]
    assert (run["name"], run["status"], run["inputs"], run["outputs"]) == ("mine", "failed", {"lr": 0.1}, {"loss": 0.5})
    assert (run["tags"], run["managed_by"]) == (["a"], "user")
    history = transport.statuses("default", "demo", run["uuid"])["status_conditions"]
    assert [item["type"] for item in history] == ["created", "running", "failed"]
    assert history[-1]["message"] == "ValueError: bad"
    kinds = {line["kind"] for line in transport.list_artifacts("default", "demo", run["uuid"])["results"]}
    assert kinds >= {"env", "metric"}
    assert "mine" in transport.logs("default", "demo", run["uuid"])
