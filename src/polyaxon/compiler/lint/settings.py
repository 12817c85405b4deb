"""Are the other sections sensible: conditions, schedules, plugins, hooks, builds, events, the container itself?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from polyaxon.compiler import conditions
from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.facts import RefError, read_ref
from polyaxon.compiler.lint.names import broken_template, undefined_by_hooks, undefined_names, wrong_keys
from polyaxon.compiler.lint.near import did_you_mean, pointed_at
from polyaxon.compiler.lint.use import Use, scan
from polyaxon.compiler.origin import Place
from polyaxon.compiler.patches import PatchError, apply_patch, role_fields, run_fields
from polyaxon.compiler.problems import short
from polyaxon.compiler.template import TemplateError, has_template
from polyaxon.errors import Problem
from polyaxon.spec.component import Authored
from polyaxon.spec.dag import Dag
from polyaxon.spec.moments import CRON_ALIASES, CastError, read_cron, to_datetime

__all__ = ["check_component_settings", "check_image", "check_schedule", "check_settings"]


def check_settings(use: Use) -> Iterator[Problem]:
    """Yield what is wrong with the operation's sections."""
    given = use.operation.model_fields_set
    if "conditions" in given:
        yield from _check_condition(use)
    if "schedule" in given:
        yield from check_schedule(use.operation, use.place)
    if "run_patch" in given:
        yield from _check_patch(use)
    if "events" in given:
        yield from _check_events(use)
    if use.operation.dependencies and use.dag is None:
        message = "`dependencies` mean something inside a dag only"
        suggestion = "put the operation into a dag, or remove them"
        yield use.place.problem(
            CompileCode.UNKNOWN_OPERATION, message, "dependencies", suggestion=suggestion, severity="warning", key=True
        )
    if given & _BESIDE_RUN:
        yield from _check_side(use, use.operation, use.place)
    yield from _check_container(use)


_BESIDE_RUN = frozenset({"hooks", "build", "plugins"})


def check_component_settings(use: Use) -> Iterator[Problem]:
    """Yield what is wrong with the component's own sections, whoever uses it."""
    if use.component.model_fields_set & _BESIDE_RUN:
        yield from _check_side(use, use.component, use.view.origin)
    yield from _check_volumes(use)
    yield from _check_command(use)


def _check_command(use: Use) -> Iterator[Problem]:
    """A command line in place of its words would be looked for as a program of that name."""
    command: Any = getattr(getattr(use.component.run, "container", None), "command", None)
    text = command[0] if isinstance(command, list) and len(command) == 1 else command
    if isinstance(text, str) and len(words := text.split()) > 1 and "{" not in text and "\n" not in text.strip():
        message = f"the command is one text: `{short(text)}` would be the name of a program"
        suggestion = f"write a list: `[{', '.join(words)}]`" if len(words) < 10 else "write a list of its words"
        where = ("run", "container", "command", *((0,) if isinstance(command, list) else ()))
        yield use.view.origin.problem(CompileCode.ONE_TEXT, message, *where, suggestion=suggestion, severity="warning")


def _check_volumes(use: Use) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, volume in enumerate(getattr(use.component.run, "volumes", None) or ()):
        name = volume.name
        if name in seen:
            message = f"there are two volumes `{name}`"
            where = ("run", "volumes", index, "name")
            code = CompileCode.DUPLICATE_VOLUME
            yield use.view.origin.problem(code, message, *where, suggestion="give it another name")
        elif name:
            seen.add(name)


def _check_side(use: Use, side: Any, place: Place) -> Iterator[Problem]:
    yield from _check_hooks(use, side, place)
    yield from _check_build(use, side, place)
    yield from _check_plugins(use, side, place)


def _check_condition(use: Use) -> Iterator[Problem]:
    text = use.operation.conditions
    if text is None:
        return
    where = ("conditions",)
    try:
        template = conditions.as_template(text)
    except TemplateError as error:
        yield broken_template(error, where, use.place)
        return
    unknown = template.names - use.known - {"params", "globals", "connections", "init"}
    if unknown == {text.strip()}:
        message = f"`{text.strip()}` is neither true nor false, nor the name of a param"
        suggestion = did_you_mean(text.strip(), [*use.known, "true", "false"]) or _CONDITION_HINT
        yield use.place.problem(CompileCode.CONDITION, message, *where, suggestion=suggestion)
        return
    yield from undefined_names(template, where, use.place, use, use.known)
    yield from wrong_keys(template, where, use.place, use.view, use.known)
    if unknown:
        return
    early = sorted(name for name in template.names & use.searched if _has_no_value(use, name))
    if early:
        message = f"the condition is asked once, before the search gives `{early[0]}` a value"
        suggestion = "compare values that do not belong to the search"
        yield use.place.problem(CompileCode.CONDITION, message, *where, suggestion=suggestion)
        return
    if not template.names and not template.optional:
        yield from _check_constant(use, text)
        return
    problem = _never_boolean(use, text, template.names)
    if problem is not None:
        yield use.place.problem(CompileCode.CONDITION, problem, *where, suggestion=_CONDITION_HINT)
    elif (flag := _flag_alone(use, text, template.names)) is not None:
        message = f"`{flag}` alone is the text `--{flag}` or nothing, because it is a flag"
        suggestion = f"write `params.{flag}.value`"
        yield use.place.problem(CompileCode.CONDITION, message, *where, suggestion=suggestion)


def _flag_alone(use: Use, text: str, names: frozenset[str]) -> str | None:
    """Return the flag whose text the condition is."""
    if conditions.shape_of(text) != "name":
        return None
    name = next(iter(names))
    io = use.io(name)
    return name if io is not None and io.is_flag else None


def _has_no_value(use: Use, name: str) -> bool:
    io = use.io(name)
    return name not in (use.operation.params or {}) and (io is None or io.value is None)


_CONDITION_HINT = "write a comparison, such as `loss < 0.2`"


def _check_constant(use: Use, text: str) -> Iterator[Problem]:
    try:
        answer = conditions.evaluate(text, {})
    except TemplateError as error:
        yield use.place.problem(CompileCode.CONDITION, error.message, "conditions", suggestion=_CONDITION_HINT)
        return
    if not answer:
        message = f"the condition is always false: {use.title} never runs"
        suggestion = "compare something that can change, or remove the operation"
        code = CompileCode.CONSTANT_CONDITION
        yield use.place.problem(code, message, "conditions", suggestion=suggestion, severity="warning")


def _never_boolean(use: Use, text: str, names: frozenset[str]) -> str | None:
    """Return why the condition can be neither true nor false, if that can be told."""
    shape = conditions.shape_of(text)
    if shape == "boolean" or shape is None:
        return None
    if shape != "name":
        return f"the condition is {shape}, never true or false"
    name = next(iter(names))
    io = use.io(name)
    if io is None or (io.type in ("bool", "int", "str", "any", None) and not io.is_list):
        return None
    kind = "a list" if io.is_list else f"of type `{io.type}`"
    return f"the condition is the value of `{name}`, which is {kind}"


def check_schedule(operation: Authored, place: Place) -> Iterator[Problem]:
    """Yield what is wrong with the operation's schedule, whatever it runs."""
    schedule: Any = operation.schedule
    if schedule is None:
        return
    if schedule.kind == "cron" and not has_template(schedule.cron):
        problem = _cron_problem(schedule.cron)
        if problem is not None:
            suggestion = "write minute, hour, day, month and weekday, such as `0 3 * * MON`"
            near = did_you_mean(schedule.cron, CRON_ALIASES) if schedule.cron.startswith("@") else None
            yield place.problem(CompileCode.CRON, problem, "schedule", "cron", suggestion=near or suggestion)
    start, end = getattr(schedule, "start_at", None), getattr(schedule, "end_at", None)
    if start is not None and end is not None and _is_after(start, end):
        message = f"the schedule ends ({end}) before it starts ({start}): nothing would run"
        suggestion = "let `endAt` be later than `startAt`"
        yield place.problem(CompileCode.SCHEDULE, message, "schedule", "endAt", suggestion=suggestion)


def _is_after(start: Any, end: Any) -> bool:
    try:
        first, last = to_datetime(start), to_datetime(end)
    except CastError:
        return False
    if (first.tzinfo is None) != (last.tzinfo is None):
        first, last = first.replace(tzinfo=None), last.replace(tzinfo=None)
    return first >= last


_FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")


def _cron_problem(text: str) -> str | None:
    """Return what is wrong with a cron expression."""
    from cronsim import CronSim, CronSimError

    try:
        written = read_cron(text)
    except CastError as error:
        return str(error)
    fields = written.split()[-5:]
    try:
        next(CronSim(written, datetime(2024, 1, 1)))  # noqa: DTZ001  (only whether there is a time)
    except CronSimError as error:
        name = str(error).removeprefix("Bad ")
        which = fields[_FIELDS.index(name)] if name in _FIELDS else text
        return f"`{which}` is not a {name.replace('-', ' ')} of a cron expression" if name in _FIELDS else str(error)
    except (StopIteration, ValueError, OverflowError):
        return f"`{text}` never comes"
    return None


def _check_patch(use: Use) -> Iterator[Problem]:
    from polyaxon.compiler.merge import Strategy
    from polyaxon.compiler.plain import as_data

    run = as_data(use.component.run) if use.component.run is not None else None
    patch = use.operation.run_patch
    if not isinstance(run, Mapping) or "kind" not in run or not patch:
        return
    strategy = Strategy(use.operation.patch_strategy or Strategy.POST_MERGE)
    try:
        patched = apply_patch(run, patch, strategy)
    except PatchError as error:
        known = run_fields(str(run["kind"])) | role_fields(str(run["kind"]))
        message = f"`runPatch` does not fit: {error}"
        suggestion = did_you_mean(error.key, known)
        found = use.place.problem(
            CompileCode.RUN_PATCH, message, "runPatch", error.key, suggestion=suggestion, key=True
        )
        yield found
        return
    yield from _patched_problems(use, patched)


def _patched_problems(use: Use, patched: Mapping[str, Any]) -> Iterator[Problem]:
    """Check what the patch made of the runtime the way a file's own runtime is checked."""
    from polyaxon.errors import SpecError
    from polyaxon.spec.check import read
    from polyaxon.spec.load import Document

    document = Document(use.place.document.file, "", {"kind": "component", "run": dict(patched)}, [])
    try:
        read(document)
    except SpecError as error:
        for found in error.problems:
            path = found.path.removeprefix("run").lstrip(".")
            parts = tuple(
                int(part) if part.isdigit() else part for part in path.replace("[", ".").replace("]", "").split(".")
            )
            yield use.place.problem(
                CompileCode.RUN_PATCH,
                f"`runPatch` does not fit: {found.message}",
                "runPatch",
                *parts,
                suggestion=found.suggestion,
            )


def _check_events(use: Use) -> Iterator[Problem]:
    for index, event in enumerate(use.operation.events or ()):
        where = ("events", index)
        try:
            ref = read_ref(event.ref)
        except RefError as error:
            suggestion = "write `ops.NAME`, an operation of the same dag, or `runs.UUID`"
            yield use.place.problem(CompileCode.EVENT, str(error), *where, "ref", suggestion=suggestion)
            continue
        if ref.kind == "ops" and use.dag is None:
            message = f"`{event.ref}` means something inside a dag only"
            suggestion = "put the operation into a dag, or remove the event"
            yield use.place.problem(CompileCode.EVENT, message, *where, "ref", suggestion=suggestion)
        if ref.kind == "dag":
            message = "the dag has begun when its operations do: nothing of it can be waited for"
            suggestion = "wait for another operation (`ref: ops.NAME`) or for a run elsewhere (`ref: runs.UUID`)"
            yield use.place.problem(CompileCode.EVENT, message, *where, "ref", suggestion=suggestion)
            continue
        for place, kind in enumerate(event.kinds):
            if not kind.startswith("run_status_"):
                is_template = has_template(kind)
                what = (
                    "kinds of events are not read from templates" if is_template else f"nobody sends the event `{kind}`"
                )
                message = f"{what}: what it waits for is an end like any other"
                suggestion = "use an event `run_status_…`"
                where_kind = (*where, "kinds", place)
                yield use.place.problem(
                    CompileCode.EVENT, message, *where_kind, suggestion=suggestion, severity="warning"
                )


def _check_hooks(use: Use, side: Any, place: Place) -> Iterator[Problem]:
    for index, hook in enumerate(side.hooks or ()):
        where = ("hooks", index)
        if hook.conditions is not None:
            try:
                template = conditions.as_template(hook.conditions)
            except TemplateError as error:
                yield broken_template(error, (*where, "conditions"), place)
            else:
                yield from undefined_by_hooks(template, (*where, "conditions"), place, use)
        if isinstance(hook.params, Mapping):
            values = {name: {"value": param.value} for name, param in hook.params.items()}
            scanned = scan(values, (*where, "params"))
            for path, broken in scanned.broken:
                yield broken_template(broken, path, place)
            for path, template in scanned.found:
                yield from undefined_by_hooks(template, path, place, use)
                yield from wrong_keys(template, path, place, use.view, use.known)


def _check_build(use: Use, side: Any, place: Place) -> Iterator[Problem]:
    if side.build is not None and isinstance(use.component.run, Dag):
        message = "a dag has no image to build"
        suggestion = "put `build` on the operations that need it"
        yield place.problem(CompileCode.BUILD_ON_DAG, message, "build", suggestion=suggestion, key=True)


def _check_plugins(use: Use, side: Any, place: Place) -> Iterator[Problem]:
    plugins = side.plugins
    kind = getattr(use.component.run, "kind", None)
    if plugins is None or kind == "service":
        return
    for name in ("sandbox", "ssh"):
        if getattr(plugins, name) is True:
            message = f"`plugins.{name}` is for services, and this is a `{kind}`"
            suggestion = f"write `kind: service` in `run`, or remove `{name}`"
            yield place.problem(CompileCode.PLUGINS, message, "plugins", name, suggestion=suggestion, key=True)


_NEED_CONTAINER = frozenset({"job", "service", "notifier", "tuner", "cleaner"})
_LEADS = {"tfjob": ("chief", "worker")}
"""Roles of which a kind needs one, beyond having any: success is theirs to report."""


def _check_roles(use: Use) -> Iterator[Problem]:
    """A distributed run without a role starts nothing."""
    from polyaxon.compiler.kinds import kind_of
    from polyaxon.compiler.plain import as_data

    if isinstance(use.component.run, Dag):
        return  # it has none, and may be large
    run = as_data(use.component.run)
    if not isinstance(run, Mapping) or "kind" not in run:
        return
    kind, patch = kind_of(run), use.operation.run_patch or {}
    needed = _LEADS.get(str(run["kind"]), (*kind.roles, kind.groups) if kind.roles else ())
    if not needed or any(run.get(role) is not None or patch.get(role) is not None for role in needed if role):
        return
    some = " or ".join(f"`{role}`" for role in needed if role)
    message = f"the {run['kind']} has no {some}: there is nothing to start"
    severity = "error" if run["kind"] in _LEADS else "warning"
    suggestion = f"add `{needed[0]}: {{container: {{image: …}}}}`"
    yield use.view.origin.problem(
        CompileCode.NO_CONTAINER, message, "run", suggestion=suggestion, severity=severity, key=True
    )


def check_image(use: Use) -> Iterator[Problem]:
    """Warn of a container without an image."""
    run: Any = use.component.run
    container = getattr(run, "container", None)
    if container is None or container.image is not None or run.kind not in ("job", "service"):
        return
    built = use.operation.build is not None or use.component.build is not None
    if not built and "container" not in (use.operation.run_patch or {}):
        message = "the container names no image: only runtimes that need none can start it"
        found = use.view.origin.problem(
            CompileCode.NO_IMAGE, message, "run", "container", suggestion="add `image: …`", severity="warning", key=True
        )
        yield pointed_at(found, "container")


def _check_container(use: Use) -> Iterator[Problem]:
    run: Any = use.component.run
    kind = getattr(run, "kind", None)
    patch = use.operation.run_patch or {}
    if kind not in _NEED_CONTAINER:
        yield from _check_roles(use)
        return
    if "container" in patch:
        return
    if run.container is None:
        severity = "error" if kind == "job" and not run.init else "warning"
        message = f"the {kind} has no container: there is nothing to start"
        suggestion = "add `container: {image: …, command: […]}`"
        yield use.view.origin.problem(
            CompileCode.NO_CONTAINER, message, "run", suggestion=suggestion, severity=severity, key=True
        )
        return
