# ruff: noqa: E501  (a row of a table, or a file, is one line)
"""An operation over its component: who wins, what is rendered, what a run inherits, and that it is repeatable."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from compiler_builders import JOB, around, compiled, facts, operation, planned

from polyaxon.compiler.cache import differences
from polyaxon.compiler.compile import cache_key, compile_operation, launch_plan
from polyaxon.errors import SpecError
from polyaxon.model.launch import LaunchPlan, Termination
from polyaxon.model.run import RunKind
from polyaxon.spec.operation import Operation


def over(operation_part: str, component_part: str = "") -> str:
    return f"kind: operation\n{operation_part}\ncomponent:\n  name: comp\n  {component_part}\n  {JOB}\n"


def test_the_operation_wins_over_its_component() -> None:
    found = compiled(over("name: op\nqueue: b\ntags: [y]", "queue: a\n  tags: [x]\n  description: d"))
    assert (found.name, found.queue, found.tags, found.description) == ("op", "b", ("x", "y"), "d")


def test_under_isnull_the_component_wins_its_name_included() -> None:
    found = compiled(over("name: op\nqueue: b\nnamespace: n\npatchStrategy: isnull", "queue: a"))
    assert (found.name, found.queue, found.namespace) == ("comp", "a", "n")


def test_a_bare_component_gives_its_name() -> None:
    assert compiled(f"kind: component\nname: c\n{JOB}\n").name == "c"


@pytest.mark.parametrize(
    ("component", "op", "parent", "result"),
    [
        ("termination: {timeout: 10}", "", {"termination": {"timeout": 60}}, 60),
        ("termination: {timeout: 10}", "termination: {timeout: 20}", {"termination": {"timeout": 60}}, 20),
        ("termination: {timeout: 10}", "", {}, 10),
    ],
)
def test_the_parent_stands_between_operation_and_component(component: str, op: str, parent: Any, result: float) -> None:
    assert compiled(over(op, component), inherited=parent).termination.timeout == result


def test_the_parents_queue_wins_over_the_components() -> None:
    assert compiled(over("", "queue: c"), inherited={"queue": "p"}).queue == "p"


def test_plugins_of_parent_and_operation_join() -> None:
    found = compiled(
        over("plugins: {docker: true}", "plugins: {shm: true}"), inherited={"plugins": {"shm": False, "docker": False}}
    )
    assert found.plugins == {"docker": True, "shm": False}


def test_the_parents_environment_wins_over_the_components_and_keeps_the_rest() -> None:
    text = "kind: component\nrun: {kind: job, environment: {nodeSelector: {a: comp}, nodeName: n}, container: {image: x}}\n"
    inherited = {"runPatch": {"environment": {"nodeSelector": {"a": "par", "b": "par"}}}}
    plan = planned(text, inherited=inherited)
    assert plan.main.environment == {"nodeSelector": {"a": "par", "b": "par"}, "nodeName": "n"}


def test_the_parents_environment_reaches_every_role() -> None:
    text = (
        "kind: component\nrun: {kind: pytorchjob, master: {container: {image: x}}, worker: {container: {image: x}}}\n"
    )
    plan = planned(text, inherited={"runPatch": {"environment": {"nodeName": "n"}}})
    assert [replica.environment for replica in plan.replicas] == [{"nodeName": "n"}] * 2


def test_a_run_patch_of_the_runtimes_shape_or_of_its_roles() -> None:
    text = "kind: operation\nrunPatch: {PATCH}\ncomponent:\n  run: {kind: pytorchjob, master: {container: {image: x}}, worker: {container: {image: x}}}\n"
    whole = planned(text.replace("{PATCH}", "{worker: {replicas: 4}}"))
    each = planned(text.replace("{PATCH}", "{container: {image: other}}"))
    assert [replica.count for replica in whole.replicas] == [1, 4]
    assert [replica.container and replica.container.image for replica in each.replicas] == ["other", "other"]


def test_sections_of_the_operation_are_rendered() -> None:
    text = over(
        "params: {q: fast, t: 60, off: true, n: 2}\nqueue: '{{ q }}'\ntermination: {timeout: '{{ t }}', maxRetries: '{{ n }}'}\ncache: {disable: '{{ off }}'}\nisApproved: '{{ not off }}'",
    )
    found = compiled(text)
    assert (found.queue, found.cache.disable, found.is_approved) == ("fast", True, False)
    assert found.termination == Termination(max_retries=2, timeout=60)


@pytest.mark.parametrize(
    "text",
    [
        over("params: {q: fast}\ntermination: {timeout: '{{ q }}'}"),
        over("params: {q: fast}\ncache: {disable: '{{ q }}'}"),
        over("params: {q: maybe}\nconditions: '{{ q }}'"),
    ],
)
def test_a_rendered_value_of_the_wrong_type_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        compiled(text)


def test_a_condition_answers_and_tells_what_it_saw() -> None:
    found = compiled(over("params: {loss: 0.3, most: 0.5}\nconditions: '{{ loss > most }}'"))
    assert found.condition is False
    assert found.condition_values == {"loss": 0.3, "most": 0.5}
    assert compiled(over("")).condition is None


def test_zero_is_no_limit() -> None:
    assert compiled(over("termination: {timeout: 0, maxRetries: 0}")).termination == Termination()


@pytest.mark.parametrize(
    ("text", "kind", "runtime"),
    [
        (over(""), RunKind.JOB, "job"),
        ("kind: component\nrun: {kind: service, ports: [1], container: {image: x}}\n", RunKind.SERVICE, "service"),
        ("kind: component\nrun: {kind: tfjob, worker: {container: {image: x}}}\n", RunKind.JOB, "tfjob"),
        ("kind: component\nrun: {kind: raycluster, head: {container: {image: x}}}\n", RunKind.SERVICE, "raycluster"),
        (
            "kind: component\nrun: {kind: daskcluster, worker: {container: {image: x}}}\n",
            RunKind.SERVICE,
            "daskcluster",
        ),
        ("kind: component\nrun: {kind: cleaner, container: {image: x}}\n", RunKind.CLEANER, "cleaner"),
        (
            over("params: {a: 1}\nmatrix: {kind: mapping, values: [{a: 1}]}").replace("[echo]", "['{{ a }}']"),
            RunKind.MATRIX,
            "mapping",
        ),
        (
            over("schedule: {kind: interval, frequency: 60}\nmatrix: {kind: mapping, values: [{a: 1}]}").replace(
                "[echo]", "['{{ a }}']"
            ),
            RunKind.SCHEDULE,
            "interval",
        ),
    ],
)
def test_a_run_is_stored_as_its_outermost_kind(text: str, kind: RunKind, runtime: str) -> None:
    found = compiled(text)
    assert (found.kind, found.runtime) == (kind, runtime)


RICH = "kind: operation\nname: op\nparams: {lr: 0.2, extra: '{{ globals.uuid }}'}\nqueue: a/b\nrunPatch: {container: {env: [{name: X, value: '{{ lr }}'}]}}\ncomponent:\n  inputs: [{name: lr, type: float}]\n  outputs: [{name: loss, type: float}]\n  run: {kind: job, container: {image: x, args: ['--lr={{ lr }}', '{{ extra }}']}}\n"


def test_compiling_twice_changes_nothing() -> None:
    found = operation(RICH)
    first, second = compile_operation(found, around()), compile_operation(found, around())
    assert first == second
    assert first.content() == second.content()
    assert launch_plan(first, around()) == launch_plan(second, around())


def test_the_compiled_content_is_a_compiled_operation() -> None:
    from polyaxon.spec.check import read
    from polyaxon.spec.load import Document

    content = compiled(RICH).content()
    assert read(Document("stored.json", "", content, [])).kind == "compiled_operation"
    assert content["inputs"] == [{"name": "lr", "type": "float", "value": 0.2}]
    assert content["contexts"][0]["name"] == "extra"


def test_a_plan_survives_json() -> None:
    import json

    plan = planned(RICH)
    assert LaunchPlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


# Cache keys


def key(text: str, **surroundings: Any) -> str:
    return cache_key(compiled(text, **surroundings), "quick")[0]


def test_a_key_is_32_hexadecimal_digits_and_comes_with_its_parts() -> None:
    found, text = cache_key(compiled(RICH), "quick", {"code": "d1"})
    parts = json.loads(text)
    assert len(found) == 32
    assert parts["inputs"] == {"lr": ["float", 0.2]}
    assert parts["digests"] == {"code": "d1"}


def parts_of(text: str, project: str = "quick", digests: dict[str, str] | None = None) -> str:
    return cache_key(compiled(text), project, digests)[1]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{a: 1}", "{a: 2}", {"inputs.a": (1, 2)}),
        ("image: x", "image: y", {"container.image": ("x", "y")}),
        ("command: [run]", "command: [go]", {"container.command": (["run"], ["go"])}),
        ("value: v", "value: w", {"container.env": ([{"name": "E", "value": "v"}], [{"name": "E", "value": "w"}])}),
        ("url: u", "url: w", {"init[0]": ({"git": {"url": "u"}}, {"git": {"url": "w"}})}),
        ("connections: [c], ", "", {"connections": (["c"], None)}),
        ("cpu: 1", "cpu: 2", {}),
    ],
)
def test_what_differs_between_two_keys_is_named_as_in_the_file(old: str, new: str, expected: dict[str, Any]) -> None:
    assert differences(parts_of(BASE), parts_of(BASE.replace(old, new))) == expected


def test_a_rebuilt_image_and_another_project_are_differences_too() -> None:
    found = differences(parts_of(BASE, digests={"image": "a"}), parts_of(BASE, "other", {"upstream prepare": "b"}))
    assert found == {
        "project": ("quick", "other"),
        "the image that was built": ("a", None),
        "upstream prepare": (None, "b"),
    }


def test_the_same_operation_has_the_same_key_in_another_run() -> None:
    text = over("params: {lr: 0.2}").replace("[echo]", "['{{ lr }}', '{{ globals.uuid }}']")
    assert key(text) == key(text, facts=lambda: facts("other", "f" * 32))


BASE = "kind: operation\nparams: {a: 1}\ncomponent:\n  inputs: [{name: a, type: int}, {name: b, type: int, value: 2}]\n  run: {kind: job, connections: [c], init: [{git: {url: u}}], container: {image: x, command: [run], args: ['{{ a }}', '{{ b }}'], env: [{name: E, value: v}], resources: {limits: {cpu: 1}}}}\n"


KEPT = {
    BASE: "6c9d5e7f87a9533f593dac04590ec2c4",
    BASE.replace("params: {a: 1}", "queue: '{{ a }}'\nparams: {a: 1}"): "6c9d5e7f87a9533f593dac04590ec2c4",
    "kind: component\nrun: {kind: dag, components: [{name: c, run: {kind: job, container: {image: x}}}], "
    "operations: [{name: a, dagRef: c}]}": "bb2f686872527bee4e71c48e10e20b83",
}


@pytest.mark.parametrize("text", KEPT)
def test_the_key_of_an_operation_stays_what_it_was_when_runs_were_stored(text: str) -> None:
    assert key(text) == KEPT[text]
    kept = compiled(text)
    assert cache_key(kept, "quick") == cache_key(kept, "quick")
    parts = cache_key(kept, "quick")[1]
    assert json.dumps(json.loads(parts), sort_keys=True, separators=(",", ":")) == parts


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ("{a: 1}", "{a: 2}", True),
        ("image: x", "image: y", True),
        ("command: [run]", "command: [walk]", True),
        ("'{{ b }}'", "'{{ b }}', more", True),
        ("{url: u}", "{url: v}", True),
        ("connections: [c]", "connections: [d]", True),
        ("value: v}", "value: w}", True),
        ("cpu: 1", "cpu: 2", False),
        ("kind: operation", "kind: operation\nqueue: q", False),
        ("kind: operation", "kind: operation\nname: n\ntags: [t]", False),
        ("kind: operation", "kind: operation\nplugins: {shm: false}", False),
    ],
)
def test_the_key_depends_on_what_the_result_depends_on(old: str, new: str, differs: bool) -> None:
    assert (key(BASE) != key(BASE.replace(old, new))) is differs


def test_the_key_leaves_out_what_the_cache_section_leaves_out() -> None:
    only_a = BASE.replace("kind: operation", "kind: operation\ncache: {io: [a], sections: []}")
    assert key(only_a) == key(
        only_a.replace("image: x", "image: y").replace("value: 2", "value: 3").replace("{url: u}", "{url: v}")
    )
    assert key(only_a) != key(only_a.replace("{a: 1}", "{a: 5}"))


def test_projects_do_not_share_keys() -> None:
    assert cache_key(compiled(BASE), "one")[0] != cache_key(compiled(BASE), "two")[0]


def test_what_an_operation_sets_to_nothing_is_not_part_of_the_compiled_one() -> None:
    raw = {"kind": "operation", "conditions": None, "dependencies": None, "component": {"run": {"kind": "job"}}}
    found = compile_operation(Operation.model_validate(raw), around())
    assert not {"conditions", "dependencies"} & found.content().keys()


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1e999"])
@pytest.mark.parametrize(
    "section",
    [
        "termination: {timeout: '{{ n }}'}\ncmd: x",
        "termination: {maxRetries: '{{ n }}'}\ncmd: x",
        "cache: {ttl: '{{ n }}'}\ncmd: x",
        "matrix: {kind: mapping, concurrency: '{{ n }}', values: [{m: 1}]}\ncmd: x {{ m }}",
        "run: {kind: service, replicas: '{{ n }}', container: {image: x}}",
    ],
)
def test_a_number_beyond_all_others_is_refused_where_it_counts_something(section: str, number: str) -> None:
    text = json.dumps({"kind": "operation", "inputs": [{"name": "n", "type": "any"}], "params": {"n": "NUMBER"}})
    found = operation(text.replace('"NUMBER"', number)[:-1] + ", " + _as_json(section))
    with pytest.raises(SpecError, match="became"):
        launch_plan(compile_operation(found, around()), around())


def _as_json(section: str) -> str:
    return json.dumps(yaml.safe_load(section))[1:]


@pytest.mark.parametrize(
    ("value", "names"), [("[a, b]", ("a", "b")), ("a", ("a",)), ("'[1]'", ("[1]",)), ("null", None), ("5", SpecError)]
)
def test_the_names_that_count_for_the_cache_may_come_from_a_template(value: str, names: Any) -> None:
    text = f"kind: operation\nparams: {{n: {value}}}\ncache: {{io: '{{{{ n }}}}'}}\ncontainer: {{image: x}}\ncmd: x {{{{ n }}}}"
    if names is SpecError:
        with pytest.raises(SpecError, match=r"`cache\.io` became the number 5"):
            compiled(text)
    else:
        assert compiled(text).cache.io == names
