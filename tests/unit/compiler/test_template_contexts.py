# ruff: noqa: E501  (a row of a table, or a file, is one line)
"""Every key a template can name: io-params-contexts.md §10."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from compiler_builders import PLACES, UUID, facts, operation, planned

from polyaxon.compiler.context import GLOBALS, SERVICE_GLOBALS, run_globals
from polyaxon.model.launch import Connection

IO = """
inputs:
- {name: lr, type: float, value: 0.1}
- {name: n, type: int, value: 3}
- {name: name_, type: str, value: "a b"}
- {name: verbose, type: bool, isFlag: true, value: true}
- {name: quiet, type: bool, isFlag: true, value: false}
- {name: deep, type: bool, value: true}
- {name: l, type: int, isList: true, value: [1, 2]}
- {name: d, type: dict, value: {a: 1}}
- {name: empty, type: str, isOptional: true}
- {name: formatted, type: float, value: 0.5, argFormat: "-f {{ formatted }}"}
- {name: day, type: date, value: "2030-01-31"}
outputs:
- {name: out, type: path, value: "{{ globals.run_outputs_path }}/x"}
- {name: loss, type: float}
"""

ROWS = [
    ("{{ lr }}", "0.1"),
    ("{{ params.lr.value }}", "0.1"),
    ("{{ params.lr.type }}", "float"),
    ("{{ params.lr.as_str }}", "0.1"),
    ("{{ params.lr.as_arg }}", "--lr=0.1"),
    ("{{ params.n.as_arg }}", "--n=3"),
    ("{{ params.name_.as_arg }}", "--name_=a b"),
    ("{{ verbose }}", "--verbose"),
    ("x{{ quiet }}", "x"),
    ("{{ params.verbose.value }}", "True"),
    ("{{ params.quiet.value }}", "False"),
    ("{{ params.verbose.as_arg }}", "--verbose"),
    ("x{{ params.quiet.as_arg }}", "x"),
    ("{{ params.deep.as_arg }}", "--deep=true"),
    ("{{ params.l.as_arg }}", "--l=[1,2]"),
    ("{{ params.d.as_arg }}", '--d={"a":1}'),
    ("{{ params.d.as_str }}", '{"a":1}'),
    ("x{{ empty }}", "x"),
    ("x{{ params.empty.as_arg }}", "x"),
    ("{{ params.formatted.as_arg }}", "-f 0.5"),
    ("{{ day }}", "2030-01-31"),
    ("{{ params.day.as_arg }}", "--day=2030-01-31"),
    ("{{ out }}", f"/store/{UUID}/outputs/x"),
    ("{{ globals.uuid }}", UUID),
    ("{{ globals.name }}", "run"),
    ("{{ globals.owner_name }}", "default"),
    ("{{ globals.project_name }}", "quick"),
    ("{{ globals.project_unique_name }}", "default.quick"),
    ("{{ globals.run_info }}", f"default.quick.runs.{UUID}"),
    ("{{ globals.context_path }}", "/ctx"),
    ("{{ globals.artifacts_path }}", "/ctx/artifacts"),
    ("{{ globals.run_artifacts_path }}", f"/store/{UUID}"),
    ("{{ globals.run_outputs_path }}", f"/store/{UUID}/outputs"),
    ("{{ globals.run_relative_outputs_path }}", f"{UUID}/outputs"),
    ("x{{ globals.store_path }}", "x"),
    ("{{ connections.sets.mountPath }}/x", "/data/x"),
    ("{{ init.repo.url }}", "https://x/y"),
]
CONNECTIONS = {
    "sets": Connection("sets", "volume_claim", {"volumeClaim": "c", "mountPath": "/data"}),
    "repo": Connection("repo", "git", {"url": "https://x/y"}),
}


@pytest.mark.parametrize(("text", "value"), ROWS)
def test_a_key_has_its_value(text: str, value: str) -> None:
    found = f"kind: component\n{IO}\nrun: {{kind: job, connections: [sets], init: [{{connection: repo}}], container: {{image: x, args: ['{text}']}}}}\n"
    plan = planned(found, connections=CONNECTIONS)
    assert plan.main.container is not None
    assert plan.main.container.args == (value,)


def test_all_values_become_arguments_in_declaration_order() -> None:
    text = f"kind: operation\nparams: {{extra: 1}}\ncomponent:\n  {IO.strip().replace(chr(10), chr(10) + '  ')}\n  run: {{kind: job, container: {{image: x, args: '{{{{ params.as_args }}}}'}}}}\n"
    plan = planned(text)
    assert plan.main.container is not None
    assert plan.main.container.args == (
        "--lr=0.1", "--n=3", "--name_=a b", "--verbose", "--deep=true", "--l=[1,2]", '--d={"a":1}', "-f 0.5",
        "--day=2030-01-31", f"--out=/store/{UUID}/outputs/x", "--extra=1",
    )  # fmt: skip


def test_the_store_has_a_path_when_it_is_mounted() -> None:
    text = "kind: component\nplugins: {mountArtifactsStore: true}\nrun: {kind: job, container: {image: x, args: ['{{ globals.store_path }}']}}\n"
    plan = planned(text)
    assert plan.main.container is not None
    assert plan.main.container.args == ("/store",)


@pytest.mark.parametrize(
    ("fields", "prefix"),
    [
        ("", "services"),
        (", rewritePath: true", "rewrite-services"),
        (", isExternal: true", "external"),
        (", rewritePath: true, isExternal: true", "rewrite-external"),
    ],
)
def test_a_service_knows_its_address(fields: str, prefix: str) -> None:
    text = f"kind: component\nrun: {{kind: service, ports: [8000, 9000]{fields}, container: {{image: x, args: ['{{{{ globals.base_url }}}}', '{{{{ globals.base_urls[1] }}}}']}}}}\n"
    plan = planned(text)
    root = f"/{prefix}/v1/default/default/quick/runs/{UUID}"
    assert plan.main.container is not None
    assert plan.main.container.args == (f"{root}/8000", f"{root}/9000")
    assert plan.ports == (8000, 9000)


def test_times_are_iso_text_or_none() -> None:
    found: Any = run_globals(facts(created_at=datetime(2030, 1, 2, 3, tzinfo=UTC)), PLACES)
    assert found["created_at"] == "2030-01-02T03:00:00+00:00"
    assert found["finished_at"] is None


def test_the_known_globals_are_those_that_exist() -> None:
    assert set(run_globals(facts(), PLACES)) == GLOBALS
    assert not SERVICE_GLOBALS & GLOBALS


def test_a_name_called_like_a_method_is_still_the_name() -> None:
    text = "kind: component\ninputs: [{name: items, type: str, value: x}, {name: values, type: str, value: y}]\nrun: {kind: job, container: {image: x, args: ['{{ params.items.value }}{{ params.values.as_str }}']}}\n"
    plan = planned(operation(text))
    assert plan.main.container is not None
    assert plan.main.container.args == ("xy",)


@pytest.mark.parametrize(
    ("written", "value"), [("'{{ port }}'", "8080"), ("'{{ port }}'", "[8080]"), ("'{{ [port] }}'", "8080")]
)
def test_the_address_of_a_service_follows_ports_that_are_rendered(written: str, value: str) -> None:
    run = f"{{kind: service, ports: {written}, container: {{image: x, args: ['{{{{ globals.base_url }}}}', '{{{{ globals.ports }}}}']}}}}"
    text = (
        f"kind: operation\nparams: {{port: {value}}}\ncomponent: {{inputs: [{{name: port, type: any}}], run: {run}}}\n"
    )
    plan = planned(text)
    assert plan.ports == (8080,)
    assert plan.replicas[0].container is not None
    assert plan.replicas[0].container.args == (f"/services/v1/default/default/quick/runs/{UUID}/8080", "[8080]")
