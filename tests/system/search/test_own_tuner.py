"""A search with a tuner of the user's own, as the guide shows it: from the file to the table of trials."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT, Cli, wait_until

EXAMPLE = ROOT / "examples" / "own-tuner"


def register(cli: Cli) -> None:
    place = cli.home / "hub" / "narrowing"
    place.mkdir(parents=True)
    shutil.copy(EXAMPLE / "narrowing.yaml", place / "latest.yaml")


def suggestions(cli: Cli) -> list[dict[str, Any]]:
    trials = cli.json("ops", "trials", "search", "-l", "100")
    return [{name: trial[name] for name in ("index", "params", "value", "iteration")} for trial in trials]


def test_the_example_goes_from_round_to_round(cli: Cli) -> None:
    register(cli)
    answer = cli.run("run", "-f", EXAMPLE / "search.yaml")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    trials = suggestions(cli)
    assert [trial["iteration"] for trial in trials] == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4
    best = min(trials, key=lambda trial: trial["value"])
    assert best["params"] == {"x": 1.0, "y": -2.0}
    assert "of the tuner" in cli.run("ops", "trials", "search").stdout
    tuners = [run for run in cli.runs() if run["runtime"] == "tuner"]
    assert [run["inputs"] for run in tuners] == [{"width": 2.0}] * 4


def test_a_tuner_that_is_not_known_is_refused_before_anything_runs(cli: Cli) -> None:
    answer = cli.run("run", "-f", EXAMPLE / "search.yaml")
    assert answer.returncode == 2
    assert "there is no component `narrowing:latest` in the hub" in answer.stderr
    assert cli.runs() == []


@pytest.mark.slow
@pytest.mark.parametrize("trials", [1, 6, 11])
def test_a_killed_search_goes_on_with_the_same_suggestions(cli: Cli, tmp_path: Path, trials: int) -> None:
    undisturbed = Cli(tmp_path / "undisturbed")
    register(undisturbed)
    assert undisturbed.run("run", "-f", EXAMPLE / "search.yaml").returncode == 0
    register(cli)
    driver = cli.start("run", "-f", EXAMPLE / "search.yaml")
    wait_until(lambda: len(cli.runs("kind: job")) > trials, f"{trials} trials")
    driver.kill()
    driver.wait()
    assert cli.run("ops", "resume", cli.runs("kind: matrix")[0]["uuid"]).returncode == 0
    assert suggestions(cli) == suggestions(undisturbed)
