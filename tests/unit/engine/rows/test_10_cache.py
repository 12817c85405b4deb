"""Section 10: which runs are looked up, what makes two of them the same, and what becomes of a hit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import FAILURE, ROOT, Harness, dag, job, op, operation
from rows import SCRIPT, sweep

from polyaxon.engine.events import Action, CacheHit, Fetched, Settled
from polyaxon.model.ids import RunId, child_id
from polyaxon.model.run import Cloning, RunFacts
from polyaxon.model.status import Status

ORIGINAL = RunId("e" * 32)
CLOCK = {"kind": "interval", "frequency": 60, "maxRuns": 2}


def looked_up(going: Harness) -> set[str]:
    """The names (or indexes) of the runs that were looked up."""
    asked = {fetch.run for fetch in going.run().fetches if fetch.cache_key is not None}
    return {str(going.rows[run].name) for run in asked}


# 10.1


def resumed() -> Harness:
    going = Harness(operation(job("fails"), name="a", cache={"disable": False}), SCRIPT).run()
    going.fetches.clear()
    going.request(ROOT, Action.RESUME)
    return going


LOOKS: dict[str, tuple[Callable[[], Harness], bool]] = {
    "child of a dag": (lambda: Harness(operation(dag(op("a")))), True),
    "child of a matrix": (lambda: Harness(operation(**sweep(1), name="a")), True),
    "independent run": (lambda: Harness(operation(job("a"), name="a")), False),
    "run created by a schedule": (lambda: Harness(operation(job("a"), name="a", schedule=CLOCK)), True),
    "restart": (
        lambda: Harness(
            operation(job("a"), name="a", cache={"disable": False}),
            original=ORIGINAL,
            cloning_kind=Cloning.RESTART,
        ),
        False,
    ),
    "copy": (
        lambda: Harness(
            operation(job("a"), name="a", cache={"disable": False}), original=ORIGINAL, cloning_kind=Cloning.COPY
        ),
        False,
    ),
    "resumed run": (resumed, False),
    "disable: false on an independent run": (
        lambda: Harness(operation(job("a"), name="a", cache={"disable": False})),
        True,
    ),
    "disable: true on a child": (lambda: Harness(operation(dag(op("a", cache={"disable": True})))), False),
    "disable: true on the dag": (lambda: Harness(operation(dag(op("a")), cache={"disable": True})), False),
}


IMAGE = {"outputs": [{"name": "to", "type": "image", "value": "me/it"}]}
LOOKS |= {
    "a child that builds an image": (lambda: Harness(operation(dag(op("a", job("a", **IMAGE))))), False),
    "disable: false on a child that builds an image": (
        lambda: Harness(operation(dag(op("a", job("a", **IMAGE), cache={"disable": False})))),
        True,
    ),
}


@pytest.mark.parametrize("row", LOOKS)
def test_default_rule(row: str) -> None:
    begin, looks = LOOKS[row]
    assert looked_up(begin()) == ({"a"} if looks else set())


def test_the_schedule_run_itself_is_never_looked_up() -> None:
    going = Harness(operation(job("a"), schedule=CLOCK)).run()
    assert ROOT not in {fetch.run for fetch in going.fetches}


def test_a_second_tick_with_unchanged_inputs_is_served_from_the_cache() -> None:
    going = Harness(operation(job("a"), schedule=CLOCK)).run()
    assert (going.statuses(), len(going.started)) == ({"0": "succeeded", "1": "succeeded"}, 1)


EVERY_TICK: dict[str, dict[str, Any]] = {
    "cache: {disable: true}": {"cache": {"disable": True}},
    "globals.schedule_at as a param": {
        "component": job("a", inputs=[{"name": "at", "type": "str"}]),
        "params": {"at": {"value": "{{ globals.schedule_at }}"}},
    },
}


@pytest.mark.parametrize("row", EVERY_TICK)
def test_every_tick_runs_with(row: str) -> None:
    raw = {"component": job("a"), **EVERY_TICK[row]}
    assert len(Harness(operation(**raw, schedule=CLOCK)).run().started) == 2


# 10.2


def key(raw: dict[str, Any], **submission: Any) -> str | None:
    """The cache key of an independent run."""
    return Harness({**raw, "cache": {"disable": False, **raw.get("cache", {})}}, **submission).run().root.state


def image(name: str) -> dict[str, Any]:
    made = job("a")
    made["run"]["container"]["image"] = name
    return made


def container(**fields: Any) -> dict[str, Any]:
    made = job("a")
    made["run"]["container"] |= fields
    return made


def section(**fields: Any) -> dict[str, Any]:
    made = job("a")
    made["run"] |= fields
    return made


def given(value: int, kind: str = "int", **cache: Any) -> dict[str, Any]:
    inputs = [{"name": "x", "type": kind}, {"name": "y", "type": "int", "value": 1}]
    return operation(job("a", inputs=inputs), params={"x": {"value": value}}, cache=cache)


def context(value: int) -> dict[str, Any]:
    return operation(job("a"), params={"x": {"value": value, "contextOnly": True}})


def git(revision: str) -> dict[str, Any]:
    return section(init=[{"git": {"url": "https://example.org/x.git", "revision": revision}}])


def declared(value: int, **cache: Any) -> dict[str, Any]:
    return operation(job("a", outputs=[{"name": "y", "type": "int", "value": value}]), cache=cache)


def prepared(**fields: Any) -> dict[str, Any]:
    return operation(section(init=[{"container": {"image": "x", "command": ["a"], **fields}}]))


def written(content: str) -> dict[str, Any]:
    return operation(section(init=[{"file": {"filename": "f", "content": content}}]))


def notifier() -> dict[str, Any]:
    made = job("a")
    return {**made, "run": {**made["run"], "kind": "notifier", "connections": ["slack"]}}


KEYS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    # row: (one, another, whether they are the same work)
    "nothing differs": (operation(job("a")), operation(job("a")), True),
    "the name of the run": (operation(job("a"), name="one"), operation(job("a"), name="two"), True),
    "command": (operation(container(command=["work", "x"])), operation(container(command=["work", "y"])), False),
    "args": (operation(container(args=["x"])), operation(container(args=["y"])), False),
    "inputs: value": (given(1), given(2), False),
    "inputs: type": (given(1), given(1, "float"), False),
    "inputs: left out by io": (given(1, io=["y"]), given(2, io=["y"]), True),
    "inputs: kept by io": (given(1, io=["x"]), given(2, io=["x"]), False),
    "contextOnly values": (context(1), context(2), False),
    "connections": (operation(section(connections=["s"])), operation(section(connections=["t"])), False),
    "connections left out by sections": (
        operation(section(connections=["s"]), cache={"sections": ["containers"]}),
        operation(section(connections=["t"]), cache={"sections": ["containers"]}),
        True,
    ),
    "init": (operation(git("main")), operation(git("dev")), False),
    "init left out by sections": (
        operation(git("main"), cache={"sections": ["containers"]}),
        operation(git("dev"), cache={"sections": ["containers"]}),
        True,
    ),
    "sections: [] takes none": (
        operation(container(args=["x"]), cache={"sections": []}),
        operation(container(args=["y"]), cache={"sections": []}),
        True,
    ),
    "image": (operation(image("x:1")), operation(image("x:2")), False),
    "resources": (
        operation(container(resources={"limits": {"cpu": 1}})),
        operation(container(resources={"limits": {"cpu": 2}})),
        True,
    ),
    "environment": (
        operation(section(environment={"nodeName": "m"})),
        operation(section(environment={"nodeName": "n"})),
        True,
    ),
    "plugins": (operation(job("a", plugins={"shm": True})), operation(job("a", plugins={"shm": False})), True),
    "queue": (operation(job("a"), queue="p"), operation(job("a"), queue="q"), True),
    "outputs: value": (declared(1), declared(2), False),
    "outputs: left out by io": (declared(1, io=["x"]), declared(2, io=["x"]), True),
    "outputs: without a value": (
        operation(job("a", outputs=[{"name": "y", "type": "int"}])),
        operation(job("a")),
        True,
    ),
    "init of a container: its image": (prepared(image="x:1"), prepared(image="x:2"), False),
    "init of a container: its command": (prepared(command=["a"]), prepared(command=["b"]), False),
    "init of files: content": (written("one"), written("two"), False),
    "runtime": (operation(job("a")), operation(notifier()), False),
    "kind": (operation(job("a")), operation({**job("a"), "run": {**job("a")["run"], "kind": "service"}}), False),
}


@pytest.mark.parametrize("row", KEYS)
def test_key(row: str) -> None:
    one, another, same = KEYS[row]
    keys = key(one), key(another)
    assert None not in keys
    assert (keys[0] == keys[1]) is same


def test_key_code_and_mounted_files_by_their_digests() -> None:
    raw = operation(job("a"))
    assert key(raw, meta={"digests": {"code": "1"}}) != key(raw, meta={"digests": {"code": "2"}})


# 10.3


def facts(status: Status = Status.SUCCEEDED, **more: Any) -> RunFacts:
    return RunFacts(ORIGINAL, "before", "default", status=status, outputs={"loss": 0.1}, **more)


def meets(original: RunFacts | None) -> Harness:
    going = Harness(operation(dag(op("a"))))
    going.answer = lambda fetch: Fetched(fetch.run, cache=CacheHit(original))
    return going.settle()


FOUND: dict[str, tuple[RunFacts | None, str, bool]] = {
    # row: (what the store found, status, whether it was started)
    "nothing": (None, "succeeded", True),
    "succeeded": (facts(), "succeeded", False),
    "stopping": (facts(Status.STOPPING), "succeeded", True),
    **{
        f"final, {status.value}": (facts(status), "succeeded", True)
        for status in (Status.FAILED, Status.STOPPED, Status.SKIPPED, Status.UPSTREAM_FAILED)
    },
    **{
        f"in progress, {status.value}": (facts(status), "compiled", False)
        for status in (Status.SCHEDULED, Status.STARTING, Status.RUNNING, Status.PROCESSING)
    },
}


@pytest.mark.parametrize("row", FOUND)
def test_lookup(row: str) -> None:
    found, status, starts = FOUND[row]
    going = meets(found)
    assert (going.status("a"), bool(going.started)) == (status, starts)


def test_a_hit_gets_the_outputs_the_reason_and_the_link() -> None:
    row = meets(facts()).row("a")
    assert (row.outputs, row.original, row.cloning_kind) == ({"loss": 0.1}, ORIGINAL, Cloning.CACHE)
    assert meets(facts()).last("a").reason == "CacheHit"


def test_a_hit_of_a_hit_uses_its_original() -> None:
    worker = RunId("d" * 32)
    hit = facts(cloning_kind=Cloning.CACHE, original_uuid=worker, artifacts_owner=worker)
    assert meets(hit).row("a").original == worker


SETTLES: dict[str, tuple[Status, str, bool]] = {
    # row: (how the original ends, status, whether it was started)
    "succeeded: its status and outputs": (Status.SUCCEEDED, "succeeded", False),
    "failed: shared too": (Status.FAILED, "failed", False),
    "stopped: runs itself": (Status.STOPPED, "succeeded", True),
}


@pytest.mark.parametrize("row", SETTLES)
def test_waiting_for_an_original(row: str) -> None:
    status, expected, starts = SETTLES[row]
    going = meets(facts(Status.RUNNING))
    assert going.row("a").pending == "cache"
    going.decide(Settled(going.id("a"), facts(status)))
    going.settle()
    assert (going.status("a"), bool(going.started)) == (expected, starts)


def test_approved_out_of_pending_it_starts_for_real() -> None:
    going = meets(facts(Status.RUNNING))
    going.request("a", Action.APPROVE)
    going.settle()
    assert going.order() == ["a"]


def test_invalidated_it_is_not_reused() -> None:
    done = Harness(operation(dag(op("a"), op("b", job("a"), dependencies=["a"], isApproved=False)))).settle()
    done.request("a", Action.INVALIDATE)
    assert done.row("a").state is None


def test_refs_to_a_cached_run_resolve_to_the_original() -> None:
    worker = facts(artifacts={"model": f"{ORIGINAL}/model"}, artifacts_owner=None)
    consumer = job("b", inputs=[{"name": "m", "type": "path"}])
    raw = op("a"), op("b", consumer, params={"m": {"ref": "ops.a", "value": "artifacts.model"}})
    going = Harness(operation(dag(*raw)))
    going.answer = lambda fetch: Fetched(
        fetch.run, cache=CacheHit(worker if fetch.run == child_id(ROOT, "a") else None)
    )
    going.run()
    assert ORIGINAL in str(going.row("b").inputs["m"])


def test_a_failure_is_never_served() -> None:
    raw = operation(dag(op("a", job("fails")), op("b", job("fails"), dependencies=["a"], trigger="all_done")))
    assert len(Harness(raw, {"fails": FAILURE}).run().started) == 2


def test_ttl_goes_with_the_question() -> None:
    going = Harness(operation(dag(op("a", cache={"ttl": 60})))).run()
    assert [fetch.cache_ttl for fetch in going.fetches] == [60]
