"""The whole-graph check: everything that can be known to be wrong before anything runs.

All of it in one pass, nested dags included, each finding at its place in the file the user wrote. The happy path is
linear in the number of operations, and what belongs to a component is worked out once however many use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.compose import Composer
from polyaxon.compiler.facts import RefError, read_path, read_ref
from polyaxon.compiler.lint.names import check_component_names, check_names
from polyaxon.compiler.lint.near import did_you_mean, listed
from polyaxon.compiler.lint.params import check_params
from polyaxon.compiler.lint.searches import check_search
from polyaxon.compiler.lint.settings import check_component_settings, check_image, check_schedule, check_settings
from polyaxon.compiler.lint.use import Use, View, use_of, view_of
from polyaxon.compiler.origin import Place
from polyaxon.errors import Problem
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.component import Authored
from polyaxon.spec.dag import Dag
from polyaxon.spec.operation import Operation

if TYPE_CHECKING:
    from polyaxon.compiler.lint.dags import Node

__all__ = ["lint"]

MAX_DEPTH = 20
"""Dags inside dags; deeper ones are surely made by a mistake."""
MOST = 100
"""Nobody reads more problems, nor more warnings."""


def lint(
    operation: Operation, place: Place, composer: Composer, given: frozenset[str] = frozenset(), partial: bool = False
) -> list[Problem]:
    """Return every problem of the composed operation.

    `given` are the params of the command line; `partial` lets the file be a piece: a preset, or a component whose
    required inputs come later.
    """
    checker = _Checker(composer, given, partial)
    checker.check(operation, place)
    for severity, count in checker.counts.items():
        if count >= MOST:
            message = f"only the first {MOST} {severity}s are shown"
            more = place.document.problem(SpecCode.MORE_PROBLEMS, message, place.path, severity=severity)
            checker.problems.append(more)
    return checker.problems


class _Checker:
    def __init__(self, composer: Composer, given: frozenset[str], partial: bool) -> None:
        self.composer = composer
        self.given = given
        self.partial = partial
        self.problems: list[Problem] = []
        self.counts = {"error": 0, "warning": 0}
        self._views: dict[int, View] = {}
        self._seen: set[int] = set()
        self._asked: dict[int, set[str]] = {}

    def check(self, operation: Operation, place: Place) -> None:
        """Check the outermost operation and everything below it."""
        if operation.dag_ref is not None and operation.component is None:
            message = f"`dagRef: {operation.dag_ref}` means something inside a dag only"
            suggestion = "use `pathRef`, `urlRef`, `hubRef` or `component`"
            self._say(place.problem(CompileCode.DAG_REF_OUTSIDE, message, "dagRef", suggestion=suggestion))
        elif operation.component is None:
            self._nothing_to_run(operation, place)
        use = self._use(operation, place, {})
        if use is not None:
            self._check_use(use, depth=0)

    def _nothing_to_run(self, operation: Operation, place: Place) -> None:
        """A file without anything to run may be a preset; it says so, or it is checked as a piece."""
        if operation.is_preset or operation.reference is not None or self.composer.reported_empty:
            return
        severity = "warning" if self.partial and "kind" not in operation.model_fields_set else "error"
        message = "there is nothing to run: no `run`, no reference, no `component`"
        suggestion = "add a `run` with a `kind`, or `isPreset: true` if the file is laid over others"
        self._say(place.problem(CompileCode.NO_RUNTIME, message, suggestion=suggestion, severity=severity))

    def _say(self, problem: Problem) -> None:
        self._take([problem])

    def _take(self, found: Iterable[Problem]) -> None:
        """Keep what was found, as long as anybody would read it: finding and wording each costs time."""
        if self.counts["error"] >= MOST:
            return
        for problem in found:
            # Warnings take no room from the errors: a file with a hundred of them may still be wrong.
            if self.counts[problem.severity] < MOST:
                self.counts[problem.severity] += 1
                self.problems.append(problem)
            elif problem.severity == "error":
                return

    def _use(self, operation: Operation, place: Place, siblings: Mapping[str, Authored]) -> Use | None:
        """Return the use of the operation's component; None when that is not known."""
        component: Authored | None = operation.component
        if component is None and operation.dag_ref is not None:
            component = siblings.get(operation.dag_ref)
        if component is None or component.run is None or isinstance(component.run, dict):
            self._take(check_schedule(operation, place))
            return None
        return use_of(operation, place, self._view(component, place))

    def _view(self, component: Authored, place: Place) -> View:
        known = self._views.get(id(component))
        if known is None:
            origin = self.composer.origins.of(component, place.at("component"))
            known = self._views[id(component)] = view_of(component, origin)
        return known

    def _check_use(self, use: Use, depth: int) -> None:
        if id(use.view) not in self._seen:
            self._seen.add(id(use.view))
            self._check_component(use, depth)
        elif isinstance(use.component.run, Dag):
            use.asked_by_children = self._asked[id(use.view)]
        may_be_open = self.partial and use.dag is None and not use.operation.model_fields_set & _SAYS_MORE
        self._take(check_params(use, self.given if use.dag is None else _NO_NAMES, may_be_open))
        self._take(check_names(use))
        if use.operation.matrix is not None:
            self._take(check_search(use))
            from polyaxon.compiler.lint.needed import check_needed

            self._take(check_needed(use))
        if use.operation.joins or getattr(use.operation.matrix, "warm_start", None) is not None:
            from polyaxon.compiler.lint.queries import check_queries

            self._take(check_queries(use))
        self._take(check_settings(use))
        if self.counts["warning"] < MOST:  # where all operations of a big dag lack one, wording each takes a second
            self._take(check_image(use))
        if use.operation.model_fields_set & _HELPED:
            self._check_helpers(use.operation, use.place)

    def _check_component(self, use: Use, depth: int) -> None:
        """Check what is the same for all uses of the component."""
        if isinstance(use.component.run, Dag):
            self._check_dag(use, use.component.run, depth)
            self._asked[id(use.view)] = use.asked_by_children
        self._take(check_component_names(use))
        self._take(check_component_settings(use))
        if use.component.model_fields_set & _HELPED:
            self._check_helpers(use.component, use.view.origin)

    def _check_dag(self, use: Use, dag: Dag, depth: int) -> None:
        place = use.view.origin.at("run")
        if depth >= MAX_DEPTH:
            message = f"the dags are nested more than {MAX_DEPTH} levels deep"
            suggestion = "check whether a dag contains itself"
            self._say(place.problem(CompileCode.REFERENCE_CYCLE, message, suggestion=suggestion))
            return
        # Only files with a dag pay for what checks dags.
        from polyaxon.compiler.lint.dags import check_components, check_edges, check_graph, check_names_of

        nodes: dict[str, Node] = {}
        self._take(list(check_names_of(dag, place, nodes)))  # the whole: it fills `nodes`
        siblings = {item.name: item for item in dag.components or () if item.name}
        for node in nodes.values():
            self._check_dag_ref(node, siblings)
            if isinstance(node.operation, Operation):
                node.use = self._use(node.operation, node.place, siblings)
            if node.use is not None:
                node.use.dag = use
            use.asked_by_children.update(_asked(node))
        self._take(check_components(dag, place, nodes))
        self._take(check_graph(nodes))
        if isinstance(dag.concurrency, int):
            from polyaxon.compiler.lint.room import check_room

            self._take(check_room(dag.concurrency, place, nodes))
        for node in nodes.values():
            self._take(check_edges(node, nodes, use))
            if node.use is not None:
                self._check_use(node.use, depth + 1)

    def _check_dag_ref(self, node: Node, siblings: Mapping[str, Authored]) -> None:
        operation = node.operation
        if operation.dag_ref is None:
            if operation.component is None and operation.reference is None and not self.composer.reported_empty:
                message = f"`{node.name}` has nothing to run: no `run`, no reference, no `component`"
                suggestion = "add a reference such as `dagRef`, or a `component`"
                self._say(node.place.problem(CompileCode.NO_RUNTIME, message, suggestion=suggestion))
            return
        if operation.component is None and operation.dag_ref not in siblings:
            message = f"the dag has no component `{operation.dag_ref}`"
            known = f"its components are {listed(siblings)}" if siblings else "add it to `components`"
            suggestion = did_you_mean(operation.dag_ref, siblings) or known
            self._say(node.place.problem(CompileCode.UNKNOWN_COMPONENT, message, "dagRef", suggestion=suggestion))

    def _check_helpers(self, side: Authored, place: Place) -> None:
        """Look up the components that hooks, builds and tuners name: what cannot be found would never run."""
        for index, hook in enumerate(side.hooks or ()):
            self.composer.helper(hook.hub_ref, place.at("hooks", index))
        if side.build is not None:
            self.composer.helper(side.build.hub_ref, place.at("build"))
        tuner = getattr(side.matrix, "tuner", None)
        if tuner is not None:
            self.composer.helper(tuner.hub_ref, place.at("matrix", "tuner"))
        if side.template is not None and side.template.enabled:
            message = "the file is a template: it wants to be filled in before it is run"
            suggestion = "fill it in and remove `template`, or give `--ignore-template`"
            code = CompileCode.TEMPLATE_FILE
            self._say(place.problem(code, message, "template", suggestion=suggestion, severity="warning", key=True))


_HELPED = frozenset({"hooks", "build", "matrix", "template"})
_NO_NAMES: frozenset[str] = frozenset()
_SAYS_MORE = frozenset({"params", "matrix", "joins", "name", "schedule", "hub_ref", "path_ref", "url_ref"})
"""Fields of somebody who uses a component; without any of them the file is the component itself."""


def _asked(node: Node) -> Iterator[str]:
    """Yield the names of the dag's values that the operation takes."""
    for param in (node.operation.params or {}).values():
        if param.ref is not None and "dag" in param.ref:
            try:
                path = read_path(str(param.value))
                if read_ref(param.ref).kind == "dag" and path[0] == "inputs" and len(path) > 1:
                    yield path[1]
            except RefError:
                continue
