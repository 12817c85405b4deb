"""Do templates make sense: can they be read, and is everything they name defined?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.context import GLOBALS, RESERVED, SERVICE_GLOBALS
from polyaxon.compiler.lint.near import did_you_mean, listed, nearest, pointed_at
from polyaxon.compiler.lint.reach import check_reach
from polyaxon.compiler.lint.use import Use, View
from polyaxon.compiler.origin import Place
from polyaxon.compiler.problems import Path
from polyaxon.compiler.template import Template, TemplateError
from polyaxon.errors import Problem

__all__ = [
    "broken_template",
    "check_component_names",
    "check_names",
    "undefined_by_hooks",
    "undefined_names",
    "wrong_keys",
]

_PARAM_KEYS = ("value", "type", "connection", "as_str", "as_arg")
_NOT_VARIABLES = {
    "ops": "take the value through a param: `{ref: ops.NAME, value: outputs.NAME}`",
    "dag": "take the value through a param: `{ref: dag, value: inputs.NAME}`",
    "inputs": "use the input's own name: `{{ NAME }}`",
    "outputs": "use the output's own name: `{{ NAME }}`",
    "env": "environment variables are read by the program, not by the file",
    "matrix": "use the searched parameter's own name: `{{ NAME }}`",
}
_MOVED_GLOBALS = {
    "run_uuid": "uuid",
    "outputs_path": "run_outputs_path",
    "run_path": "run_artifacts_path",
    "project": "project_name",
    "owner": "owner_name",
    "run_name": "name",
    "user": "username",
}
_OF_HOOK_RUNS = frozenset(
    {"name", "uuid", "kind", "runtime", "status", "condition", "wait_time", "duration", "inputs", "outputs"},
)
"""What a hook's own run is given, and its section does not see."""


def check_names(use: Use) -> Iterator[Problem]:
    """Yield what is wrong with the templates of the operation, and what its component lacks of it."""
    known = use.known if use.view.open or use.own.found else frozenset()
    for path, template in use.view.open:
        yield from undefined_names(template, path, use.view.origin, use, known)
    for path, template in use.own.found:
        yield from undefined_names(template, path, use.place, use, known)
        yield from wrong_keys(template, path, use.place, use.view, known)
    for path, error in use.own.broken:
        yield broken_template(error, path, use.place)
    yield from check_reach(use)
    if use.own.found or use.view.scan.found:
        yield from _check_circles(use)


def check_component_names(use: Use) -> Iterator[Problem]:
    """Yield what is wrong with the templates of the component whoever uses it."""
    for path, template in use.view.scan.found:
        yield from wrong_keys(template, path, use.view.origin, use.view, use.known)
    for path, error in use.view.scan.broken:
        yield broken_template(error, path, use.view.origin)


def broken_template(error: TemplateError, path: Path, place: Place) -> Problem:
    """Return what is wrong with a template that cannot be read."""
    code = CompileCode.TEMPLATE_SYNTAX if error.kind == "syntax" else CompileCode.TEMPLATE_REFUSED
    suggestion = _READ_HINTS.get(error.kind, "write a simpler template")
    found = place.problem(code, f"the template cannot be read: {error.message}", *path, suggestion=suggestion)
    return pointed_at(found, error.name or "{{")


_READ_HINTS = {
    "syntax": "check the braces and the expression between them",
    "refused": "write the template without it: expressions, `if` and `for` are there",
}


def undefined_names(template: Template, path: Path, place: Place, use: Use, known: frozenset[str]) -> Iterator[Problem]:
    """Yield a problem for every name of the template that means nothing here."""
    for name in sorted(template.names - known - RESERVED):
        message = f"`{name}` is not defined: {use.title} has no input, output or param of that name"
        message += f" (it has {listed(sorted(known), 8)})" if known else ""
        suggestion = _NOT_VARIABLES.get(name) or did_you_mean(name, known)
        suggestion = suggestion or f"declare an input `{name}`, or give it as a param"
        yield pointed_at(place.problem(CompileCode.UNDEFINED, message, *path, suggestion=suggestion), name)


def undefined_by_hooks(template: Template, path: Path, place: Place, use: Use) -> Iterator[Problem]:
    """Yield a warning for every name that only an output could be which the run logs without declaring it."""
    for found in undefined_names(template, path, place, use, use.known):
        name = found.message.split("`", 2)[1]
        if name in _OF_HOOK_RUNS:
            message = f"`{name}` is not known to the section of a hook: only the hook's own run is given it"
            suggestion = "act on a status with `trigger: failed`, say; `globals` has the name, the uuid and the times"
        else:
            message = f"{found.message}: the hook works only if the run logs an output `{name}`"
            suggestion = did_you_mean(name, use.known) or f"declare an output `{name}`"
        yield replace(found, severity="warning", message=message, suggestion=suggestion)


def wrong_keys(template: Template, path: Path, place: Place, view: View, known: frozenset[str]) -> Iterator[Problem]:
    """Yield a problem for every `globals.x` and `params.x.y` of the template that does not exist."""
    for dotted in sorted(template.paths):
        wrong = _wrong_key(dotted, view, known)
        if wrong is not None:
            message, suggestion = wrong
            found = place.problem(CompileCode.UNDEFINED, message, *path, suggestion=suggestion)
            yield pointed_at(found, ".".join(dotted[:2]))


def _wrong_key(dotted: tuple[str, ...], view: View, known: frozenset[str]) -> tuple[str, str | None] | None:
    """Return what is wrong with `globals.x` or `params.x.y`."""
    if len(dotted) < 2 or dotted[0] in known:
        return None
    root, key = dotted[:2]
    if root == "globals":
        names = GLOBALS | SERVICE_GLOBALS if getattr(view.component.run, "kind", None) == "service" else GLOBALS
        if key in names:
            return None
        if key in SERVICE_GLOBALS:
            return f"`globals.{key}` exists in services only", "write `kind: service`, or remove it"
        meant = _MOVED_GLOBALS.get(key) or nearest(key, names)
        return f"there is no `globals.{key}`", f"did you mean `globals.{meant}`?" if meant else None
    if root == "params":
        if key not in known and key != "as_args":
            return f"`params.{key}` is not defined", did_you_mean(key, known)
        if len(dotted) > 2 and key != "as_args" and dotted[2] not in _PARAM_KEYS:
            return f"a param has no `{dotted[2]}`", f"write one of {listed(_PARAM_KEYS)}"
    return None


def _check_circles(use: Use) -> Iterator[Problem]:
    """Yield params whose values need each other."""
    wanted: dict[str, set[str]] = {}
    for scanned, is_own in ((use.own, True), (use.view.scan, False)):
        for path, template in scanned.found:
            name = _value_name(path, use, is_own)
            if name is not None:
                wanted.setdefault(name, set()).update(template.names | template.optional)
    for circle in _circles(wanted):
        message = "the values need each other: " + " → ".join(f"`{item}`" for item in circle)
        suggestion = "give one of them a value of its own"
        yield use.place.problem(CompileCode.PARAM_CYCLE, message, "params", circle[0], suggestion=suggestion)


def _value_name(path: Path, use: Use, is_own: bool) -> str | None:
    """Return the name whose value stands at `path`; a default counts only where no param replaces it."""
    if is_own:
        return str(path[1]) if path[0] == "params" else None
    if path[0] in ("inputs", "outputs") and isinstance(path[1], int):
        declared = getattr(use.component, str(path[0])) or ()
        name = str(declared[path[1]].name)
        return None if name in (use.operation.params or {}) or name in use.searched else name
    return None


def _circles(wanted: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Yield circles, none of whose names was in an earlier one. Depth first: every name is left once."""
    left: set[str] = set()
    told: set[str] = set()
    for start in wanted:
        if start in left:
            continue
        path, place = [start], {start: 0}
        waiting = [iter(sorted(wanted[start]))]
        while waiting:
            following = next((name for name in waiting[-1] if name in wanted and name not in left), None)
            if following is None:
                waiting.pop()
                left.add(path[-1])
                del place[path.pop()]
            elif following not in place:
                place[following] = len(path)
                path.append(following)
                waiting.append(iter(sorted(wanted[following])))
            elif following not in told:
                told.update(path[place[following] :])
                yield [*path[place[following] :], following]
