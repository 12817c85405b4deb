"""Section 9: hooks fire once per ending, know what happened, and never change it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness import FAILURE, HANGS, ROOT, START, Harness, dag, job, op, operation
from rows import FALSE, SCRIPT, checked, ending, sweep

from polyaxon.engine.events import Action, CacheHit, Fetched
from polyaxon.model.ids import RunId, child_id
from polyaxon.model.run import RunFacts
from polyaxon.model.status import Status

COMPONENTS = {"notify": job("notify", hooks=[{"hubRef": "again"}]), "again": job("again")}
ENDINGS = ("succeeded", "failed", "stopped", "skipped", "upstream_failed")


def ended(raw: dict[str, Any], script: Any = None) -> Harness:
    return Harness(raw, {**SCRIPT, **(script or {})}, meta={"components": COMPONENTS}).run()


def fired(going: Harness, of: RunId = ROOT, index: int = 0) -> dict[str, Any] | None:
    """The operation of a hook's run."""
    row = going.rows.get(child_id(of, f"hook:{index}"))
    return json.loads(row.raw_content or "") if row is not None else None


def hook(**fields: Any) -> dict[str, Any]:
    return {"hubRef": "notify", **fields}


@pytest.mark.parametrize("trigger", [*ENDINGS, "done", None])
@pytest.mark.parametrize("status", ENDINGS)
def test_trigger(status: str, trigger: str | None) -> None:
    hooks = [hook(**({"trigger": trigger} if trigger else {}))]
    going = ended(operation(dag(op("bad", job("fails")), {**ending(status, "a"), "hooks": hooks})))
    assert going.status("a") == status
    assert (fired(going, going.id("a")) is not None) is (trigger in {status, "done", None})


REFUSED = {
    "hubRef is required": "{trigger: done}",
    "trigger: a status that is not final": "{hubRef: notify, trigger: running}",
}


@pytest.mark.parametrize("row", REFUSED)
def test_refused_by_the_check(row: str) -> None:
    text = f"kind: component\nhooks: [{REFUSED[row]}]\nrun: {{kind: job, container: {{image: x, command: [echo]}}}}\n"
    assert checked(text).operation is None


def one(**fields: Any) -> dict[str, Any] | None:
    going = ended(operation(job("gives"), name="train", hooks=[hook(**fields)]))
    return fired(going)


FIELDS: dict[str, tuple[dict[str, Any], str, Any]] = {
    # row: (hook, key of its run's operation, value)
    "connection → runPatch": ({"connection": "slack"}, "runPatch", {"connections": ["slack"]}),
    "presets": ({"presets": ["p"]}, "presets", ["p"]),
    "queue": ({"queue": "q"}, "queue", "q"),
    "namespace": ({"namespace": "n"}, "namespace", "n"),
}


@pytest.mark.parametrize("row", FIELDS)
def test_field(row: str) -> None:
    fields, key, value = FIELDS[row]
    made = one(**fields)
    assert made is not None
    assert made[key] == value


CONTEXT: dict[str, tuple[str, Any]] = {
    "outputs at top level": ("{{ score }}", 0.5),
    "globals": ("{{ globals.uuid }}", ROOT),
    "globals.finished_at": ("{{ globals.finished_at }}", START.isoformat()),
    "globals.run_outputs_path": ("{{ globals.run_outputs_path }}/model", f"/store/{ROOT}/outputs/model"),
}


@pytest.mark.parametrize("row", CONTEXT)
def test_params_are_rendered_with_the_runs(row: str) -> None:
    text, value = CONTEXT[row]
    made = one(params={"given": {"value": text}})
    assert made is not None
    assert made["params"]["given"]["value"] == value


CONDITIONS = {
    "true": ("{{ score < 1 }}", True),
    "false": ("{{ score > 1 }}", False),
    "a missing output: not fired, and recorded": ("{{ loss > 1 }}", False),
    "not a boolean: not fired, and recorded": ("{{ score }} maybe", False),
    "no status in a condition": ("{{ status == 'succeeded' }}", False),
}


@pytest.mark.parametrize("row", CONDITIONS)
def test_condition(row: str) -> None:
    text, fires = CONDITIONS[row]
    going = ended(operation(job("gives"), hooks=[hook(conditions=text), hook()]))
    assert (fired(going) is not None) is fires
    assert fired(going, index=1) is not None  # the others are not concerned
    assert going.root.status is Status.SUCCEEDED
    assert fires or going.facts(ROOT, "hook")


DEFAULTS = ("name", "uuid", "kind", "runtime", "status", "condition", "wait_time", "duration", "inputs", "outputs")


@pytest.mark.parametrize("name", DEFAULTS)
def test_default_param(name: str) -> None:
    made = one(params={name: {"value": "mine"}})
    assert made is not None
    assert made["params"][name]["contextOnly"] is True
    assert made["params"][name]["value"] != "mine"  # the defaults win


def test_disable_defaults_true_passes_none() -> None:
    made = one(disableDefaults=True, params={"name": {"value": "mine"}})
    assert made is not None
    assert made["params"] == {"name": {"value": "mine"}}


def test_disable_defaults_false_passes_them() -> None:
    made = one(disableDefaults=False)
    assert made is not None
    assert set(made["params"]) == set(DEFAULTS)


def test_each_is_a_new_independent_run_in_list_order_with_an_edge() -> None:
    going = ended(operation(job("a"), hooks=[hook(), {"hubRef": "again"}]))
    made = [run for run in going.rows.values() if run.meta.get("is_hook")]
    assert [json.loads(run.raw_content or "")["component"]["name"] for run in made] == ["notify", "again"]
    assert [(run.root == run.uuid, run.pipeline) for run in made] == [(True, None), (True, None)]
    assert [(edge.upstream, edge.kind) for edge in going.edges] == [(ROOT, "hook"), (ROOT, "hook")]


def test_hooks_of_hooks_are_allowed() -> None:
    made = one()
    assert made is not None
    assert made["component"]["hooks"] == [{"hubRef": "again"}]


def test_a_failed_resolution_is_recorded_and_changes_nothing() -> None:
    going = ended(operation(job("a"), hooks=[{"hubRef": "nobody"}]))
    assert going.root.status is Status.SUCCEEDED
    assert "nobody" in str(going.facts(ROOT, "hook")[0]["error"])


def test_cache_hits_fire_hooks_too() -> None:
    going = Harness(operation(dag(op("a", hooks=[hook()]))), meta={"components": COMPONENTS})
    original = RunFacts(RunId("e" * 32), "before", "default", status=Status.SUCCEEDED)
    going.answer = lambda fetch: Fetched(fetch.run, cache=CacheHit(original))
    going.run()
    assert (going.started, fired(going, going.id("a")) is not None) == ([], True)


def test_children_of_a_matrix_and_the_matrix_fire_them() -> None:
    search = sweep(1, 2)
    going = ended(operation(search["component"], matrix=search["matrix"], hooks=[hook()]))
    assert sum(bool(run.meta.get("is_hook")) for run in going.rows.values()) == 3


def test_hooks_of_a_dag_see_its_inputs_and_globals() -> None:
    component = {**dag(op("x")), "inputs": [{"name": "rate", "type": "float", "value": 0.5}]}
    params = {"text": {"value": "{{ rate }} in {{ globals.uuid }}"}}
    made = fired(ended(operation(component, hooks=[hook(params=params)])))
    assert made is not None
    assert made["params"]["text"]["value"] == f"0.5 in {ROOT}"


def test_a_hook_never_influences_the_pipeline() -> None:
    going = ended(operation(dag(op("a", hooks=[hook()]), op("b", dependencies=["a"]))), {"notify": FAILURE})
    assert going.root.status is Status.SUCCEEDED


def test_locally_known_components_are_enough() -> None:
    assert one() is not None


def test_fires_once_per_ending_and_again_after_a_resume() -> None:
    going = ended(operation(job("fails"), hooks=[hook()]))
    going.request(ROOT, Action.RESUME)
    going.run()
    assert sum(bool(run.meta.get("is_hook")) for run in going.rows.values()) == 2


def test_a_skipped_run_fires_its_hooks() -> None:
    going = ended(operation(job("a"), hooks=[hook(trigger="skipped")], **FALSE))
    assert fired(going) is not None


def test_nothing_fires_before_the_end() -> None:
    going = Harness(operation(job("slow"), hooks=[hook()]), {"slow": HANGS}, meta={"components": COMPONENTS}).settle()
    assert fired(going) is None
