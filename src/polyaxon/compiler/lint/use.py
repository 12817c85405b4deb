"""One use of a component by an operation, with all that checking it needs, worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from polyaxon.compiler.bind import searched_names
from polyaxon.compiler.compile import as_data
from polyaxon.compiler.origin import Place
from polyaxon.compiler.problems import Path
from polyaxon.compiler.template import Template, TemplateError, has_template, parse
from polyaxon.compiler.tree import texts
from polyaxon.spec.component import Authored
from polyaxon.spec.dag import Dag
from polyaxon.spec.io import IO
from polyaxon.spec.operation import Operation

__all__ = ["Scan", "Use", "component_scan", "scan", "use_of"]

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
class Use:
    """An operation, its component, and the names between them.

    `body` are the templates of the component's runtime and of the operation's patch of it; `own` those of the
    operation's other sections and of values. `dag` is the component that the operation's dag belongs to.
    """

    operation: Operation
    place: Place
    component: Authored
    origin: Place
    inputs: Mapping[str, IO]
    outputs: Mapping[str, IO]
    searched: frozenset[str]
    joined: frozenset[str]
    body: Scan
    own: Scan
    dag: Use | None = None
    children: list[Use] = field(default_factory=list)
    asked_by_children: set[str] = field(default_factory=set)

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"`{self.operation.name or self.component.name or 'the operation'}`"

    @property
    def known(self) -> frozenset[str]:
        """Every name its templates may use, besides the reserved ones."""
        params = self.operation.params or {}
        return frozenset({*self.inputs, *self.outputs, *params, *self.searched, *self.joined})

    @property
    def used(self) -> frozenset[str]:
        """Every name that something looks at."""
        return frozenset({*self.body.names(), *self.own.names(), *self.asked_by_children})

    @property
    def passes_all(self) -> bool:
        """Whether the command line is made of all values (`params.as_args`), so that none is in vain."""
        return any(("params", "as_args") in template.paths or self._whole_params(template) for template in self._all())

    def _all(self) -> Iterator[Template]:
        return (template for scanned in (self.body, self.own) for _, template in scanned.found)

    @staticmethod
    def _whole_params(template: Template) -> bool:
        return "params" in template.names and not any(path[0] == "params" and len(path) > 1 for path in template.paths)

    def io(self, name: str) -> IO | None:
        """Return what is declared under `name`."""
        return self.inputs.get(name) or self.outputs.get(name)


def use_of(operation: Operation, place: Place, component: Authored, origin: Place, body: Scan) -> Use:
    """Work out one use; `body` are the component's templates, which uses of one component share."""
    matrix = operation.matrix
    searched = searched_names(as_data(matrix)) if matrix is not None else frozenset()
    joined = frozenset(name for join in operation.joins or () for name in join.params or ())
    if operation.run_patch:
        patch = scan(operation.run_patch, ("runPatch",))
        body = Scan((*body.found, *patch.found), (*body.broken, *patch.broken))
    return Use(
        operation,
        place,
        component,
        origin,
        {io.name: io for io in component.inputs or ()},
        {io.name: io for io in component.outputs or ()},
        searched,
        joined,
        body,
        _own(operation),
    )


def _own(operation: Operation) -> Scan:
    """Read the templates of the operation's sections; nothing but its params has any in most operations."""
    value = dict(_values(operation))
    for name in operation.model_fields_set - _NO_TEMPLATES:
        alias = type(operation).model_fields[name].alias or name
        if alias != "runPatch":
            value[alias] = as_data(getattr(operation, name))
    return scan(value) if value else _EMPTY


def _values(operation: Operation) -> Iterable[tuple[str, Any]]:
    """Yield the params whose value may hold a template."""
    given = {
        name: {"value": param.value}
        for name, param in (operation.params or {}).items()
        if param.ref is None and not isinstance(param.value, (int, float, bool, type(None)))
        if not isinstance(param.value, str) or has_template(param.value)
    }
    if given:
        yield "params", given


def component_scan(component: Authored) -> Scan:
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
