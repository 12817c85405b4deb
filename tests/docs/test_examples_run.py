"""Every example and every runnable snippet of the guides runs as its page says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from command_line import ROOT, Cli

EXAMPLES = ROOT / "examples"
GUIDE = ROOT / "docs" / "guide" / "getting-started.md"
FENCE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def command_in(text: str) -> list[str]:
    """Return the `polyaxon run` that an example's opening comment names."""
    found = re.search(r"polyaxon (run -f [^\n]*)", text)
    assert found is not None, "an example says how to run it"
    return shlex.split(found.group(1))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_succeeds_as_its_comment_says(path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    answer = cli.run(*command_in(path.read_text()))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "warning" not in answer.stdout + answer.stderr


def test_params_reach_the_job_and_its_outputs_come_back(cli: Cli) -> None:
    run = cli.json("run", "-f", EXAMPLES / "params.yaml", "-P", "who=world", "-P", "times=2")
    assert run["outputs"] == {"length": 10}
    assert cli.run("ops", "logs").stdout == "hello world\nhello world\n"


def test_a_grid_runs_every_combination(cli: Cli) -> None:
    search = cli.json("run", "-f", EXAMPLES / "grid.yaml")
    trials = cli.runs(f"pipeline:{search['uuid']}")
    assert sorted(trial["outputs"]["volume"] for trial in trials) == [5.0, 10.0, 10.0, 15.0, 20.0, 30.0]


@pytest.mark.parametrize(("threshold", "status"), [(5, "succeeded"), (6, "skipped")])
def test_the_pipeline_celebrates_only_large_sums(cli: Cli, threshold: int, status: str) -> None:
    assert cli.json("run", "-f", EXAMPLES / "pipeline.yaml", "-P", f"threshold={threshold}")["status"] == "succeeded"
    assert cli.statuses()["celebrate"] == status


def test_a_hook_reports_what_it_followed(cli: Cli) -> None:
    place = cli.home / "hub" / "report"
    place.mkdir(parents=True)
    shutil.copy(EXAMPLES / "hooks" / "report.yaml", place / "latest.yaml")
    answer = cli.run("run", "-f", EXAMPLES / "hooks" / "train.yaml")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    hooks = [run for run in cli.runs() if run["name"] != "train"]
    assert [run["status"] for run in hooks] == ["succeeded"], "the hook for failures did not run"
    assert cli.run("ops", "logs", hooks[0]["uuid"]).stdout == "train has succeeded with loss 0.25\n"


def test_the_guide_to_get_started_works_as_written(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind, block in FENCE.findall(GUIDE.read_text()):
        if kind == "yaml":
            name = re.match(r"# (\S+\.yaml)\n", block)
            assert name is not None, "a file of the guide begins with its name"
            (tmp_path / name.group(1)).write_text(block)
        elif kind == "bash":
            for line in block.splitlines():
                words = shlex.split(line, comments=True)
                if words[:1] == ["polyaxon"]:
                    answer = cli.run(*words[1:])
                    assert answer.returncode == 0, line + "\n" + answer.stdout + answer.stderr
