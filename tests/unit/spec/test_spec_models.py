"""Sections of a file, accepted and refused as the format says, and written back as they were."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from polyaxon.errors import SpecError
from polyaxon.spec import kinds
from polyaxon.spec.anatomy import (
    Anything,
    Choice,
    Field,
    Kinds,
    ListOf,
    MapOf,
    Node,
    OneOf,
    Scalar,
    Section,
    fields_of,
)
from polyaxon.spec.check import read
from polyaxon.spec.compiled import CompiledOperation
from polyaxon.spec.component import Component
from polyaxon.spec.connections import Connection
from polyaxon.spec.dump import dump
from polyaxon.spec.fields import ByKind, Model
from polyaxon.spec.load import parse
from polyaxon.spec.operation import Operation

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
REPLICA = {"replicas": 2, "container": {"image": "x"}}

ACCEPTED = [
    {},
    {"name": "a-B_1", "description": "text", "tags": ["a"], "cost": 1.5},
    {"name": "{{ x }}", "isApproved": "{{ ok }}", "cost": "{{ c }}"},
    {"version": 1.1},
    {"version": "1.1"},
    {"version": 7},
    {"queue": "agent/queue", "namespace": "n", "presets": ["p"]},
    {"cache": {"disable": True, "ttl": 60, "io": ["a"], "sections": ["init"]}},
    {"cache": {"disable": "{{ off }}"}},
    {"termination": {"maxRetries": 2, "ttl": "{{ t }}", "timeout": 0}},
    {
        "termination": {
            "culling": {"timeout": 60},
            "probe": {"http": {"path": "/api/status", "port": 8888}, "exec": {"command": ["a"]}},
            "podFailurePolicy": {"rules": [{"action": "FailJob"}]},
        }
    },
    {"plugins": {"auth": False, "shm": "{{ s }}", "logLevel": "INFO", "sidecar": {"monitorLogs": False}}},
    {"plugins": {"notifications": [{"connections": ["slack"], "trigger": "done"}, {"connections": ["a"]}]}},
    {"build": {"hubRef": "kaniko", "connection": "c", "params": {"a": {"value": 1}}, "runPatch": {"any": 1}}},
    {"build": {"hubRef": "kaniko", "params": "{{ all }}"}},
    {"hooks": [{"hubRef": "acme/slack:1", "trigger": "upstream_failed", "disableDefaults": True}]},
    {"mount": [{"from": "a", "to": "b"}, {"from": "c"}]},
    {"schedule": {"kind": "cron", "cron": "0 3 * * *", "maxRuns": 2, "dependsOnPast": True}},
    {"schedule": {"kind": "interval", "frequency": 60, "startAt": "2024-05-31T10:00:00Z", "endAt": "{{ end }}"}},
    {"schedule": {"kind": "interval", "frequency": "PT1H"}},
    {"schedule": {"kind": "datetime", "startAt": "2024-05-31"}},
    {"events": [{"kinds": ["run_status_running", "{{ k }}"], "ref": "ops.a"}]},
    {"joins": [{"query": "status: succeeded", "sort": "-created_at", "limit": "5", "offset": 0}]},
    {"joins": [{"query": "x", "limit": "{{ n }}", "params": {"ids": {"value": "globals.uuid", "contextOnly": True}}}]},
    {"dependencies": ["a"], "trigger": "all_done", "conditions": "{{ x > 1 }}", "skipOnUpstreamSkip": True},
    {"trigger": "{{ t }}"},
    {"params": {"a": {"value": 1}, "b": {"ref": "ops.x", "value": "outputs.y", "toEnv": "B"}, "c": {}}},
    {"isPreset": True, "runPatch": {"container": {"resources": {}}}, "patchStrategy": "pre_merge"},
    {"isPreset": True, "run": {"container": {"image": "x"}}},
    {"isPreset": True, "hubRef": "a", "pathRef": "b"},
    {"template": {"enabled": True, "description": "d", "fields": ["actions[1].hubRef"]}},
    {"hubRef": "acme/train:1.0"},
    {"hubRef": "acme.train:1.0"},
    {"hubRef": "train:"},
    {"urlRef": "https://example.org/a.yaml"},
    {"pathRef": "../a.yaml", "run": {"container": {"image": "x"}}},
    {"hubRef": "a", "component": {"run": {"kind": "job"}}},
    {"component": {"kind": "operation", "component": {"component": {"cmd": "ls"}}}},
    {"component": {"pathRef": "b.yaml", "cmd": "ls"}},
    {"strictParams": True},
    {"container": {"image": "busybox"}, "cmd": "echo hi"},
    {"cmd": ["a", "b {{ x }}"], "env": {"A": "1", "B": ""}, "resources": {"cpu": "1..2", "gpu": 1}},
    {"resources": {"memory": "..4Gi", "amd.com/gpu": "1..", "cpu": "500m"}},
    {"ports": [], "connections": [], "sidecars": [{"image": "x"}], "volumes": [{"name": "v", "emptyDir": {}}]},
    {"environment": {"labels": {"a": "b", "n": 1}, "tolerations": [{"key": "k", "value": 1}], "priority": 3}},
    {"run": {"kind": "job"}},
    {"run": {"kind": "job", "connections": "{{ names }}", "container": {"image": 1, "args": "{{ params.as_args }}"}}},
    {"run": {"kind": "job", "container": {"args": [1, 2.5, True, None, {"a": 1}], "env": [{"name": "A", "value": 1}]}}},
    {"run": {"kind": "job", "container": {"resources": {"cpu": {"requests": 4, "limits": 8}}}}},
    {"run": {"kind": "service", "ports": [80], "rewritePath": True, "isExternal": "{{ e }}", "replicas": 2}},
    {"run": {"kind": "service", "ports": "{{ ports }}"}},
    {"run": {"kind": "dag", "operations": [], "components": [], "concurrency": "{{ c }}"}},
    {
        "run": {
            "kind": "dag",
            "operations": [
                {"name": "a", "dagRef": "c"},
                {"kind": "component", "name": "b", "cmd": "ls"},
                {"name": "c", "component": {"run": {"kind": "dag", "operations": [{"name": "d", "hubRef": "x"}]}}},
            ],
            "components": [{"name": "c", "run": {"kind": "job"}}, {"kind": "operation", "name": "o", "hubRef": "y"}],
            "earlyStopping": [{"kind": "failure_early_stopping", "percent": 50}],
        }
    },
    {"run": {"kind": "tfjob", "chief": REPLICA, "worker": REPLICA, "ps": REPLICA, "cleanPodPolicy": "All"}},
    {"run": {"kind": "pytorchjob", "master": REPLICA, "nProcPerNode": "auto", "elasticPolicy": {"minReplicas": 1}}},
    {"run": {"kind": "mpijob", "launcher": REPLICA, "worker": REPLICA, "slotsPerWorker": "{{ s }}"}},
    {"run": {"kind": "mpijob", "schedulingPolicy": {"minAvailable": 2, "minResources": {"cpu": 4}}}},
    {"run": {"kind": "mxjob", "mode": "MXTrain", "scheduler": REPLICA, "tunerTracker": REPLICA}},
    {"run": {"kind": "xgbjob", "master": REPLICA}},
    {"run": {"kind": "paddlejob", "master": REPLICA, "worker": REPLICA}},
    {
        "run": {
            "kind": "raycluster",
            "entrypoint": "x",
            "head": REPLICA,
            "workers": {"g": {"minReplicas": 1, **REPLICA}},
        }
    },
    {"run": {"kind": "daskcluster", "scheduler": REPLICA, "worker": REPLICA, "minReplicas": 1, "maxReplicas": 2}},
    {"run": {"kind": "notifier"}},
    {"run": {"kind": "tuner"}},
    {"run": {"kind": "cleaner"}},
    {
        "init": [
            {"git": {"url": "https://h/r", "revision": "dev", "flags": ["--depth 1"]}},
            {"git": "{{ code }}"},
            {"git": {"revision": "dev"}, "connection": "repo"},
            {"artifacts": {"files": ["a", ["b", "c"]], "dirs": [], "workers": 3}, "path": "/p"},
            {"paths": ["a", ["b", "c"]]},
            {"paths": "a"},
            {"file": {"content": "x", "filename": "f", "chmod": "+x", "kind": "model"}},
            {"dockerfile": {"image": "x", "env": {"A": 1}, "copy": ["a", ["b", "c"]], "run": ["pip install a"]}},
            {"dockerfile": {"image": "{{ i }}", "env": [["A", "1"]], "uid": 1, "gid": 1, "langEnv": "C"}},
            {"tensorboard": {"port": 6006, "uuids": ["a"], "useNames": True}},
            {"lineageRef": "u:model"},
            {"modelRef": "p:1"},
            {"artifactRef": "o/p:1"},
            {"connection": "data"},
            {"container": {"image": "x"}},
        ]
    },
]


@pytest.mark.parametrize("fields", ACCEPTED, ids=lambda fields: json.dumps(fields)[:60])
def test_what_the_format_allows_is_read_and_written_back(fields) -> None:
    operation = read(parse(json.dumps(fields), "x.json"))
    assert isinstance(operation, Operation)
    assert dump(operation) == fields
    assert read(parse(json.dumps(dump(operation)), "x.json")) == operation


SHORT = [
    ({"tags": "a, b,"}, {"tags": ["a", "b"]}),
    ({"presets": "p"}, {"presets": ["p"]}),
    ({"mount": ["a:b:c", "d"]}, {"mount": [{"from": "a", "to": "b:c"}, {"from": "d"}]}),
    ({"mount": [{"path_from": "a", "path_to": "b"}]}, {"mount": [{"from": "a", "to": "b"}]}),
    ({"params": {"a": 1, "b": {"c": 2}, "d": None}}, {"params": {"a": {"value": 1}, "b": {"value": {"c": 2}}, "d": {"value": None}}}),
    ({"params": {"a": {"to_env": "A", "value": 1}}}, {"params": {"a": {"value": 1, "toEnv": "A"}}}),
    ({"skip_on_upstream_skip": "yes"}, {"skipOnUpstreamSkip": True}),
    ({"run": {"kind": "rayjob"}}, {"run": {"kind": "raycluster"}}),
    ({"run": {"kind": "daskjob", "job": REPLICA}}, {"run": {"kind": "daskcluster", "job": REPLICA}}),
    (
        {"run": {"kind": "raycluster", "head": {"rayStartParams": {"a": 1, "b": True, "c": [1]}}}},
        {"run": {"kind": "raycluster", "head": {"rayStartParams": {"a": "1", "b": "true", "c": "[1]"}}}},
    ),
    (
        {"run": {"kind": "pytorchjob", "elasticPolicy": {"Metrics": [{"type": "x"}]}}},
        {"run": {"kind": "pytorchjob", "elasticPolicy": {"metrics": [{"type": "x"}]}}},
    ),
    ({"run": {"kind": "job", "container": {"working_dir": "/a"}}}, {"run": {"kind": "job", "container": {"workingDir": "/a"}}}),
    ({"init": [{"tensorboard": {"uuids": "a, b"}}]}, {"init": [{"tensorboard": {"uuids": ["a", "b"]}}]}),
]  # fmt: skip


@pytest.mark.parametrize(("short", "full"), SHORT, ids=lambda fields: json.dumps(fields)[:50])
def test_other_spellings_are_written_back_in_the_canonical_one(short, full) -> None:
    assert dump(read(parse(json.dumps(short), "x.json"))) == full


REFUSED = [
    {"kind": "component", "contexts": []},
    {"image": "x"},
    {"command": ["x"]},
    {"replicas": 1},
    {"name": "a b"},
    {"name": "a\n"},
    {"name": "é"},
    {"version": [1]},
    {"version": "one"},
    {"conditions": True},
    {"joins": {"a": {"query": "x"}}},
    {"joins": [{"query": "x", "limit": 0}]},
    {"joins": [{"query": "x", "limit": "-1"}]},
    {"joins": [{"query": "x", "offset": -1}]},
    {"joins": [{"query": "x", "params": {"a": 1}}]},
    {"cache": True},
    {"cache": {"sections": ["all"]}},
    {"termination": {"maxRetries": "5"}},
    {"termination": {"ttl": 5.0}},
    {"termination": {"timeout": -1}},
    {"termination": {"probe": {"http": {"path": "/"}}}},
    {"hooks": [{"hubRef": "a", "trigger": "running"}]},
    {"hooks": [{"hubRef": "a", "conditions": True}]},
    {"build": {"connection": "c"}},
    {"events": [{"kinds": "run_status_done", "ref": "ops.a"}]},
    {"events": [{"ref": "ops.a"}]},
    {"schedule": {"kind": "interval"}},
    {"schedule": {"kind": "interval", "frequency": "soon"}},
    {"schedule": {"kind": "datetime", "startAt": "2024-01-01", "maxRuns": 1}},
    {"skipOnUpstreamSkip": "{{ x }}"},
    {"params": "{{ all }}"},
    {"params": {"x": {"value": 1, "foo": 2}}},
    {"hubRef": "a:b:c"},
    {"hubRef": ""},
    {"queue": ""},
    {"queue": "a/"},
    {"urlRef": "example.org/a.yaml"},
    {"hubRef": "a", "dagRef": "b"},
    {"ports": "{{ p }}"},
    {"ports": ["80"]},
    {"ports": [True]},
    {"container": "{{ c }}"},
    {"container": {"imag": "x"}},
    {"cmd": []},
    {"cmd": ["a", " "]},
    {"cmd": 3},
    {"env": {"A": 1}},
    {"env": {"A": None}},
    {"env": [{"name": "A", "value": "1"}]},
    {"resources": {"cpu": ".."}},
    {"resources": {"cpu": "2..1"}},
    {"resources": {"cpu": True}},
    {"resources": {"cpu": None}},
    {"resources": {"cpu": -1}},
    {"resources": {"cpu": "1e3"}},
    {"resources": {"cpu": "100k"}},
    {"resources": {"memory": "1GB"}},
    {"resources": {"memory": "1gi"}},
    {"resources": {"memory": "1 Gi"}},
    {"resources": {"gpu": 0.5}},
    {"resources": {"gpu": "{{ g }}"}},
    {"resources": {"cpu": 2**63}},
    {"resources": {"disk": 1}},
    {"resources": {"nvidia.com/gpu": 1}},
    {"resources": {"limits": {"cpu": 1}}},
    {"connections": "a"},
    {"init": "{{ i }}"},
    {"run": "{{ r }}"},
    {"run": {"container": {"image": "x"}}},
    {"run": {"kind": None}},
    {"run": {"kind": "watchdog"}},
    {"run": {"kind": "job", "ports": [80]}},
    {"run": {"kind": "job", "container": "{{ c }}"}},
    {"run": {"kind": "job", "sidecars": "{{ s }}"}},
    {"run": {"kind": "job", "volumes": {"name": "v"}}},
    {"run": {"kind": "job", "environment": {"restartPolicy": "Sometimes"}}},
    {"run": {"kind": "job", "container": {"env": {"A": "1"}}}},
    {"run": {"kind": "job", "container": {"env": [{"value": "1"}]}}},
    {"run": {"kind": "job", "container": {"resources": {"limits": {"cpu": -3}}}}},
    {"run": {"kind": "job", "container": {"resources": {"requests": {"memory": "lots"}}}}},
    {"run": {"kind": "service", "ports": ["{{ p }}"]}},
    {"run": {"kind": "tfjob", "cleanPodPolicy": "all"}},
    {"run": {"kind": "tfjob", "worker": {"replicas": "2"}}},
    {"run": {"kind": "raycluster", "workers": [REPLICA]}},
    {"run": {"kind": "raycluster", "autoscalerOptions": {"idleTimeoutSeconds": 1}}},
    {"run": {"kind": "dag", "concurrency": 0}},
    {"run": {"kind": "dag", "operations": {"a": {}}}},
    {"init": [{"artifacts": {"files": [["a"]]}}]},
    {"init": [{"dockerfile": {"run": ["x"]}}]},
    {"init": [{"file": {"filename": "x"}}]},
    {"template": True},
]


@pytest.mark.parametrize("fields", REFUSED, ids=lambda fields: json.dumps(fields)[:60])
def test_what_the_format_does_not_allow_is_refused_as_one_mistake(fields) -> None:
    with pytest.raises(SpecError) as caught:
        read(parse(json.dumps(fields), "x.json"))
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("key", ["hub_ref", "run_patch", "is_approved"])
def test_a_file_with_a_kind_is_written_in_camel_case_at_its_top(key) -> None:
    value = {"hub_ref": "a", "run_patch": {}, "is_approved": True}[key]
    assert isinstance(read(parse(json.dumps({key: value}), "x.json")), Operation)
    with pytest.raises(SpecError):
        read(parse(json.dumps({"kind": "operation", key: value}), "x.json"))


def test_the_kind_chooses_the_model() -> None:
    assert isinstance(read(parse("{kind: component}", "x.yaml")), Component)
    assert isinstance(read(parse("{kind: operation}", "x.yaml")), Operation)
    assert isinstance(read(parse("{kind: compiled_operation, contexts: []}", "x.yaml")), CompiledOperation)
    assert isinstance(read(parse("{kind: null}", "x.yaml")), Operation)


def test_what_was_given_is_told_from_what_was_not() -> None:
    operation = read(parse("{queue: null, cache: {ttl: null}}", "x.yaml"))
    assert operation.model_fields_set == {"queue", "cache"}
    assert operation.cache is not None
    assert operation.cache.model_fields_set == {"ttl"}
    assert dump(operation) == {"queue": None, "cache": {"ttl": None}}


def test_a_component_in_the_place_of_one_is_written_with_its_kind_when_it_stands_alone() -> None:
    operation = read(parse("{component: {run: {kind: job}}}", "x.yaml"))
    assert isinstance(operation, Operation)
    assert operation.component is not None
    assert dump(operation.component) == {"kind": "component", "run": {"kind": "job"}}


CONNECTIONS = [
    ({"kind": "s3", "schema": {"bucket": "s3://b"}}, True),
    ({"kind": "s3", "schema": {"foo": 1}}, False),
    ({"kind": "s3"}, False),
    ({"kind": "volume_claim", "schema": {"volumeClaim": "v", "mountPath": "/m", "readOnly": True}}, True),
    ({"kind": "volume_claim", "schema": {"volumeClaim": "v"}}, False),
    ({"kind": "host_path", "schema": {"hostPath": "/h", "mountPath": "/m"}}, True),
    ({"kind": "registry", "schema": {"url": "r.io"}}, True),
    ({"kind": "git"}, True),
    ({"kind": "git", "schema": {"url": "x", "branch": "y"}}, False),
    ({"kind": "slack", "secret": {"name": "s", "items": ["a"], "mountPath": "/m"}}, True),
    ({"kind": "custom", "schema": {"any": "thing"}}, True),
    ({"kind": "carrier-pigeon"}, False),
]


@pytest.mark.parametrize(("fields", "good"), CONNECTIONS, ids=lambda item: json.dumps(item)[:50])
def test_a_connection_has_the_schema_of_its_kind(fields, good) -> None:
    if good:
        assert dump(Connection.model_validate({"name": "c", **fields})) == {"name": "c", **fields}
    else:
        with pytest.raises(ValidationError):
            Connection.model_validate({"name": "c", **fields})


@pytest.mark.parametrize("env", [{"A": "1"}, [["A", "1"]], [{"name": "A", "value": "1"}]])
def test_the_environment_of_a_connection_is_read_in_three_forms(env) -> None:
    assert Connection(name="c", kind="custom", env=env).env_texts == {"A": "1"}


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of public polyaxonfiles is not here")
def test_every_file_of_the_corpus_is_read_and_written_back() -> None:
    files = sorted(CORPUS.rglob("*.y*ml"))
    assert files
    for file in files:
        document = parse(file.read_bytes(), str(file))
        model = read(document)
        assert document.problems == []
        assert read(parse(json.dumps(dump(model)), "x.json")) == model


# Any section that can be generated from its own description reads back equal to what it was.

TEXTS = st.sampled_from(["a", "b-1", "{{ x }}", "http://h/p", "", "yes", "2024-01-01", "1", "1:30"])
NAMES = st.sampled_from(["a", "b", "c-1", "loss"])
FREE = st.recursive(st.none() | st.booleans() | st.integers(-3, 3) | TEXTS, lambda item: st.lists(item, max_size=2) | st.dictionaries(NAMES, item, max_size=2), max_leaves=4)  # fmt: skip
MODELS = sorted(
    {table.model(kind) for table in vars(kinds).values() if isinstance(table, ByKind) for kind in table.kinds},
    key=lambda model: model.__name__,
)


def values(node: Node, depth: int) -> st.SearchStrategy:
    match node:
        case Scalar(_, described):
            types = json.dumps(described)
            return st.one_of(
                *([st.integers(0, 5)] if "integer" in types or "number" in types else []),
                *([st.booleans()] if "boolean" in types else []),
                *([st.lists(st.integers(1, 9), max_size=2)] if "array" in types else []),
                *([TEXTS] if "string" in types or "enum" in types else [st.just("{{ x }}")]),
            )
        case Choice(words):
            return st.sampled_from(words)
        case ListOf(item):
            return st.lists(values(item, depth - 1), max_size=2) if depth > 0 else st.just([])
        case MapOf(value):
            return st.dictionaries(NAMES, values(value, depth - 1), max_size=2) if depth > 0 else st.just({})
        case Section(model):
            return sections(model, depth - 1)
        case Kinds(table):
            return st.sampled_from(sorted(table.kinds)).flatmap(lambda kind: sections(table.model(kind), depth - 1))
        case OneOf(forms):
            return st.one_of([values(form, depth) for form in forms])
        case Anything():
            return FREE
    raise AssertionError(node)


def sections(model: type[Model], depth: int) -> st.SearchStrategy:
    fields = list(fields_of(model).values())
    needed = {field.alias: _valued(field, depth) for field in fields if field.required or field.alias == "kind"}
    optional = [field for field in fields if field.alias not in needed]
    if depth < 0 or not optional:
        return st.fixed_dictionaries(needed)
    return st.lists(st.sampled_from(optional), max_size=4, unique_by=lambda field: field.alias).flatmap(
        lambda chosen: st.fixed_dictionaries({**needed, **{field.alias: _valued(field, depth) for field in chosen}})
    )


def _valued(field: Field, depth: int) -> st.SearchStrategy:
    return (
        st.just(None) | values(field.node, depth)
        if field.nullable and field.alias != "kind"
        else values(field.node, depth)
    )


@settings(max_examples=50, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(MODELS).flatmap(lambda model: st.tuples(st.just(model), sections(model, 2))))
def test_writing_and_reading_a_section_changes_nothing(example) -> None:
    model, fields = example
    try:
        section = model.model_validate(fields)
    except ValidationError:
        assume(False)
    written = dump(section)
    assert json.loads(json.dumps(written)) == written
    again = model.model_validate(written)
    assert again == section or isinstance(section, Component)
    assert dump(again) == written


ODD = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "{{ x }}",
    [],
    [1],
    [0, 1, 5],
    {},
    {"kind": "job"},
    {"kind": "grid"},
    {"value": 1},
    10**30,
    float("inf"),
]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(ACCEPTED), st.randoms(use_true_random=False))
def test_a_section_with_odd_values_in_it_is_read_or_refused(fields, random) -> None:
    fields = json.loads(json.dumps(fields))
    for _ in range(random.randint(1, 3)):
        holder, key = random.choice(list(_places(fields)) or [({}, "x")])
        holder[key] = deepcopy(random.choice(ODD))
    try:
        model = read(parse(json.dumps(fields), "x.yaml"))
    except SpecError as error:
        told = [problem.message for problem in error.problems]
    else:
        told = []
        assert read(parse(json.dumps(dump(model)), "x.yaml")) == model
    assert not any(word in message for message in told for word in ("pydantic", "constrained", "Input should"))


def _places(value):
    """Every place of the structure, as what holds it and the key there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
