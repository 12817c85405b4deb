"""Admission: priority, order, limits, resources."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polyaxon.engine import Limits, Queue
from polyaxon.engine.commands import Enqueue
from polyaxon.model.ids import RunId


def ask(name: str, queue: str = "default", priority: int = 0, **requests: float) -> Enqueue:
    return Enqueue(RunId(name), queue, priority, requests)


def filled(limits: Limits, *asked: Enqueue) -> Queue:
    queue = Queue(limits)
    for item in asked:
        queue.enqueue(item)
    return queue


def test_without_limits_everyone_goes_in_order():
    assert filled(Limits(), ask("a"), ask("b"), ask("c")).admit() == ["a", "b", "c"]


def test_higher_priority_goes_first_then_order_of_asking():
    queue = filled(Limits(total=2), ask("a"), ask("b", priority=5), ask("c", priority=5))
    assert queue.admit() == ["b", "c"]
    queue.dequeue(RunId("b"))
    assert queue.admit() == ["a"]


def test_priority_counts_across_queues():
    assert filled(Limits(total=1), ask("a", "low"), ask("b", "high", 9)).admit() == ["b"]


def test_a_full_queue_does_not_hold_others_back():
    queue = filled(Limits(queues={"gpu": 1}), ask("a", "gpu"), ask("b", "gpu"), ask("c", "cpu"))
    assert queue.admit() == ["a", "c"]
    standing = queue.standing(RunId("b"))
    assert standing is not None
    assert (standing.ahead, standing.reason) == (0, "all 1 slots of queue `gpu` are taken")


def test_places_that_other_schedulers_took_in_a_limited_queue_count():
    queue = filled(Limits(queues={"gpu": 2}), ask("a", "gpu"), ask("b", "gpu"), ask("c", "cpu"))
    queue.others = {"gpu": 1, "cpu": 9}
    assert queue.admit() == ["a", "c"]
    queue.others = {}
    assert queue.admit() == ["b"]
    assert queue.limited == ["gpu"]


def test_a_big_run_is_not_starved_by_small_ones():
    queue = filled(Limits(resources={"gpu": 2}), ask("a", gpu=1), ask("big", gpu=2), ask("small", gpu=1))
    assert queue.admit() == ["a"]
    queue.dequeue(RunId("a"))
    assert queue.admit() == ["big"]
    queue.dequeue(RunId("big"))
    assert queue.admit() == ["small"]


def test_a_run_that_asks_for_more_than_there_is_runs_alone():
    queue = filled(Limits(resources={"cpu": 4}), ask("huge", cpu=64), ask("b", cpu=1))
    assert queue.admit() == ["huge"]
    assert queue.admit() == []


def test_asking_twice_is_asking_once():
    queue = filled(Limits(total=1), ask("a"), ask("a"), ask("b"))
    assert queue.admit() == ["a"]
    queue.enqueue(ask("a"))
    queue.dequeue(RunId("a"))
    assert queue.admit() == ["b"]
    assert len(queue) == 0


def test_a_run_that_gave_its_place_up_is_not_admitted():
    queue = filled(Limits(total=0), ask("a"))
    queue.dequeue(RunId("a"))
    assert (queue.admit(), len(queue)) == ([], 0)


def test_a_run_that_comes_back_stands_at_the_end():
    queue = filled(Limits(total=1), ask("a"), ask("b"), ask("c"))
    assert queue.admit() == ["a"]
    queue.dequeue(RunId("b"))
    queue.enqueue(ask("b"))
    queue.dequeue(RunId("a"))
    assert queue.admit() == ["c"]


def test_an_adopted_run_takes_its_slot_without_waiting():
    queue = filled(Limits(total=1), ask("a"))
    queue.enqueue(Enqueue(RunId("running"), "default", held=True))
    assert queue.admit() == []
    assert list(queue.running()) == ["running"]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from("xy"), st.integers(0, 2), st.integers(0, 3)), max_size=40),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 4),
)
def test_the_limits_hold_and_nobody_waits_for_nothing(steps, total, per_queue, cpu):
    limits = Limits(total, {"x": per_queue}, {"cpu": cpu})
    queue = Queue(limits)
    asked: dict[str, Enqueue] = {}
    for number, name, priority, amount in steps:
        run = RunId(str(number))
        if run in asked and priority == 0:
            queue.dequeue(run)
            del asked[run]
        elif run not in asked:
            asked[run] = ask(run, name, priority, cpu=amount)
            queue.enqueue(asked[run])
        queue.admit()
        running = [asked[run] for run in queue.running()]
        assert len(running) <= total
        assert sum(item.queue == "x" for item in running) <= per_queue
        assert sum(min(item.requests["cpu"], cpu) for item in running) <= cpu
        assert queue.admit() == []
        if asked and not running:
            raise AssertionError("everything is free and somebody waits")
