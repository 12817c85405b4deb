"""The examples of searches run as their comments say, with real processes, and do what they are there to show."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT, Cli

EXAMPLES = ROOT / "examples" / "search"
Rows = list[dict[str, Any]]


def run(cli: Cli, file: Path) -> Rows:
    """Run a search to its end and return its trials."""
    done = cli.run("run", "-f", file)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "warning" not in done.stdout + done.stderr
    name = re.search(r"^name: (\S+)", file.read_text(), re.MULTILINE)
    assert name is not None
    trials: Rows = cli.json("ops", "trials", name.group(1), "-l", "1000")
    return trials


def outputs(cli: Cli, trials: Rows) -> list[dict[str, Any]]:
    """Return the outputs of the trials, in their order."""
    found = {item["uuid"]: item["outputs"] for item in cli.runs("kind:job")}
    return [found[trial["uuid"]] for trial in trials]


def trained_once(cli: Cli, trials: Rows) -> None:
    """A run that goes on trains the epochs that the one before it did not."""
    promoted = 0
    for trial, output in zip(trials, outputs(cli, trials), strict=True):
        before = 0 if trial["origin"] is None else trials[trial["origin"]]["resource"]
        assert output["trained"] == trial["resource"] - before
        assert trial["origin"] is None or f"trial {trial['origin']} goes on" in trial["why"]
        promoted += trial["origin"] is not None
    assert promoted >= 4
    assert max(trial["resource"] for trial in trials) == 9


def has_a_front(cli: Cli, trials: Rows) -> None:
    front = [trial["values"] for trial in trials if trial["front"]]
    assert len({tuple(values) for values in front}) > 1
    others = [trial["values"] for trial in trials if not trial["front"]]
    assert all(any(a <= x and b <= y for a, b in front) for x, y in others)
    assert "no trial beats them in all of loss, milliseconds" in cli.run("ops", "trials", "front").stdout
    page = cli.home / "front.html"
    assert cli.run("ops", "report", "front", "--path", page).returncode == 0
    assert "Best compromises" in page.read_text()


def takes_part_in_its_branch(cli: Cli, trials: Rows) -> None:
    for trial, item in zip(trials, cli.runs("kind:job"), strict=True):
        assert ("depth" in trial["params"]) == (trial["params"]["model"] == "trees")
        assert item["inputs"]["rate" if trial["params"]["model"] == "trees" else "depth"] in (0.01, 6)
    best = min(trials, key=lambda trial: trial["value"])
    assert best["params"]["model"] == "trees"


def learns_in_generations(_cli: Cli, trials: Rows) -> None:
    assert [trial["iteration"] for trial in trials] == [number // 6 for number in range(18)]
    assert trials[-1]["why"].startswith("generation 2, drawn with step")


def starts_warm(cli: Cli, trials: Rows) -> None:
    """The second search has no random runs left to make: the first one's are enough."""
    assert [trial["why"].split(",")[0] for trial in trials[:6]] == ["initial design"] * 6
    assert len(trials) == 8
    again = run(cli, EXAMPLES / "warm-start.yaml")
    assert all("expected gain" in trial["why"] for trial in again)
    assert "warm start: " in cli.run("ops", "explain", cli.runs("kind:matrix")[-1]["uuid"]).stdout
    assert not {str(trial["params"]) for trial in trials} & {str(trial["params"]) for trial in again}


def ends_what_falls_behind(cli: Cli, trials: Rows) -> None:
    ended = [trial for trial in trials if trial["status"] == "stopped"]
    assert 0 < len(ended) < len(trials) - 2
    assert trials[3]["status"] == "succeeded", "the best one is let be"
    for trial in ended:
        assert "worse than" in trial["why"] or "among the worst" in trial["why"]
        why = cli.run("ops", "explain", trial["uuid"]).stdout
        assert "(Pruned)" in why, why
        assert re.search(r"against [\d.]+ at step \d+ \(\d+ runs compared\)", why), why


SHOWS: dict[str, Callable[[Cli, Rows], None]] = {
    "asha": trained_once,
    "branches": takes_part_in_its_branch,
    "cmaes": learns_in_generations,
    "front": has_a_front,
    "hyperband": trained_once,
    "pruning": ends_what_falls_behind,
    "warm-start": starts_warm,
}
QUICK = {"hyperband", "pruning"}


def test_every_example_is_looked_at() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == {"train", *SHOWS}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in SHOWS]
)
def test_an_example_shows_what_it_is_there_for(cli: Cli, name: str) -> None:
    SHOWS[name](cli, run(cli, EXAMPLES / f"{name}.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "policy",
    [
        "{kind: average, evaluationInterval: 1, minInterval: 2, minSamples: 2}",
        "{kind: truncation, percent: 40, evaluationInterval: 1, minInterval: 2, minSamples: 2}",
        "{kind: diff, percent: 60, evaluationInterval: 2, minInterval: 2, minSamples: 1}",
    ],
    ids=lambda policy: policy.split(":")[1].split(",")[0].strip(),
)
def test_the_other_policies_end_running_trials_as_well(cli: Cli, tmp_path: Path, policy: str) -> None:
    text = (EXAMPLES / "pruning.yaml").read_text()
    changed = re.sub(r"policy: \{.*\}", f"policy: {policy}", text)
    assert changed != text
    (tmp_path / "train.yaml").write_text((EXAMPLES / "train.yaml").read_text())
    (tmp_path / "pruning.yaml").write_text(changed)
    ends_what_falls_behind(cli, run(cli, tmp_path / "pruning.yaml"))
