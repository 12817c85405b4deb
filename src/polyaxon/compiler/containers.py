"""Containers in the words every runtime knows: argv and environment as text, the rest of Kubernetes kept as written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.context import as_text
from polyaxon.compiler.problems import problem, short
from polyaxon.errors import SpecError
from polyaxon.model.launch import Container

__all__ = ["argv", "container_of"]

Data = Mapping[str, Any]

_KNOWN = frozenset({"name", "image", "command", "args", "env", "workingDir", "resources"})


def container_of(container: Data, name: str, added: Data | None = None, image: str | None = None) -> Container:
    env, others = _env(container.get("env"))
    if added:
        for key in added:
            env.pop(key, None)
        env.update(added)
    extra = {key: value for key, value in container.items() if key not in _KNOWN}
    if others:
        extra["env"] = [entry for entry in others if entry["name"] not in env]
    resources = _mapping(container.get("resources"), "resources")
    written = container.get("image")
    return Container(
        name=name.replace("_", "-").lower(),
        image=image or (None if written is None else str(written)),
        command=argv(container.get("command")),
        args=argv(container.get("args")),
        env=env,
        working_dir=container.get("workingDir"),
        requests=_mapping(resources.get("requests"), "resources.requests"),
        limits=_mapping(resources.get("limits"), "resources.limits"),
        ports=_ports(container.get("ports")),
        extra=extra,
    )


def argv(value: Any) -> tuple[str, ...]:
    """Return arguments as text: a single value is one argument, nothing and empty texts are left out."""
    if value is None:
        return ()
    items = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(text for item in items if item is not None and (text := _argument(item)))


def _argument(value: Any) -> str:
    if isinstance(value, str):
        return value
    return as_text(value) if isinstance(value, (Mapping, list, tuple)) else str(value)


def _env(value: Any) -> tuple[dict[str, str], list[Data]]:
    """Return the variables with a text, and those that come from elsewhere. Of one name, the last counts."""
    if isinstance(value, Mapping):
        value = [{"name": name, "value": text} for name, text in value.items()]
    if value is not None and not (isinstance(value, list) and all(map(_is_variable, value))):
        raise _became("env", value, "a list of `{name, value}`")
    env: dict[str, str] = {}
    others: dict[str, Data] = {}
    for entry in value or ():
        name = str(entry["name"])
        env.pop(name, None)
        others.pop(name, None)
        if "valueFrom" in entry:
            others[name] = entry
        elif entry.get("value") is not None:
            env[name] = as_text(entry["value"])
    return env, list(others.values())


def _is_variable(entry: Any) -> bool:
    return isinstance(entry, Mapping) and entry.get("name") is not None


def _ports(value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    try:
        return tuple(int(port["containerPort"]) for port in value)
    except (TypeError, ValueError, KeyError, OverflowError):
        raise _became("ports", value, "a list of `{containerPort}`") from None


def _mapping(value: Any, field: str) -> Data:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    raise _became(field, value, "a mapping")


def _became(field: str, value: Any, wanted: str) -> SpecError:
    message = f"`{field}` of the container is {short(str(value))!r}, expected {wanted}"
    return SpecError([problem(CompileCode.RENDERED, message, f"container.{field}")])
