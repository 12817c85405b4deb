"""An image build and a run in what it built, both as plans of the process runtime."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
import yaml

from polyaxon.hub.sources import HubSources
from polyaxon.model.ids import RunId, child_id
from polyaxon.model.launch import Container, InitStep, LaunchPlan, Replica
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.process import ProcessRuntime
from polyaxon.sidecar import Preparer
from polyaxon.testing.runtime_contract import watching
from polyaxon.tracking.journal import read_journal

ROOT = RunId("3" * 32)


def run(home: Path, name: str, container: Container, *steps: InitStep) -> tuple[Observation, RunId]:
    """Run one plan to its end and return its last observation."""
    run_id = child_id(ROOT, name)

    async def play() -> Observation:
        environ = {**os.environ, "PIP_NO_INDEX": "1"}
        runtime = ProcessRuntime(str(home), prepare=Preparer(), environ=environ)
        await runtime.open()
        async with watching(runtime) as watcher:
            replica = Replica("main", container=container, init=steps)
            places = runtime.places(run_id)
            await runtime.start(LaunchPlan(run_id, "p", "o", None, "job", "job", places, (replica,)), 1)
            return await watcher.final(run_id)

    return asyncio.run(play()), run_id


def log_of(home: Path, run_id: RunId) -> str:
    return (home / "artifacts" / run_id / "plxlogs" / "main.log").read_text()


def builder(home: Path, run_id: RunId, destination: str) -> Container:
    """The container of the built-in build component, rendered as the compiler would."""
    container = yaml.safe_load(HubSources(str(home)).read("hub", "dokerizer", None).text)["run"]["container"]
    args = (f"--destination={destination}", "--context=/plx-context/artifacts", "--dockerfile=Dockerfile")
    return Container("main", image=container["image"], command=tuple(container["command"]), args=args)


def test_a_run_of_a_built_image_runs_in_its_environment(tmp_path: Path) -> None:
    dockerfile = InitStep(
        "dockerfile",
        {"image": "acme/base", "run": ["apt-get update && pip3 install -U polyaxon"], "env": {"ANSWER": "42"}},
    )
    final, built = run(tmp_path, "build", builder(tmp_path, ROOT, "acme/image"), dockerfile)
    assert final.phase is Phase.SUCCEEDED, log_of(tmp_path, built)
    assert any("apt-get update" in warning for warning in final.warnings)
    assert any("acme/base" in warning for warning in final.warnings)
    assert read_journal(str(tmp_path / "artifacts" / built)).outputs == {"destination": "acme/image"}

    code = "import os, sys; from polyaxon import tracking; print(sys.prefix, os.environ['ANSWER'], os.getcwd())"
    container = Container("main", image="acme/image:latest", command=("python3", "-c", code))
    final, used = run(tmp_path, "use", container)
    assert (final.phase, final.warnings) == (Phase.SUCCEEDED, ()), log_of(tmp_path, used)
    prefix, answer, directory = log_of(tmp_path, used).split()
    assert prefix.startswith(f"{tmp_path}/images/")
    assert answer == "42"
    assert directory.endswith("/files/code")


def test_a_failing_build_fails_its_run_with_the_builders_last_lines(tmp_path: Path) -> None:
    dockerfile = InitStep("dockerfile", {"image": "python:3.11", "run": ["pip install no-such-package"]})
    final, built = run(tmp_path, "bad", builder(tmp_path, ROOT, "acme/bad"), dockerfile)
    assert (final.phase, final.exit_code) == (Phase.FAILED, 1)
    lines = log_of(tmp_path, built).splitlines()
    assert "No matching distribution found for no-such-package" in lines[-2]
    assert lines[-1].startswith("build failed: `pip install no-such-package`")


@pytest.mark.parametrize("image", ["acme/never-built", "acme/image:other"])
def test_an_image_that_was_not_built_here_is_a_warning(tmp_path: Path, image: str) -> None:
    final, _ = run(tmp_path, "plain", Container("main", image=image, command=("true",)))
    assert final.phase is Phase.SUCCEEDED
    assert final.warnings == (
        f"image `{image}` is not honoured by the process runtime: the command runs on this machine",
    )
