# ruff: noqa: E501  (a row of a table, or a file, is one line)
"""The table of polyaxonfile.md §9, row by row, and the laws that hold for all of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.compiler.merge import OPERATION, RUN, Kinds, Nested, Strategy, merge
from polyaxon.spec.fields import Model
from polyaxon.spec.kinds import MATRICES, RUNS, SCHEDULES
from polyaxon.spec.operation import Operation

BASE = {"queue": "a", "tags": ["x", "y"], "plugins": {"shm": True, "docker": False}}
PATCH = {"queue": "b", "tags": ["y", "z"], "plugins": {"docker": True}}
S = Strategy

ROWS: list[tuple[str, Any, Any, Strategy, Any]] = [
    ("unset base", {}, {"queue": "b"}, S.ISNULL, {"queue": "b"}),
    ("null base", {"queue": None}, {"queue": "b"}, S.PRE_MERGE, {"queue": "b"}),
    ("scalar, replace", {"queue": "a"}, {"queue": "b"}, S.REPLACE, {"queue": "b"}),
    ("scalar, isnull", {"queue": "a"}, {"queue": "b"}, S.ISNULL, {"queue": "a"}),
    ("scalar, post_merge", {"queue": "a"}, {"queue": "b"}, S.POST_MERGE, {"queue": "b"}),
    ("scalar, pre_merge", {"queue": "a"}, {"queue": "b"}, S.PRE_MERGE, {"queue": "a"}),
    ("list, replace", {"tags": ["x", "y"]}, {"tags": ["y", "z"]}, S.REPLACE, {"tags": ["y", "z"]}),
    ("list, isnull", {"tags": ["x", "y"]}, {"tags": ["y", "z"]}, S.ISNULL, {"tags": ["x", "y"]}),
    ("list, post_merge", {"tags": ["x", "y"]}, {"tags": ["y", "z"]}, S.POST_MERGE, {"tags": ["x", "y", "z"]}),
    ("list, pre_merge", {"tags": ["x", "y"]}, {"tags": ["y", "z"]}, S.PRE_MERGE, {"tags": ["y", "z", "x"]}),
    ("list of mappings", {"hooks": [{"a": 1}]}, {"hooks": [{"a": 1}, {"b": 2}]}, S.POST_MERGE, {"hooks": [{"a": 1}, {"b": 2}]}),
    ("empty list counts as set", {"tags": []}, {"tags": ["y"]}, S.ISNULL, {"tags": []}),
    ("zero counts as set", {"cost": 0}, {"cost": 5}, S.ISNULL, {"cost": 0}),
    ("params are taken whole", {"params": {"a": {"value": 1, "toEnv": "A"}}}, {"params": {"a": {"value": 2}}}, S.POST_MERGE, {"params": {"a": {"value": 2}}}),
    ("params, pre_merge", {"params": {"a": {"value": 1}}}, {"params": {"a": {"value": 2}, "b": {"value": 3}}}, S.PRE_MERGE, {"params": {"a": {"value": 1}, "b": {"value": 3}}}),
    ("params, replace", {"params": {"a": {"value": 1}}}, {"params": {"b": {"value": 3}}}, S.REPLACE, {"params": {"b": {"value": 3}}}),
    ("nested object, replace", {"cache": {"ttl": 5}}, {"cache": {"disable": True}}, S.REPLACE, {"cache": {"ttl": 5, "disable": True}}),
    ("nested object, isnull", {"cache": {"ttl": 5}}, {"cache": {"disable": True, "ttl": 9}}, S.ISNULL, {"cache": {"ttl": 5, "disable": True}}),
    ("null erases a scalar", {"queue": "a", "cost": 1}, {"queue": None}, S.POST_MERGE, {"cost": 1}),
    ("null erases a list", {"tags": ["a"]}, {"tags": None}, S.REPLACE, {}),
    ("null does not erase under isnull", {"queue": "a"}, {"queue": None}, S.ISNULL, {"queue": "a"}),
    ("null does not erase under pre_merge", {"queue": "a"}, {"queue": None}, S.PRE_MERGE, {"queue": "a"}),
    ("null never erases an object", {"cache": {"ttl": 5}}, {"cache": None}, S.POST_MERGE, {"cache": {"ttl": 5}}),
    ("matrix of another kind, post", {"matrix": {"kind": "grid", "a": 1}}, {"matrix": {"kind": "random", "b": 2}}, S.POST_MERGE, {"matrix": {"kind": "random", "b": 2}}),
    ("matrix of another kind, pre", {"matrix": {"kind": "grid", "a": 1}}, {"matrix": {"kind": "random"}}, S.PRE_MERGE, {"matrix": {"kind": "grid", "a": 1}}),
    ("matrix of the same kind, replace", {"matrix": {"kind": "grid", "a": 1}}, {"matrix": {"kind": "grid", "b": 2}}, S.REPLACE, {"matrix": {"kind": "grid", "b": 2}}),
    ("matrix of the same kind, isnull", {"matrix": {"kind": "grid", "a": 1}}, {"matrix": {"kind": "grid", "b": 2}}, S.ISNULL, {"matrix": {"kind": "grid", "a": 1}}),
    ("matrix of the same kind, post", {"matrix": {"kind": "grid", "a": 1}}, {"matrix": {"kind": "grid", "b": 2}}, S.POST_MERGE, {"matrix": {"kind": "grid", "a": 1, "b": 2}}),
]  # fmt: skip
RUN_ROWS: list[tuple[str, Any, Any, Strategy, Any]] = [
    ("labels merge deeply", {"environment": {"labels": {"a": 1, "b": 1}}}, {"environment": {"labels": {"b": 2}}}, S.POST_MERGE, {"environment": {"labels": {"a": 1, "b": 2}}}),
    ("labels, pre_merge", {"environment": {"labels": {"a": 1}}}, {"environment": {"labels": {"a": 2, "c": 3}}}, S.PRE_MERGE, {"environment": {"labels": {"a": 1, "c": 3}}}),
    ("labels, replace", {"environment": {"labels": {"a": 1}}}, {"environment": {"labels": {"c": 3}}}, S.REPLACE, {"environment": {"labels": {"c": 3}}}),
    ("labels, isnull", {"environment": {"labels": {"a": 1}}}, {"environment": {"labels": {"c": 3}}}, S.ISNULL, {"environment": {"labels": {"a": 1}}}),
    ("lists inside free mappings are the winner's", {"container": {"resources": {"x": [1]}}}, {"container": {"resources": {"x": [2]}}}, S.POST_MERGE, {"container": {"resources": {"x": [2]}}}),
    ("resources merge", {"container": {"resources": {"requests": {"cpu": 1}}}}, {"container": {"resources": {"limits": {"cpu": 2}}}}, S.POST_MERGE, {"container": {"resources": {"requests": {"cpu": 1}, "limits": {"cpu": 2}}}}),
    ("args are a list", {"container": {"args": ["a"]}}, {"container": {"args": ["b"]}}, S.POST_MERGE, {"container": {"args": ["a", "b"]}}),
    ("image is a scalar", {"container": {"image": "a"}}, {"container": {"image": "b"}}, S.PRE_MERGE, {"container": {"image": "a"}}),
    ("volumes are a list", {"volumes": [{"name": "a"}]}, {"volumes": [{"name": "b"}]}, S.POST_MERGE, {"volumes": [{"name": "a"}, {"name": "b"}]}),
    ("worker groups of the patch are added", {"workers": {"a": {"replicas": 1}}}, {"workers": {"a": {"replicas": 2}, "b": {"replicas": 3}}}, S.POST_MERGE, {"workers": {"a": {"replicas": 2}, "b": {"replicas": 3}}}),
    ("another kind of run replaces", {"kind": "job", "container": {}}, {"kind": "service", "ports": [1]}, S.POST_MERGE, {"kind": "service", "ports": [1]}),
    ("a run is never replaced wholesale", {"kind": "job", "volumes": []}, {"connections": ["a"]}, S.REPLACE, {"kind": "job", "volumes": [], "connections": ["a"]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "patch", "strategy", "result"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_row_of_the_table_holds(base: Any, patch: Any, strategy: Strategy, result: Any) -> None:
    assert merge(base, patch, strategy) == result


@pytest.mark.parametrize(
    ("base", "patch", "strategy", "result"), [row[1:] for row in RUN_ROWS], ids=[row[0] for row in RUN_ROWS]
)
def test_a_row_of_the_table_holds_in_the_runtime_section(
    base: Any, patch: Any, strategy: Strategy, result: Any
) -> None:
    found = merge({"run": {"kind": "job", **base}}, {"run": patch}, strategy)["run"]
    assert found == ({"kind": "job", **result} if "kind" not in result else result)


@pytest.mark.parametrize(
    ("strategy", "result"),
    [
        (S.REPLACE, {"queue": "b", "tags": ["y", "z"], "plugins": {"shm": True, "docker": True}}),
        (S.ISNULL, BASE),
        (S.POST_MERGE, {"queue": "b", "tags": ["x", "y", "z"], "plugins": {"shm": True, "docker": True}}),
        (S.PRE_MERGE, {"queue": "a", "tags": ["y", "z", "x"], "plugins": {"shm": True, "docker": False}}),
    ],
)
def test_the_worked_example_comes_out(strategy: Strategy, result: Any) -> None:
    assert merge(BASE, PATCH, strategy) == result


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text("ab", max_size=2))
NAMES = st.sampled_from(["queue", "tags", "cache", "plugins", "params", "matrix", "environment", "cost"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
LAYERS = st.dictionaries(NAMES, VALUES, max_size=5)


def is_clean(value: Any) -> bool:
    """Without nulls, which erase, and without repeated items, which merging would make one."""
    if isinstance(value, dict):
        return all(item is not None and is_clean(item) for item in value.values())
    return not isinstance(value, list) or (
        all(map(is_clean, value)) and all(item not in value[:index] for index, item in enumerate(value))
    )


CLEAN = LAYERS.filter(is_clean)


@given(LAYERS, st.sampled_from(S))
def test_an_empty_patch_changes_nothing(base: dict[str, Any], strategy: Strategy) -> None:
    assert merge(base, {}, strategy) == base


@given(CLEAN, st.sampled_from(S))
def test_patching_an_empty_base_gives_the_patch(patch: dict[str, Any], strategy: Strategy) -> None:
    assert merge({}, patch, strategy) == patch


@given(CLEAN, CLEAN, st.sampled_from(S))
def test_patching_twice_is_patching_once(base: dict[str, Any], patch: dict[str, Any], strategy: Strategy) -> None:
    once = merge(base, patch, strategy)
    assert merge(once, patch, strategy) == once


@given(CLEAN, st.sampled_from(S))
def test_a_layer_laid_over_itself_is_itself(base: dict[str, Any], strategy: Strategy) -> None:
    assert merge(base, base, strategy) == base


@given(CLEAN, CLEAN)
def test_pre_merge_is_post_merge_the_other_way_round(base: dict[str, Any], patch: dict[str, Any]) -> None:
    assert merge(base, patch, S.PRE_MERGE) == merge(patch, base, S.POST_MERGE)


@given(LAYERS, LAYERS, st.sampled_from(S))
def test_nothing_given_is_changed(base: dict[str, Any], patch: dict[str, Any], strategy: Strategy) -> None:
    before = repr(base), repr(patch)
    merge(base, patch, strategy)
    assert (repr(base), repr(patch)) == before


NOT_MERGED = {"component", "inputs", "outputs"}


@pytest.mark.parametrize(
    ("model", "shape"),
    [(Operation, OPERATION)]
    + [(MATRICES.model(kind), OPERATION.fields["matrix"]) for kind in MATRICES.kinds]
    + [(SCHEDULES.model(kind), OPERATION.fields["schedule"]) for kind in SCHEDULES.kinds]
    + [(RUNS.model(kind), RUN) for kind in RUNS.kinds],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_object_of_the_format_has_its_shape(model: type[Model], shape: Nested | Kinds) -> None:
    model.model_rebuild()
    sections = {
        field.alias or name
        for name, field in model.model_fields.items()
        if any(isinstance(part, type) and issubclass(part, Model) for part in parts_of(field.annotation))
    }
    assert sections - NOT_MERGED <= set(shape.fields) | {"component"}


def parts_of(annotation: Any) -> list[Any]:
    """The alternatives of an annotation, lists and mappings left out."""
    from typing import get_args, get_origin

    if get_origin(annotation) in (list, dict):
        return []
    inner = get_args(annotation)
    return [annotation] if not inner else [part for item in inner for part in parts_of(item)]


@pytest.mark.parametrize("strategy", Strategy)
def test_a_null_inside_of_a_new_object_is_unset(strategy: Strategy) -> None:
    once = merge({}, {"container": {"image": "x", "command": None}}, strategy)
    assert once == {"container": {"image": "x"}}
    assert merge(once, {"container": {"image": "x", "command": None}}, strategy) == once
