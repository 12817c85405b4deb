"""How much the checker says of files that have much to be said of."""

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
