"""Do the templates name connections that the run has? `connections.NAME` and `init.NAME` exist for those only.

Warnings: a preset, or who calls the dag, may still bring the connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.kinds import roles
from polyaxon.compiler.lint.near import did_you_mean, listed, pointed_at
from polyaxon.compiler.lint.use import Use
from polyaxon.compiler.origin import Place
from polyaxon.compiler.plain import as_data
from polyaxon.compiler.problems import Path
from polyaxon.compiler.template import Template, has_template
from polyaxon.errors import Problem

__all__ = ["check_reach"]

_FIELDS = {"connections": "run.connections", "init": "run.init"}


def check_reach(use: Use) -> Iterator[Problem]:
    """Yield templates that read a connection which the run does not have."""
    own = tuple((path, template) for path, template in use.own.found if not template.names.isdisjoint(_FIELDS))
    if not own and not use.view.reaching:
        return
    known = {name: found for name, found in _reachable(use).items() if name not in use.known}
    for path, template in use.view.reaching:
        yield from _unknown(template, path, use.view.origin, known)
    for path, template in own:
        yield from _unknown(template, path, use.place, known)


def _unknown(template: Template, path: Path, place: Place, known: Mapping[str, set[str] | None]) -> Iterator[Problem]:
    for root, name in sorted({dotted[:2] for dotted in template.paths if len(dotted) > 1 and dotted[0] in known}):
        names = known[root]
        if names is None or name in names:
            continue
        message = f"the run has no connection `{name}` in its `{root}`"
        message += f" (it has {listed(sorted(names))})" if names else ""
        suggestion = did_you_mean(name, names) or f"add `{name}` to `{_FIELDS[root]}`"
        found = place.problem(CompileCode.UNDEFINED, message, *path, suggestion=suggestion, severity="warning")
        yield pointed_at(found, f"{root}.{name}")


def _reachable(use: Use) -> dict[str, set[str] | None]:
    """Return the names of the run's connections and of those of its init entries; None where only rendering tells."""
    named: list[Any] = []
    fetched: list[Any] = []
    for section in _sections(use):
        named.append(section.get("connections"))
        fetched.extend(entry.get("connection") for entry in _entries(section.get("init")))
    for io in (*use.view.inputs.values(), *use.view.outputs.values()):
        fetched.append(io.connection)
    for param in (use.operation.params or {}).values():
        fetched.append(param.connection)
    above = use.dag
    while above is not None:
        named.extend(section.get("connections") for section in _sections(above))
        above = above.dag
    return {"connections": _names(named), "init": _names(fetched)}


def _sections(use: Use) -> Iterator[Mapping[str, Any]]:
    """Yield every part of the runtime, and of what is laid over it, that may hold connections and init entries."""
    run = as_data(use.component.run)
    if isinstance(run, Mapping):
        yield run
        if "kind" in run:
            yield from (role for _, role in roles(run))
    patch = use.operation.run_patch or {}
    yield patch
    yield from (role for role in patch.values() if isinstance(role, Mapping))


def _entries(init: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in init if isinstance(entry, Mapping)] if isinstance(init, list) else []


def _names(values: list[Any]) -> set[str] | None:
    """Flatten lists of names and single ones; None when a template stands among them."""
    flat = [name for value in values for name in (value if isinstance(value, list) else [value])]
    if any(isinstance(name, str) and has_template(name) for name in flat):
        return None
    return {name for name in flat if isinstance(name, str)}
