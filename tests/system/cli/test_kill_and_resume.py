"""`kill -9` of the command line at random moments of a search, then `ops resume`: everything once, and it succeeds."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest
from command_line import Cli, wait_until

TRIALS = 8
FILE = """
kind: component
name: process
run:
  kind: dag
  operations:
  - name: build
    component: {{run: {{kind: job, container: {{command: [sh, -c, "echo build >> {record}"]}}}}}}
  - name: experiment
    dependencies: [build]
    component:
      outputs: [{{name: loss, type: float}}]
      run:
        kind: job
        container:
          command: [python3, -c]
          args:
          - |
            from polyaxon import tracking
            tracking.init()
            tracking.log_outputs(loss=0.5)
            with open('{record}', 'a') as record:
                record.write('experiment\\n')
  - name: tune
    params:
      loss: {{ref: ops.experiment, value: outputs.loss, contextOnly: true}}
    conditions: "{{{{ loss > 0.1 }}}}"
    matrix: {{kind: random, concurrency: 2, numRuns: {trials}, params: {{x: {{kind: linspace, value: "0:1:40"}}}}}}
    component:
      inputs: [{{name: x, type: float}}]
      run:
        kind: job
        container:
          command: [sh, -c, "sleep 0.2; echo trial {{{{ x }}}} >> {record}"]
  - name: best_model
    dependencies: [experiment, tune]
    trigger: all_done
    component: {{run: {{kind: job, container: {{command: [sh, -c, "echo best >> {record}"]}}}}}}
"""


def kill_at_a_random_moment(cli: Cli, tmp_path: Path, seed: int) -> None:
    record = tmp_path / "record"
    file = tmp_path / "process.yaml"
    file.write_text(FILE.format(record=record, trials=TRIALS))
    driver = cli.start("run", "-f", file)
    wait_until(lambda: cli.runs("runtime:random, status:running") or driver.poll() is not None, "the search runs")
    time.sleep(random.Random(seed).uniform(0, 1.2))  # the moment is what is tested
    driver.kill()
    driver.wait()
    resumed = cli.run("ops", "resume", "process")
    assert resumed.returncode == 0 or "nothing to continue" in resumed.stderr, resumed.stdout + resumed.stderr
    assert set(cli.statuses().values()) == {"succeeded"}
    lines = Counter(line.split(" ")[0] for line in record.read_text().splitlines())
    assert lines == {"build": 1, "experiment": 1, "trial": TRIALS, "best": 1}
    trials = [line for line in record.read_text().splitlines() if line.startswith("trial")]
    assert len(set(trials)) == TRIALS, "no suggestion ran twice"


def test_a_killed_search_goes_on_where_it_was(cli: Cli, tmp_path: Path) -> None:
    kill_at_a_random_moment(cli, tmp_path, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_killed_search_goes_on_where_it_was_at_ten_random_moments(cli: Cli, tmp_path: Path, seed: int) -> None:
    kill_at_a_random_moment(cli, tmp_path, seed)
