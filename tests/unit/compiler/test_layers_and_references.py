# ruff: noqa: E501  (a row of a table, or a file, is one line)
"""References of every kind, layers on layers, presets and options: one canonical operation comes out."""

from __future__ import annotations

from typing import Any

import pytest
from compiler_builders import JOB, Files, codes, compiled, loaded, operation

from polyaxon.compiler.resolve import Overrides, load, load_stored
from polyaxon.compiler.sources import Source
from polyaxon.errors import FetchError
from polyaxon.spec.dump import dump

TRAIN = """version: 1.1
kind: component
name: train
inputs: [{name: lr, type: float, value: 0.1}]
run: {kind: job, container: {image: busybox, command: [echo], args: ["{{ lr }}"]}}
"""


def component_of(found: Any) -> Any:
    assert found.component is not None
    return dump(found.component)


@pytest.mark.parametrize("reference", ["pathRef: train.yaml", "urlRef: https://x/train", "hubRef: acme/train:1"])
def test_a_reference_is_inlined_and_its_text_kept(reference: str) -> None:
    files = {"train.yaml": TRAIN, "https://x/train": TRAIN, "acme/train:1": TRAIN}
    found = operation(f"version: 1.1\nkind: operation\n{reference}\n", files)
    field, text = reference.split(": ", 1)
    assert dump(found)[field] == text
    assert component_of(found)["name"] == "train"


def test_a_component_is_wrapped_in_an_operation() -> None:
    found = operation(TRAIN)
    assert found.name is None
    assert component_of(found)["name"] == "train"


def test_paths_start_from_the_file_that_holds_them() -> None:
    dag = "kind: component\nrun: {kind: dag, operations: [{name: a, pathRef: parts/one.yaml}]}\n"
    inner = "kind: component\nrun: {kind: dag, operations: [{name: b, pathRef: ../train.yaml}]}\n"
    files = {"dags/top.yaml": dag, "dags/parts/one.yaml": inner, "dags/train.yaml": TRAIN}
    found = operation("kind: operation\npathRef: dags/top.yaml\n", files)
    run: Any = component_of(found)["run"]
    nested = run["operations"][0]["component"]["run"]["operations"][0]
    assert nested["component"]["name"] == "train"


def test_one_file_is_read_once_for_two_operations() -> None:
    text = "kind: component\nrun: {kind: dag, operations: [{name: a, pathRef: t.yaml}, {name: b, pathRef: t.yaml}]}\n"
    found: Any = operation(text, {"t.yaml": TRAIN}).component
    first, second = found.run.operations
    assert first.component is second.component


def test_a_component_that_is_given_beside_a_reference_is_the_resolved_one() -> None:
    files = Files()
    text = f"kind: operation\nhubRef: acme/train\ncomponent:\n  {JOB}\n"
    assert load(files, Source(text, "main.yaml")).ok
    assert files.asked == []


def test_shallow_follows_nothing() -> None:
    files = Files()
    found = load(files, Source("kind: operation\npathRef: nowhere.yaml\n", "main.yaml"), shallow=True)
    assert found.ok
    assert files.asked == []


@pytest.mark.parametrize(
    ("files", "text"),
    [
        (
            {"a.yaml": "kind: operation\npathRef: b.yaml\n", "b.yaml": "kind: operation\npathRef: a.yaml\n"},
            "pathRef: a.yaml",
        ),
        ({}, "pathRef: main.yaml"),
        (
            {"d.yaml": "kind: component\nrun: {kind: dag, operations: [{name: a, pathRef: d.yaml}]}\n"},
            "pathRef: d.yaml",
        ),
    ],
)
def test_a_circle_of_files_is_found(files: dict[str, str], text: str) -> None:
    found = loaded(f"kind: operation\n{text}\n", {**files, "main.yaml": f"kind: operation\n{text}\n"})
    assert codes(found.problems) == ["PX202"]


def test_the_world_refusing_is_said_at_the_reference() -> None:
    class Offline:
        def read(self, kind: str, ref: str, base: str | None) -> Source:
            raise FetchError("no connection")

    found = load(Offline(), Source("kind: operation\nurlRef: https://x/y\n", "main.yaml"))
    assert [(problem.code, problem.line) for problem in found.problems] == [("PX201", 2)]


def test_a_chain_of_layers_is_flattened_outermost_last() -> None:
    files = {
        "base.yaml": "kind: component\nname: base\ntags: [a]\nqueue: q1\nrun: {kind: job, container: {image: base, env: [{name: X, value: '0'}]}}\n",
        "mid.yaml": "pathRef: base.yaml\ntags: [b]\nenv: {MID: '1'}\nparams: {p: 1, q: 1}\n",
    }
    found = operation("pathRef: mid.yaml\ntags: [c]\ncmd: other {{ p }} {{ q }}\nparams: {p: 2}\n", files)
    component = component_of(found)
    assert component["tags"] == ["a", "b"]
    assert component["queue"] == "q1"
    assert [entry["name"] for entry in component["run"]["container"]["env"]] == ["X", "MID"]
    assert component["run"]["container"]["args"] == ["set -e\nother {{ p }} {{ q }}"]
    data = dump(found)
    assert data["params"] == {"p": {"value": 2}, "q": {"value": 1}}
    assert data["tags"] == ["c"]


def test_a_matrix_of_an_inner_layer_counts_when_the_outer_has_none() -> None:
    files = {
        "s.yaml": f"kind: operation\nmatrix: {{kind: grid, params: {{lr: {{kind: choice, value: [1]}}}}}}\ncomponent:\n  {TRAIN.replace(chr(10), chr(10) + '  ')}"
    }
    assert dump(operation("kind: operation\npathRef: s.yaml\n", files))["matrix"]["kind"] == "grid"


def test_a_node_takes_its_trigger_and_conditions_from_itself_only() -> None:
    inner = f"kind: operation\nconditions: 'false'\ntrigger: all_done\ncomponent:\n  {JOB}\n"
    text = "kind: component\nrun: {kind: dag, operations: [{name: a, pathRef: i.yaml}]}\n"
    found: Any = operation(text, {"i.yaml": inner}).component
    assert "conditions" not in dump(found)["run"]["operations"][0]


def test_a_node_may_lay_short_fields_over_a_component_of_the_dag() -> None:
    text = "kind: component\nrun:\n  kind: dag\n  components: [{name: c, container: {image: y}}]\n  operations:\n  - {name: a, container: {image: x}, cmd: ls}\n  - {name: b, dagRef: c, cmd: echo, dependencies: [a]}\n"
    found: Any = operation(text).component
    nodes = dump(found)["run"]["operations"]
    assert nodes[0]["component"]["run"]["container"]["args"] == ["set -e\nls"]
    assert nodes[1]["component"]["run"]["container"] == {
        "image": "y",
        "command": ["/bin/sh", "-c"],
        "args": ["set -e\necho"],
    }


def test_a_component_of_a_dag_may_refer_to_another() -> None:
    text = "kind: component\nrun:\n  kind: dag\n  components: [{name: base, container: {image: y}}, {name: more, dagRef: base, cmd: x}]\n  operations: [{name: a, dagRef: more}]\n"
    found: Any = operation(text).component
    more = dump(found)["run"]["components"][1]
    assert more["run"]["container"]["image"] == "y"


def test_a_canonical_dag_is_left_object_for_object() -> None:
    text = f"kind: component\nrun:\n  kind: dag\n  components: [{{name: c, {JOB}}}]\n  operations: [{{name: a, dagRef: c}}, {{name: b, dagRef: c}}]\n"
    first = operation(text)
    assert dump(load_stored(__import__("json").dumps(dump(first)))) == dump(first)


def test_what_is_stored_reads_back_the_same() -> None:
    import json

    found = operation("pathRef: t.yaml\nparams: {lr: 0.2}\nqueue: a/b\n", {"t.yaml": TRAIN})
    assert load_stored(json.dumps(dump(found))) == found


# Presets and options


def test_presets_are_laid_over_in_order_each_with_its_strategy() -> None:
    presets = [
        "isPreset: true\nqueue: p1\ntags: [x]\n",
        "isPreset: true\npatchStrategy: isnull\nqueue: p2\nnamespace: n\n",
    ]
    data = dump(operation(f"kind: operation\nqueue: q\ntags: [a]\ncomponent:\n  {JOB}\n", presets=presets))
    assert (data["queue"], data["namespace"], data["tags"]) == ("p1", "n", ["a", "x"])


def test_a_preset_never_changes_references_or_strategy() -> None:
    preset = "isPreset: true\nhubRef: other\npatchStrategy: replace\nversion: 1.1\n"
    data = dump(operation("kind: operation\npathRef: t.yaml\n", {"t.yaml": TRAIN}, presets=[preset]))
    assert "hubRef" not in data
    assert "patchStrategy" not in data


def test_presets_of_run_patches_merge() -> None:
    preset = "runPatch: {container: {resources: {limits: {memory: 1Gi}}}}\n"
    text = f"kind: operation\nrunPatch: {{container: {{image: other}}}}\ncomponent:\n  {JOB}\n"
    assert dump(operation(text, presets=[preset]))["runPatch"]["container"] == {
        "image": "other",
        "resources": {"limits": {"memory": "1Gi"}},
    }


def test_options_are_folded_in_before_presets() -> None:
    data = dump(operation(TRAIN, presets=["queue: preset\n"], overrides=Overrides(queue="option", namespace="n")))
    assert (data["queue"], data["namespace"]) == ("preset", "n")


def test_params_of_the_command_line_are_text_that_is_typed_by_the_input() -> None:
    assert compiled(operation(TRAIN, overrides=Overrides(params={"lr": "0.5"}))).inputs == {"lr": 0.5}


@pytest.mark.parametrize(
    ("text", "space"),
    [
        ("choice:[1,2]", {"kind": "choice", "value": [1, 2]}),
        ("range:[1,10,2]", {"kind": "range", "value": [1, 10, 2]}),
        ("range:1:10:2", {"kind": "range", "value": "1:10:2"}),
        ("uniform:0:1", {"kind": "uniform", "value": "0:1"}),
        ("linspace:0.01:0.1:5", {"kind": "linspace", "value": "0.01:0.1:5"}),
    ],
)
def test_searched_params_of_the_command_line_are_read(text: str, space: Any) -> None:
    kind = "random" if space["kind"] == "uniform" else None
    options = Overrides(hparams={"lr": text}, matrix_kind=kind, matrix_num_runs=2)
    matrix = dump(operation(TRAIN, overrides=options))["matrix"]
    assert matrix["params"]["lr"] == space


def test_a_search_of_the_file_keeps_what_the_command_line_does_not_say() -> None:
    text = "kind: operation\npathRef: t.yaml\nmatrix: {kind: random, numRuns: 7, concurrency: 3, params: {lr: {kind: choice, value: [1, 2, 3, 4, 5, 6, 7, 8]}}}\n"
    data = dump(operation(text, {"t.yaml": TRAIN}, overrides=Overrides(hparams={"lr": "uniform:0:1"})))
    assert data["matrix"] == {
        "kind": "random", "numRuns": 7, "concurrency": 3, "params": {"lr": {"kind": "uniform", "value": "0:1"}},
    }  # fmt: skip


def test_a_searched_param_that_cannot_be_read_is_an_error() -> None:
    assert codes(loaded(TRAIN, overrides=Overrides(hparams={"lr": "0.1"})).problems)[0] == "PX208"


def test_short_options_alone_are_a_whole_file() -> None:
    found = operation("{}", overrides=Overrides(image="py", cmd=("a", "b"), env={"K": "v"}, cpu="1..2", gpu="1"))
    assert component_of(found)["run"] == {
        "kind": "job",
        "container": {
            "image": "py",
            "command": ["/bin/sh", "-c"],
            "args": ["set -e\na\nb"],
            "env": [{"name": "K", "value": "v"}],
            "resources": {"requests": {"cpu": "1", "nvidia.com/gpu": 1}, "limits": {"cpu": "2", "nvidia.com/gpu": 1}},
        },
    }


def test_an_option_that_the_files_patch_covers_is_warned_of() -> None:
    text = f"kind: operation\nrunPatch: {{container: {{image: a}}}}\ncomponent:\n  {JOB}\n"
    assert "PX209" in codes(loaded(text, overrides=Overrides(image="b")).problems, "warning")


def test_nocache_and_approval_reach_the_operation() -> None:
    found = compiled(operation(TRAIN, overrides=Overrides(cache=False, approved=False)))
    assert found.cache.disable is True
    assert found.is_approved is False


def test_a_template_file_says_so() -> None:
    text = f"kind: component\ntemplate: {{enabled: true}}\n{JOB}\n"
    assert loaded(text).is_template
    assert not loaded(text, overrides=Overrides(ignore_template=True)).is_template


def test_components_of_hooks_come_along() -> None:
    text = f"kind: component\nhooks: [{{hubRef: notify}}]\n{JOB}\n"
    found = loaded(text, {"notify": f"kind: component\n{JOB}\n"})
    assert found.components["notify"]["run"]["kind"] == "job"


def test_a_piece_may_leave_its_inputs_open() -> None:
    text = f"kind: component\ninputs: [{{name: n, type: int}}]\n{JOB}\n"
    assert not loaded(text).ok
    assert loaded(text, partial=True).ok
    assert loaded("plugins: {shm: true}\n", partial=True).ok


def test_options_do_not_move_what_is_wrong_in_a_component() -> None:
    text = TRAIN.replace("{{ lr }}", "{{ rate }}")
    plain, given = (load(Files(), Source(text, "main.yaml"), overrides=Overrides(queue=queue)) for queue in (None, "q"))
    assert [str(problem) for problem in given.problems] == [str(problem) for problem in plain.problems]
    assert given.problems[0].line == 5
