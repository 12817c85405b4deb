"""What filters mean, on rows in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.query import matches, parse

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
RUN: dict[str, Any] = {
    "uuid": "0a" * 16,
    "name": "Bert-base",
    "status": "succeeded",
    "kind": "job",
    "project": "nlp",
    "created_at": "2026-03-01T10:30:20.000000Z",
    "started_at": None,
    "duration": 90.5,
    "tags": ["keep", "best"],
    "pipeline": {"uuid": "ff" * 16, "name": "sweep", "kind": "matrix"},
    "managed_by": "agent",
    "inputs": {"lr": 0.1, "layers": 2, "opt": "adam", "amp": True, "none": None},
    "outputs": {"loss": 0.25, "note": "fine"},
    "meta_info": {"has_metrics": True, "level": 3},
    "resources": {"memory": 1024.0**3, "cpu": 0.5},
    "settings": {"namespace": "polyaxon"},
    "artifacts": [{"name": "abc", "kind": "coderef", "is_input": True}, {"name": "m", "kind": "model"}],
}


def found(query: str, run: dict[str, Any] = RUN) -> bool:
    return matches(parse(query, now=NOW), run)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "status:succeeded",
        "status:failed|succeeded",
        "status:~failed",
        "name:%BERT%",
        "name:bert%",
        "name:%base",
        "uuid:0a0a%",
        "project:nlp",
        "tags:keep",
        "tags:nothing|best",
        "tags:~other",
        "pipeline:" + "ff" * 16,
        "pipeline.name:sweep",
        "pipeline:~nil",
        "original:nil",
        "started_at:nil",
        "created_at:2026-03-01",
        "created_at:2026-03-01 10:30",
        "created_at:~2026-03-02",
        "created_at:2026-02-01 .. 2026-03-05",
        "created_at:last_month",
        "inputs.lr:0.1",
        "inputs.lr:<=0.1",
        "inputs.layers:2.0",
        "inputs.opt:>aaa",
        "inputs.none:nil",
        "inputs.absent:nil",
        "inputs.absent:~3",
        "inputs.amp:true",
        "metrics.loss:<0.5",
        "metrics.note:nil",
        "metrics.loss:~>0.5",
        "duration:>60",
        "memory:>512Mi",
        "cpu:500m",
        "meta_flags.has_metrics:true",
        "meta_values.level:3",
        "is_managed:true",
        "namespace:polyaxon",
        "live_state:1",
        "commit:abc",
        "in_artifact_kind:coderef",
        "out_artifact_kind:model",
        "mine:true",
        "created_at:_any_",
        "status:failed OR (kind:job, tags:best)",
    ],
)
def test_the_run_is_found(query: str) -> None:
    assert found(query)


@pytest.mark.parametrize(
    "query",
    [
        "status:Succeeded",
        "status:nil",
        "name:nil",
        "tags:nil",
        "pipeline:nil",
        "created_at:2026-03-02",
        "started_at:>2026-01-01",
        "started_at:~>2026-01-01",
        "started_at:~2026-01-01 .. 2026-02-01",
        "inputs.lr:~0.1",
        'inputs.lr:"0.1"',
        "inputs.layers:true",
        "inputs.amp:1",
        "inputs.opt:>1",
        "inputs.opt:~>1",
        "inputs.absent:3",
        "metrics.absent:<1",
        "metrics.absent:~<1",
        "metrics.note:<1",
        "is_managed:false",
        "out_artifact_kind:coderef",
    ],
)
def test_the_run_is_not_found(query: str) -> None:
    assert not found(query)


@given(st.sampled_from(["status:a", "status:a|b", "name:%a%", "inputs.x:1", "tags:a", "created_at:2026-03-01"]))
def test_an_equality_or_its_negation_matches_a_run_without_the_field(query: str) -> None:
    field, _, operation = query.partition(":")
    empty: dict[str, Any] = {}
    assert not found(query, empty)
    assert found(f"{field}:~{operation}", empty)


_CONDITIONS = st.sampled_from(["status:succeeded", "status:failed", "inputs.lr:>1", "tags:keep", "name:~%x%"])


@given(st.lists(_CONDITIONS, min_size=1, max_size=5), st.booleans())
def test_joining_is_all_or_any(conditions: list[str], every: bool) -> None:
    joined = (" AND " if every else " OR ").join(conditions)
    assert found(joined) == (all if every else any)(found(condition) for condition in conditions)
