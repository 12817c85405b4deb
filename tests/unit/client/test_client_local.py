"""The client on a local home, without a server."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from pathlib import Path

import pytest

from polyaxon.client import AsyncRunClient, PolyaxonClient, ProjectClient, RunClient, ServerOnlyException
from polyaxon.client.failures import PolyaxonClientException
from polyaxon.client.http import HttpTransport
from polyaxon.client.transport import open_transport
from polyaxon.errors import ConflictError, NotFoundError, QueryError, UsageError
from polyaxon.store.reader import open_home

UUIDS = ["0a" * 16, "0b" * 16, "0c" * 16]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with three runs of user code in the project `demo`."""
    for name in list(os.environ):
        if name.startswith("POLYAXON_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("POLYAXON_HOME", str(tmp_path / "home"))
    transport = open_transport()
    for index, uuid in enumerate(UUIDS):
        transport.create_run("default", "demo", {"uuid": uuid, "name": f"run-{index}", "tags": [f"t{index}"]})
        client = RunClient(project="demo", run_uuid=uuid)
        client.log_inputs(lr=index / 10)
        client.log_outputs(loss=1.0 - index / 10)
        client.log_status("running")
    return tmp_path / "home"


def test_runs_are_found_sorted_and_paged() -> None:
    page = RunClient(project="demo").list(query="metrics.loss:<0.95, inputs.lr:~nil", sort="metrics.loss", limit=1)
    assert page.count == 2
    (run,) = page.results
    assert (run.uuid, run.name, run.status, run.outputs) == (UUIDS[2], "run-2", "running", {"loss": 0.8})
    assert isinstance(run.created_at, datetime)
    assert run.to_dict()["inputs"] == {"lr": 0.2}
    assert [item.uuid for item in RunClient(project="demo").list(sort="name", offset=2)] == [UUIDS[2]]


@pytest.mark.parametrize("project", ["acme/demo", "acme.demo", "acme/team/demo"])
def test_a_project_may_have_its_owner_before_it(project: str) -> None:
    client = RunClient(project=project)
    assert (client.owner, client.project) == ("acme", "demo")
    assert ProjectClient(project=project, owner="me").owner == "me"


@pytest.mark.parametrize("client", [RunClient, ProjectClient])
def test_what_is_not_a_project_is_refused(client: type[RunClient] | type[ProjectClient]) -> None:
    with pytest.raises(UsageError, match=r"`we ird/demo` .* is not a project: `we ird`"):
        client(project="we ird/demo")


def test_another_project_has_other_runs() -> None:
    assert RunClient().list().count == 0
    assert RunClient().list(all_projects=True).count == 3


def test_inside_a_run_its_project_and_uuid_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYAXON_RUN_INSTANCE", f"default.demo.runs.{UUIDS[1]}")
    client = RunClient()
    assert client.list().count == 3
    assert (client.project, client.run_uuid, client.run_data.name) == ("demo", UUIDS[1], "run-1")
    assert client.get_inputs() == {"lr": 0.1}


def test_values_are_merged_or_replaced() -> None:
    client = RunClient(project="demo", run_uuid=UUIDS[0])
    client.log_outputs(acc=0.5)
    assert client.get_outputs() == {"loss": 1.0, "acc": 0.5}
    client.log_outputs(reset=True, only=1)
    assert client.get_outputs() == {"only": 1}
    client.log_tags("new, t0")
    assert client.refresh_data().tags == ["t0", "new"]


def test_statuses_move_until_the_end() -> None:
    client = RunClient(project="demo", run_uuid=UUIDS[0])
    client.log_succeeded()
    client.log_failed()
    status, conditions = client.get_statuses()
    assert status == "succeeded"
    assert [condition.type for condition in conditions] == ["created", "running", "succeeded"]
    assert client.wait_for_condition() == "succeeded"


def test_a_run_of_user_code_stops_at_once() -> None:
    client = RunClient(project="demo", run_uuid=UUIDS[0])
    client.stop()
    assert client.status == "stopped"


def test_what_nobody_would_answer_is_refused() -> None:
    with pytest.raises(ConflictError, match="nobody would answer"):
        RunClient(project="demo", run_uuid=UUIDS[0]).approve()


def test_lineage_is_kept_relative_to_the_store_and_shown_relative_to_the_run(home: Path) -> None:
    client = RunClient(project="demo", run_uuid=UUIDS[0])
    paths = ["", "/data/x", "outputs/m", "s3://bucket/x"]
    client.log_artifact_lineage([{"name": f"m{i}", "kind": "model", "path": path} for i, path in enumerate(paths)])
    assert [line.path for line in client.get_artifacts_lineage().results] == paths
    stored = [line["path"] for line in open_home(str(home)).artifacts(UUIDS[0])]
    assert stored == ["", "/data/x", f"{UUIDS[0]}/outputs/m", "s3://bucket/x"]


def test_logs_and_files_are_read_from_the_directory_of_the_run(home: Path, tmp_path: Path) -> None:
    directory = home / "artifacts" / UUIDS[0]
    for path, text in {
        "plxlogs/1.log": "one\ntwo\n",
        "plxlogs/2.jsonl": '{"value": "three"}\n',
        "outputs/a/b": "x",
    }.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    client = RunClient(project="demo", run_uuid=UUIDS[0])
    assert client.get_logs() == "one\ntwo\nthree"
    assert client.get_artifacts_tree("outputs").to_dict() == {"files": {}, "dirs": ["a"]}
    assert client.get_artifacts_tree("outputs/a").files == {"b": 1}
    client.download_artifacts("outputs", str(tmp_path / "copy"))
    assert (tmp_path / "copy/a/b").read_text() == "x"
    client.download_artifact("outputs/a/b", str(tmp_path / "b"))
    assert (tmp_path / "b").read_text() == "x"
    assert RunClient(project="demo", run_uuid=UUIDS[1]).get_logs() == ""


@pytest.mark.parametrize("path", ["../../polyaxon.db", "/../../polyaxon.db", "outputs/../../x"])
def test_no_path_leaves_the_directory_of_the_run(home: Path, path: str) -> None:
    (home / "artifacts" / UUIDS[0]).mkdir(parents=True)
    with pytest.raises(PolyaxonClientException, match="outside the run's directory"):
        RunClient(project="demo", run_uuid=UUIDS[0]).download_artifact(path)


def test_a_file_or_run_that_is_not_there_is_said(home: Path) -> None:
    (home / "artifacts" / UUIDS[0]).mkdir(parents=True)
    with pytest.raises(NotFoundError, match="has no `outputs/x`"):
        RunClient(project="demo", run_uuid=UUIDS[0]).download_artifact("outputs/x")
    with pytest.raises(NotFoundError):
        RunClient(project="demo", run_uuid="ff" * 16).refresh_data()


def test_a_wrong_query_is_refused_with_a_suggestion() -> None:
    with pytest.raises(QueryError) as caught:
        RunClient(project="demo").list(query="stats:running")
    assert caught.value.hint == "did you mean `status`?"


def test_no_run_meant_is_said() -> None:
    with pytest.raises(PolyaxonClientException, match="no run is meant"):
        RunClient(project="demo").refresh_data()


def test_what_only_a_server_does_is_said_with_the_next_step() -> None:
    client = RunClient(project="demo", run_uuid=UUIDS[0])
    for call in (
        lambda: client.create(content="{}"),
        client.restart,
        lambda: client.transfer("x"),
        client.upload_artifact,
    ):
        with pytest.raises(ServerOnlyException) as caught:
            call()
        assert "POLYAXON_HOST" in str(caught.value.hint)


def test_projects_are_those_with_runs() -> None:
    assert [project.name for project in ProjectClient().list().results] == ["demo"]
    assert ProjectClient(project="demo").refresh_data().name == "demo"
    assert ProjectClient(project="demo").list_runs().count == 3
    with pytest.raises(NotFoundError):
        ProjectClient(project="other").refresh_data()


def test_a_created_run_is_spoken_of_from_then_on() -> None:
    client = RunClient(project="other")
    run = client.create(name="new", tags=["a"])
    assert (run.name, run.managed_by, client.run_uuid) == ("new", "user", run.uuid)


def test_no_op_returns_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYAXON_NO_OP", "true")
    client = RunClient()
    assert client.list() is None
    assert client.log_inputs(a=1) is None  # type: ignore[func-returns-value]
    assert ProjectClient(no_op=False).list().count == 1


def test_an_unknown_field_of_a_run_is_an_error_and_a_known_one_none() -> None:
    run = RunClient(project="demo").list().results[0]
    assert run.description is None
    with pytest.raises(AttributeError, match="has no field `staus`"):
        _ = run.staus


def test_a_connection_has_settings_of_its_own_and_is_shared(tmp_path: Path) -> None:
    connection = PolyaxonClient({"POLYAXON_HOME": str(tmp_path / "elsewhere")})
    assert RunClient(project="demo", client=connection).list().count == 0
    assert ProjectClient(client=connection).transport is RunClient(client=connection).transport
    remote = PolyaxonClient({"POLYAXON_HOST": "example.org"}, token="t")
    assert isinstance(remote.transport, HttpTransport)
    assert remote.transport.host == "http://example.org"


def test_the_asynchronous_client_has_the_same_methods_as_coroutines() -> None:
    async def ask() -> tuple[int, str]:
        client = AsyncRunClient(project="demo", run_uuid=UUIDS[0])
        pages = await asyncio.gather(client.list(), client.list(query="name:run-1"))
        await client.log_outputs(acc=1)
        assert await client.get_outputs() == {"loss": 1.0, "acc": 1}
        return sum(page.count for page in pages), client.project

    assert asyncio.run(ask()) == (4, "demo")
    with pytest.raises(PolyaxonClientException, match="asynchronous"):
        _ = AsyncRunClient().watch_statuses
