"""What the notification components send."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Iterator

import pytest

from polyaxon.hub.post import main, payload
from polyaxon.testing.http_receiver import HttpReceiver

VALUES = {"name": "train", "status": "succeeded"}


class _Mailbox(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    dialogue: list[str]
    refuses = False


_ANSWERS = {"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "235 welcome", "QUIT": "221 bye"}


class _Postman(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand over a message."""

    server: _Mailbox

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            self.server.dialogue.append(line)
            word = line.split()[0].upper()
            if word == "DATA":
                self._say("354 go on")
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    self.server.dialogue.append(text)
            if word == "RCPT" and self.server.refuses:
                self._say("550 nobody here")
            else:
                self._say(_ANSWERS.get(word, "250 fine"))
            if word == "QUIT":
                return

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mailbox() -> Iterator[_Mailbox]:
    server = _Mailbox(("127.0.0.1", 0), _Postman)
    server.dialogue = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as server:
        yield server


def environ(server: HttpReceiver, path: str = "/hook") -> dict[str, str]:
    schema = {"url": server.url(path)}
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


def test_values_are_posted_to_the_connections_address(receiver: HttpReceiver) -> None:
    assert main(["--to=slack", "--name=train", "--status=failed"], environ(receiver)) == 0
    assert receiver.taken == [{"text": "train: failed"}]


def test_a_refusal_fails_the_run(receiver: HttpReceiver, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--to=slack"], environ(receiver, "/broken")) == 1
    assert "telling slack failed" in capsys.readouterr().err


def test_without_an_address_nothing_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--to=slack"], {}) == 2
    assert "no address to post to" in capsys.readouterr().err


def catalog(kind: str, **schema: object) -> dict[str, str]:
    found = {"connections": [{"name": "c", "kind": kind, "schema": schema}]}
    return {"POLYAXON_CONNECTIONS_CATALOG": json.dumps(found), "POLYAXON_RUN_INSTANCE": "o.p.runs.1"}


def test_the_connection_says_what_kind_it_is_and_what_to_add(receiver: HttpReceiver) -> None:
    url = receiver.url()
    surroundings = catalog("slack", url=url, channel="#ml", icon_url="http://icon")
    assert main(["--name=train", "--status=failed", "--message=exit code 1"], surroundings) == 0
    assert receiver.taken == [
        {"text": "train: failed (exit code 1)", "channel": "#ml", "icon_url": "http://icon"},
    ]


def test_a_webhook_may_want_its_values_in_the_address(receiver: HttpReceiver) -> None:
    url = receiver.url("/hook?team=ml")
    assert main(["--name=train", "--status=failed"], catalog("webhook", url=url, method="GET")) == 0
    assert receiver.asked == ["/hook?team=ml&text=train%3A+failed&run=o.p.runs.1&name=train&status=failed"]


def test_a_pager_is_told_how_bad_it_is() -> None:
    body = payload("pagerduty", {"name": "train", "status": "failed"}, "i", {"service_key": "k"})
    assert body["routing_key"] == "k"
    assert body["payload"] == {
        "summary": "train: failed",
        "source": "polyaxon",
        "severity": "error",
        "custom_details": {"name": "train", "status": "failed"},
    }


def mail_schema(mailbox: _Mailbox, **more: object) -> dict[str, object]:
    port = mailbox.server_address[1]
    return {"smtp_host": "127.0.0.1", "smtp_port": port, "recipients": ["a@x.org", "b@x.org"], **more}


def test_an_e_mail_goes_to_every_recipient(mailbox: _Mailbox) -> None:
    surroundings = catalog("email", **mail_schema(mailbox, from_email="ml@x.org"))
    assert main(["--name=train", "--status=failed", "--message=exit code 1"], surroundings) == 0
    said = mailbox.dialogue
    assert [line for line in said if line.startswith("rcpt")] == ["rcpt TO:<a@x.org>", "rcpt TO:<b@x.org>"]
    assert "Subject: [polyaxon] train: failed (exit code 1)" in said
    assert {"From: ml@x.org", "status: failed", "message: exit code 1"} <= set(said)


def test_the_password_of_an_e_mail_account_may_come_from_the_environment(mailbox: _Mailbox) -> None:
    surroundings = catalog("email", **mail_schema(mailbox, smtp_user="ml@x.org"))
    assert main(["--name=train"], {**surroundings, "POLYAXON_SMTP_PASSWORD": "secret"}) == 0
    [auth] = [line for line in mailbox.dialogue if line.startswith("AUTH PLAIN")]
    assert base64.b64decode(auth.split()[2]) == b"\0ml@x.org\0secret"


def test_an_e_mail_that_is_refused_fails_the_run(mailbox: _Mailbox, capsys: pytest.CaptureFixture[str]) -> None:
    mailbox.refuses = True
    assert main(["--name=train"], catalog("email", **mail_schema(mailbox))) == 1
    assert "telling email failed" in capsys.readouterr().err
    assert main(["--name=train"], catalog("email", smtp_host="127.0.0.1")) == 2
    assert "`recipients`" in capsys.readouterr().err


def test_the_kind_of_a_run_is_not_the_kind_of_a_connection(receiver: HttpReceiver, mailbox: _Mailbox) -> None:
    of_run = ["--kind=job", "--name=train", "--status=failed"]
    url = receiver.url()
    assert main(of_run, catalog("slack", url=url)) == 0
    assert main(["--to=slack", *of_run], catalog("webhook", url=url)) == 0
    assert main(["--to=notifier", *of_run], catalog("slack", url=url)) == 0
    assert receiver.taken == [{"text": "train: failed"}] * 3
    assert main(of_run, catalog("email", **mail_schema(mailbox))) == 0
    assert "Subject: [polyaxon] train: failed" in mailbox.dialogue
