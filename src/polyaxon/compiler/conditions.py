"""Whether an operation runs at all: `conditions` read, rendered and turned into yes or no.

The text is an expression, with or without braces around it (`loss < 0.2` and `{{ loss < 0.2 }}` mean the same).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyaxon.compiler import template
from polyaxon.compiler.template import Template, TemplateError, has_template

__all__ = ["as_template", "evaluate", "is_true", "shape_of"]

_WORDS = {
    **dict.fromkeys(("true", "1", "y", "yes", "t", "on"), True),
    **dict.fromkeys(("false", "0", "n", "no", "f", "off"), False),
}


def as_template(text: str) -> Template:
    """Return the condition as a template; raises `TemplateError` when its syntax is wrong."""
    bare = text.strip()
    if has_template(text) or bare.lower() in _WORDS or not bare:
        return template.parse(bare)
    return template.parse("{{ " + bare + " }}")


def evaluate(text: str, context: Mapping[str, Any]) -> bool:
    """Return what the condition says in `context`; raises `TemplateError` when it says neither yes nor no."""
    value = as_template(text).evaluate(context)
    answer = is_true(value)
    if answer is None:
        raise TemplateError(f"the condition gives {_shown(value)}, which is neither true nor false", text)
    return answer


def is_true(value: Any) -> bool | None:
    """Return the boolean that `value` spells, or None when it spells none."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return bool(value) if value in (0, 1) else None
    return _WORDS.get(value.strip().lower()) if isinstance(value, str) else None


def _shown(value: Any) -> str:
    text = repr(value) if value != "" else "an empty text"
    return text if len(text) <= 80 else text[:77] + "..."


def shape_of(text: str) -> str | None:
    """Return what the condition gives as far as its form tells: `boolean`, `name`, what else it is, or None."""
    from polyaxon.compiler import sandbox

    bare = text.strip()
    if not has_template(bare):
        bare = "{{ " + bare + " }}"
    return sandbox.shape_of(bare)
