"""What dags mean, said once more and as plainly as possible: the engine must agree, whatever the order of events.

No states, no queue, no time: an operation's ending follows from its upstreams' endings. Operations come in topological
order. Where the engine's answer may depend on the order of events, no such dag is generated.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

SUCCEEDED, FAILED, STOPPED, SKIPPED, UPSTREAM_FAILED = "succeeded", "failed", "stopped", "skipped", "upstream_failed"


@dataclass(frozen=True)
class Op:
    """One operation: what it waits for, and what happens when it runs."""

    name: str
    upstreams: tuple[str, ...] = ()
    trigger: str = "all_succeeded"
    skip_on_upstream_skip: bool = False
    condition: bool | None = None
    endings: tuple[str, ...] = (SUCCEEDED,)
    """How its attempts end, one after another; the last one is repeated."""
    retries: int = 0
    events: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(upstream, statuses): what starts it instead of its trigger."""
    inner: tuple[Op, ...] = ()
    """A nested dag."""
    points: tuple[str, ...] = ()
    """A search: how each of its points ends."""


@dataclass(frozen=True)
class End:
    """How an operation ended, whether only stops are to blame, and whether anything of it was started."""

    status: str
    by_stop: bool = False
    ran: bool = False


def interpret(ops: tuple[Op, ...]) -> dict[str, End]:
    """The ending of every operation, by its path (`outer/inner`)."""
    ends: dict[str, End] = {}
    for op in ops:
        ends[op.name] = _end(op, ends)
        if op.inner and ends[op.name].ran:
            ends |= {f"{op.name}/{name}": end for name, end in interpret(op.inner).items()}
    return ends


def ending_of_pipeline(ends: list[End]) -> str:
    """The final-status table."""
    statuses = Counter(end.status for end in ends)
    if statuses[FAILED]:
        return FAILED
    if any(end.status == UPSTREAM_FAILED and not end.by_stop for end in ends):
        return FAILED
    return STOPPED if statuses[STOPPED] or statuses[UPSTREAM_FAILED] else SUCCEEDED


def attempts(op: Op) -> int:
    """How often a plain operation is started, once it is."""
    for number in range(1, op.retries + 2):
        if _ending(op, number) != FAILED:
            return number
    return op.retries + 1


def _end(op: Op, ends: dict[str, End]) -> End:
    before = [ends[name] for name in op.upstreams]
    watched = [(ends[name], statuses) for name, statuses in op.events]
    every = before + [end for end, _ in watched]
    if op.skip_on_upstream_skip and any(end.status == SKIPPED for end in every):
        return End(SKIPPED)
    starts = _happens(watched) if op.events else _satisfied(op.trigger, before)
    if not starts:
        blamed = [end for end, _ in watched] or [end for end in before if end.status not in {SUCCEEDED, SKIPPED}]
        by_stop = bool(blamed) and all(end.status == STOPPED or end.by_stop for end in blamed)
        return End(UPSTREAM_FAILED, by_stop)
    return End(SKIPPED) if op.condition is False else End(_run(op), ran=True)


def _happens(watched: list[tuple[End, tuple[str, ...]]]) -> bool:
    return any(
        end.status in statuses or "done" in statuses or ("scheduled" in statuses and end.ran)
        for end, statuses in watched
    )


def _satisfied(trigger: str, before: list[End]) -> bool:
    statuses = [end.status for end in before]
    return (
        not statuses
        or {
            "all_succeeded": all(status in {SUCCEEDED, SKIPPED} for status in statuses),
            "all_failed": all(status == FAILED for status in statuses),
            "all_done": True,
            "one_succeeded": SUCCEEDED in statuses,
            "one_failed": FAILED in statuses,
            "one_done": True,
        }[trigger]
    )


def _run(op: Op) -> str:
    if op.inner:
        return ending_of_pipeline([end for path, end in interpret(op.inner).items() if "/" not in path])
    if op.points:
        return ending_of_pipeline([End(point) for point in op.points])
    return _ending(op, attempts(op))


def _ending(op: Op, attempt: int) -> str:
    return op.endings[min(attempt, len(op.endings)) - 1]
