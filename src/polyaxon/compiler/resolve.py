"""From files to one checked operation: read, follow references, lay presets and options over it, check the whole.

`Loaded.operation` needs no file any more: its dump is what is stored and submitted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.compose import Composer, read_source
from polyaxon.compiler.lint import lint
from polyaxon.compiler.merge import Strategy, merge
from polyaxon.compiler.origin import Place
from polyaxon.compiler.overrides import Overrides, folded, shorts
from polyaxon.compiler.plain import as_data
from polyaxon.compiler.recover import consequences_removed, read_what_can_be_read
from polyaxon.compiler.sources import Source, Sources
from polyaxon.errors import Problem, SpecError
from polyaxon.model.record import dataclass
from polyaxon.spec.check import read
from polyaxon.spec.component import Authored
from polyaxon.spec.garbage import collector_paused
from polyaxon.spec.load import Document, parse
from polyaxon.spec.operation import Operation

__all__ = ["Loaded", "Overrides", "load", "load_stored"]

_NEVER_PATCHED = frozenset(
    {"version", "kind", "isPreset", "hubRef", "dagRef", "urlRef", "pathRef", "component", "patchStrategy"},
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file: the operation when nothing is wrong, and every finding, errors and warnings.

    `components` are the components, as data, that hooks, builds and tuners name in the hub. `is_template` says that the
    file wants to be filled in before it is run.
    """

    operation: Operation | None
    problems: tuple[Problem, ...]
    kind: str | None = None
    name: str | None = None
    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_template: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings are allowed."""
        return self.operation is not None and not any(found.severity == "error" for found in self.problems)


_NOTHING_GIVEN = Overrides()


def load(
    sources: Sources,
    main: Source,
    presets: Sequence[Source] = (),
    overrides: Overrides = _NOTHING_GIVEN,
    shallow: bool = False,
    partial: bool = False,
) -> Loaded:
    """Load a file and check it whole; whatever is wrong is in the result.

    `shallow` follows no references. `partial` accepts a piece of something: a preset, or a component whose required
    inputs are still to come.
    """
    try:
        with collector_paused():
            loaded = _load(sources, main, presets, overrides, shallow, partial)
        made = {source.location for source in (main, *presets) if source.is_made}
        return replace(loaded, problems=_without_lines(loaded.problems, made)) if made else loaded
    except RecursionError:
        message = "the file is nested too deeply to be checked"
        return Loaded(None, (Problem(str(CompileCode.REFERENCE_CYCLE), message, file=main.location),))


def _without_lines(problems: Sequence[Problem], made: Collection[str]) -> tuple[Problem, ...]:
    """Drop the places in texts that nobody wrote: the path of the field says where to look."""
    return tuple(
        replace(found, line=None, column=None, source=None) if found.file in made else found for found in problems
    )


def _load(
    sources: Sources, main: Source, presets: Sequence[Source], overrides: Overrides, shallow: bool, partial: bool
) -> Loaded:
    try:
        document = parse(main.text, main.location)
    except SpecError as error:
        return Loaded(None, tuple(error.problems))
    authored, problems = read_what_can_be_read(document)
    if authored is None:
        return Loaded(None, tuple(problems))
    broken = any(found.severity == "error" for found in problems)
    try:
        operation = _with_layers(document, authored, presets, overrides, problems)
    except SpecError as error:
        return Loaded(None, (*problems, *error.problems), authored.kind, authored.name)
    composer = Composer(sources, shallow)
    place = Place(document)
    if not isinstance(authored, Operation):
        composer.origins.note(authored, place)  # whatever wraps it now, this is where it was written
    composed = composer.operation(operation, place)
    found = [*composer.problems]
    composer.problems.clear()
    found += lint(composed, place, composer, frozenset(overrides.params), _is_open(authored, partial or shallow))
    found += composer.problems
    problems += consequences_removed(found, problems) if broken else found
    return _loaded(composed, authored, composer, overrides, _distinct(problems))


def _is_open(authored: Authored, partial: bool) -> bool:
    """Whether what the file lacks may still come: a file that calls itself an operation is all there is."""
    return partial and not (isinstance(authored, Operation) and authored.kind and "kind" in authored.model_fields_set)


def load_stored(raw: str) -> Operation:
    """Return the operation that was stored as JSON; it was checked before it was stored."""
    return Operation.model_validate(json.loads(raw))


def _with_layers(
    document: Document, authored: Authored, presets: Sequence[Source], overrides: Overrides, problems: list[Problem]
) -> Authored:
    """Return what was written with options and presets laid over it; a component is wrapped first."""
    last = shorts(overrides)
    if not presets and not last and overrides == _NOTHING_GIVEN:
        return authored
    wrapped = authored if isinstance(authored, Operation) else Operation(component=authored)
    component = wrapped.component
    data = as_data(wrapped.model_copy(update={"component": None}))
    written = {key: value for key, value in data.items() if key != "component"}
    data = folded(written, overrides, problems)
    for source in presets:
        preset_document, preset = read_source(source)
        problems.extend(preset_document.problems)
        layer = {key: value for key, value in as_data(preset).items() if key not in _NEVER_PATCHED}
        data = merge(data, layer, Strategy(preset.patch_strategy or Strategy.POST_MERGE))
    if last:
        problems.extend(_lost(data, last))
        data = merge(data, last, Strategy.POST_MERGE)
    if data == written:
        return wrapped
    found = read(document.with_value({**data, "kind": "operation"}))
    assert isinstance(found, Operation)  # the kind says so
    return found.model_copy(update={"component": component}) if component is not None else found


def _lost(data: Mapping[str, Any], last: Mapping[str, Any]) -> Iterator[Problem]:
    """Warn of options that the file's own `runPatch`, applied last, will cover."""
    patched = (data.get("runPatch") or {}).get("container")
    if not isinstance(patched, Mapping):
        return
    for option, field_name in (("container", "image"), ("cmd", "command"), ("cmd", "args")):
        if option in last and field_name in patched:
            shown = "--image" if option == "container" else "--cmd"
            yield Problem(
                str(CompileCode.OVERRIDE_LOST),
                f"`{shown}` has no effect: `runPatch.container.{field_name}` of the file is applied after it",
                "warning",
                path=f"runPatch.container.{field_name}",
                suggestion=f"remove `{field_name}` from `runPatch`",
            )


def _loaded(
    composed: Operation, authored: Authored, composer: Composer, overrides: Overrides, problems: tuple[Problem, ...]
) -> Loaded:
    wrong = any(found.severity == "error" for found in problems)
    component = composed.component
    name = overrides.name or composed.name or (component.name if component is not None else None)
    template = composed.template or (component.template if component is not None else None)
    return Loaded(
        operation=None if wrong else composed,
        problems=problems,
        kind=authored.kind or "operation",
        name=name,
        components={name: data for name, data in composer.helpers.items() if data is not None},
        is_template=bool(template is not None and template.enabled) and not overrides.ignore_template,
    )


def _distinct(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Drop what is said twice (a component used by several operations), and order by place."""
    seen: dict[tuple[Any, ...], Problem] = {}
    for found in problems:
        where = (found.file, found.line, found.column) if found.line is not None else (found.path,)
        seen.setdefault((*where, found.code, found.message), found)
    files = {found.file: index for index, found in reversed(list(enumerate(seen.values())))}
    return tuple(sorted(seen.values(), key=lambda found: (files[found.file], found.line or 0, found.column or 0)))
