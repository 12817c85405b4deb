"""Templates may read the connections that the run has, wherever it has them from; of others there is a warning."""

# ruff: noqa: E501  (a file is one line)

from __future__ import annotations

import pytest
from compiler_builders import codes, loaded

ASKS = "container: {image: x, args: ['{{ connections.data.mountPath }}']}"

RIGHT = {
    "the run's own": f"run: {{kind: job, connections: [data], {ASKS}}}",
    "the short field": f"connections: [data]\n{ASKS}",
    "a patch": f"runPatch: {{connections: [data]}}\ncomponent: {{run: {{kind: job, {ASKS}}}}}",
    "a template of the list": f"params: {{c: [data]}}\nrun: {{kind: job, connections: '{{{{ c }}}}', {ASKS}}}",
    "another replica": f"run: {{kind: pytorchjob, master: {{{ASKS}}}, worker: {{connections: [data], container: {{image: x}}}}}}",
    "the dag above": f"run: {{kind: dag, connections: [data], operations: [{{name: a, component: {{run: {{kind: job, {ASKS}}}}}}}]}}",
    "a param of that name": f"params: {{connections: {{value: {{data: {{mountPath: /d}}}}, contextOnly: true}}}}\n{ASKS}",
}  # fmt: skip


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_a_connection_that_the_run_has_may_be_read(text: str) -> None:
    assert "PX230" not in codes(loaded(text).problems, "warning")


def test_of_one_that_it_has_not_there_is_a_warning_with_the_nearest_name() -> None:
    (problem,) = loaded(f"run: {{kind: job, connections: [date], {ASKS}}}").problems
    assert (problem.code, problem.severity, problem.suggestion) == ("PX230", "warning", "did you mean `date`?")
    assert problem.source is not None
    assert problem.source[problem.column - 1 :].startswith("connections.data")


def test_init_has_the_connections_of_its_entries_and_of_fetched_inputs() -> None:
    asks = "container: {image: x, args: ['{{ init.repo.url }}']}"
    entry = f"init: [{{git: {{}}, connection: repo}}]\n{asks}"
    fetched = f"inputs: [{{name: code, type: git, toInit: true, connection: repo, value: {{}}}}]\n{asks}"
    assert codes(loaded(entry).problems, "warning") == codes(loaded(fetched).problems, "warning") == []
    assert codes(loaded(f"connections: [repo]\n{asks}").problems, "warning") == ["PX230"]
