"""What the checker says of files that have much to be said of."""

from __future__ import annotations

import json

from compiler_builders import codes, loaded


def dag(count: int, **last: object) -> str:
    """A dag whose operations are each worth a warning, for they name no image; `last` is one more."""
    run = {"kind": "job", "container": {"command": ["true"]}}
    operations = [{"name": f"op{number}", "component": {"run": run}} for number in range(count)]
    operations += [dict(last)] if last else []
    return json.dumps({"kind": "component", "run": {"kind": "dag", "operations": operations}})


def test_many_warnings_leave_a_file_valid() -> None:
    problems = loaded(dag(150)).problems
    assert codes(problems) == []
    assert "only the first 100 warnings are shown" in [problem.message for problem in problems]
    assert len(problems) == 101


def test_many_warnings_do_not_hide_an_error() -> None:
    assert codes(loaded(dag(150, name="last", dagRef="nobody")).problems) == ["PX203"]


def test_items_of_one_list_are_wrong_at_the_same_time() -> None:
    operations = [
        ["a"],
        {"name": {}, "dagRef": "x", "events": ["b", {"ref": 1, "kinds": []}]},
        {"name": "c", "events": "d"},
    ]
    run = {"kind": "dag", "operations": operations}
    problems = loaded(json.dumps({"kind": "component", "version": {}, "run": run})).problems
    assert [problem.path.removeprefix("run.operations") for problem in problems] == [
        "version", "[0]", "[1].name", "[1].events[0]", "[1].events[1].ref", "[2].events",
    ]  # fmt: skip


def test_nothing_is_said_of_an_item_behind_one_that_cannot_be_read() -> None:
    cron = "{name: %s, cmd: x, schedule: {kind: cron, cron: '61 * * * *'}}"
    text = "kind: component\nrun:\n  kind: dag\n  operations:\n  - " + "\n  - ".join(
        [cron % "a", "text", "{name: b, cmd: x}", cron % "c"]
    )
    assert [problem.line for problem in loaded(text).problems] == [5, 6]


def test_a_finding_about_an_operation_of_a_dag_stands_at_the_short_field_that_was_written() -> None:
    text = "run:\n  kind: dag\n  operations:\n  - name: a\n    cmd: x\n  - {name: b, container: {args: [y]}}"
    assert [(found.code, found.line, found.column) for found in loaded(text).problems] == [
        ("PX264", 5, 5),
        ("PX264", 6, 15),
    ]
