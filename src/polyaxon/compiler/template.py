"""What a text with `{{ }}` in it becomes.

A text that is one expression and nothing else keeps the expression's native value (`"{{ n }}"` → 3); any other template
becomes text; a text without a template is left alone. Names that are not defined are errors.

Most templates only name values (`--lr={{ lr }}`, `{{ globals.uuid }}`). Those are read here, without Jinja; everything
else goes to `sandbox`. Both ways must agree on every template that either accepts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from polyaxon.compiler.allowance import charge, size_of
from polyaxon.errors import UserError
from polyaxon.model.record import dataclass

__all__ = ["Template", "TemplateError", "has_template", "parse", "render"]

Context = Mapping[str, Any]
Evaluate = Callable[[Context], Any]

MAX_TEXT = 1_000_000
"""Characters of one template."""

_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_NAMES = re.compile(r"(?<!\{)\{\{ *(" + _WORD + r"(?:\." + _WORD + r")*) *\}\}")
_JINJA_WORDS = frozenset(
    {"true", "false", "none", "True", "False", "None", "not", "if", "else", "and", "or", "in", "is", "self", "super"}
    | {"range", "dict", "cycler", "joiner", "namespace", "varargs", "kwargs", "caller", "loop"},
)
_MISSING = object()


class TemplateError(UserError):
    """A template cannot be read or rendered.

    `text` is the template, `name` the undefined name if that is what is wrong, `path` where in the section it stands,
    `kind` what went wrong: `syntax`, `undefined`, `limit`, `refused` or `failed`.
    """

    def __init__(self, message: str, text: str, kind: str = "failed", name: str | None = None) -> None:
        super().__init__(message)
        self.text = text
        self.kind = kind
        self.name = name
        self.path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A text that was read; `evaluate` gives its value in a context.

    `names` are the variables it cannot do without, `optional` those it asks about (`x is defined`, `x | default(1)`),
    `paths` every dotted path it reads below a required name.
    """

    text: str
    evaluate: Evaluate
    names: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    paths: frozenset[tuple[str, ...]] = frozenset()


def has_template(text: str) -> bool:
    """Whether the text is handed to the template engine at all."""
    return "{{" in text or "{%" in text


def render(text: str, context: Context) -> Any:
    """Return the value of `text`; raises `TemplateError`."""
    return parse(text).evaluate(context) if has_template(text) else text


@lru_cache(maxsize=16_384)
def parse(text: str) -> Template:
    """Read a template; raises `TemplateError` when its syntax is wrong."""
    if len(text) > MAX_TEXT:
        raise TemplateError(f"the template is longer than {MAX_TEXT:,} characters", text, "limit")
    pieces = _NAMES.split(text)
    if _is_simple(pieces):
        return _simple(text, pieces)
    from polyaxon.compiler import sandbox  # Jinja takes 60 ms to import: only those who need it wait

    return sandbox.parse(text)


def _is_simple(pieces: list[str]) -> bool:
    """Whether the text between the named values holds nothing for Jinja to read.

    Jinja also reads a carriage return (as a newline) and names with an underscore in front (as refused attributes).
    """
    for literal in pieces[::2]:
        if "{" in literal and ("{{" in literal or "{%" in literal or "{#" in literal):
            return False
        if "\r" in literal:
            return False
    return all("._" not in path and path.partition(".")[0] not in _JINJA_WORDS for path in pieces[1::2])


def _simple(text: str, pieces: list[str]) -> Template:
    paths = tuple(tuple(path.split(".")) for path in pieces[1::2])
    if not paths:
        return Template(text, lambda _: text)
    names = frozenset(path[0] for path in paths)
    alone = len(pieces) == 3 and not pieces[0].strip() and not pieces[2].strip()
    evaluate = _alone(text, paths[0]) if alone else _joined(text, tuple(pieces[::2]), paths)
    return Template(text, evaluate, names, paths=frozenset(paths))


def _alone(text: str, path: tuple[str, ...]) -> Evaluate:
    if len(path) == 1:
        name = path[0]

        def evaluate(context: Context) -> Any:
            value = context.get(name, _MISSING)
            if value is _MISSING:
                raise undefined(text, name)
            return _charged(text, value)

        return evaluate
    return lambda context: _charged(text, _look_up(text, path, context))


def _charged(text: str, value: Any) -> Any:
    if type(value) not in _SMALL and not charge(size_of(value)):
        raise too_much(text)
    return value


_SMALL = frozenset({int, float, bool, type(None)})


def _joined(text: str, literals: tuple[str, ...], paths: tuple[tuple[str, ...], ...]) -> Evaluate:
    first, rest = literals[0], tuple(zip(paths, literals[1:], strict=True))

    def evaluate(context: Context) -> str:
        out = [first]
        for path, literal in rest:
            value = _look_up(text, path, context)
            out.append(value if isinstance(value, str) else str(value))
            out.append(literal)
        if not charge(sum(map(len, out))):
            raise too_much(text)
        return "".join(out)

    return evaluate


def _look_up(text: str, path: tuple[str, ...], context: Context) -> Any:
    value: Any = context
    for index, key in enumerate(path):
        if isinstance(value, Mapping) and (key in value or not index or not hasattr(value, key)):
            value = value.get(key, _MISSING)
        elif index:
            # Attributes (`text.upper`, `date.year`, a mapping's own methods) are the sandbox's business.
            from polyaxon.compiler import sandbox

            value = sandbox.attribute(text, value, key)
        if value is _MISSING:
            raise undefined(text, ".".join(path[: index + 1]))
    return value


def too_much(text: str) -> TemplateError:
    """Return the error for a template with which the templates of the operation make too much together."""
    return TemplateError("the operation's templates make too much text", text, "limit")


def undefined(text: str, name: str) -> TemplateError:
    """Return the error for a name that means nothing here."""
    return TemplateError(f"`{name}` is not defined", text, "undefined", name)
