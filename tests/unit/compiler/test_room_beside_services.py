"""A dag whose services may take all its places is warned of; one where they cannot is not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from compiler_builders import loaded

from polyaxon.errors import Problem

JOB = "component: {run: {kind: job, container: {image: busybox}}}"
SERVICE = "component: {run: {kind: service, container: {image: busybox}}}"
CLUSTER = "component: {run: {kind: raycluster, entrypoint: x, head: {container: {image: ray}}}}"
TOOLS = f"component: {{run: {{kind: dag, operations: [{{name: board, {SERVICE}}}]}}}}"
RUNNING = "kinds: [run_status_running]"


def found(concurrency: int | str | None, *operations: str) -> Sequence[Problem]:
    limit = "" if concurrency is None else f"concurrency: {concurrency}, "
    text = "version: 1.1\nkind: component\ninputs: [{name: places, type: int, value: 1}]\n"
    text += f"run: {{kind: dag, {limit}operations: [{', '.join(operations)}]}}\n"
    return [problem for problem in loaded(text).problems if problem.code == "PX280"]


def op(name: str, what: str = JOB, more: str = "") -> str:
    return f"{{name: {name}, {what}{', ' + more if more else ''}}}"


BOARD = op("board", SERVICE)


@pytest.mark.parametrize(
    ("concurrency", "operations"),
    [
        (1, [BOARD, op("train")]),
        (2, [BOARD, op("ui", SERVICE), op("train")]),
        (1, [op("tools", TOOLS), op("train")]),
        (1, [op("first"), op("board", SERVICE, "dependencies: [first]"), op("second", JOB, "dependencies: [first]")]),
        (1, [BOARD, op("use", JOB, f"events: [{{ref: ops.board, {RUNNING}}}]")]),
        (1, [op("train"), op("board", SERVICE, f"events: [{{ref: ops.train, {RUNNING}}}]")]),
        (1, [op("a"), op("b"), op("board", SERVICE, "dependencies: [a, b], trigger: one_done")]),
        (1, [BOARD, op("ray", CLUSTER)]),
        (1, [BOARD, op("train"), op("after", JOB, "dependencies: [board]")]),
    ],
)
def test_services_that_may_take_every_place_are_warned_of(concurrency: int, operations: list[str]) -> None:
    (problem,) = found(concurrency, *operations)
    assert problem.severity == "warning"
    assert problem.path.endswith("concurrency")
    assert f"concurrency: {concurrency + 1}" in (problem.suggestion or "")
    assert not found(concurrency + 1, *operations)


@pytest.mark.parametrize(
    ("concurrency", "operations"),
    [
        (None, [BOARD, op("train")]),
        ('"{{ places }}"', [BOARD, op("train")]),
        (1, [op("train"), op("serve", SERVICE, "dependencies: [train]")]),
        (1, [op("a"), op("b", JOB, "dependencies: [a]"), op("serve", SERVICE, "dependencies: [b]")]),
        (1, [BOARD, op("after", JOB, "dependencies: [board]")]),
        (1, [BOARD]),
        (1, [op("ray", CLUSTER), op("train")]),
        (1, [op("train"), op("serve", SERVICE, "events: [{ref: ops.train, kinds: [run_status_done]}]")]),
    ],
)
def test_services_that_leave_room_are_not(concurrency: int | str | None, operations: list[str]) -> None:
    assert not found(concurrency, *operations)
