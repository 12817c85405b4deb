"""The file that the system exists to run, unchanged, with a training script that takes no time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import SEED, Cli

TRIALS = 20


def test_the_whole_dag_succeeds_and_the_best_models_are_printed(cli: Cli, mirrored: list[str]) -> None:
    answer = cli.run("run", "-f", SEED, "-P", "max_loss=0.002", "-P", "top=10", *mirrored)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert cli.statuses() == dict.fromkeys(
        ["automated-process", "build", "experiment", "tune", "best_model"], "succeeded"
    )
    trials = cli.runs("pipeline:" + next(run["uuid"] for run in cli.runs() if run["kind"] == "matrix"))
    chosen = {json.dumps(trial["inputs"], sort_keys=True) for trial in trials}
    assert len(trials) == len(chosen) == TRIALS
    assert {trial["inputs"]["dropout"] for trial in trials} <= {0.25, 0.3}
    printed = cli.run("ops", "logs", "best_model", "--no-follow").stdout
    accuracies = [float(line.split()[2]) for line in printed.splitlines() if line.strip()[:1].isdigit()]
    assert len(accuracies) == 10
    assert accuracies == sorted(accuracies, reverse=True)


def test_a_high_enough_limit_skips_the_search_and_the_reason_is_told_with_its_values(
    cli: Cli, mirrored: list[str]
) -> None:
    answer = cli.run("run", "-f", SEED, "-P", "max_loss=1000", *mirrored)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    statuses = cli.statuses()
    assert (statuses["tune"], statuses["best_model"]) == ("skipped", "succeeded")
    told = cli.run("ops", "explain", "tune").stdout
    loss = next(run["outputs"]["loss"] for run in cli.runs() if run["name"] == "experiment")
    for part in ("upstream_loss > max_loss", f"{loss}", "1000", "experiment"):
        assert part in told, told


def test_a_second_run_builds_again_and_is_served_what_follows(cli: Cli, mirrored: list[str]) -> None:
    asked = ("run", "-f", SEED, "-P", "max_loss=1000", *mirrored)
    assert [cli.run(*asked).returncode for _ in range(2)] == [0, 0]
    kinds = [(run["original"] or {}).get("kind") for run in cli.runs("name: experiment")]
    assert kinds == [None, "cache"], cli.run("ops", "explain", "experiment").stdout
    assert "an image is built every time" in cli.run("ops", "explain", "build").stdout


def test_a_param_that_the_file_does_not_declare_is_refused_before_anything_runs(cli: Cli, mirrored: list[str]) -> None:
    answer = cli.run("run", "-f", SEED, "-P", "loss=0.002", *mirrored)
    assert answer.returncode == 2
    assert "`loss`" in answer.stderr
    assert "did you mean `max_loss`?" in answer.stderr
    assert "`max_loss`, `top`" in answer.stderr
    assert cli.runs() == []


def test_a_failing_build_is_told_in_its_own_words_and_what_follows_goes_by_its_trigger(
    cli: Cli, mirrored: list[str], tmp_path: Path
) -> None:
    broken = tmp_path / "dag.yaml"
    asked = "pip3 install --no-cache-dir -U polyaxon"
    broken.write_text(SEED.read_text().replace(asked, "pip3 install --no-index no-such-distribution"))
    answer = cli.run("run", "-f", broken, *mirrored)
    assert answer.returncode == 1
    statuses = cli.statuses()
    assert statuses["build"] == statuses["automated-process"] == "failed"
    assert statuses["experiment"] == "upstream_failed"
    assert statuses["best_model"] in {"succeeded", "failed"}, "all_done runs whatever became of the others"
    shown = answer.stdout[answer.stdout.index("`build` failed") :]
    assert "no-such-distribution" in shown
    assert "experiment" in shown


def test_a_dry_run_shows_the_order_and_runs_nothing(cli: Cli, mirrored: list[str]) -> None:
    answer = cli.run("run", "-f", SEED, "--dry-run", *mirrored)
    assert answer.returncode == 0, answer.stderr
    positions = [answer.stdout.index(name) for name in ("build", "experiment", "tune", "best_model")]
    assert positions == sorted(positions)
    assert cli.runs() == []


@pytest.mark.parametrize("how", [["--output", "json"], ["-o", "json"]])
def test_json_is_the_finished_run_and_nothing_else(cli: Cli, how: list[str], tmp_path: Path) -> None:
    file = tmp_path / "hello.yaml"
    file.write_text("{kind: component, name: hello, run: {kind: job, container: {command: [echo, hi]}}}")
    answer = cli.run("run", "-f", file, *how)
    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert (document["name"], document["status"], document["kind"]) == ("hello", "succeeded", "job")
