"""Why is this run where it is? An answer in the terms of the user's file, from what was stored with each decision.

`explain` reads the run, its history, what was explained about it, and its neighbours (upstreams and pipeline); it
decides nothing. What a waiting run waits for is worked out from these rows when somebody asks, never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from polyaxon.engine.misses import Earlier, why_missed, why_not_asked
from polyaxon.engine.queue import Standing
from polyaxon.engine.reasons import meaning
from polyaxon.model.record import dataclass
from polyaxon.model.run import Cloning, Condition, Run, RunKind
from polyaxon.model.status import FINAL, ON_CLUSTER, Pending, Status

__all__ = ["Explanation", "Neighbours", "explain", "waits"]


class Explanation(Protocol):
    """One stored fact about a run, as `Explained` left it."""

    @property
    def topic(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The runs around one run, as far as the caller knows them, and what the queue says of it."""

    pipeline: Run | None = None
    upstreams: Sequence[Run] = ()
    events: Sequence[tuple[Run, Sequence[str]]] = ()
    """Runs that are listened to, of the same tree or not, with the statuses that are waited for."""
    sources: Sequence[Run] = ()
    """Upstreams whose values are taken."""
    children: Sequence[Run] = ()
    active_siblings: int = 0
    active_services: int = 0
    """How many of those are services."""
    queued_siblings: int = 0
    concurrency: int | None = None
    standing: Standing | None = None
    is_driven: bool = True
    """Whether a scheduler has the run's pipeline."""
    cache_parts: str | None = None
    earlier: Sequence[Earlier] = ()
    """Runs that might have served this one: see `misses`."""


def explain(
    run: Run,
    conditions: Sequence[Condition],
    explanations: Sequence[Explanation],
    neighbours: Neighbours | None = None,
) -> list[str]:
    """Return sentences: where the run is and why, what led there, and what would let it go on."""
    around = neighbours or Neighbours()
    lines = [_headline(run, conditions)]
    if backfill := run.meta.get("backfill"):
        lines.append(f"it makes up for the times from {backfill['from']} to {backfill['to']}")
    for item in explanations:
        lines.extend(_TOPICS.get(item.topic, _other(item.topic))(item.facts))
        if item.topic == "cache" and _is_plain_miss(item.facts):
            lines.extend(why_missed(run, around.cache_parts, around.earlier))
    if run.cloning_kind is Cloning.CACHE and run.status is Status.SUCCEEDED:
        lines.append(f"cached: run {run.original} did it")  # its row says so, a thousand times in a dag run again
    elif all(item.topic != "cache" for item in explanations):
        lines.extend(filter(None, (why_not_asked(run),)))
    if run.status not in FINAL:
        lines.extend(_waiting(run, around))
    elif run.status in {Status.FAILED, Status.STOPPED} and run.pipeline is None:
        short = run.uuid[:8]
        lines.append(f"`polyaxon ops resume {short}` goes on with what did not succeed, `ops restart` begins anew")
    return lines


def waits(run: Run, neighbours: Neighbours) -> list[str]:
    """Return what an unfinished run waits for."""
    return list(_waiting(run, neighbours))


def _headline(run: Run, conditions: Sequence[Condition]) -> str:
    name = f"`{run.name}`" if run.name else f"run {run.uuid}"
    last = conditions[-1] if conditions else None
    if last is None:
        return f"{name} is {run.status}"
    # A pipeline that was stopped says who wanted it when the stopping began.
    began = next((item.message for item in reversed(conditions) if item.type is Status.STOPPING), "")
    why = last.message or (began if last.type is Status.STOPPED else "") or meaning(last.reason)
    tail = f": {why}" if why else ""
    return f"{name} is {run.status} ({last.reason}){tail}"


# What was decided: one reader per topic.


def _condition(facts: Mapping[str, Any]) -> Iterable[str]:
    answer = "true" if facts.get("result") else "false"
    sources = facts.get("sources", {})
    values = facts.get("values", {}).items()
    seen = ", ".join(f"{name}={value!r}{_from(sources.get(name))}" for name, value in values)
    yield f"condition `{facts.get('text')}` was {answer}" + (f" ({seen})" if seen else "")


def _from(source: str | None) -> str:
    return f" from {source}" if source else ""


def _trigger(facts: Mapping[str, Any]) -> Iterable[str]:
    others = ", ".join(f"`{name}` {status}" for name, status in facts.get("upstreams", {}).items())
    seen = others or "every upstream succeeded"
    trigger = facts.get("trigger")
    endings = {
        "start": f"trigger `{trigger}` was satisfied ({seen})",
        "skip": f"skipOnUpstreamSkip: {seen}",
        "upstream_failed": f"trigger `{trigger}` was not satisfied ({seen})",
        "no_event": f"no {' or '.join(f'`{kind}`' for kind in facts.get('events', ()))} happened ({seen})",
    }
    yield endings[str(facts.get("result"))]


def _event(facts: Mapping[str, Any]) -> Iterable[str]:
    yield f"event `{facts.get('event')}` of `{facts.get('from')}` happened"


def _cache(facts: Mapping[str, Any]) -> Iterable[str]:
    if facts.get("hit"):
        if facts.get("status"):  # of one that was over the row tells
            yield f"cached: it waits for run {facts.get('original')}, which does the same"
        return
    if facts.get("error"):
        yield f"not cached: the lookup failed ({facts['error']})"
    elif facts.get("original"):
        yield f"not cached: run {facts['original']}, which did the same, is {facts.get('status')}"


def _join(facts: Mapping[str, Any]) -> Iterable[str]:
    found = facts.get("found")
    counted = f"found {found} run{'s' * (found != 1)}" if found else "found no run: its params are empty lists"
    yield f"the join `{facts.get('query')}` {counted}"


def _is_plain_miss(facts: Mapping[str, Any]) -> bool:
    return not (facts.get("hit") or facts.get("error") or facts.get("original"))


def _retry(facts: Mapping[str, Any]) -> Iterable[str]:
    delay = facts.get("delay_seconds")
    yield f"attempt {facts.get('attempt')} ended ({facts.get('reason')}): tried again after {delay} s"


def _stop(facts: Mapping[str, Any]) -> Iterable[str]:
    if "policy" in facts:
        value, bound, step = facts.get("value"), facts.get("bound"), facts.get("step")
        yield f"stopping policy `{facts['policy']}`: {value} against {bound} at step {step}"
    else:
        yield f"early stopping: {facts.get('message')} (run {facts.get('run')})"


def _suggestion(facts: Mapping[str, Any]) -> Iterable[str]:
    from polyaxon.search.wording import in_words  # for those who explain a trial

    yield f"suggested by the search: {in_words(facts)}"


def _hook(facts: Mapping[str, Any]) -> Iterable[str]:
    if facts.get("error"):
        yield f"hook `{facts.get('component')}` was not run: {facts['error']}"
    else:
        yield f"hook `{facts.get('component')}` was not run: condition `{facts.get('condition')}` was false"


def _notification(facts: Mapping[str, Any]) -> Iterable[str]:
    yield f"connection `{facts.get('connection')}` was not told: {facts.get('error')}"


def _schedule(facts: Mapping[str, Any]) -> Iterable[str]:
    following = facts.get("next") or "none"
    yield f"missed its time {facts.get('missed')}, while no scheduler ran; the next one is {following}"


def _request(facts: Mapping[str, Any]) -> Iterable[str]:
    yield f"`{facts.get('action')}` by {facts.get('by')} was refused: {facts.get('refused')}"


def _approval(facts: Mapping[str, Any]) -> Iterable[str]:
    yield f"approved by {facts.get('by')}"


def _warning(facts: Mapping[str, Any]) -> Iterable[str]:
    yield from (f"warning: {text}" for text in facts.get("warnings", ()))


def _other(topic: str) -> Callable[[Mapping[str, Any]], Iterable[str]]:
    return lambda facts: [f"{topic}: " + ", ".join(f"{name}={value}" for name, value in facts.items())]


_TOPICS: dict[str, Callable[[Mapping[str, Any]], Iterable[str]]] = {
    "approval": _approval,
    "cache": _cache,
    "condition": _condition,
    "event": _event,
    "hook": _hook,
    "join": _join,
    "notification": _notification,
    "request": _request,
    "retry": _retry,
    "schedule": _schedule,
    "stop": _stop,
    "suggestion": _suggestion,
    "trigger": _trigger,
    "warning": _warning,
}


# What it waits for: worked out now.


def _pending(run: Run, around: Neighbours) -> str:
    short = run.uuid[:8]
    if run.pending is Pending.APPROVAL:
        return f"it waits for an approval: `polyaxon ops approve {short}`"
    if run.pending is Pending.UPLOAD:
        return f"it waits for its files to be uploaded; `polyaxon ops approve {short}` goes on without them"
    if run.pending is Pending.CACHE:
        original = run.meta.get("engine", {}).get("waits_for", "")
        return f"it waits for run {original}, which does the same; `polyaxon ops approve {short}` runs it for real"
    builders = [item for item in around.upstreams if item.meta.get("engine", {}).get("serves") == run.uuid]
    found = f": run {builders[-1].uuid} ({builders[-1].status})" if builders else ""
    return f"it waits for its image to be built{found}"


def _in_short(upstream: Run) -> str:
    held = f", waits for {_HELD[upstream.pending]}" if upstream.pending is not None else ""
    return f"`{upstream.name}` ({upstream.status}{held})"


def _awaited(run: Run, around: Neighbours) -> Iterable[str]:
    """Name what the run waits for: one that listens waits for an event, and then for values alone."""
    has_fired = "fired" in run.meta.get("engine", {})
    if around.events and not has_fired:
        return [_event_in_short(run, *event) for event in around.events if event[0].status not in FINAL]
    listened = {other.uuid for other, _ in around.events}
    wanted = [item for item in around.sources if item.uuid not in listened] if has_fired else around.upstreams
    return [_in_short(item) for item in wanted if item.status not in FINAL]


def _event_in_short(run: Run, other: Run, statuses: Sequence[str]) -> str:
    events = " or ".join(f"`run_status_{status}`" for status in statuses)
    if other.root == run.root:
        return f"{events} of {_in_short(other)}"
    named = f"`{other.name}`, " if other.name else ""
    return f"{events} of run {other.uuid} ({named}{other.status})"


_HELD = {
    Pending.APPROVAL: "an approval",
    Pending.UPLOAD: "an upload",
    Pending.BUILD: "its image",
    Pending.CACHE: "an equal run",
}


def _waiting(run: Run, around: Neighbours) -> Iterable[str]:
    if not around.is_driven:
        yield f"nobody drives it: `polyaxon ops resume {run.root[:8]}`, or any `polyaxon scheduler`, goes on with it"
    if run.pending is not None:
        yield _pending(run, around)
    if run.status is Status.RETRYING and "retry_at" in run.meta.get("engine", {}):
        yield f"the next attempt starts at {run.meta['engine']['retry_at']}"
    if run.status is Status.QUEUED and around.standing is not None:
        standing = around.standing
        yield f"{standing.ahead} runs are ahead of it in queue `{standing.queue}`: {standing.reason}"
    yield from _waiting_for_children([child for child in around.children if child.status not in FINAL], around)
    if run.status not in {Status.CREATED, Status.RESUMING}:
        return
    awaited = list(_awaited(run, around))
    if awaited:
        yield "it waits for " + ", ".join(awaited[:20])
    elif run.pending is not None or run.pipeline is None:
        return
    elif run.schedule_at is not None:
        yield f"it starts at {run.schedule_at.isoformat()}"
    elif around.concurrency is not None and around.active_siblings >= around.concurrency:
        name = around.pipeline.name if around.pipeline is not None else ""
        yield f"`{name}` runs {around.active_siblings} of at most {around.concurrency} at once (concurrency)"
        if around.active_services == around.active_siblings:
            yield "services hold those places until what they run beside has ended: stop one with `polyaxon ops stop`"
    elif around.queued_siblings:
        yield f"{around.queued_siblings} other runs of its pipeline are ahead of it in the queue"


def _waiting_for_children(unfinished: Sequence[Run], around: Neighbours) -> Iterable[str]:
    if not unfinished:
        return
    active = sum(child.status in ON_CLUSTER for child in unfinished)
    yield f"{len(unfinished)} of its {len(around.children)} runs are unfinished, {active} of them running"
    if all(child.kind is RunKind.SERVICE for child in unfinished):
        yield "only services are left, and they run until they are stopped: `polyaxon ops stop`"
    coming = [child.schedule_at for child in unfinished if child.schedule_at and child.status is Status.CREATED]
    if coming:
        yield f"its next run starts at {min(coming).isoformat()}"
