"""Sections with templates in them: found once, rendered many times.

`plan` walks a section and returns how to render it, or None when it holds no template; rendering then visits only the
branches that do. Errors say where in the section they arose (`TemplateError.path`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from polyaxon.compiler.template import Context, TemplateError, has_template, parse

__all__ = ["Rendering", "plan", "render", "texts"]

Rendering = Callable[[Context], Any]
Path = tuple[str | int, ...]


def render(value: Any, context: Context) -> Any:
    """Return `value` with every template in it rendered."""
    rendering = plan(value)
    return value if rendering is None else rendering(context)


def plan(value: Any) -> Rendering | None:
    """Return how to render `value`, or None when there is nothing to render."""
    if isinstance(value, str):
        return _text(value) if has_template(value) else None
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, (list, tuple)):
        return _list(value)
    return None


def texts(value: Any, path: Path = ()) -> list[tuple[Path, str]]:
    """Return every text with a template in it, keys included, and where it stands."""
    found: list[tuple[Path, str]] = []
    _gather(value, path, found)
    return found


def _gather(value: Any, path: Path, found: list[tuple[Path, str]]) -> None:
    if isinstance(value, str):
        if has_template(value):
            found.append((path, value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if has_template(str(key)):
                found.append(((*path, key), key))
            _gather(item, (*path, key), found)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _gather(item, (*path, index), found)


def _text(text: str) -> Rendering:
    """Parse when first rendered: a section that is compiled but never started costs nothing."""
    return lambda context: parse(text).evaluate(context)


def _mapping(value: Mapping[str, Any]) -> Rendering | None:
    if any(has_template(str(key)) for key in value):
        return _mapping_with_keys(value)
    parts = [(key, rendering) for key, item in value.items() if (rendering := plan(item)) is not None]
    if not parts:
        return None

    def rendered(context: Context) -> dict[str, Any]:
        result = dict(value)
        key: str = ""
        try:
            for key, rendering in parts:
                result[key] = rendering(context)
        except TemplateError as error:
            error.path = (key, *error.path)
            raise
        return result

    return rendered


def _mapping_with_keys(value: Mapping[str, Any]) -> Rendering:
    def rendered(context: Context) -> dict[str, Any]:
        result = {}
        for key, item in value.items():
            try:
                result[_key(key, context)] = render(item, context)
            except TemplateError as error:
                error.path = (key, *error.path)
                raise
        return result

    return rendered


def _key(text: str, context: Context) -> str:
    """Render a key, which is a text whatever its template gives."""
    key = render(text, context)
    if key is None or isinstance(key, (Mapping, list, tuple, set, frozenset)):
        raise TemplateError("the key of a mapping is a text, this template gives none", text)
    return str(key)


def _list(value: list[Any] | tuple[Any, ...]) -> Rendering | None:
    parts = [(index, rendering) for index, item in enumerate(value) if (rendering := plan(item)) is not None]
    if not parts:
        return None

    def rendered(context: Context) -> list[Any]:
        result = list(value)
        index = 0
        try:
            for index, rendering in parts:
                result[index] = rendering(context)
        except TemplateError as error:
            error.path = (index, *error.path)
            raise
        return result

    return rendered
