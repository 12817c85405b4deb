"""Events survive storage."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from polyaxon.store.events import decode_event, encode_event

ids = st.integers(0, 2**128 - 1).map(lambda number: RunId(f"{number:032x}"))
times = st.datetimes(timezones=st.just(UTC))
numbers = st.floats(allow_nan=False) | st.integers()
leaves = st.none() | st.booleans() | numbers | st.text()
json_values: st.SearchStrategy[Any] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
)
mappings = st.dictionaries(st.text(), json_values, max_size=4)
facts = st.builds(
    RunFacts,
    uuid=ids,
    name=st.none() | st.text(),
    project=st.text(),
    status=st.sampled_from(Status),
    inputs=mappings,
    outputs=mappings,
    artifacts=st.dictionaries(st.text(), st.text(), max_size=2),
    created_at=st.none() | times,
    cloning_kind=st.none() | st.sampled_from(Cloning),
    original_uuid=st.none() | ids,
    is_independent=st.booleans(),
    iteration=st.none() | st.integers(),
)
observations = st.builds(
    Observation,
    run=ids,
    attempt=st.integers(0, 99),
    phase=st.sampled_from(Phase),
    at=times,
    exit_code=st.none() | st.integers(-99, 255),
    message=st.text(),
    warnings=st.lists(st.text(), max_size=2).map(tuple),
    reason=st.text(),
    urls=st.lists(st.text(), max_size=2).map(tuple),
    began=st.none() | times,
)
events: st.SearchStrategy[Event] = st.one_of(
    st.just(Adopted()),
    st.builds(Admitted, ids),
    st.builds(Reached, ids, ids, st.none() | st.sampled_from(Status)),
    st.builds(
        Observed,
        observations,
        outputs=mappings,
        artifacts=st.dictionaries(st.text(), st.text(), max_size=2),
        reported_status=st.none() | st.sampled_from(Status),
    ),
    st.builds(
        Reported,
        ids,
        st.dictionaries(
            st.text(), st.lists(st.tuples(st.integers(), st.floats(allow_nan=False)), max_size=3).map(tuple), max_size=2
        ),
    ),
    st.builds(
        Fetched,
        ids,
        joins=st.lists(st.lists(facts, max_size=2).map(tuple), max_size=2).map(tuple),
        runs=st.dictionaries(ids, facts, max_size=2),
        cache=st.none() | st.builds(CacheHit, st.none() | facts),
        error=st.none() | st.text(),
    ),
    st.builds(Settled, ids, facts),
    st.builds(Due, ids, st.sampled_from(TimerKind)),
    st.builds(Requested, ids, st.sampled_from(Action), st.text(), mappings),
)


@given(events)
def test_reading_back_is_the_inverse_of_writing(event: Event) -> None:
    assert decode_event(encode_event(event)) == event


@given(events)
def test_the_text_can_be_stored_anywhere(event: Event) -> None:
    text = encode_event(event)
    assert "\x00" not in text
    text.encode()


def test_an_event_of_a_later_version_is_refused() -> None:
    with pytest.raises(InternalError, match="unknown kind"):
        decode_event('["invented",{}]')
