"""The quick start's searches, as their files are, from the first suggestion to the last on this machine alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_line import ROOT, Cli

CORPUS = ROOT.parent / "shared" / "corpus" / "quick-start" / "scheduling"
TRIALS = {
    "hyperparams_bo.yaml": 50,
    "hyperparams_grid.yaml": 16,
    "hyperparams_grid_with_concurrency.yaml": 10,
    "hyperparams_hyperband.yaml": 9 + 3 + 1 + 5 + 1 + 3,
    "hyperparams_hyperopot.yaml": 60,
    "hyperparams_random.yaml": 10,
    "hyperparams_random_with_concurrency.yaml": 10,
    "mapping.yaml": 2,
}
STOPPED_EARLY = "hyperparams_early_stopping.yaml"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus ../shared/corpus is not beside this checkout"),
]


@pytest.fixture
def searches(tmp_path: Path) -> Path:
    """A copy of the quick start's repository whose training script takes no time."""
    repository = tmp_path / "polyaxon-quick-start"
    for part in ("optimization", "experimentation"):
        shutil.copytree(CORPUS / part, repository / "scheduling" / part)
    shutil.copy(Path(__file__).parent / "formula_model.py", repository / "scheduling" / "model.py")
    return repository


def run(cli: Cli, searches: Path, file: str) -> list[dict[str, object]]:
    """Run a file to its end and return its trials."""
    addresses = ("https://raw.githubusercontent.com/polyaxon/polyaxon-quick-start/master",)
    addresses += ("https://github.com/polyaxon/polyaxon-quick-start",)
    mirrors = [argument for address in addresses for argument in ("--mirror", f"{address}={searches}")]
    done = cli.run("run", "-f", searches / "scheduling" / "optimization" / file, "--name", "search", *mirrors)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    trials: list[dict[str, object]] = cli.json("ops", "trials", "search", "-l", "1000")
    return trials


def test_every_search_of_the_quick_start_is_tried() -> None:
    assert {path.name for path in (CORPUS / "optimization").glob("*.yaml")} == {*TRIALS, STOPPED_EARLY}


@pytest.mark.parametrize("file", TRIALS)
def test_a_search_of_the_quick_start_runs_to_the_end(cli: Cli, searches: Path, file: str) -> None:
    trials = run(cli, searches, file)
    assert [trial["index"] for trial in trials] == list(range(TRIALS[file]))
    assert {trial["status"] for trial in trials} == {"succeeded"}


def test_the_early_stopped_search_ends_when_its_goal_is_reached(cli: Cli, searches: Path) -> None:
    trials = run(cli, searches, STOPPED_EARLY)
    assert 0 < len(trials) <= 20
    assert {trial["status"] for trial in trials} <= {"succeeded", "stopped"}
    accuracies = [run["outputs"]["accuracy"] for run in cli.runs("kind:job") if "accuracy" in run["outputs"]]
    assert max(accuracies) >= 0.9
    why = cli.run("ops", "explain", "search").stdout
    assert "goal reached" in why, why
