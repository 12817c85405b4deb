"""Small makers for the compiler's tests: files from a dictionary, operations from text, facts about runs."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import dirname, join, normpath
from typing import Any

from polyaxon.compiler.compile import Compiled, Surroundings, cache_key, compile_operation, launch_plan, needs
from polyaxon.compiler.dry_run import dry_run
from polyaxon.compiler.expand import child_operation, dag_graph, inherited
from polyaxon.compiler.graph import draw_mermaid, draw_svg, draw_text
from polyaxon.compiler.resolve import Loaded, Overrides, load
from polyaxon.compiler.sources import Source
from polyaxon.errors import NotFoundError, Problem
from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan, Places
from polyaxon.model.run import RunFacts, RunKind
from polyaxon.spec.operation import Operation

UUID = "a" * 32
PLACES = Places("/ctx", "/ctx/artifacts", f"/store/{UUID}", f"/store/{UUID}/outputs", "/store")
JOB = "run: {kind: job, container: {image: busybox, command: [echo]}}"


class Files:
    """Sources that are a dictionary: paths are joined to the directory of the file that refers to them."""

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        self.files = dict(files or {})
        self.asked: list[tuple[str, str]] = []

    def read(self, kind: str, ref: str, base: str | None) -> Source:
        self.asked.append((kind, ref))
        name = normpath(join(dirname(base or ""), ref)) if kind == "path" else ref
        if name not in self.files:
            raise NotFoundError(f"there is no `{ref}`")
        return Source(self.files[name], name)


def loaded(text: str, files: Mapping[str, str] | None = None, **options: Any) -> Loaded:
    presets = [Source(preset, f"preset-{index}.yaml") for index, preset in enumerate(options.pop("presets", ()))]
    return load(Files(files), Source(text, "main.yaml"), presets, **options)


def operation(text: str, files: Mapping[str, str] | None = None, **options: Any) -> Operation:
    found = loaded(text, files, **options)
    assert found.operation is not None, "\n".join(map(str, found.problems))
    return found.operation


def with_params(text: str, **params: str) -> Operation:
    return operation(text, overrides=Overrides(params=params))


def facts(name: str = "run", uuid: str = UUID, **more: Any) -> RunFacts:
    return RunFacts(RunId(uuid), name, "quick", **more)


def around(**more: Any) -> Surroundings:
    return Surroundings(**{"facts": facts, "places": PLACES, **more})


def compiled(text: str | Operation, files: Mapping[str, str] | None = None, **surroundings: Any) -> Compiled:
    found = operation(text, files) if isinstance(text, str) else text
    return compile_operation(found, around(**surroundings))


def planned(text: str | Operation, files: Mapping[str, str] | None = None, **surroundings: Any) -> LaunchPlan:
    return launch_plan(compiled(text, files, **surroundings), around(**surroundings))


def codes(problems: tuple[Problem, ...], severity: str = "error") -> list[str]:
    return [problem.code for problem in problems if problem.severity == severity]


def use(operation: Operation) -> None:
    """Everything that is done with a loaded operation."""
    needs(operation, around())
    compiled = compile_operation(operation, around())
    compiled.content()
    cache_key(compiled, "quick")
    dry_run(operation)
    if compiled.kind is RunKind.DAG:
        for draw in (draw_text, draw_svg, draw_mermaid):
            draw(operation)
        for node in dag_graph(operation).nodes:
            compile_operation(node.operation, around(inherited=inherited(compiled)))
    elif compiled.kind in (RunKind.MATRIX, RunKind.SCHEDULE):
        compile_operation(child_operation(compiled, operation), around(suggestion={"r": 1}))
    else:
        launch_plan(compiled, around())
