# ruff: noqa: E501  (a row of a table, or a file, is one line)
"""Graphs of dags, children of searches and schedules, what they inherit; drawings and previews of them."""

from __future__ import annotations

from xml.dom.minidom import parseString

import pytest
from compiler_builders import JOB, around, compiled, facts, operation
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.compiler.compile import compile_operation, launch_plan, needs
from polyaxon.compiler.dry_run import dry_run
from polyaxon.compiler.expand import child_operation, dag_graph, inherited
from polyaxon.compiler.graph import draw_mermaid, draw_svg, draw_text
from polyaxon.errors import SpecError
from polyaxon.model.run import RunKind
from polyaxon.spec.operation import Operation

STEP = "{name: step, inputs: [{name: r, type: float, value: 1}], outputs: [{name: s, type: float}], run: {kind: job, container: {image: x, args: ['{{ r }}']}}}"


def dag(*nodes: str, more: str = "") -> Operation:
    return operation(
        f"kind: component\ninputs: [{{name: rate, type: float, value: 0.5}}]\n{more}\nrun:\n  kind: dag\n  components: [{STEP}]\n  operations:\n"
        + "".join(f"  - {node}\n" for node in nodes)
    )


def test_the_graph_is_in_topological_order_ties_as_in_the_file() -> None:
    graph = dag_graph(
        dag(
            "{name: c, dagRef: step, dependencies: [b]}",
            "{name: x, dagRef: step}",
            "{name: b, dagRef: step, dependencies: [a]}",
            "{name: a, dagRef: step}",
        )
    )
    assert [node.name for node in graph.nodes] == ["x", "a", "b", "c"]


def test_an_edge_says_why_it_is_there() -> None:
    graph = dag_graph(
        dag(
            "{name: a, dagRef: step}",
            "{name: b, dagRef: step, dependencies: [a], trigger: all_done, params: {r: {ref: ops.a, value: outputs.s}}, events: [{ref: ops.a, kinds: [run_status_running, run_status_done]}]}",
        )
    )
    node = graph["b"]
    edge = node.upstreams["a"]
    assert (edge.depends, edge.values, edge.events) == (True, {"r": "outputs.s"}, ("running", "done"))
    assert node.trigger == "all_done"


def test_an_event_alone_is_no_dependency() -> None:
    graph = dag_graph(
        dag("{name: a, dagRef: step}", "{name: b, dagRef: step, events: [{ref: ops.a, kinds: [run_status_running]}]}")
    )
    assert not graph["b"].upstreams["a"].depends


def test_an_event_that_nobody_sends_is_an_ordinary_dependency() -> None:
    graph = dag_graph(
        dag("{name: a, dagRef: step}", "{name: b, dagRef: step, events: [{ref: ops.a, kinds: [run_new_artifacts]}]}")
    )
    assert (graph["b"].upstreams["a"].depends, graph["b"].upstreams["a"].events) == (True, ())


def test_joins_conditions_and_runs_make_no_dependency() -> None:
    graph = dag_graph(
        dag(
            "{name: a, dagRef: step}",
            "{name: b, dagRef: step, joins: [{query: 'status: succeeded', params: {x: {value: outputs.s, contextOnly: true}}}], conditions: 'true'}",
        )
    )
    assert graph["b"].upstreams == {}


def test_operations_of_one_component_share_it() -> None:
    graph = dag_graph(dag("{name: a, dagRef: step}", "{name: b, dagRef: step}"))
    assert graph["a"].operation.component is graph["b"].operation.component


def test_something_else_than_a_dag_has_no_graph() -> None:
    with pytest.raises(SpecError):
        dag_graph(operation(f"kind: component\n{JOB}\n"))


@given(st.lists(st.lists(st.integers(0, 30), max_size=4), min_size=1, max_size=25))
def test_upstreams_always_come_first(waits: list[list[int]]) -> None:
    nodes = [
        Operation.model_validate(
            {
                "name": f"n{index}",
                "dependencies": sorted({f"n{up % index}" for up in ups}) if index else [],
                "component": {"run": {"kind": "job", "container": {"image": "x"}}},
            }
        )
        for index, ups in enumerate(waits)
    ]
    found = Operation.model_validate(
        {
            "component": {
                "run": {
                    "kind": "dag",
                    "operations": list(
                        reversed([node.model_dump(by_alias=True, exclude_unset=True) for node in nodes])
                    ),
                }
            }
        }
    )
    seen: set[str] = set()
    for node in dag_graph(found).nodes:
        assert seen.issuperset(node.upstreams)
        seen.add(node.name)
    assert len(seen) == len(nodes)


def test_children_of_a_dag_inherit_its_sections() -> None:
    parent = compiled(
        dag(
            "{name: a, dagRef: step}",
            more="termination: {timeout: 60}\nplugins: {shm: false}\nqueue: q\ncache: {disable: true}\nnamespace: n\ntags: [t]",
        )
    )
    assert inherited(parent) == {
        "termination": {"timeout": 60},
        "plugins": {"shm": False},
        "queue": "q",
        "cache": {"disable": True},
    }


def test_children_of_a_dag_inherit_environment_connections_and_volumes() -> None:
    text = f"kind: component\nrun: {{kind: dag, environment: {{nodeName: n}}, connections: [c], volumes: [{{name: v, emptyDir: {{}}}}], operations: [{{name: a, component: {{{JOB}}}}}]}}\n"
    parent_operation = operation(text)
    preset = inherited(compiled(parent_operation))
    child = compile_operation(dag_graph(parent_operation)["a"].operation, around(inherited=preset))
    plan = launch_plan(child, around())
    assert (plan.main.environment, plan.main.connections, plan.main.volumes) == (
        {"nodeName": "n"},
        ("c",),
        ({"name": "v", "emptyDir": {}},),
    )


def test_a_nested_dag_passes_on_what_it_received() -> None:
    inner = f"{{name: outer, component: {{run: {{kind: dag, operations: [{{name: inner, component: {{{JOB}}}}}]}}}}}}"
    found = operation(f"kind: component\ntermination: {{timeout: 60}}\nrun: {{kind: dag, operations: [{inner}]}}\n")
    outer = compile_operation(dag_graph(found)["outer"].operation, around(inherited=inherited(compiled(found))))
    assert outer.kind is RunKind.DAG
    assert inherited(outer)["termination"] == {"timeout": 60}


SWEEP = "kind: operation\nname: sweep\nparams: {lr: '{{ base }}', base: 0.5, note: '{{ globals.uuid }}', gone: {value: x, contextOnly: true}}\nmatrix: {kind: grid, concurrency: 2, params: {n: {kind: choice, value: '{{ choices }}'}, k: {kind: choice, value: [1]}}}\njoins: [{query: 'status: x', params: {choices: {value: outputs.n, contextOnly: true}}}]\nconditions: '{{ base > 0 }}'\nhooks: [{hubRef: notify}]\ntermination: {timeout: 9}\nisApproved: false\ndependencies: []\ncomponent:\n  inputs: [{name: n, type: int}, {name: lr, type: float}, {name: flag, type: bool, value: true, toEnv: FLAG}]\n  outputs: [{name: loss, type: float}]\n  run: {kind: job, container: {image: x, args: ['{{ n }}', '{{ lr }}', '{{ k }}', '{{ note }}', '{{ gone }}']}}\n"


def sweep() -> tuple[Operation, Operation]:
    found = operation(SWEEP, {"notify": f"kind: component\n{JOB}\n"})
    joins = [[facts("a", "1" * 32, outputs={"n": 4}), facts("b", "2" * 32, outputs={"n": 5})]]
    parent = compile_operation(found, around(joins=joins))
    assert parent.matrix is not None
    assert parent.matrix["params"]["n"]["value"] == [4, 5]
    assert (parent.kind, parent.concurrency, parent.condition) == (RunKind.MATRIX, 2, True)
    return found, child_operation(parent, found)


def test_a_trial_gets_the_parents_values_and_its_suggestion() -> None:
    _, child = sweep()
    trial = compile_operation(child, around(facts=lambda: facts("sweep", "e" * 32), suggestion={"n": 4, "k": 1}))
    assert trial.kind is RunKind.JOB
    assert trial.inputs == {"n": 4, "lr": 0.5, "flag": True}
    assert trial.contexts["gone"] == "x"
    assert trial.contexts["note"] == "a" * 32  # the search's own, as it was resolved there
    assert trial.contexts["k"] == 1
    plan = launch_plan(trial, around())
    assert plan.main.container is not None
    assert plan.main.container.args[:3] == ("4", "0.5", "1")
    assert plan.main.container.env == {"FLAG": "true"}


def test_a_trial_drops_what_was_the_searchs_and_keeps_the_rest() -> None:
    _, child = sweep()
    trial = compile_operation(child, around(suggestion={"n": 4, "k": 1}))
    assert (trial.matrix, trial.condition, trial.joins, trial.is_approved) == (None, None, (), True)
    assert (trial.termination.timeout, len(trial.hooks), trial.name) == (9, 1, "sweep")
    assert not needs(child, around())


def test_values_that_look_like_templates_reach_the_trials_untouched() -> None:
    text = "kind: operation\nparams: {t: {ref: ops.a, value: outputs.t}}\nmatrix: {kind: mapping, values: [{n: 1}]}\ncomponent:\n  inputs: [{name: t, type: str}, {name: n, type: int}]\n  run: {kind: job, container: {image: x, args: ['{{ t }}', '{{ n }}']}}\n"
    from polyaxon.spec.check import read
    from polyaxon.spec.load import parse

    found = read(parse(text, "main.yaml"))
    assert isinstance(found, Operation)
    upstream = {"a": facts("a", "b" * 32, outputs={"t": "{{ nothing }}"})}
    child = child_operation(compile_operation(found, around(upstream=upstream)), found)
    assert compile_operation(child, around(suggestion={"n": 1})).inputs["t"] == "{{ nothing }}"


RENDERED = "kind: operation\ncmd: x {{ m }}\nparams: {n: 5}\nmatrix: {kind: mapping, values: [{m: 1}]}\n"


def test_trials_wait_in_a_queue_whose_name_came_from_a_number() -> None:
    found = operation(RENDERED + "queue: '{{ n }}'")
    child = child_operation(compiled(found), found)
    assert compile_operation(child, around(suggestion={"m": 1})).queue == "5"


def test_a_template_that_gives_what_its_field_cannot_be_is_an_error() -> None:
    found = operation(RENDERED.replace("x {{ m }}", "x {{ m }} {{ n }}") + "presets: ['{{ none }}']")
    with pytest.raises(SpecError, match=r"`presets\[0\]` became nothing, which it cannot be"):
        child_operation(compiled(found), found)


SCHEDULED = "kind: operation\nname: nightly\nparams: {at: '{{ globals.schedule_at }}', x: 1}\nschedule: {kind: cron, cron: '0 3 * * *'}\nconditions: '{{ x > 0 }}'\nqueue: q\ncomponent:\n  inputs: [{name: at, type: any}]\n  run: {kind: job, container: {image: x, args: ['{{ at }}', '{{ x }}']}}\n"


def test_a_scheduled_run_renders_its_own_params_and_condition() -> None:
    from datetime import UTC, datetime

    found = operation(SCHEDULED)
    parent = compiled(found)
    assert (parent.kind, parent.condition) == (RunKind.SCHEDULE, None)
    child = child_operation(parent, found)
    run = compile_operation(child, around(facts=lambda: facts(schedule_at=datetime(2030, 1, 1, 3, tzinfo=UTC))))
    assert (run.kind, run.schedule, run.condition, run.queue, run.name) == (RunKind.JOB, None, True, "q", "nightly")
    assert run.inputs["at"] == "2030-01-01T03:00:00+00:00"


def test_a_scheduled_search_is_a_search() -> None:
    text = SCHEDULED.replace("queue: q", "matrix: {kind: mapping, values: [{x: 1}]}").replace(
        "params: {at: '{{ globals.schedule_at }}', x: 1}", "params: {at: 1}"
    )
    found = operation(text.replace("x > 0", "at > 0"))
    child = child_operation(compiled(found), found)
    assert compile_operation(child, around()).kind is RunKind.MATRIX


# Drawings and previews

PIPE = f"kind: component\nname: pipe\nrun:\n  kind: dag\n  components: [{STEP}]\n  operations:\n  - {{name: a, dagRef: step}}\n  - {{name: b, dagRef: step, dependencies: [a], conditions: '1 > 0'}}\n  - {{name: sweep, dagRef: step, dependencies: [a], matrix: {{kind: grid, params: {{r: {{kind: choice, value: [1, 2, 3]}}}}}}}}\n  - name: nested\n    dependencies: [b, sweep]\n    component: {{run: {{kind: dag, operations: [{{name: inner, component: {{{JOB}}}}}]}}}}\n"


def test_the_text_shows_what_waits_for_what() -> None:
    assert draw_text(operation(PIPE)).splitlines() == [
        "a        job",
        "b      ? job  after a",
        "sweep    matrix (grid)  after a",
        "nested   dag  after b, sweep",
        "    inner   job",
    ]


def test_mermaid_has_every_node_and_edge() -> None:
    drawn = draw_mermaid(operation(PIPE))
    assert drawn.startswith("flowchart LR")
    assert drawn.count("-->") == 4
    assert 'subgraph n3["nested' in drawn


def test_the_svg_is_well_formed_and_places_boxes_in_columns() -> None:
    document = parseString(draw_svg(operation(PIPE)))
    boxes = document.getElementsByTagName("rect")
    assert len(boxes) == 4
    assert [int(box.getAttribute("x")) for box in boxes] == [16, 248, 248, 480]


def test_a_single_operation_is_drawn_too() -> None:
    assert draw_text(operation(f"kind: component\nname: one\n{JOB}\n")) == "one   job"


def test_a_dry_run_counts_the_runs_and_resolves_what_is_known() -> None:
    plan = dry_run(operation(PIPE))
    assert plan.runs == 1 + 1 + 1 + 4 + 2
    assert [child.name for child in plan.children] == ["a", "b", "sweep", "nested"]
    assert plan.children[0].params == {"r": 1}
    assert plan.children[2].later == {"r": "the search"}
    assert plan.to_dict()["children"][2]["runs"] == 4


@pytest.mark.parametrize(
    ("matrix", "trials"),
    [
        ("{kind: grid, params: {r: {kind: linspace, value: '0:1:5'}}}", 5),
        ("{kind: grid, numRuns: 3, params: {r: {kind: linspace, value: '0:1:5'}}}", 3),
        ("{kind: random, numRuns: 9, params: {r: {kind: choice, value: [1, 2]}}}", 2),
        ("{kind: random, numRuns: 9, params: {r: {kind: uniform, value: [0, 1]}}}", 9),
        ("{kind: mapping, values: [{r: 1}, {r: 2}]}", 2),
        (
            "{kind: bayes, numInitialRuns: 3, maxIterations: 5, metric: {name: s, optimization: minimize}, params: {r: {kind: uniform, value: [0, 1]}}}",
            8,
        ),
        (
            "{kind: hyperband, maxIterations: 9, eta: 3, resource: {name: r, type: float}, metric: {name: s, optimization: minimize}, params: {z: {kind: uniform, value: [0, 1]}}}",
            9 + 3 + 1 + 5 + 1 + 3,
        ),
    ],
)
def test_the_runs_of_a_search_are_estimated(matrix: str, trials: int) -> None:
    found = operation(
        f"kind: operation\nmatrix: {matrix}\ncomponent:\n  inputs: [{{name: r, type: float, value: 1}}, {{name: z, type: float, value: 1}}]\n  outputs: [{{name: s, type: float}}]\n  run: {{kind: job, container: {{image: x, args: ['{{{{ r }}}}', '{{{{ z }}}}']}}}}\n"
    )
    assert dry_run(found).runs == 1 + trials


def test_a_schedule_cannot_be_counted() -> None:
    assert dry_run(operation(SCHEDULED)).runs is None
