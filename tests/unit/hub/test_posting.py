"""What the notification components send."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from polyaxon.hub.post import main, payload

VALUES = {"name": "train", "status": "succeeded"}


class _Receiver(HTTPServer):
    received: list[object]


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        self.server.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(500 if self.path == "/broken" else 204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[_Receiver]:
    server = _Receiver(("127.0.0.1", 0), _Handler)
    server.received = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def environ(server: _Receiver, path: str = "/hook") -> dict[str, str]:
    schema = {"url": f"http://127.0.0.1:{server.server_address[1]}{path}"}
    catalog = {"connections": [{"name": "n", "kind": "slack", "schema": schema}]}
    return {"POLYAXON_CONNECTIONS_CATALOG": json.dumps(catalog), "POLYAXON_RUN_INSTANCE": "o.p.runs.1"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("slack", {"text": "train: succeeded"}),
        ("discord", {"content": "train: succeeded"}),
        ("webhook", {"text": "train: succeeded", "run": "i", "name": "train", "status": "succeeded"}),
    ],
)
def test_each_service_gets_its_own_shape(kind: str, body: dict[str, str]) -> None:
    assert payload(kind, VALUES, "i") == body


def test_values_are_posted_to_the_connections_address(receiver: _Receiver) -> None:
    assert main(["--kind=slack", "--name=train", "--status=failed"], environ(receiver)) == 0
    assert receiver.received == [{"text": "train: failed"}]


def test_a_refusal_fails_the_run(receiver: _Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kind=slack"], environ(receiver, "/broken")) == 1
    assert "posting to slack failed" in capsys.readouterr().err


def test_without_an_address_nothing_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kind=slack"], {}) == 2
    assert "no address to post to" in capsys.readouterr().err
