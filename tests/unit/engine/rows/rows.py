"""Makers for the rows of the flow's tables. One file per section; a row's id says what the table says.

`ops` of a dag are known by what they do: `job("fails")` fails, `job("stops")` is stopped from outside, `job("hangs")`
goes on until it is stopped, `job("gives")` has the output `score`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness import FAILURE, HANGS, Harness, Outcome, dag, job, op, operation

from polyaxon.compiler.resolve import Loaded, load
from polyaxon.compiler.sources import Source
from polyaxon.errors import NotFoundError
from polyaxon.model.observation import Phase

SCRIPT = {"fails": FAILURE, "stops": Outcome(Phase.STOPPED), "hangs": HANGS, "gives": Outcome(outputs={"score": 0.5})}
FALSE = {"conditions": "{{ 1 > 2 }}"}
NUMBER = {"inputs": [{"name": "x", "type": "int"}]}
SCORE = {"inputs": [{"name": "score", "type": "float"}]}


def begun(*operations: Mapping[str, Any], script: Mapping[str, Any] | None = None, **run: Any) -> Harness:
    """A dag, as far as it comes before the clock moves."""
    return Harness(operation(dag(*operations, **run), name="pipe"), {**SCRIPT, **(script or {})}).settle()


def done(*operations: Mapping[str, Any], script: Mapping[str, Any] | None = None, **run: Any) -> Harness:
    """A dag at its end."""
    return begun(*operations, script=script, **run).run()


def ending(status: str, name: str) -> dict[str, Any]:
    """An operation that ends so; `upstream_failed` needs a failing operation `bad` beside it."""
    return {
        "succeeded": op(name),
        "failed": op(name, job("fails")),
        "skipped": op(name, **FALSE),
        "stopped": op(name, job("stops")),
        "upstream_failed": op(name, dependencies=["bad"]),
    }[status]


BAD = op("bad", job("fails"))


def on(name: str, *kinds: str) -> dict[str, Any]:
    """Waiting for statuses of another operation."""
    return {"events": [{"ref": f"ops.{name}", "kinds": [f"run_status_{kind}" for kind in kinds]}]}


def sweep(*values: int, component: str = "trial", **matrix: Any) -> dict[str, Any]:
    """The component and matrix of a search over `x`."""
    made = job(component, **NUMBER)
    made["run"]["container"]["command"] = ["work", component, "{{ x }}"]
    choice = {"x": {"kind": "choice", "value": list(values)}}
    return {"component": made, "matrix": {"kind": "grid", "params": choice, **matrix}}


class _NoFiles:
    def read(self, kind: str, ref: str, base: str | None) -> Source:
        raise NotFoundError(f"there is no `{ref}`")


def checked(text: str) -> Loaded:
    """A file after its check."""
    return load(_NoFiles(), Source(text, "main.yaml"))
