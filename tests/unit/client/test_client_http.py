"""The client against a server: a stub that answers as the REST API does."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from polyaxon.client import ApiException, NotFoundException, ProjectClient, RunClient
from polyaxon.client import http as http_module
from polyaxon.client.failures import (
    ForbiddenException,
    RefusedException,
    ServiceException,
    UnauthorizedException,
)
from polyaxon.client.http import HttpTransport
from polyaxon.errors import NotFoundError, OutsideError

UUID = "ab" * 16
RUNS = "/api/v1/me/demo/runs"


class Stub:
    """Answers each request with the first matching entry of `answers`; keeps what it was asked."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.answers: list[tuple[str, int, bytes, dict[str, str]]] = []

    def answer(self, start: str, value: Any = None, status: int = 200, **headers: str) -> None:
        """Answer requests that begin with `METHOD path`; entries with a failing status answer once."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode() if value is not None else b""
        self.answers.append((start, status, body, headers))

    def find(self, request: str) -> tuple[int, bytes, dict[str, str]]:
        for entry in self.answers:
            start, status, body, headers = entry
            if request.startswith(start):
                if status >= 500:
                    self.answers.remove(entry)
                return status, body, headers
        return 404, b'{"detail": "No Run matches the given query."}', {}

    @property
    def lines(self) -> list[str]:
        """The requests, as `METHOD path?query`."""
        return [f"{method} {path}" for method, path, _, _ in self.asked]


@pytest.fixture(name="stub")
def answering_stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            stub.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, data, headers = stub.find(f"{self.command} {self.path}")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PATCH = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    monkeypatch.setattr(http_module, "_FIRST_DELAY_SECONDS", 0.001)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub = Stub(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    for name, value in (("HOST", stub.host), ("AUTH_TOKEN", "secret")):
        monkeypatch.setenv(f"POLYAXON_{name}", value)
    for name in ("RUN_INSTANCE", "IS_MANAGED", "NO_OP"):
        monkeypatch.delenv(f"POLYAXON_{name}", raising=False)
    yield stub
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(stub: Stub) -> RunClient:
    return RunClient("me", "demo", UUID)


def test_a_list_passes_query_sort_and_page(stub: Stub, client: RunClient) -> None:
    stub.answer(f"GET {RUNS}?", {"count": 7, "results": [{"uuid": UUID, "status": "running", "outputs": {"a": 1}}]})
    page = client.list(query="metrics.a:>0.5, status:running", sort="-metrics.a", limit=1, offset=2)
    assert stub.lines == [
        f"GET {RUNS}?query=metrics.a%3A%3E0.5%2C+status%3Arunning&sort=-metrics.a&limit=1&offset=2",
    ]
    assert stub.asked[0][2]["authorization"] == "Token secret"
    assert (page.count, len(page)) == (7, 1)
    (run,) = page.results
    assert (run.uuid, run.status, run.outputs, run.name) == (UUID, "running", {"a": 1}, None)
    assert run.to_dict()["outputs"] == {"a": 1}


def test_all_projects_are_another_endpoint(stub: Stub, client: RunClient) -> None:
    stub.answer("GET /api/v1/orgs/me/runs", {"count": 0, "results": []})
    assert client.list(all_projects=True).results == []


def test_children_are_those_whose_pipeline_the_run_is(stub: Stub, client: RunClient) -> None:
    stub.answer(f"GET {RUNS}?", {"results": []})
    client.list_children(query="status:a OR status:b")
    assert f"query=%28status%3Aa+OR+status%3Ab%29%2C+pipeline%3A{UUID}" in stub.lines[0]


def test_a_run_is_created_and_spoken_of(stub: Stub) -> None:
    stub.answer(f"POST {RUNS}", {"uuid": "cd" * 16, "settings": {}}, 201)
    client = RunClient("me", "demo")
    client.create(name="mine", tags="a, b")
    assert client.run_uuid == "cd" * 16
    assert stub.asked[0][3] == {"name": "mine", "tags": ["a", "b"], "is_managed": False, "managed_by": "user"}


@pytest.mark.parametrize(
    ("call", "request_line", "body"),
    [
        (lambda c: c.stop(), f"POST {RUNS}/{UUID}/stop", None),
        (lambda c: c.approve(), f"POST {RUNS}/{UUID}/approve", None),
        (lambda c: c.skip(), f"POST {RUNS}/{UUID}/skip", None),
        (lambda c: c.invalidate(), f"POST {RUNS}/{UUID}/invalidate", None),
        (lambda c: c.resume(), f"POST {RUNS}/{UUID}/resume", None),
        (lambda c: c.restart(name="b"), f"POST {RUNS}/{UUID}/restart", {"name": "b"}),
        (lambda c: c.restart(copy=True), f"POST {RUNS}/{UUID}/copy", None),
        (lambda c: c.transfer("other"), f"POST {RUNS}/{UUID}/transfer", {"project": "other"}),
        (lambda c: c.delete(), f"DELETE {RUNS}/{UUID}", None),
        (lambda c: c.log_inputs(a=1), f"PATCH {RUNS}/{UUID}", {"inputs": {"a": 1}, "merge": True}),
        (lambda c: c.log_outputs(reset=True, a=1), f"PATCH {RUNS}/{UUID}", {"outputs": {"a": 1}}),
        (lambda c: c.log_tags("a,b"), f"PATCH {RUNS}/{UUID}", {"tags": ["a", "b"], "merge": True}),
        (lambda c: c.update({"name": "x"}), f"PATCH {RUNS}/{UUID}", {"name": "x"}),
        (
            lambda c: c.log_artifact_lineage({"name": "m", "kind": "model"}),
            f"POST {RUNS}/{UUID}/lineage/artifacts",
            {"artifacts": [{"name": "m", "kind": "model"}]},
        ),
    ],
)
def test_a_call_is_a_request(
    stub: Stub, client: RunClient, call: Callable[[RunClient], Any], request_line: str, body: Any
) -> None:
    stub.answer(request_line.split(" ")[0], {"uuid": UUID})
    call(client)
    assert stub.lines == [request_line]
    assert (stub.asked[0][3] or None) == body


def test_a_status_is_posted_as_a_condition(stub: Stub, client: RunClient) -> None:
    stub.answer("POST", {}, 201)
    client.log_status("running", message="off")
    body = stub.asked[0][3]["condition"]
    assert (body["type"], body["status"], body["reason"], body["message"]) == ("running", True, "PolyaxonClient", "off")


def test_an_ending_is_said_only_of_a_run_that_has_none(stub: Stub, client: RunClient) -> None:
    stub.answer(f"GET {RUNS}/{UUID}/statuses", {"status": "succeeded", "status_conditions": []})
    client.log_failed()
    assert len(stub.asked) == 1


def test_statuses_are_read_with_their_history(stub: Stub, client: RunClient) -> None:
    conditions = [{"type": "created"}, {"type": "running", "reason": "R"}]
    stub.answer("GET", {"uuid": UUID, "status": "running", "status_conditions": conditions})
    status, found = client.get_statuses()
    assert (status, [item.type for item in found], found[1].reason) == ("running", ["created", "running"], "R")
    assert [item.type for item in client.get_statuses("created")[1]] == ["running"]


def test_waiting_ends_with_the_run(stub: Stub, client: RunClient) -> None:
    stub.answer("GET", {"status": "failed", "status_conditions": [{"type": "failed"}]})
    assert client.wait_for_condition(interval_seconds=0) == "failed"
    assert [status for status, _ in client.watch_statuses(0)] == ["failed"]


def test_waiting_ends_when_it_takes_too_long(stub: Stub, client: RunClient) -> None:
    stub.answer("GET", {"status": "running", "status_conditions": []})
    with pytest.raises(TimeoutError, match="still `running`"):
        client.wait_for_condition(timeout_seconds=0.01, interval_seconds=0.001)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RefusedException),
        (401, UnauthorizedException),
        (403, ForbiddenException),
        (404, NotFoundException),
        (405, ApiException),
    ],
)
def test_a_refusal_is_an_exception_of_its_own_and_not_repeated(
    stub: Stub, client: RunClient, status: int, kind: type[ApiException]
) -> None:
    stub.answer("GET", ["why"], status)
    with pytest.raises(kind, match="why") as caught:
        client.refresh_data()
    assert (caught.value.status, len(stub.asked)) == (status, 1)


def test_not_found_is_the_same_with_and_without_a_server(stub: Stub, client: RunClient) -> None:
    with pytest.raises(NotFoundError, match="No Run matches"):
        client.refresh_data()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_fails_is_asked_again(stub: Stub, client: RunClient, status: int) -> None:
    stub.answer("GET", {}, status)
    stub.answer("GET", {}, status)
    stub.answer("GET", {"uuid": UUID})
    assert client.refresh_data().uuid == UUID
    assert len(stub.asked) == 3


def test_a_server_that_goes_on_failing_is_an_error(stub: Stub, client: RunClient) -> None:
    for _ in range(9):
        stub.answer("GET", {}, 500)
    with pytest.raises(ServiceException):
        client.refresh_data()
    assert len(stub.asked) == 4


def test_a_creation_that_failed_is_not_repeated(stub: Stub) -> None:
    stub.answer("POST", {}, 500)
    with pytest.raises(ServiceException):
        RunClient("me", "demo").create()
    assert len(stub.asked) == 1


def test_a_server_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "_FIRST_DELAY_SECONDS", 0.001)
    transport = HttpTransport("127.0.0.1:9")
    with pytest.raises(OutsideError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        transport.get_run("me", "demo", UUID)


def test_an_answer_that_is_not_json_is_said(stub: Stub, client: RunClient) -> None:
    stub.answer("GET", b"<html>")
    with pytest.raises(OutsideError, match="did not answer in JSON"):
        client.refresh_data()


def test_the_token_does_not_follow_a_redirect_to_another_server(stub: Stub, client: RunClient) -> None:
    elsewhere = stub.host.replace("127.0.0.1", "localhost")
    stub.answer(f"GET {RUNS}/{UUID}", status=302, location=f"{elsewhere}/elsewhere")
    stub.answer("GET /elsewhere", {"uuid": UUID})
    assert client.refresh_data().uuid == UUID
    assert ["authorization" in headers for _, _, headers, _ in stub.asked] == [True, False]


def test_logs_are_read_to_their_end(stub: Stub, client: RunClient) -> None:
    path = f"GET /streams/v1/team/me/demo/runs/{UUID}/logs"
    stub.answer(f"{path}?last_file", {"logs": [], "last_file": "a"})
    stub.answer(path, {"logs": [{"value": "one"}, {"value": "two"}], "last_file": "a"})
    stub.answer("GET", {"uuid": UUID, "settings": {"namespace": "team"}})
    assert client.get_logs() == "one\ntwo"


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
    return file.getvalue()


def test_a_directory_is_unpacked_and_a_file_copied(stub: Stub, client: RunClient, tmp_path: Path) -> None:
    streams = f"GET /streams/v1/polyaxon/me/demo/runs/{UUID}/artifacts?path="
    stub.answer(streams + "outputs", archive("a.txt", "b/c.txt"), content_disposition='filename="o.tar.gz"')
    stub.answer(streams + "one", b"text", content_disposition='filename="one.txt"')
    stub.answer("GET", {"uuid": UUID, "settings": {}})
    client.download_artifacts("outputs", str(tmp_path / "here"))
    assert (tmp_path / "here/b/c.txt").read_text() == "x"
    client.download_artifact("one.txt", str(tmp_path / "one.txt"))
    assert (tmp_path / "one.txt").read_text() == "text"


def test_an_archive_that_would_land_elsewhere_is_refused(stub: Stub, client: RunClient, tmp_path: Path) -> None:
    stub.answer("GET /streams", archive("../evil.txt"), content_disposition='filename="o.tar.gz"')
    stub.answer("GET", {"uuid": UUID})
    with pytest.raises(OutsideError, match=r"\.\./evil\.txt"):
        client.download_artifacts("", str(tmp_path / "here"))
    assert not (tmp_path / "evil.txt").exists()


def test_projects_are_made_when_missing(stub: Stub) -> None:
    stub.answer("POST /api/v1/me/projects/create", {"name": "new", "uuid": UUID}, 201)
    client = ProjectClient("me", "new")
    assert client.get_or_create().name == "new"
    assert stub.lines == ["GET /api/v1/me/new", "POST /api/v1/me/projects/create"]


def test_projects_are_listed_and_followed(stub: Stub) -> None:
    stub.answer("GET /api/v1/me/projects/list", {"count": 1, "results": [{"name": "demo"}]})
    stub.answer("PATCH", {"name": "renamed"})
    stub.answer("GET /api/v1/me/renamed/runs", {"results": []})
    stub.answer("POST", {})
    client = ProjectClient("me", "demo")
    assert [project.name for project in client.list().results] == ["demo"]
    client.update({"name": "renamed"})
    client.list_runs()
    client.stop_runs([UUID])
    assert stub.lines[-1] == f"POST /api/v1/me/renamed/runs/{UUID}/stop"
