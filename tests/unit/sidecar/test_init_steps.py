"""What init steps leave behind, carried out by the process runtime with real programs."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from polyaxon.model.ids import RunId, child_id
from polyaxon.model.launch import Connection, Container, InitStep, LaunchPlan, Places, Replica
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.process import ProcessRuntime
from polyaxon.sidecar import Preparer
from polyaxon.testing.runtime_contract import watching
from polyaxon.tracking.journal import read_journal

RUN = child_id(RunId("1" * 32), "init")
URL = "https://git.example.org/team/code.git"


class Machine:
    """Runs one plan at a time on a home of its own."""

    def __init__(self, home: Path, mirrors: Mapping[str, str] | None = None) -> None:
        self.home = str(home)
        self.mirrors = mirrors or {}
        self.seen: list[Observation] = []

    @property
    def places(self) -> Places:
        return ProcessRuntime(self.home).places(RUN)

    @property
    def log(self) -> str:
        return Path(self.places.run_artifacts, "plxlogs", "main.log").read_text()

    def run(
        self,
        *steps: InitStep,
        command: str = "true",
        connections: Mapping[str, Connection] | None = None,
        attempt: int = 1,
    ) -> Observation:
        container = Container("main", command=("sh", "-c", command))
        replica = Replica("main", container=container, init=steps)
        plan = LaunchPlan(RUN, "p", "o", None, "job", "job", self.places, (replica,), connections=connections or {})

        async def play() -> Observation:
            runtime = ProcessRuntime(self.home, prepare=Preparer(self.mirrors))
            await runtime.open()
            async with watching(runtime) as watcher:
                await runtime.start(plan, attempt)
                final = await watcher.final(RUN, attempt)
                self.seen = watcher.of(RUN)
                return final

        return asyncio.run(play())


def git(*arguments: str, cwd: Path) -> str:
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    done = subprocess.run(
        ["git", *arguments], cwd=cwd, env={**os.environ, **identity}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the branches `trunk` (two commits) and `side`, and the tag `v1` on the first commit."""
    work = tmp_path / "code"
    work.mkdir()
    git("init", "-q", "-b", "trunk", cwd=work)
    (work / "model.py").write_text("one")
    git("add", ".", cwd=work)
    git("commit", "-qm", "one", cwd=work)
    git("tag", "v1", cwd=work)
    git("branch", "side", cwd=work)
    (work / "model.py").write_text("two")
    git("commit", "-qam", "two", cwd=work)
    return work


@pytest.mark.parametrize(
    ("revision", "content"), [(None, "two"), ("side", "one"), ("v1", "one"), ("trunk", "two"), ("<first>", "one")]
)
@pytest.mark.parametrize("is_bare", [False, True])
def test_a_mirrored_repository_is_cloned_at_its_revision(
    tmp_path: Path, repository: Path, revision: str | None, content: str, is_bare: bool
) -> None:
    if revision == "<first>":
        revision = git("rev-parse", "v1", cwd=repository)
    if is_bare:
        git("clone", "-q", "--bare", str(repository), str(tmp_path / "bare"), cwd=tmp_path)
        repository = tmp_path / "bare"
    machine = Machine(tmp_path / "home", {"https://git.example.org/team/code": str(repository)})
    spec = {"url": URL} if revision is None else {"url": URL, "revision": revision}
    final = machine.run(
        InitStep("git", spec), command=f"cp {machine.places.artifacts}/code/model.py {machine.places.run_outputs}/"
    )
    assert final.phase is Phase.SUCCEEDED, machine.log
    assert Path(machine.places.run_outputs, "model.py").read_text() == content
    assert [item.phase for item in machine.seen] == [Phase.STARTING, Phase.RUNNING, Phase.SUCCEEDED]


def test_the_commit_becomes_part_of_the_lineage(tmp_path: Path, repository: Path) -> None:
    machine = Machine(tmp_path / "home", {URL: str(repository)})
    machine.run(InitStep("git", {"url": URL}))
    artifact = read_journal(machine.places.run_artifacts).artifacts[0]
    assert (artifact.kind, artifact.name, artifact.is_input) == (
        "coderef",
        git("rev-parse", "HEAD", cwd=repository),
        True,
    )


def test_an_unmapped_repository_is_cached_and_fetched_again(tmp_path: Path, repository: Path) -> None:
    url = f"file://{repository}"
    machine = Machine(tmp_path / "home")
    show = f"cat {machine.places.artifacts}/code/model.py"
    assert machine.run(InitStep("git", {"url": url}), command=show).phase is Phase.SUCCEEDED, machine.log
    assert machine.log.endswith("two")
    (repository / "model.py").write_text("three")
    git("commit", "-qam", "three", cwd=repository)
    assert machine.run(InitStep("git", {"url": url}), command=show, attempt=2).phase is Phase.SUCCEEDED, machine.log
    assert machine.log.endswith("three")


def test_a_cached_repository_serves_when_the_remote_is_gone(tmp_path: Path, repository: Path) -> None:
    machine = Machine(tmp_path / "home")
    step = InitStep("git", {"url": f"file://{repository}"})
    machine.run(step)
    repository.rename(tmp_path / "gone")
    assert machine.run(step, attempt=2).phase is Phase.SUCCEEDED
    assert "could not be reached, what was fetched before is used" in machine.log


def test_gits_own_redirection_is_respected(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(f'[url "file://{repository}"]\n\tinsteadOf = https://git.example.org/team/code.git\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    machine = Machine(tmp_path / "home")
    assert machine.run(InitStep("git", {"url": URL})).phase is Phase.SUCCEEDED, machine.log


def test_a_plain_directory_stands_for_its_content(tmp_path: Path) -> None:
    (tmp_path / "plain" / "lib").mkdir(parents=True)
    (tmp_path / "plain" / "lib" / "x.py").write_text("x")
    machine = Machine(tmp_path / "home", {URL: str(tmp_path / "plain")})
    final = machine.run(
        InitStep("git", {"url": URL, "revision": "v9"}), command=f"test -f {machine.places.artifacts}/code/lib/x.py"
    )
    assert final.phase is Phase.SUCCEEDED
    assert "`v9` is ignored" in machine.log


def test_a_repository_that_is_not_there_fails_with_what_git_said(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home")
    final = machine.run(InitStep("git", {"url": f"file://{tmp_path}/none"}))
    assert final.phase is Phase.FAILED
    assert final.message.startswith("init failed:")
    assert "none" in final.message
    assert "does not" in final.message


def test_an_unknown_revision_fails_with_its_name(tmp_path: Path, repository: Path) -> None:
    machine = Machine(tmp_path / "home", {URL: str(repository)})
    final = machine.run(InitStep("git", {"url": URL, "revision": "no-such-branch"}))
    assert final.phase is Phase.FAILED
    assert "no-such-branch" in final.message


def test_a_git_connection_brings_address_and_name(tmp_path: Path, repository: Path) -> None:
    machine = Machine(tmp_path / "home", {URL: str(repository)})
    step = InitStep("git", {"url": URL}, connection="my-code")
    final = machine.run(
        step,
        command=f"test -f {machine.places.artifacts}/my-code/model.py",
        connections={"my-code": Connection("my-code", "git", {"url": URL})},
    )
    assert final.phase is Phase.SUCCEEDED


def test_a_path_of_the_container_world_leads_into_the_context(tmp_path: Path, repository: Path) -> None:
    machine = Machine(tmp_path / "home", {URL: str(repository)})
    final = machine.run(InitStep("git", {"url": URL}, path="/src"), command="test -f /src/code/model.py")
    assert final.phase is Phase.SUCCEEDED, final


def test_a_file_is_written_with_its_mode_and_a_copy_in_the_outputs(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home")
    step = InitStep("file", {"content": "#!/bin/sh\necho it works\n", "filename": "go.sh", "chmod": "+x"})
    final = machine.run(step, command="/plx-context/artifacts/go.sh")
    assert final.phase is Phase.SUCCEEDED, machine.log
    assert "it works" in machine.log
    assert Path(machine.places.run_outputs, "go.sh").read_text().startswith("#!/bin/sh")


def test_a_file_name_may_not_be_a_path(tmp_path: Path) -> None:
    final = Machine(tmp_path / "home").run(InitStep("file", {"content": "x", "filename": "../x"}))
    assert final.phase is Phase.FAILED
    assert "must not be a path" in final.message


def test_a_dockerfile_is_written_to_the_context_and_the_outputs(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home")
    final = machine.run(
        InitStep("dockerfile", {"image": "python:3.11"}), command="grep FROM /plx-context/artifacts/Dockerfile"
    )
    assert final.phase is Phase.SUCCEEDED
    assert Path(machine.places.run_outputs, "Dockerfile").read_text().startswith("FROM python:3.11\n")


def test_artifacts_of_another_run_are_copied(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home")
    other = Path(machine.home, "artifacts", "2" * 32, "outputs")
    other.mkdir(parents=True)
    (other / "model.bin").write_text("weights")
    steps = [
        InitStep("artifacts", {"files": [["2" * 32 + "/outputs/model.bin", "start.bin"]]}),
        InitStep("paths", {"paths": ["2" * 32 + "/outputs"]}),
        InitStep("artifacts", {"dirs": [["2" * 32, machine.places.run_artifacts]]}),
    ]
    root = machine.places.artifacts
    check = f"cat {root}/start.bin {root}/{'2' * 32}/outputs/model.bin {machine.places.run_outputs}/model.bin"
    assert machine.run(*steps, command=check).phase is Phase.SUCCEEDED, machine.log
    assert machine.log.endswith("weights" * 3)


@pytest.mark.parametrize("path", ["none", "../../etc"])
def test_artifacts_that_are_missing_or_outside_are_refused(tmp_path: Path, path: str) -> None:
    final = Machine(tmp_path / "home").run(InitStep("artifacts", {"files": [path]}))
    assert final.phase is Phase.FAILED
    assert path in final.message


def test_a_host_path_connection_is_copied_and_its_mount_path_leads_to_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("1,2")
    machine = Machine(tmp_path / "home")
    connection = Connection("sets", "host_path", {"hostPath": str(tmp_path / "data"), "mountPath": "/data"})
    final = machine.run(
        InitStep("artifacts", {"files": ["x.csv"]}, connection="sets"),
        command="cat /plx-context/artifacts/sets/x.csv /data/x.csv",
        connections={"sets": connection},
    )
    assert final.phase is Phase.SUCCEEDED, machine.log
    assert machine.log.endswith("1,21,2")


def test_an_init_container_runs_before_the_main_one(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home")
    container = Container("setup", command=("sh", "-c"), args=("echo first > /plx-context/artifacts/made",))
    final = machine.run(InitStep("container", container=container), command="cat /plx-context/artifacts/made")
    assert final.phase is Phase.SUCCEEDED, machine.log
    assert machine.log.endswith("first\n")


def test_a_failing_init_container_fails_the_run_with_its_last_lines(tmp_path: Path) -> None:
    container = Container("setup", command=("sh", "-c"), args=("echo the reason >&2; exit 3",))
    final = Machine(tmp_path / "home").run(InitStep("container", container=container))
    assert final.phase is Phase.FAILED
    assert "exit code 3" in final.message
    assert final.message.endswith("the reason")


def test_a_stop_ends_a_preparation(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home")
    container = Container("setup", command=("sh", "-c"), args=(f"touch {tmp_path}/began; exec sleep 600",))
    replica = Replica(
        "main", container=Container("main", command=("true",)), init=(InitStep("container", container=container),)
    )
    plan = LaunchPlan(RUN, "p", "o", None, "job", "job", machine.places, (replica,))

    async def play() -> Observation:
        runtime = ProcessRuntime(machine.home, prepare=Preparer())
        await runtime.open()
        async with watching(runtime) as watcher:
            await runtime.start(plan, 1)
            async with asyncio.timeout(120):
                while not (tmp_path / "began").exists():
                    await asyncio.sleep(0.01)
            await runtime.stop(RUN, 1, grace_seconds=10)
            return await watcher.final(RUN)

    assert asyncio.run(play()).phase is Phase.STOPPED


def test_the_context_is_removed_on_success_and_kept_on_failure(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home")
    step = InitStep("file", {"content": "x"})
    machine.run(step, command="exit 1")
    assert Path(machine.places.artifacts, "file").exists()
    machine.run(step, attempt=2)
    assert not Path(machine.places.context).exists()


def test_an_unsupported_store_says_so(tmp_path: Path) -> None:
    final = Machine(tmp_path / "home").run(
        InitStep("artifacts", {}, connection="b"), connections={"b": Connection("b", "s3", {"bucket": "s3://b"})}
    )
    assert final.phase is Phase.FAILED
    assert "cannot read `s3` stores" in final.message


def test_a_bug_in_a_preparation_fails_the_run_and_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "home")
    final = machine.run(InitStep("dockerfile", {}))
    assert final.phase is Phase.FAILED
    assert "KeyError: 'image'; this is a bug of polyaxon" in final.message
    assert "Traceback" in machine.log
