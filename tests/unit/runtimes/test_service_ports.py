"""Where a service's declared port is put when it got another one, and what its probes become."""

from __future__ import annotations

import pytest

from polyaxon.model.launch import Container
from polyaxon.runtimes.process.port_words import translate, translate_value
from polyaxon.runtimes.process.probes import Check, activity_check, checks_of

MOVED = {8888: 40001, 80: 40002}


@pytest.mark.parametrize(
    ("argv", "result"),
    [
        (("--port=8888",), ("--port=40001",)),
        (("--port", "8888"), ("--port", "40001")),
        (("-p", "8888"), ("-p", "40001")),
        (("-m", "http.server", "8888"), ("-m", "http.server", "40001")),
        (("--bind", "0.0.0.0:8888"), ("--bind", "0.0.0.0:40001")),
        (("exec serve --port 8888 && curl localhost:80/x",), ("exec serve --port 40001 && curl localhost:40002/x",)),
        (("PORT=8888 serve",), ("PORT=40001 serve",)),
        (('HTTPServer(("", 8888), Handler)',), ('HTTPServer(("", 40001), Handler)',)),
    ],
)
def test_a_moved_port_is_put_wherever_the_command_says_it(argv: tuple[str, ...], result: tuple[str, ...]) -> None:
    assert translate(argv, MOVED) == result


@pytest.mark.parametrize(
    "argv", [("--steps=8888",), ("--steps", "8888"), ("18888",), ("8888.5",), ("model-8888",), ("/runs/x/8888",)]
)
def test_other_numbers_stay(argv: tuple[str, ...]) -> None:
    assert translate(argv, MOVED) == argv


def test_nothing_changes_while_the_declared_port_is_free() -> None:
    assert translate(("--port=8888",), {8888: 8888}) == ("--port=8888",)


def test_a_variable_counts_when_its_name_speaks_of_ports() -> None:
    assert translate_value("NOTEBOOK_PORT", "8888", MOVED) == "40001"
    assert translate_value("STEPS", "8888", MOVED) == "8888"
    assert translate_value("URL", "http://localhost:8888", MOVED) == "http://localhost:40001"


def test_probes_are_read_in_the_words_of_kubernetes() -> None:
    container = Container(
        "c",
        extra={
            "ports": [{"name": "web", "containerPort": 80}],
            "readinessProbe": {"httpGet": {"path": "up", "port": "web"}, "periodSeconds": 2, "failureThreshold": 1},
            "livenessProbe": {"exec": {"command": ["test", "-e", "x"]}, "initialDelaySeconds": 3},
            "startupProbe": {"tcpSocket": {"port": 80}},
        },
    )
    checks, problems = checks_of(container, MOVED, 80)
    assert problems == []
    assert checks.ready == Check("http", 40002, path="/up", period=2.0, failures=1)
    assert checks.live == Check("exec", command=("test", "-e", "x"), delay=3.0)
    assert checks.startup == Check("tcp", 40002)


def test_a_service_without_a_probe_is_ready_when_its_port_is_listened_on() -> None:
    checks, _ = checks_of(Container("c"), {80: 40002}, 80)
    assert checks.ready is not None
    assert (checks.ready.kind, checks.ready.port, checks.lasting) == ("listen", 40002, False)


def test_a_probe_that_cannot_be_asked_here_is_named() -> None:
    _, problems = checks_of(Container("c", extra={"readinessProbe": {"grpc": {"port": 1}}}), {}, None)
    assert problems == [
        "`readinessProbe` is not honoured by the process runtime: it takes `httpGet`, `tcpSocket` or `exec`"
    ]


def test_the_activity_probe_asks_the_real_port() -> None:
    assert activity_check({"path": "/api/status", "port": 80}, (), MOVED) == Check("http", 40002, path="/api/status")
