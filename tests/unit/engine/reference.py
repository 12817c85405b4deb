"""What dags mean, said once more and as plainly as possible: the engine must agree, whatever the order of events.

No states, no queue, no time: an operation's ending follows from its upstreams' endings. Operations come in topological
order. Where the engine's answer may depend on the order of events, no such dag is generated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
    """A search: how each of its points ends; with `inner`, each point is such a dag and ends as that does."""


@dataclass(frozen=True)
class End:
    """How an operation ended, whether only stops are to blame, and whether anything of it was started."""

    status: str
    by_stop: bool = False
    ran: bool = False


def interpret(ops: tuple[Op, ...], asked: Mapping[str, str] = MappingProxyType({})) -> dict[str, End]:
    """The ending of every run, by its path: `outer/inner`, `search/0`.

    `asked` names operations that somebody stopped or skipped before they began.
    """
    ends: dict[str, End] = {}
    for op in ops:
        ends[op.name] = End(asked[op.name]) if op.name in asked else _end(op, ends)
        if ends[op.name].ran:
            ends |= {f"{op.name}/{path}": end for path, end in _below(op).items()}
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


def _below(op: Op) -> dict[str, End]:
    inner = interpret(op.inner)
    if not op.points:
        return inner
    ends: dict[str, End] = {}
    for index, point in enumerate(op.points):
        ends[str(index)] = End(_pipeline(inner) if op.inner else point, ran=True)
        ends |= {f"{index}/{path}": end for path, end in inner.items()}
    return ends


def _end(op: Op, ends: dict[str, End]) -> End:
    before = [ends[name] for name in op.upstreams]
    watched = [(ends[name], statuses) for name, statuses in op.events]
    every = before + [end for end, _ in watched]
    if op.skip_on_upstream_skip and any(end.status == SKIPPED for end in every):
        return End(SKIPPED)
    starts = _happens(watched) if op.events else _satisfied(op.trigger, before)
    if not starts:
        if watched and all(end.status in {SUCCEEDED, SKIPPED} for end, _ in watched):
            return End(SKIPPED)
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
    return _pipeline(_below(op)) if op.inner or op.points else _ending(op, attempts(op))


def _pipeline(below: Mapping[str, End]) -> str:
    return ending_of_pipeline([end for path, end in below.items() if "/" not in path])


def _ending(op: Op, attempt: int) -> str:
    return op.endings[min(attempt, len(op.endings)) - 1]
