"""Layers of a polyaxonfile made one: references followed, short fields lowered, everything put into the canonical form.

The canonical form is that of v1.1: an operation with its own fields over one component that holds inputs, outputs and a
complete `run`. What is canonical already is left as it is, object for object: a dag of ten thousand operations costs a
look at each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.merge import RUN, Strategy, combine, merge
from polyaxon.compiler.origin import Origins, Place
from polyaxon.compiler.patches import PatchError, apply_patch
from polyaxon.compiler.plain import as_data
from polyaxon.compiler.problems import Path
from polyaxon.compiler.shorthand import lower
from polyaxon.compiler.sources import Source, Sources
from polyaxon.errors import OutsideError, Problem, SpecError, UserError
from polyaxon.spec.check import read
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.component import REFERENCES, SHORTHANDS, Authored, Component
from polyaxon.spec.dag import Dag
from polyaxon.spec.fields import Model
from polyaxon.spec.kinds import RUNS
from polyaxon.spec.load import Document, parse
from polyaxon.spec.operation import Operation

__all__ = ["Composer", "read_source"]

Data = dict[str, Any]

_FOLLOWED = {"path_ref": "path", "url_ref": "url", "hub_ref": "hub"}
_SPELLED = {"path_ref": "pathRef", "url_ref": "urlRef", "hub_ref": "hubRef", "dag_ref": "dagRef"}
_OWN_BODY = frozenset({"run", "inputs", "outputs", *SHORTHANDS})
"""Fields that belong to a component; on an operation they are laid over its component."""
_OUTER = frozenset(
    {"params", "matrix", "schedule", "joins", "events", "dependencies", "trigger", "conditions"}
    | {"skip_on_upstream_skip", "is_preset"},
)
"""Fields that belong to an operation; in a component they are handed to the operation that uses it."""
_LAYERED = _OUTER | _OWN_BODY - {"run", "inputs", "outputs"} | {"run_patch", "patch_strategy", "component", *REFERENCES}
"""Fields that make a component more than one plain layer."""
_NODE_ONLY = frozenset({"dependencies", "trigger", "conditions", "joins", "skipOnUpstreamSkip", "schedule", "name"})
"""What a node of a dag never takes from what it refers to."""
_CAMEL_OUTER = frozenset(
    {"params", "matrix", "schedule", "joins", "events", "dependencies", "trigger", "conditions", "skipOnUpstreamSkip"},
)
_NOTHING_YET = Component()
_HEADS = frozenset({"kind", "component", "isPreset", "patchStrategy", "runPatch", "run", *SHORTHANDS}) | set(
    _SPELLED.values()
)


def read_source(source: Source) -> tuple[Document, Authored]:
    """Parse and read one file; raises `SpecError`."""
    document = parse(source.text, source.location)
    found = read(document)
    if not isinstance(found, Authored):
        raise SpecError([document.problem(SpecCode.KIND, _COMPILED, ("kind",), suggestion=_COMPILED_HINT)])
    return document, found


MAX_CHAIN = 50
"""References that lead to references; more are surely a circle by another name."""


class Composer:
    """Composes one main file. `problems` collects what is wrong on the way; `origins` tells where things came from."""

    def __init__(self, sources: Sources, shallow: bool) -> None:
        self.sources = sources
        self.shallow = shallow
        self.problems: list[Problem] = []
        self.origins = Origins()
        self.reported_empty = False
        """Whether it was said already that there is nothing to run."""
        self.helpers: dict[str, Data | None] = {}
        """What hooks, builds and tuners name in the hub, as data; None where it could not be had."""
        self._lost = False
        """Whether something referred to could not be had."""
        self._components: dict[int, tuple[Authored, Data]] = {}
        self._fetched: dict[tuple[str, str, str], tuple[Authored, Place] | None] = {}

    # Operations

    def operation(self, authored: Authored, place: Place, siblings: Mapping[str, Authored] | None = None) -> Operation:
        """Return the operation in canonical form. `siblings` are the components of the dag it stands in."""
        if isinstance(authored, Operation):
            operation = authored
        else:
            # It is checked already; an authored layer of any kind may stand there until it is composed.
            operation = Operation.model_construct(component=authored)  # type: ignore[arg-type]
            if siblings is not None:
                operation = operation.model_copy(update={"name": authored.name})
            self.origins.note(authored, place)
        given = operation.model_fields_set
        has_body = not given.isdisjoint(_OWN_BODY)
        found = self._inner(operation, place, siblings, has_body)
        if found is None:
            if has_body:
                alone = self._alone(operation, place)
                return alone or self._with_body(operation, None, {}, place, siblings is not None)
            return operation
        component, inner = self._component(*found)
        if has_body or inner:
            self.origins.note(component, found[1])
            return self._with_body(operation, component, inner, place, siblings is not None)
        if component is not operation.component:
            operation = operation.model_copy(update={"component": component})
        self.origins.note(component, found[1])
        return operation

    def _inner(
        self, operation: Authored, place: Place, siblings: Mapping[str, Authored] | None, has_body: bool
    ) -> tuple[Authored, Place] | None:
        """Return what the operation is laid over; None when there is nothing, or it cannot be had (reported)."""
        if operation.component is not None:
            return operation.component, self.origins.of(operation.component, place.at("component"))
        reference = operation.reference
        if reference is None:
            return None
        field, text = reference
        if field == "dag_ref":
            sibling = (siblings or {}).get(text)
            if sibling is None or not (has_body or not sibling.model_fields_set.isdisjoint(_LAYERED)):
                return None  # a plain component stays shared; the graph looks it up
            if sibling.run is None and sibling.component is None and sibling.dag_ref is not None:
                return None  # part of a circle, which was reported
            return sibling, self.origins.of(sibling, place)
        found = self._follow(field, text, place)
        self._lost = self._lost or found is None
        return found

    def _alone(self, operation: Operation, place: Place) -> Operation | None:
        """Return the operation with its body as its component, where nothing is to be merged: parts are taken over.

        None where that is not all there is to do: short fields of a dag, no runtime, or short fields that come to what
        is not right, which is reported elsewhere.
        """
        run: Any = operation.run
        wrong: list[Path] = []
        given = operation.model_fields_set
        short = {name: as_data(getattr(operation, name)) for name in SHORTHANDS if name in given}
        if isinstance(run, Dag):
            if short:
                return None
            run = self._dag(run, place.at("run"))
        elif short or isinstance(run, dict):
            strategy = Strategy(operation.patch_strategy or Strategy.POST_MERGE)
            lowered = lower(as_data(run), short, strategy, lambda path, *_: wrong.append(path))
            try:
                run = RUNS.validate(lowered)
            except (ValidationError, PydanticCustomError):
                return None
        if wrong or not isinstance(run, Model):
            return None
        body = {name: value for name in ("inputs", "outputs") if (value := getattr(operation, name)) is not None}
        component = _NOTHING_YET.model_copy(update={"run": run, **body})
        found = operation.model_copy(update={**dict.fromkeys(_OWN_BODY), "component": component, "kind": "operation"})
        found.__pydantic_fields_set__.difference_update(_OWN_BODY)
        self.origins.note(component, place)
        return found

    def _with_body(
        self, operation: Operation, component: Authored | None, inner: Data, place: Place, is_node: bool
    ) -> Operation:
        """Return the operation with its body moved into its component, and the component's outer fields to itself."""
        if isinstance(operation.run, Dag):
            operation = operation.model_copy(update={"run": self._dag(operation.run, place.at("run"))})
        data = as_data(operation.model_copy(update={"component": None}))
        data.pop("component", None)
        strategy = Strategy(data.get("patchStrategy") or Strategy.POST_MERGE)
        base = as_data(component) if component is not None else {}
        base.pop("kind", None)
        run = self._layered_run(base.get("run"), data, strategy, place)
        body = {name: data.pop(name) for name in ("inputs", "outputs") if name in data}
        composed = merge(base, body, strategy)
        if run is not None:
            composed["run"] = run
        for name in ("run", *SHORTHANDS):
            data.pop(name, None)
        handed = {key: value for key, value in inner.items() if not (is_node and key in _NODE_ONLY)}
        outer = merge(handed, data, strategy) if handed else data
        if "run" not in composed:
            self._say_empty(place)
            return operation
        whole = {**outer, "kind": "operation", "component": {"kind": "component", **composed}}
        found = self._read_again(whole, place)
        if found is None:
            return operation
        if found.component is not None:
            self.origins.note(found.component, self.origins.of(component, place) if component is not None else place)
        return found

    def _say_empty(self, place: Place) -> None:
        if self._lost:
            return  # the reason was reported
        self.reported_empty = True
        self.problems.append(place.problem(CompileCode.NO_RUNTIME, _NOTHING, suggestion=_RUNTIME_HINT))

    def _read_again(self, data: Data, place: Place) -> Operation | None:
        """Build the composed operation; what the layers make together may be wrong though each is right."""
        try:
            found = read(place.document.with_value(data))
        except SpecError as error:
            self.problems.extend(error.problems)
            return None
        return found if isinstance(found, Operation) else None

    # Components

    def _component(self, authored: Authored, place: Place) -> tuple[Authored, Data]:
        """Return one plain component, and the outer fields that its layers hold for the operation that uses it."""
        known = self._components.get(id(authored))
        if known is not None:
            return known
        if authored.model_fields_set.isdisjoint(_LAYERED) and not isinstance(authored.run, dict):
            found: tuple[Authored, Data] = (self._plain(authored, place), {})
        else:
            found = self._flattened(authored, place)
        self.origins.note(authored, place)
        self.origins.note(found[0], place)
        self._components[id(authored)] = found
        return found

    def _plain(self, authored: Authored, place: Place) -> Authored:
        if authored.run is None:
            self._say_empty(place)
        if not isinstance(authored.run, Dag):
            return authored
        dag = self._dag(authored.run, place.at("run"))
        return authored if dag is authored.run else authored.model_copy(update={"run": dag})

    def _flattened(self, authored: Authored, place: Place) -> tuple[Authored, Data]:
        flat = self._flat(authored, place)
        outer = {name: flat.pop(name) for name in _CAMEL_OUTER if name in flat}
        if "run" not in flat:
            self._say_empty(place)
            return Component(), outer
        try:
            found = read(place.document.with_value({"kind": "component", **flat}))
        except SpecError as error:
            self.problems.extend(error.problems)
            return Component(), outer
        return (found if isinstance(found, Authored) else Component()), outer

    def _flat(self, authored: Authored, place: Place) -> Data:
        """Return all layers of `authored` as one, with a complete `run`, references and patches used up."""
        found = self._inner(authored, place, None, True)
        base = self._flat(*found) if found is not None else {}
        if isinstance(authored.run, Dag):
            authored = authored.model_copy(update={"run": self._dag(authored.run, place.at("run"))})
        data = as_data(authored.model_copy(update={"component": None}))
        strategy = Strategy(data.get("patchStrategy") or Strategy.POST_MERGE)
        run = self._layered_run(base.pop("run", None), data, strategy, place)
        if run is not None and data.get("runPatch"):
            try:
                run = apply_patch(run, data["runPatch"], strategy)
            except PatchError as error:
                self.problems.append(_bad_patch(error, place))
        plain = {key: value for key, value in data.items() if key not in _HEADS}
        if base.get("strictParams"):
            plain["strictParams"] = True
        if "version" in base:
            plain.pop("version", None)
        result = merge(base, plain, strategy)
        return result if run is None else {**result, "run": run}

    def _layered_run(self, base: Any, data: Data, strategy: Strategy, place: Place) -> Data | None:
        """Return the layer's `run` and short fields laid over the run below."""
        own = data.get("run")
        if own is not None and own.get("kind", "") is None:
            own = {key: value for key, value in own.items() if key != "kind"}
        if own is None:
            run = base
        elif base is None:
            run = own if "kind" in own else None
        else:
            run = combine(base, own, strategy, RUN)

        def say(path: tuple[str | int, ...], message: str, suggestion: str | None) -> None:
            code = CompileCode.MISPLACED_SHORTHAND
            self.problems.append(place.problem(code, message, *path, suggestion=suggestion, key=True))

        return lower(run, data, strategy, say)

    # Dags

    def _dag(self, dag: Dag, place: Place) -> Dag:
        """Return the dag with its operations and components in canonical form; itself when they are already."""
        update: dict[str, Any] = {}
        siblings = self._siblings(dag, place)
        if siblings:
            components = [siblings.get(item.name or "", item) for item in dag.components or ()]
            if any(new is not old for new, old in zip(components, dag.components or (), strict=True)):
                update["components"] = components
        operations = [
            operation
            if _is_canonical(operation, siblings)
            else self.operation(operation, place.at("operations", index), siblings)
            for index, operation in enumerate(dag.operations or ())
        ]
        if any(new is not old for new, old in zip(operations, dag.operations or (), strict=True)):
            update["operations"] = operations
        return dag.model_copy(update=update) if update else dag

    def _siblings(self, dag: Dag, place: Place) -> dict[str, Authored]:
        """Return the dag's components by name, each as one layer; those that refer to each other in the right order."""
        written = {item.name: (index, item) for index, item in enumerate(dag.components or ()) if item.name}
        done: dict[str, Authored] = {}
        broken: set[str] = set()

        def compose(name: str, chain: tuple[str, ...]) -> Authored | None:
            """Return the component as one layer; None when it is part of a circle, which is reported."""
            index, item = written[name]
            where = place.at("components", index)
            if item.dag_ref in written and item.component is None:
                done[name] = item
                if item.dag_ref in (*chain, name) or len(chain) > MAX_CHAIN:
                    broken.add(name)
                    circle = " → ".join((*chain, name, item.dag_ref)[-8:])
                    message = f"the components refer to each other in a circle: {circle}"
                    code = CompileCode.REFERENCE_CYCLE
                    self.problems.append(where.problem(code, message, "dagRef", suggestion=_CIRCLE_HINT))
                    return None
                target = done.get(item.dag_ref) or compose(item.dag_ref, (*chain, name))
                if target is None or item.dag_ref in broken:
                    broken.add(name)
                    return None
                item = item.model_copy(update={"component": target, "dag_ref": None})
            done[name] = self._sibling(item, where)
            return done[name]

        for name in written:
            if name not in done:
                compose(name, ())
        return done

    def _sibling(self, item: Authored, place: Place) -> Authored:
        """Return a component of a dag as one layer; as an operation when its layers hold an operation's fields."""
        component, outer = self._component(item, place)
        if outer:
            found = self._read_again({"kind": "operation", **outer, "component": as_data(component)}, place)
            component = found if found is not None else component
            self.origins.note(component, place)
        return component

    # References

    def helper(self, text: str, place: Place) -> None:
        """Look up a component that is named for a run beside the operation, and keep it."""
        if text in self.helpers or self.shallow:
            return
        self.helpers[text] = None
        found = self._follow("hub_ref", text, place)
        if found is not None:
            component, _ = self._component(*found)
            self.helpers[text] = {"kind": "component", **as_data(component)}

    def _follow(self, field: str, text: str, place: Place) -> tuple[Authored, Place] | None:
        """Return what a path, an address or a hub name refers to."""
        kind = _FOLLOWED[field]
        base = place.document.file
        key = (kind, text, base if kind == "path" else "")
        if self.shallow:
            return None
        link = f"{kind}:{text}"
        try:
            source = self.sources.read(kind, text, base)
        except (UserError, OutsideError) as error:
            code = CompileCode.FETCH if isinstance(error, OutsideError) else CompileCode.NOT_FOUND
            hint = error.hint or _HINTS[code]
            self.problems.append(place.problem(code, error.message, _SPELLED[field], suggestion=hint))
            return None
        link = source.location
        if link in place.chain or link == base or len(place.chain) > MAX_CHAIN:
            circle = " → ".join((*place.chain, base, link)[-6:])
            message = f"the files refer to each other in a circle: {circle}"
            code = CompileCode.REFERENCE_CYCLE
            self.problems.append(place.problem(code, message, _SPELLED[field], suggestion=_CIRCLE_HINT))
            return None
        if key in self._fetched:
            return self._fetched[key]
        found: tuple[Authored, Place] | None = None
        try:
            document, authored = read_source(source)
            self.problems.extend(document.problems)
            found = authored, Place(document, (), (*place.shown, "component"), (*place.chain, base))
        except SpecError as error:
            self.problems.extend(error.problems)
        self._fetched[key] = found
        return found


def _is_canonical(authored: Authored, siblings: Mapping[str, Authored]) -> bool:
    """Whether an operation of a dag is nothing but a use of one of the dag's components, or of a plain one inside."""
    if not isinstance(authored, Operation) or not authored.model_fields_set.isdisjoint(_OWN_BODY):
        return False
    component = authored.component
    if component is None:
        sibling = siblings.get(authored.dag_ref) if authored.dag_ref is not None else None
        return sibling is not None and sibling.model_fields_set.isdisjoint(_LAYERED)
    run = component.run
    return (
        run is not None
        and not isinstance(run, (dict, Dag))
        and component.model_fields_set.isdisjoint(_LAYERED)
        and isinstance(component, Component)
    )


def _bad_patch(error: PatchError, place: Place) -> Problem:
    return place.problem(CompileCode.RUN_PATCH, f"`runPatch` does not fit: {error}", "runPatch", error.key, key=True)


_CIRCLE_HINT = "remove one of these references"
_HINTS = {
    CompileCode.NOT_FOUND: "check the spelling; a relative path starts from the file that holds it",
    CompileCode.FETCH: "check the address and the connection",
}
_COMPILED = "a compiled operation cannot be compiled again"
_COMPILED_HINT = "use the file it was compiled from"
_NOTHING = "there is nothing to run: no `run`, and nothing that stands for it"
_RUNTIME_HINT = (
    "add a `run` with a `kind`, a reference such as `pathRef`, or short fields such as `container` and `cmd`"
)
