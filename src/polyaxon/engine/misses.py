"""Why was a run not served from an earlier one? Worked out when somebody asks, from the parts that keys were made of.

The nearest earlier run of the same name is the one with the fewest differences; of equals, the latest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from polyaxon.compiler.cache import NOT_OVER, differences
from polyaxon.model.run import Run, RunKind
from polyaxon.model.status import FINAL, Status

__all__ = ["Earlier", "why_missed", "why_not_asked"]

Earlier = tuple[Run, str]
"""An earlier run and the parts of its cache key."""
_NAMED = 8
"""How many differing fields are named."""
_SHOWN = 80


def why_missed(run: Run, parts: str | None, earlier: Sequence[Earlier]) -> Iterable[str]:
    """Say what differed from the nearest earlier run, or why an equal one was not good enough."""
    if parts is None or not earlier:
        yield "not cached: no earlier run of this operation"
        return
    compared = [(differences(then, parts), other) for other, then in earlier]
    differing, nearest = min(compared, key=lambda item: len(item[0]))
    if not differing:
        yield f"not cached: run {nearest.uuid}, which did the same, {_why_not_good_enough(run, nearest)}"
    for name, (then, now) in list(differing.items())[:_NAMED]:
        yield f"not cached: {_difference(name, then, now, nearest)}"
    if len(differing) > _NAMED:
        yield f"not cached: and {len(differing) - _NAMED} more fields differ"


def why_not_asked(run: Run) -> str | None:
    """Say why nobody looked whether the run could be served; None where that needs no word."""
    if run.kind is not RunKind.JOB or run.content is None or run.status is Status.SKIPPED:
        return None
    notes = run.meta.get("engine", {})
    content = json.loads(run.content)
    disable = (content.get("cache") or {}).get("disable")
    if "resumed" in notes:
        return "not looked up in the cache: a resumed run goes on with its own work"
    if run.cloning_kind is not None:
        return f"not looked up in the cache: it is a {run.cloning_kind} of run {run.original}"
    if disable:
        return "not looked up in the cache: its file says `cache: {disable: true}`"
    if disable is None and run.pipeline is None:
        return "not looked up in the cache: a run of its own is only when its file says `cache: {disable: false}`"
    if disable is None and any(item.get("type") == "image" for item in content.get("outputs") or ()):
        return "not looked up in the cache: an image is built every time, for its name may stand for another one by now"
    return None


def _difference(name: str, then: Any, now: Any, nearest: Run) -> str:
    where = f"in the nearest earlier run ({nearest.uuid})"
    upstream = name.removeprefix("upstream ")
    if upstream != name:  # its value is a key, which says nothing to people
        return f"{_of_upstream(upstream, then, now)} {where}"
    return f"`{name}` was {_shown(then)} {where} and is {_shown(now)}"


def _of_upstream(name: str, then: str | None, now: str | None) -> str:
    if then is None:
        return f"it follows `{name}`, which it did not"
    if now is None:
        return f"it does not follow `{name}`, which it did"
    if then.removesuffix(NOT_OVER) == now.removesuffix(NOT_OVER):
        began = "before" if now.endswith(NOT_OVER) else "when"
        return f"it began {began} `{name}` was over, which it did not"
    return f"`{name}`, which it follows, did other work"


def _why_not_good_enough(run: Run, nearest: Run) -> str:
    if nearest.status in FINAL and nearest.status is not Status.SUCCEEDED:
        return f"is {nearest.status}"
    if nearest.live_state != 1:
        return "is archived"
    ttl, ended, looked = _cache(run).get("ttl"), nearest.finished_at, run.started_at or run.updated_at
    if isinstance(ttl, int) and ended is not None and ended + timedelta(seconds=ttl) < looked:
        return f"was older than its `cache.ttl` of {ttl} seconds"
    if nearest.state is None:
        return "was invalidated"
    return f"was not over then (it is {nearest.status} now)"


def _cache(run: Run) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (json.loads(run.content).get("cache") if run.content else None) or {}
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "absent"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
