"""The laws of deciding, over generated dags, event orders, duplicates, crashes and stops."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType

import pytest
from harness import START, Harness, Outcome, dag, job, op, operation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import FAILED, STOPPED, SUCCEEDED, Op, attempts, ending_of_pipeline, interpret

from polyaxon.engine import Defaults, Flow, Limits, World, decide
from polyaxon.engine.events import Action, Requested
from polyaxon.model.ids import RunId, child_id
from polyaxon.model.observation import Phase
from polyaxon.model.status import FINAL, Status

PHASES = {SUCCEEDED: Phase.SUCCEEDED, FAILED: Phase.FAILED, STOPPED: Phase.STOPPED}
KINDS = (SUCCEEDED, FAILED, "skipped", STOPPED, "upstream_failed", "done")
MOST = (2, 3, 6)
"""Operations of a dag with so many levels below it."""
LAWFUL = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def ops(draw, depth, prefix=""):
    """A dag: operations in topological order, each waiting for some of those before it. Below it, dags and searches
    of jobs and of dags, `depth` levels deep."""
    found: list[Op] = []
    for index in range(draw(st.integers(1, MOST[depth]))):
        names = [other.name for other in found]
        upstreams = tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=3))) if names else ()
        trigger = draw(
            st.sampled_from(["all_succeeded", "all_done", "all_failed", "one_succeeded", "one_failed", "one_done"])
        )
        events = ()
        if names and draw(st.integers(0, 4)) == 0:
            watched = draw(st.lists(st.sampled_from(found), min_size=1, max_size=2, unique_by=lambda item: item.name))
            events = tuple((item.name, draw(statuses(item))) for item in watched)
            upstreams = tuple(name for name in upstreams if name not in dict(events))
        # With `one_*` and with events a skip races the other upstreams: the answer would depend on the order.
        may_skip = not events and trigger.startswith("all")
        shape = draw(st.integers(0, 9))
        nested = bool(depth) and shape in {0, 2}
        found.append(
            Op(
                f"{prefix}o{index}",
                upstreams,
                trigger,
                may_skip and draw(st.booleans()),
                draw(st.sampled_from([None, None, None, True, False])),
                tuple(draw(st.lists(st.sampled_from([SUCCEEDED, SUCCEEDED, FAILED, STOPPED]), min_size=1, max_size=3))),
                draw(st.sampled_from([0, 0, 1, 2])),
                events,
                draw(ops(depth - 1, f"{prefix}o{index}-")) if nested else (),
                tuple(draw(st.lists(st.sampled_from([*PHASES]), min_size=1, max_size=4))) if shape in {1, 2} else (),
            )
        )
    return tuple(found)


@st.composite
def statuses(draw, watched: Op):
    """What an event may wait for: a pipeline is never scheduled."""
    kinds = KINDS if watched.inner or watched.points else [*KINDS, "scheduled"]
    return tuple(draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=2)))


dags = st.sampled_from([1, 0, 1, 2]).flatmap(ops)


def written(found: tuple[Op, ...], **run) -> dict:
    """The dag as a file."""
    return dag(*(_written(item) for item in found), **run)


def _written(item: Op) -> dict:
    fields: dict = {"trigger": item.trigger, "skipOnUpstreamSkip": item.skip_on_upstream_skip}
    if item.upstreams:
        fields["dependencies"] = list(item.upstreams)
    if item.condition is not None:
        fields["conditions"] = str(item.condition).lower()
    if item.events:
        fields["events"] = [
            {"ref": f"ops.{name}", "kinds": [f"run_status_{kind}" for kind in kinds]} for name, kinds in item.events
        ]
    if item.points:
        # The points of a search of dags are equal: none is to be served from another.
        points = {"kind": "mapping", "values": [{"x": index} for index in range(len(item.points))]}
        fields |= {"matrix": points, "cache": {"disable": True}}
    if item.inner:
        inputs = {"inputs": [{"name": "x", "type": "int"}]} if item.points else {}
        return op(item.name, {**written(item.inner), **inputs}, **fields)
    if item.points:
        component = job(item.name, inputs=[{"name": "x", "type": "int"}])
        component["run"]["container"]["command"] = ["work", item.name, "{{ x }}"]
        return op(item.name, component, **fields)
    return op(item.name, termination={"maxRetries": item.retries}, **fields)


def script(found: tuple[Op, ...]) -> dict:
    """What the runtime is to do with each operation."""
    outcomes: dict = {}
    for item in found:
        outcomes |= script(item.inner)
        if item.points and not item.inner:
            outcomes[item.name] = lambda plan, _, item=item: _outcome(item.points[int(plan.main.container.command[2])])
        else:
            outcomes[item.name] = lambda _, attempt, item=item: _outcome(
                item.endings[min(attempt, len(item.endings)) - 1]
            )
    return outcomes


def _outcome(ending: str) -> Outcome:
    return Outcome(PHASES[ending], exit_code=1 if ending == FAILED else 0)


def start(found, random: Random, concurrency=None, **kwargs) -> Harness:
    """The dag, about to run, with events in any order and some of them twice."""
    limit = {"concurrency": concurrency} if concurrency else {}
    return Harness(
        operation(written(found, **limit), name="root"),
        script(found),
        pick=lambda count: random.randrange(count),
        duplicate=lambda: random.random() < 0.15,
        **kwargs,
    )


def assert_agrees(done: Harness, found: tuple[Op, ...], asked: Mapping[str, str] = MappingProxyType({})) -> None:
    """The engine's endings are those of the reference, and nothing ran more often than it should."""
    ends = interpret(found, asked)
    statuses = {path: done.rows[run_id(done.root.uuid, path)].status.value for path in ends}
    assert statuses == {path: end.status for path, end in ends.items()}
    assert done.root.status == ending_of_pipeline([end for path, end in ends.items() if "/" not in path])
    assert len(set(done.started)) == len(done.started)
    for path, end in ends.items():
        item = _find(found, path)
        row = done.rows[run_id(done.root.uuid, path)]
        if item is not None and not item.inner and not item.points:
            assert row.attempt == (attempts(item) if end.ran else 0)
    assert len(done.rows) == len(ends) + 1


def run_id(parent: RunId, path: str) -> RunId:
    for name in path.split("/"):
        parent = child_id(parent, name)
    return parent


def _find(found: tuple[Op, ...], path: str) -> Op | None:
    """The operation at that path; None for a point of a search, which is none."""
    head, _, rest = path.partition("/")
    item = next(item for item in found if item.name == head)
    if item.points and rest:
        rest = rest.partition("/")[2]
        return _find(item.inner, rest) if rest else None
    return _find(item.inner, rest) if rest else item


@LAWFUL
@given(dags, st.integers(0, 10**6), st.sampled_from([None, 1, 2]), st.sampled_from([None, 1, 3]))
def test_the_engine_agrees_with_the_reference_in_any_order_of_events(found, seed, concurrency, slots):
    done = start(found, Random(seed), concurrency, limits=Limits(total=slots)).run()
    assert_agrees(done, found)
    assert done.peak.get(done.root.uuid, 0) <= (concurrency or 99)


@pytest.mark.slow
@settings(LAWFUL, max_examples=10_000)
@given(dags, st.integers(0, 10**6), st.sampled_from([None, 1, 2]), st.sampled_from([None, 1, 3]))
def test_the_engine_agrees_with_the_reference_over_ten_thousand_dags(found, seed, concurrency, slots):
    assert_agrees(start(found, Random(seed), concurrency, limits=Limits(total=slots)).run(), found)


@LAWFUL
@given(dags, st.integers(0, 10**6), st.sampled_from([None, 1, 2]))
def test_a_crash_at_any_moment_changes_nothing_about_the_end(found, seed, concurrency):
    random = Random(seed)
    going = start(found, random, concurrency)
    late = []
    for _ in range(10_000):
        if random.random() < 0.2:
            late.extend(going.inbox)
            going.crash()
        if late and random.random() < 0.3:
            going.inbox.append(late.pop(random.randrange(len(late))))
        if not going.step() and not going.tick():
            break
    assert_agrees(going, found)


@LAWFUL
@given(dags, st.integers(0, 10**6), st.integers(0, 30), st.booleans())
def test_a_stop_reaches_everything_and_nothing_starts_after_it(found, seed, moment, crashes):
    random = Random(seed)
    going = start(found, random)
    for _ in range(moment):
        going.step()
    was_final = going.root.status in FINAL
    going.decide(Requested(going.root.uuid, Action.STOP, "ann"))
    started = len(going.started)
    if crashes:
        going.crash()
    going.run()
    assert all(run.status in FINAL for run in going.rows.values())
    assert len(going.started) == started
    if not was_final:
        assert going.root.status in {Status.STOPPED, Status.SUCCEEDED, Status.FAILED}


@LAWFUL
@given(dags, st.integers(0, 10**6), st.sampled_from([None, 1, 2]))
def test_what_is_stopped_or_skipped_before_it_begins_ends_so_and_the_rest_follows(found, seed, concurrency):
    random = Random(seed)
    going = start(found, random, concurrency)
    asked = {}
    while going.step() or going.tick():
        waiting = [run for run in going.rows.values() if run.pipeline == going.root.uuid and run.status == "created"]
        if waiting and random.random() < 0.1:
            name = random.choice(waiting).name
            action = random.choice([Action.STOP, Action.SKIP])
            asked[name] = "stopped" if action is Action.STOP else "skipped"
            going.request(run_id(going.root.uuid, name), action)
    assert_agrees(going, found, asked)


@LAWFUL
@given(dags, st.integers(0, 10**6))
def test_the_same_events_lead_to_the_same_decisions(found, seed):
    done = start(found, Random(seed)).run()
    first = next(run for run in done.rows.values() if run.uuid == done.root.uuid)
    fresh = Harness(operation(written(found), name="root")).root
    assert fresh.raw_content == first.raw_content
    flow = Flow.load([fresh], World(done.world.places, defaults=Defaults()))
    again = [decide(flow, event, at) for event, at in done.history]
    assert again == done.decisions


@LAWFUL
@given(dags, st.integers(0, 10**6))
def test_resuming_runs_only_what_did_not_succeed_and_ends_as_if_it_had_gone_well_at_once(found, seed):
    going = start(found, Random(seed)).run()
    succeeded = {run.uuid: run.attempt for run in going.rows.values() if run.status is Status.SUCCEEDED}
    going.script = {}
    going.attempts.clear()
    going.request(going.root.uuid, Action.RESUME)
    going.run()
    assert going.root.status in FINAL
    for uuid, attempt in succeeded.items():
        if uuid != going.root.uuid and not _is_pipeline(going, uuid):
            assert going.rows[uuid].status is Status.SUCCEEDED
            assert going.rows[uuid].attempt == attempt
    jobs = [run for run in going.rows.values() if run.pipeline == going.root.uuid and not _is_pipeline(going, run.uuid)]
    assert not {Status.FAILED, Status.STOPPED} & {run.status for run in jobs}


def _is_pipeline(going: Harness, uuid: RunId) -> bool:
    return going.rows[uuid].kind in {"dag", "matrix"}


def test_the_clock_of_the_harness_only_moves_when_told():
    assert Harness(operation()).run().now == START
