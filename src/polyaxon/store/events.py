"""Events as stored text: compact JSON that reads back as the same value, so that histories replay.

Shape: `["kind", {attribute: value}]`; attributes at their default are left out. One table per direction, by class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from typing import Any

from polyaxon.engine.events import (
    Action,
    Admitted,
    Adopted,
    CacheHit,
    Due,
    Event,
    Fetched,
    Observed,
    Reached,
    Reported,
    Requested,
    Settled,
    TimerKind,
)
from polyaxon.errors import InternalError
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.run import Cloning, RunFacts
from polyaxon.model.status import Status
from polyaxon.store.values import from_json, from_micros, micros, to_json

__all__ = ["decode_event", "decode_events", "encode_event", "encode_events"]

_KINDS: Mapping[str, type] = {
    "adopted": Adopted,
    "observed": Observed,
    "reported": Reported,
    "admitted": Admitted,
    "fetched": Fetched,
    "settled": Settled,
    "reached": Reached,
    "due": Due,
    "requested": Requested,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def encode_event(event: Event) -> str:
    """Return the event as text."""
    quick = _QUICK.get(type(event))
    if quick is not None:
        return quick(event)
    return to_json([_NAMES[type(event)], _plain(event)])


def encode_events(events: Iterable[Event]) -> str:
    """Return events that were decided on together as one text."""
    return f"[{','.join(map(encode_event, events))}]"


def decode_events(text: str) -> Sequence[Event]:
    """Return the events of such a text."""
    return [_event(*item) for item in from_json(text)]


def decode_event(text: str) -> Event:
    """Return the event that the text was made of."""
    return _event(*from_json(text))


def _event(name: str, attributes: Mapping[str, Any]) -> Event:
    if name not in _KINDS:
        raise InternalError(f"a stored event is of the unknown kind `{name}`", hint="a later version wrote it; upgrade")
    event: Event = _build(_KINDS[name], attributes)
    return event


# Most events are one of these; their text is written directly: encoding them generically would cost more than
# storing them.


def _admitted(event: Admitted) -> str:
    return f'["admitted",{{"run":"{event.run}"}}]'


def _observed(event: Observed) -> str:
    seen = event.observation
    parts = [f'"run":"{seen.run}","attempt":{seen.attempt},"phase":"{seen.phase._value_}","at":{micros(seen.at)}']
    if seen.exit_code is not None:
        parts.append(f'"exit_code":{seen.exit_code}')
    if seen.message:
        parts.append(f'"message":{to_json(seen.message)}')
    if seen.warnings:
        parts.append(f'"warnings":{to_json(list(seen.warnings))}')
    if seen.reason:
        parts.append(f'"reason":{to_json(seen.reason)}')
    if seen.urls:
        parts.append(f'"urls":{to_json(list(seen.urls))}')
    if seen.began is not None:
        parts.append(f'"began":{micros(seen.began)}')
    text = f'["observed",{{"observation":{{{",".join(parts)}}}'
    if event.outputs:
        text += f',"outputs":{to_json(event.outputs)}'
    if event.artifacts:
        text += f',"artifacts":{to_json(event.artifacts)}'
    if event.reported_status is not None:
        text += f',"reported_status":"{event.reported_status._value_}"'
    return text + "}]"


def _fetched(event: Fetched) -> str:
    if event.cache is None or event.joins or event.runs or event.error is not None:
        return to_json([_NAMES[Fetched], _plain(event)])
    original = event.cache.original
    found = "null" if original is None else to_json(_plain(original))
    return f'["fetched",{{"run":"{event.run}","cache":{{"original":{found}}}}}]'


_QUICK: Mapping[type, Callable[[Any], str]] = {Admitted: _admitted, Observed: _observed, Fetched: _fetched}


def _plain(value: Any) -> Any:
    """Return plain data: what JSON knows, with dataclasses as mappings of what differs from their defaults."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return micros(value)
    if kind in _SHAPES:
        given = {}
        for name, default in _SHAPES[kind]:
            item = getattr(value, name)
            if item is not default and item != default:
                given[name] = item if type(item) in _ATOMS else _plain(item)
        return given
    # Below these only what users logged, which is JSON's already, and facts.
    if isinstance(value, Mapping):
        return {key: _plain(item) if type(item) in _SHAPES else item for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) if type(item) in _SHAPES or isinstance(item, (list, tuple)) else item for item in value]
    return value


_ATOMS = frozenset({str, int, float, bool, type(None)})


def _shape(kind: type) -> Sequence[tuple[str, Any]]:
    """Return (attribute, default) of a dataclass; what has no default equals nothing, so it is always written."""
    shape = []
    for field in fields(kind):
        factory = field.default_factory
        default = field.default if factory is MISSING else factory()
        shape.append((field.name, _Nothing() if default is MISSING else default))
    return shape


class _Nothing:
    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


_SHAPES: Mapping[type, Sequence[tuple[str, Any]]] = {
    kind: _shape(kind) for kind in (*_KINDS.values(), Observation, CacheHit, RunFacts)
}


# Reading back: attributes whose value is more than what JSON gives.


def _facts(value: Any) -> RunFacts:
    facts: RunFacts = _build(RunFacts, value)
    return facts


def _cache(value: Any) -> CacheHit | None:
    return None if value is None else _build(CacheHit, value)


def _pairs(value: Any) -> Any:
    return {name: tuple((step, number) for step, number in points) for name, points in value.items()}


_READERS: Mapping[type, Mapping[str, Callable[[Any], Any]]] = {
    Adopted: {},
    Observed: {"observation": lambda value: _build(Observation, value), "reported_status": Status},
    Observation: {
        "run": RunId,
        "phase": Phase,
        "at": from_micros,
        "warnings": tuple,
        "urls": tuple,
        "began": from_micros,
    },
    Reported: {"run": RunId, "metrics": _pairs},
    Admitted: {"run": RunId},
    Fetched: {
        "run": RunId,
        "joins": lambda joins: tuple(tuple(map(_facts, join)) for join in joins),
        "runs": lambda runs: {uuid: _facts(facts) for uuid, facts in runs.items()},
        "cache": _cache,
    },
    CacheHit: {"original": lambda value: None if value is None else _facts(value)},
    Settled: {"run": RunId, "facts": _facts},
    Reached: {"run": RunId, "on": RunId, "status": lambda value: None if value is None else Status(value)},
    Due: {"run": RunId, "timer": TimerKind},
    Requested: {"run": RunId, "action": Action},
    RunFacts: {
        "uuid": RunId,
        "status": Status,
        "created_at": from_micros,
        "compiled_at": from_micros,
        "schedule_at": from_micros,
        "started_at": from_micros,
        "finished_at": from_micros,
        "cloning_kind": Cloning,
        "original_uuid": RunId,
        "artifacts_owner": RunId,
    },
}


def _build(kind: type, attributes: Mapping[str, Any]) -> Any:
    readers = _READERS[kind]
    return kind(**{name: readers[name](value) if name in readers else value for name, value in attributes.items()})
