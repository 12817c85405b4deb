# ruff: noqa: E501  (a row of a table, or a file, is one line)
"""What a runtime gets: argv and environment as text, init steps in order, one replica per role."""

from __future__ import annotations

from typing import Any

import pytest
from compiler_builders import UUID, around, compiled, facts, planned

from polyaxon.compiler.compile import launch_plan
from polyaxon.compiler.containers import argv
from polyaxon.errors import SpecError
from polyaxon.model.launch import Connection, Container


def job(container: str, io: str = "", more: str = "") -> str:
    return f"kind: component\n{io}\nrun: {{kind: job, container: {{image: x, {container}}}{more}}}\n"


def main(text: str, **surroundings: Any) -> Container:
    container = planned(text, **surroundings).main.container
    assert container is not None
    return container


@pytest.mark.parametrize(
    ("value", "args"),
    [
        (["a", "", None, 0, False, True, 1.5], ("a", "0", "False", "True", "1.5")),
        ([{"a": 1}, [1, "x"]], ('{"a":1}', '[1,"x"]')),
        ("one text", ("one text",)),
        (["1e3", "True", "None", "1_000", "01"], ("1e3", "True", "None", "1_000", "01")),
        (None, ()),
        (7, ("7",)),
    ],
)
def test_arguments_are_text_and_nothing_is_lost_but_nothing(value: Any, args: tuple[str, ...]) -> None:
    assert argv(value) == args


def test_a_template_of_a_list_is_expanded() -> None:
    assert main(job("args: '{{ l }}'", "inputs: [{name: l, type: any, value: [a, 1]}]")).args == ("a", "1")


def test_an_item_that_renders_to_nothing_is_left_out() -> None:
    io = "inputs: [{name: n, type: int, isOptional: true}]"
    assert main(job("args: ['{{ n }}', 'v={{ n }}']", io)).args == ("v=None",)


def test_environment_values_are_text_and_the_last_of_a_name_counts() -> None:
    env = (
        "env: [{name: A, value: '1'}, {name: B, value: '{{ t }}'}, {name: C, value: '{{ l }}'}, {name: A, value: '2'}]"
    )
    io = "inputs: [{name: t, type: bool, value: true}, {name: l, type: any, value: [1]}]"
    assert list(main(job(env, io)).env.items()) == [("B", "true"), ("C", "[1]"), ("A", "2")]


def test_inputs_reach_the_environment_and_win() -> None:
    io = "inputs: [{name: c, type: dict, toEnv: CONF, value: {a: 1}}, {name: s, type: str, toEnv: A, value: x}]"
    assert main(job("env: [{name: A, value: '1'}]", io)).env == {"CONF": '{"a":1}', "A": "x"}


def test_variables_from_elsewhere_are_kept_in_kubernetes_words() -> None:
    entry = "{name: S, valueFrom: {secretKeyRef: {name: s, key: k}}}"
    found = main(job(f"env: [{entry}, {{name: A, value: b}}]"))
    assert found.env == {"A": "b"}
    assert found.extra["env"] == [{"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]


def test_resources_ports_and_the_rest_find_their_place() -> None:
    found = main(
        job(
            "workingDir: /w, resources: {requests: {cpu: 1}, limits: {memory: 1Gi}}, ports: [{containerPort: 80}], imagePullPolicy: Always"
        )
    )
    assert (found.working_dir, found.requests, found.limits) == ("/w", {"cpu": 1}, {"memory": "1Gi"})
    assert found.ports == (80,)
    assert found.extra["imagePullPolicy"] == "Always"


def test_the_image_of_the_builder_replaces_every_main_image() -> None:
    text = "kind: component\nrun: {kind: mpijob, launcher: {container: {image: a}}, worker: {replicas: 2, container: {image: b}}}\n"
    plan = planned(text, image="built:1")
    assert [replica.container and replica.container.image for replica in plan.replicas] == ["built:1", "built:1"]


GIT = Connection("repo", "git", {"url": "https://x/y", "revision": "main"})
STORE = Connection("sets", "s3", {"bucket": "s3://b"})
INIT_ROWS: list[tuple[str, str, Any]] = [
    ("{git: {url: u, revision: r}}", "git", {"url": "u", "revision": "r"}),
    ("{git: {revision: dev}, connection: repo}", "git", {"url": "https://x/y", "revision": "dev"}),
    ("{connection: repo}", "git", {"url": "https://x/y", "revision": "main"}),
    ("{connection: sets}", "artifacts", {}),
    ("{artifacts: {files: [a]}, connection: sets}", "artifacts", {"files": ["a"]}),
    ("{paths: a/b}", "paths", {"paths": ["a/b"]}),
    ("{paths: [a, [b, c]]}", "paths", {"paths": ["a", ["b", "c"]]}),
    ("{dockerfile: {image: i, run: [r]}}", "dockerfile", {"image": "i", "run": ["r"]}),
    ("{file: {content: hello, filename: f}}", "file", {"content": "hello", "filename": "f"}),
    ("{tensorboard: {port: 6006, uuids: [u]}}", "tensorboard", {"port": 6006, "uuids": ["u"]}),
    ("{container: {image: i, command: [c]}}", "container", {}),
]


@pytest.mark.parametrize(("entry", "kind", "spec"), INIT_ROWS)
def test_an_init_entry_becomes_its_step(entry: str, kind: str, spec: Any) -> None:
    plan = planned(job("command: [c]", more=f", init: [{entry}]"), connections={"repo": GIT, "sets": STORE})
    (step,) = plan.main.init
    assert (step.kind, dict(step.spec)) == (kind, spec)


def test_inputs_to_fetch_come_first_and_bare_containers_last() -> None:
    io = "inputs: [{name: code, type: git, toInit: true, connection: repo, value: {revision: dev}}]"
    more = ", init: [{container: {image: i}}, {file: {content: c}}]"
    plan = planned(job("command: [c]", io, more), connections={"repo": GIT})
    assert [step.kind for step in plan.main.init] == ["git", "file", "container"]
    assert plan.main.init[0].spec["revision"] == "dev"
    assert set(plan.connections) == {"repo"}


def test_a_lineage_of_another_run_becomes_its_path() -> None:
    other = "b" * 32
    more = f", init: [{{lineageRef: '{other}:model'}}]"
    run = facts("train", other, artifacts={"model": f"{other}/outputs/model"})
    (step,) = planned(job("command: [c]", more=more), runs={other: run}).main.init
    assert (step.kind, step.spec) == ("paths", {"paths": [f"{other}/outputs/model"]})


@pytest.mark.parametrize(
    ("run", "roles"),
    [
        (
            "{kind: tfjob, worker: {replicas: 2, container: {image: x}}, chief: {container: {image: x}}}",
            [("chief", 1, "tensorflow"), ("worker", 2, "tensorflow")],
        ),
        (
            "{kind: pytorchjob, master: {container: {image: x}}, worker: {replicas: 3, container: {image: x}}}",
            [("master", 1, "pytorch"), ("worker", 3, "pytorch")],
        ),
        (
            "{kind: mpijob, slotsPerWorker: 2, launcher: {container: {image: x}}, worker: {container: {image: x}}}",
            [("launcher", 1, "polyaxon-main"), ("worker", 1, "polyaxon-main")],
        ),
        (
            "{kind: raycluster, head: {container: {image: x}}, workers: {small: {replicas: 2, container: {image: x}}}}",
            [("head", 1, "polyaxon-main"), ("small", 2, "polyaxon-main")],
        ),
        (
            "{kind: daskcluster, scheduler: {container: {image: x}}, worker: {replicas: 2, container: {image: x}}}",
            [("scheduler", 1, "polyaxon-main"), ("worker", 2, "polyaxon-main")],
        ),
        (
            "{kind: xgbjob, master: {container: {image: x}}, worker: {container: {image: x}}}",
            [("master", 1, "xgboost"), ("worker", 1, "xgboost")],
        ),
        (
            "{kind: paddlejob, master: {container: {image: x}}, worker: {container: {image: x}}}",
            [("master", 1, "paddle"), ("worker", 1, "paddle")],
        ),
        (
            "{kind: mxjob, scheduler: {container: {image: x}}, server: {container: {image: x}}, worker: {container: {image: x}}}",
            [("scheduler", 1, "mxnet"), ("server", 1, "mxnet"), ("worker", 1, "mxnet")],
        ),
        ("{kind: service, replicas: 2, ports: [80], container: {image: x}}", [("main", 2, "polyaxon-main")]),
        ("{kind: notifier, container: {image: x}}", [("main", 1, "polyaxon-main")]),
        ("{kind: tuner, container: {image: x}}", [("main", 1, "polyaxon-main")]),
        ("{kind: cleaner, container: {image: x}}", [("main", 1, "polyaxon-main")]),
    ],
)
def test_every_kind_has_its_replicas(run: str, roles: list[tuple[str, int, str]]) -> None:
    plan = planned(f"kind: component\nrun: {run}\n")
    assert [(item.role, item.count, item.container.name if item.container else "") for item in plan.replicas] == roles


def test_a_distributed_run_keeps_its_own_fields_and_renders_every_role() -> None:
    text = "kind: component\ninputs: [{name: n, type: int, value: 3}]\nrun: {kind: pytorchjob, nProcPerNode: '{{ n }}', cleanPodPolicy: All, worker: {replicas: '{{ n }}', container: {image: x, args: ['{{ n }}', '{{ params.as_args }}']}}}\n"
    plan = planned(text)
    assert plan.spec == {"nProcPerNode": 3, "cleanPodPolicy": "All"}
    assert plan.main.count == 3
    assert plan.main.container is not None
    assert plan.main.container.args == ("3", '["--n=3"]')


def test_a_replica_count_that_is_no_number_is_refused() -> None:
    text = "kind: component\ninputs: [{name: n, type: str, value: many}]\nrun: {kind: tfjob, worker: {replicas: '{{ n }}', container: {image: x}}}\n"
    with pytest.raises(SpecError):
        planned(text)


def test_what_a_run_says_nothing_of_has_the_platforms_default() -> None:
    plan = planned(
        job("command: [c]").replace("kind: component", "kind: component\nplugins: {shm: false, tmux: true}", 1)
    )
    assert (plan.plugins["shm"], plan.plugins["tmux"], plan.plugins["collectLogs"]) == (False, True, True)


def test_labels_are_text() -> None:
    plan = planned(job("command: [c]", more=", environment: {labels: {a: 1, b: true}, nodeName: n}"))
    assert plan.main.environment == {"labels": {"a": "1", "b": "true"}, "nodeName": "n"}


def test_an_undefined_name_is_found_at_its_place() -> None:
    found = compiled(job("args: [a, '{{ x.missing }}']", "inputs: [{name: x, type: dict, value: {a: 1}}]"))

    with pytest.raises(SpecError) as caught:
        launch_plan(found, around())
    assert caught.value.problems[0].path == "run.container.args[1]"


def test_the_plan_names_its_run() -> None:
    plan = planned(
        job("command: [c]").replace("kind: component", "kind: component\nname: c\nqueue: a/b\nnamespace: n", 1)
    )
    assert (plan.run, plan.project, plan.name, plan.queue, plan.namespace) == (UUID, "quick", "c", "a/b", "n")
