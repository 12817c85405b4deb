"""`kill -9` in the middle of a search, `ops resume`: the remaining suggestions are those of the undisturbed run.

Searches that learn run one trial at a time here: with more, what is known when a suggestion is made depends on which
trial is faster, with or without a crash.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import Cli, wait_until

BUDGET = {"maxIterations": 9, "eta": 3, "resource": {"name": "epochs", "type": "int"}}
METRIC = {"metric": {"name": "loss", "optimization": "minimize"}, "seed": 7}
PARAMS = {"x": {"kind": "uniform", "value": [0, 1]}, "y": {"kind": "linspace", "value": "0:1:101"}}
FEW = {"x": {"kind": "linspace", "value": "0:1:4"}, "y": {"kind": "linspace", "value": "0:1:3"}}
BRANCHES = {
    "x": {"kind": "linspace", "value": "0:1:11"},
    "y": {"kind": "uniform", "value": [0, 1], "when": {"x": [0, 0.1, 0.2, 0.3, 0.4, 0.5]}},
}
WARM = {"query": "kind: job", "sort": "metrics.loss"}
FAR_BEHIND = {
    "kind": "metric_early_stopping",
    "metric": "loss",
    "value": 0,
    "optimization": "minimize",
    "policy": {"kind": "diff", "percent": 10, "evaluationInterval": 1, "minSamples": 2},
}
GOALS = [{"name": "loss", "optimization": "minimize"}, {"name": "gain", "optimization": "maximize"}]
SEARCHES: dict[str, dict[str, Any]] = {
    "random": {"kind": "random", "numRuns": 12, "concurrency": 2, "seed": 7},
    "grid": {"kind": "grid", "params": FEW, "concurrency": 2},
    "hyperband": {"kind": "hyperband", **BUDGET, **METRIC},
    "bayes": {"kind": "bayes", "numInitialRuns": 4, "maxIterations": 8, **METRIC},
    "tpe": {"kind": "tpe", "numRuns": 14, **METRIC},
    "anneal": {"kind": "hyperopt", "algorithm": "anneal", "numRuns": 14, **METRIC},
    "asha": {"kind": "asha", "numRuns": 9, **BUDGET, **METRIC},
    "cmaes": {"kind": "cmaes", "numRuns": 12, "population": 4, **METRIC},
    "branches": {"kind": "tpe", "numRuns": 14, "numInitialRuns": 5, **METRIC, "params": BRANCHES},
    "front": {"kind": "tpe", "numRuns": 14, "numInitialRuns": 5, "metrics": GOALS, "seed": 7},
    "warm": {"kind": "bayes", "numInitialRuns": 4, "maxIterations": 6, **METRIC, "warmStart": WARM},
    "warm cmaes": {"kind": "cmaes", "numRuns": 10, "population": 4, **METRIC, "warmStart": WARM},
    "pruned": {"kind": "tpe", "numRuns": 14, "numInitialRuns": 5, **METRIC, "earlyStopping": [FAR_BEHIND]},
}
FILE = """
kind: operation
name: search
cache: {{disable: true}}
matrix: {matrix}
component:
  inputs:
  - {{name: x, type: float}}
  - {{name: y, type: float, value: 0.5}}
  - {{name: epochs, type: int, value: 1, isOptional: true}}
  run:
    kind: job
    container:
      command: [sh, -c]
      args:
      - |
        echo "{{{{ x }}}} {{{{ y }}}} {{{{ epochs }}}}" >> {record}
        sleep 0.05
        loss=$(awk 'BEGIN {{ print ({{{{ x }}}} - 0.3) ^ 2 + ({{{{ y }}}} - 0.6) ^ 2 + 1 / {{{{ epochs }}}} }}')
        {report}
        echo "{{\\"op\\": \\"outputs\\", \\"values\\": {{\\"loss\\": $loss, \\"gain\\": {{{{ x }}}}}}}}" \\
          >> "{{{{ globals.run_artifacts_path }}}}/journal.jsonl"
"""
# Which trials the policy ends must not depend on who is faster: one that it will end waits to be ended.
REPORT = """
        events="{{{{ globals.run_artifacts_path }}}}/events/metric"
        echo $loss >> {record}.losses
        losses={record}.losses
        hopeless=$(sort -g $losses | awk 'NR == 1 {{ best = $1 }} END {{ print (NR > 2 && '$loss' > 1.1 * best) }}')
        mkdir -p $events
        printf 'step|timestamp|metric\\n1|2026-01-01T00:00:00+00:00|%s\\n' $loss > $events/loss.plx
        if [ "$hopeless" = 1 ]; then sleep 60; fi
""".strip()


def write_file(directory: Path, search: str) -> tuple[Path, Path]:
    """Write the search's file; return it and the file in which its trials leave a line each."""
    directory.mkdir()
    matrix = {"concurrency": 1, "params": PARAMS, **SEARCHES[search]}
    file, record = directory / "search.yaml", directory / "record"
    report = REPORT.format(record=record) if "earlyStopping" in matrix else ""
    file.write_text(FILE.format(matrix=json.dumps(matrix), record=record, report=report))
    return file, record


def prepare(cli: Cli, directory: Path, search: str) -> None:
    """Run what the search begins with; the record is of the search alone."""
    if search.startswith("warm"):
        file, record = write_file(directory, "random")
        file.write_text(file.read_text().replace("name: search", "name: earlier"))
        assert cli.run("run", "-f", file).returncode == 0
        record.unlink()


def suggestions(cli: Cli) -> list[dict[str, Any]]:
    """Return the trials of the home's only search; all of them ended well or were ended by its policy."""
    trials = cli.json("ops", "trials", "search", "-l", "1000")
    assert {trial["status"] for trial in trials} <= {"succeeded", "stopped"}
    told = ("index", "status", "params", "value", "resource", "bracket", "rung", "origin", "iteration", "why")
    return [{name: trial[name] for name in told} for trial in trials]


def kill_when_begun(cli: Cli, record: Path, trials: int, chance: random.Random, *arguments: str | Path) -> None:
    """Start a scheduler and kill it when so many trials have begun."""
    driver = cli.start(*arguments)
    wait_until(
        lambda: (record.exists() and record.read_text().count("\n") >= trials) or driver.poll() is not None,
        f"{trials} trials have begun",
    )
    time.sleep(chance.uniform(0, 0.15))  # the moment is what is tested
    driver.kill()
    driver.wait()


@pytest.mark.slow
@pytest.mark.parametrize("search", SEARCHES)
def test_a_killed_search_makes_the_suggestions_of_the_undisturbed_one(cli: Cli, tmp_path: Path, search: str) -> None:
    undisturbed = Cli(tmp_path / "undisturbed-home")
    prepare(undisturbed, tmp_path / "before", search)
    file, _ = write_file(tmp_path / "undisturbed", search)
    assert undisturbed.run("run", "-f", file).returncode == 0
    expected = suggestions(undisturbed)
    assert ("stopped" in {trial["status"] for trial in expected}) == ("earlyStopping" in SEARCHES[search])

    chance = random.Random(search)
    prepare(cli, tmp_path / "before-kills", search)
    file, record = write_file(tmp_path / "killed", search)
    moments = sorted(chance.sample(range(2, len(expected) - 1), 2))
    kill_when_begun(cli, record, moments[0], chance, "run", "-f", file)
    uuid = cli.runs("kind:matrix")[-1]["uuid"]
    kill_when_begun(cli, record, moments[1], chance, "ops", "resume", uuid)
    resumed = cli.run("ops", "resume", uuid)
    assert resumed.returncode == 0 or "nothing to continue" in resumed.stderr, resumed.stdout + resumed.stderr

    assert suggestions(cli) == expected
    assert len(record.read_text().splitlines()) == len(expected), "no trial ran twice"
