"""Laws over whole operations of many sections: writing, composing, compiling and patching lose and invent nothing."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
from compiler_builders import Files, around
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyaxon.compiler.compile import compile_operation
from polyaxon.compiler.resolve import Loaded, load, load_stored
from polyaxon.compiler.sources import Source
from polyaxon.spec.check import read
from polyaxon.spec.dump import dump
from polyaxon.spec.load import parse
from polyaxon.spec.operation import Operation
from polyaxon.spec.schema import build_schema

Data = dict[str, Any]

HUB = dict.fromkeys(("slack:latest", "kaniko:1", "slack"), "kind: component\nrun: {kind: job, container: {image: x}}\n")
NAMES = st.sampled_from(["a", "b-1", "train", "{{ globals.name }}"])
TEXTS = st.sampled_from(["x", "yes", "1", "1e3", "2024-01-01", "ü", "a: b", "{{ lr }}", "", "null", "- x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["k", "value", "l"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Data]:
    """Mappings with any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


ENVIRONMENT = some(
    labels=st.dictionaries(st.sampled_from(["a", "b"]), TEXTS, max_size=2),
    nodeSelector=st.just({"disk": "ssd"}),
    tolerations=st.lists(st.just({"key": "gpu", "operator": "Exists"}), max_size=2),
    priority=st.integers(0, 3),
    restartPolicy=st.sampled_from(["Always", "Never"]),
)
CONTAINER = some(
    image=st.just("x:1"),
    command=st.lists(TEXTS, max_size=2) | st.just("run"),
    args=st.lists(VALUES, max_size=2) | st.just("{{ params.as_args }}"),
    env=st.lists(st.fixed_dictionaries({"name": st.sampled_from(["A", "B"]), "value": TEXTS}), max_size=2),
    workingDir=TEXTS,
    resources=st.just({"limits": {"cpu": 1, "memory": "1Gi"}}),
).map(lambda container: {"image": "x", **container})
INIT = st.lists(
    st.sampled_from(
        [
            {"git": {"url": "https://h/r", "revision": "dev"}},
            {"connection": "data", "path": "/d"},
            {"paths": ["a", ["b", "c"]]},
            {"file": {"content": "x", "chmod": "+x"}},
            {"dockerfile": {"image": "x", "run": ["ls"], "env": {"A": "1"}}},
            {"container": {"image": "y"}},
        ]
    ),
    max_size=2,
)
POD = {
    "environment": ENVIRONMENT,
    "connections": st.lists(st.sampled_from(["data", "repo"]), max_size=2),
    "volumes": st.lists(st.just({"name": "v", "emptyDir": {}}), max_size=1),
    "init": INIT,
    "sidecars": st.lists(st.just({"image": "s", "command": ["sleep"]}), max_size=1),
}
ROLE = st.fixed_dictionaries({"container": CONTAINER}, optional={**POD, "replicas": st.integers(1, 3)})


def kind(name: str, needed: Data, optional: Data) -> st.SearchStrategy[Data]:
    return st.fixed_dictionaries({"kind": st.just(name), **needed}, optional=optional)


RUNS = st.one_of(
    kind("job", {"container": CONTAINER}, POD),
    kind(
        "service",
        {"container": CONTAINER},
        {**POD, "ports": st.lists(st.integers(1, 99), max_size=2), "rewritePath": st.booleans()},
    ),
    kind("tfjob", {"chief": ROLE}, {"worker": ROLE, "cleanPodPolicy": st.just("All")}),
    kind("pytorchjob", {"master": ROLE}, {"worker": ROLE, "nProcPerNode": st.just("auto")}),
    kind("mpijob", {"launcher": ROLE}, {"worker": ROLE, "slotsPerWorker": st.integers(1, 2)}),
    kind("raycluster", {"head": ROLE}, {"workers": st.dictionaries(st.just("g"), ROLE, max_size=1)}),
    kind("daskcluster", {"scheduler": ROLE, "worker": ROLE}, {}),
    st.just(
        {
            "kind": "dag",
            "components": [
                {"name": "c", "outputs": [{"name": "o"}], "run": {"kind": "job", "container": {"image": "x"}}}
            ],
            "operations": [
                {"name": "one", "dagRef": "c"},
                {"name": "two", "dagRef": "c", "dependencies": ["one"], "trigger": "all_done"},
                {
                    "name": "three",
                    "params": {"v": {"ref": "ops.one", "value": "outputs.o"}},
                    "container": {"image": "y"},
                    "cmd": "echo {{ v }}",
                },
            ],
        }
    ),
)
INPUTS = [
    {"name": "lr", "type": "float", "value": 0.1},
    {"name": "words", "type": "str", "isList": True, "value": ["a"]},
    {"name": "free", "value": {"k": [1, None]}},
    {"name": "flag", "type": "bool", "isFlag": True, "value": False},
]
SHARED = {
    "name": NAMES,
    "description": TEXTS,
    "tags": st.lists(st.sampled_from(["t", "u"]), max_size=2, unique=True) | st.just("t, u"),
    "queue": st.sampled_from(["q", "a/q"]),
    "namespace": st.just("n"),
    "cache": some(disable=st.booleans(), ttl=st.integers(1, 9), io=st.just(["lr"]), sections=st.just(["init"])),
    "termination": some(maxRetries=st.integers(0, 3), timeout=st.integers(0, 9), ttl=st.integers(0, 9)),
    "plugins": some(shm=st.booleans(), logLevel=st.just("INFO"), notifications=st.just([{"connections": ["c"]}])),
    "hooks": st.lists(
        st.sampled_from([{"hubRef": "slack", "trigger": "failed"}, {"hubRef": "slack:latest"}]), max_size=2
    ),
    "isApproved": st.booleans(),
    "cost": st.floats(0, 9),
    "mount": st.just(["a:b", {"from": "c"}]),
}
MATRICES = st.sampled_from(
    [
        {"kind": "grid", "params": {"lr": {"kind": "linspace", "value": "0:1:3"}}, "concurrency": 2},
        {"kind": "mapping", "values": [{"lr": 1}, {"lr": 2}]},
        {"kind": "random", "numRuns": 2, "seed": 1, "params": {"lr": {"kind": "uniform", "value": [0, 1]}}},
    ]
)
OUTER = {
    "params": some(
        lr=st.floats(0, 1) | st.just({"value": 0.5, "toEnv": "LR"}),
        free=VALUES.map(lambda value: {"value": value}),
        flag=st.booleans(),
    ),
    "matrix": MATRICES,
    "schedule": st.sampled_from(
        [{"kind": "cron", "cron": "@daily", "maxRuns": 2}, {"kind": "interval", "frequency": 60}]
    ),
    "conditions": st.sampled_from(["{{ lr < 1 }}", "params.flag.value", "true"]),
    "joins": st.just([{"query": "status: succeeded", "params": {"words": {"value": "inputs.name"}}}]),
    "patchStrategy": st.sampled_from(["post_merge", "pre_merge", "replace", "isnull"]),
    "skipOnUpstreamSkip": st.booleans(),
}
COMPONENTS = st.fixed_dictionaries({"inputs": st.just(INPUTS), "run": RUNS}, optional=SHARED)
OPERATIONS = st.fixed_dictionaries({"component": COMPONENTS}, optional={**SHARED, **OUTER}).map(
    lambda fields: {"kind": "operation", **fields}
)
PRESETS = st.fixed_dictionaries(
    {"isPreset": st.just(True)},
    optional={**SHARED, "params": OUTER["params"], "patchStrategy": OUTER["patchStrategy"]},
)
LAWS = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def loaded(data: Data, *presets: Data) -> Loaded:
    sources = [Source(json.dumps(preset), f"preset-{index}.json") for index, preset in enumerate(presets)]
    found = load(Files(HUB), Source(json.dumps(data), "main.json"), sources)
    assert found.operation is not None, "\n".join(map(str, found.problems))
    return found


def operation(data: Data, *presets: Data) -> Operation:
    found = loaded(data, *presets).operation
    assert found is not None
    return found


@cache
def schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(build_schema())


@LAWS
@given(OPERATIONS)
def test_an_operation_is_read_again_as_it_was_written(data: Data) -> None:
    model = read(parse(json.dumps(data), "main.json"))
    written = dump(model)
    again = read(parse(json.dumps(written), "main.json"))
    assert again == model
    assert dump(again) == written
    assert next(schema().iter_errors(data), None) is None
    assert next(schema().iter_errors(written), None) is None


@LAWS
@given(OPERATIONS)
def test_what_was_composed_is_composed_already(data: Data) -> None:
    first = operation(data)
    again = operation(dump(first))
    assert dump(again) == dump(first)
    assert load_stored(json.dumps(dump(first))) == first


@LAWS
@given(OPERATIONS)
def test_compiling_an_operation_twice_gives_the_same(data: Data) -> None:
    found = operation(data)
    first = compile_operation(found, around())
    assert compile_operation(found, around()) == first
    assert compile_operation(load_stored(json.dumps(dump(found))), around()).content() == first.content()


@LAWS
@given(OPERATIONS, PRESETS)
def test_a_preset_laid_over_twice_is_laid_over_once(data: Data, preset: Data) -> None:
    assert dump(operation(data, preset, preset)) == dump(operation(data, preset))


@LAWS
@given(OPERATIONS, st.sampled_from(["post_merge", "pre_merge", "replace", "isnull"]))
def test_an_empty_preset_changes_nothing(data: Data, strategy: str) -> None:
    assert dump(operation(data, {"isPreset": True, "patchStrategy": strategy})) == dump(operation(data))


@LAWS
@given(OPERATIONS, PRESETS)
def test_filling_gaps_after_a_preset_with_the_same_adds_nothing(data: Data, preset: Data) -> None:
    once = dump(operation(data, preset))
    assert dump(operation(data, preset, {**preset, "patchStrategy": "isnull"})) == once
