"""One use of a component by an operation, with all that checking it needs, worked out once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from typing import Any

from polyaxon.compiler import conditions
from polyaxon.compiler.context import RESERVED
from polyaxon.compiler.origin import Place
from polyaxon.compiler.plain import as_data, searched_names
from polyaxon.compiler.problems import Path
from polyaxon.compiler.template import Template, TemplateError, has_template, parse
from polyaxon.compiler.tree import texts
from polyaxon.model.record import dataclass
from polyaxon.spec.component import Authored
from polyaxon.spec.dag import Dag
from polyaxon.spec.fields import Model
from polyaxon.spec.io import IO
from polyaxon.spec.operation import Operation

__all__ = ["Scan", "Use", "View", "scan", "use_of", "view_of"]

_NO_TEMPLATES = frozenset(
    {"kind", "version", "name", "description", "tags", "component", "dependencies", "events", "skip_on_upstream_skip"}
    | {"patch_strategy", "is_preset", "hub_ref", "dag_ref", "url_ref", "path_ref", "strict_params", "template"}
    | {"params", "inputs", "outputs", "run", "conditions", "hooks", "build"},
)
"""Fields without templates of the operation's own context, or looked at one by one."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The templates of a section: those that could be read, and those that could not."""

    found: tuple[tuple[Path, Template], ...] = ()
    broken: tuple[tuple[Path, TemplateError], ...] = ()

    def names(self) -> Iterator[str]:
        """Yield every name the templates look at, params by their own names."""
        for _, template in self.found:
            yield from template.names
            yield from template.optional
            for path in template.paths:
                if path[0] == "params" and len(path) > 1:
                    yield path[1]


_EMPTY = Scan()


def scan(value: Any, path: Path = ()) -> Scan:
    """Read every template in `value`."""
    found: list[tuple[Path, Template]] = []
    broken: list[tuple[Path, TemplateError]] = []
    for place, text in texts(value, path):
        try:
            found.append((place, parse(text)))
        except TemplateError as error:
            broken.append((place, error))
    return Scan(tuple(found), tuple(broken)) if found or broken else _EMPTY


@dataclass(slots=True)
class View:
    """A component as all of its uses see it: worked out once.

    `open` are the templates that name something the component does not declare; `required` the inputs and outputs that
    every use must give.
    """

    component: Authored
    origin: Place
    scan: Scan
    inputs: Mapping[str, IO]
    outputs: Mapping[str, IO]
    required: tuple[IO, ...]
    open: tuple[tuple[Path, Template], ...]
    names: frozenset[str]
    passes_all: bool
    reaching: tuple[tuple[Path, Template], ...] = ()
    """Templates that read something of a connection."""
    fetched: tuple[IO, ...] = ()
    """Inputs and outputs whose value becomes an init entry."""

    def io(self, name: str) -> IO | None:
        """Return what is declared under `name`."""
        return self.inputs.get(name) or self.outputs.get(name)


def view_of(component: Authored, origin: Place) -> View:
    """Look at a component."""
    scanned = _component_scan(component)
    inputs = {io.name: io for io in component.inputs or ()}
    outputs = {io.name: io for io in component.outputs or ()}
    required = [io for io in inputs.values() if io.is_required and not io.is_delayed]
    required += [io for io in outputs.values() if io.delay_validation is False and io.is_required]
    declared = inputs.keys() | outputs.keys() | RESERVED
    return View(
        component,
        origin,
        scanned,
        inputs,
        outputs,
        tuple(required),
        tuple((path, template) for path, template in scanned.found if not template.names <= declared),
        frozenset(scanned.names()),
        any(_passes_all(template) for _, template in scanned.found),
        tuple(found for found in scanned.found if not found[1].names.isdisjoint(_REACHING)),
        tuple(io for io in (*inputs.values(), *outputs.values()) if io.to_init),
    )


_REACHING = frozenset({"connections", "init"})


def _passes_all(template: Template) -> bool:
    if ("params", "as_args") in template.paths:
        return True
    return "params" in template.names and not any(path[0] == "params" and len(path) > 1 for path in template.paths)


@dataclass(slots=True)
class Use:
    """An operation, the view of its component, and the names between them.

    `own` are the templates of the operation's sections, its params' values and its `runPatch`. `dag` is the use of the
    dag that the operation stands in.
    """

    operation: Operation
    place: Place
    view: View
    searched: frozenset[str]
    joined: frozenset[str]
    own: Scan
    dag: Use | None = None
    asked_by_children: set[str] = field(default_factory=set)

    @property
    def component(self) -> Authored:
        """What the operation runs."""
        return self.view.component

    @property
    def title(self) -> str:
        """How messages call it."""
        name = self.operation.name or self.component.name
        return f"`{name}`" if name else "the operation"

    @property
    def known(self) -> frozenset[str]:
        """Every name its templates may use, besides the reserved ones."""
        params = self.operation.params or ()
        return frozenset({*self.view.inputs, *self.view.outputs, *params, *self.searched, *self.joined})

    @property
    def used(self) -> frozenset[str]:
        """Every name that something looks at."""
        beside = (*_beside(self.operation), *_beside(self.component))
        return frozenset({*self.view.names, *self.own.names(), *self.asked_by_children, *beside})

    @property
    def passes_all(self) -> bool:
        """Whether the command line is made of all values (`params.as_args`), so that none is in vain."""
        return self.view.passes_all or any(_passes_all(template) for _, template in self.own.found)

    def io(self, name: str) -> IO | None:
        """Return what is declared under `name`."""
        return self.view.io(name)


def use_of(operation: Operation, place: Place, view: View) -> Use:
    """Work out one use."""
    matrix = operation.matrix
    free = view.inputs.keys() - (operation.params or {}).keys()
    searched = searched_names(as_data(matrix), free) if matrix is not None else _NO_NAMES
    joins = operation.joins
    joined = frozenset(name for join in joins for name in join.params or ()) if joins else _NO_NAMES
    return Use(operation, place, view, searched, joined, _own(operation))


_NO_NAMES: frozenset[str] = frozenset()


def _beside(side: Authored) -> Iterator[str]:
    """Yield the names that conditions, hooks and the builder look at."""
    if side.model_fields_set.isdisjoint(_LOOKING):
        return
    yield from scan([event.kinds for event in side.events or ()]).names()
    for text in (side.conditions, *(hook.conditions for hook in side.hooks or ())):
        if text is not None:
            with suppress(TemplateError):
                template = conditions.as_template(text)
                yield from (*template.names, *template.optional)
    for helper in (*(side.hooks or ()), side.build):
        if helper is not None and helper.params is not None:
            yield from scan(as_data(helper.params)).names()


_LOOKING = frozenset({"events", "conditions", "hooks", "build"})


def _own(operation: Operation) -> Scan:
    """Read the templates of the operation's sections; most operations have none but in their params."""
    value: dict[str, Any] = {}
    for name, param in (operation.params or {}).items():
        if param.ref is None and type(param.value) not in _PLAIN and _may_hold_template(param.value):
            value.setdefault("params", {})[name] = {"value": param.value}
    for name in sorted(operation.model_fields_set - _NO_TEMPLATES):
        section = getattr(operation, name)
        if not (isinstance(section, Model) and _PLAIN.issuperset(map(type, section.__dict__.values()))):
            value[type(operation).model_fields[name].alias or name] = as_data(section)
    return scan(value) if value else _EMPTY


_PLAIN = frozenset({int, float, bool, type(None)})


def _may_hold_template(value: Any) -> bool:
    return not isinstance(value, str) or has_template(value)


def _component_scan(component: Authored) -> Scan:
    """Read the templates of a component: its runtime section and the values of its inputs and outputs."""
    found: dict[str, Any] = {}
    if component.run is not None and not isinstance(component.run, Dag):
        found["run"] = as_data(component.run)
    for section in ("inputs", "outputs"):
        values = [{"value": io.value} for io in getattr(component, section) or ()]
        if any(item["value"] is not None for item in values):
            found[section] = values
    for name in ("queue", "namespace", "cache", "termination", "plugins", "cost", "is_approved", "presets"):
        value = getattr(component, name)
        if value is not None:
            found[type(component).model_fields[name].alias or name] = as_data(value)
    return scan(found)
