"""What exactly is wrong, in the file's own terms? The validator's findings as problems with places and suggestions.

One mistake is one problem. No word of the validator reaches the user: what is not in the tables below is said plainly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from polyaxon.errors import Problem
from polyaxon.model.record import dataclass
from polyaxon.spec.anatomy import Choice, Kinds, ListOf, MapOf, Node, OneOf, Scalar, Section, fields_of, kind_of, step
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.fields import ENOUGH, Model, to_snake
from polyaxon.spec.hints import value_hint, written
from polyaxon.spec.load import Document
from polyaxon.spec.traps import trap_at
from polyaxon.spec.types import describe

__all__ = ["diagnose", "unknown_field"]

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of the validator: of which type, about which value, and where in which document."""

    document: Document
    model: type[Model]
    type: str
    path: Path
    value: Any
    context: dict[str, Any]


def diagnose(document: Document, model: type[Model], error: ValidationError) -> Iterator[Problem]:
    """Yield a problem for each finding."""
    seen: set[tuple[Path, str]] = set()
    problems = list(_each(document, model, error, seen))
    meant = {(found.path.rpartition(".")[0], found.suggestion) for found in problems}
    for found in problems:
        # A misspelled field is not missing as well.
        name = (found.suggestion or "").removeprefix("add `").removesuffix(": …`")
        if found.code != SpecCode.MISSING_FIELD or (found.path, f"did you mean `{name}`?") not in meant:
            yield found


def _each(
    document: Document, model: type[Model], error: ValidationError, seen: set[tuple[Path, str]]
) -> Iterator[Problem]:
    for found in error.errors(include_url=False):
        if len(seen) == ENOUGH:
            message = f"only the first {ENOUGH} problems are shown"
            yield document.problem(SpecCode.MORE_PROBLEMS, message, found["loc"])
            return
        path = tuple(part for part in found["loc"] if part != "[key]")
        finding = Finding(document, model, found["type"], path, found["input"], found.get("ctx", {}))
        problem = _TELLERS.get(finding.type, _wrong_type)(finding)
        key = (tuple(found["loc"]), problem.code)
        if key not in seen:
            seen.add(key)
            yield problem


def unknown_field(document: Document, path: Path, suggestion: str | None) -> Problem:
    """The problem that there is no field of that name."""
    where = f"in `{_section_name(path[:-1])}`" if len(path) > 1 else "at the top level"
    return document.problem(
        SpecCode.UNKNOWN_FIELD, f"there is no field `{path[-1]}` {where}", path, suggestion=suggestion, key=True
    )


def _own(at: Finding) -> Problem:
    """A finding of our own validators, which say everything themselves."""
    message, code, hint = (at.context[name] for name in ("message", "code", "suggestion"))
    path = (*at.path, *at.context["at"])
    expected = _label(_node_at(at.document, at.model, path))
    trap = None if "true or false" in expected else _trapped(at.document, path, message)
    return trap or at.document.problem(code, message, path, suggestion=hint, key=code in _ABOUT_KEYS)


_ABOUT_KEYS = {SpecCode.UNKNOWN_FIELD, SpecCode.CONFLICT, SpecCode.SEVERAL_REFERENCES}


def _unknown(at: Finding) -> Problem:
    name = str(at.path[-1])
    parent = _node_at(at.document, at.model, at.path[:-1])
    owner = _model_of(parent, _value_at(at.document.value, at.path[:-1]))
    return unknown_field(at.document, at.path, _field_hint(owner, name, at_top=len(at.path) == 1))


@lru_cache(maxsize=1024)
def _field_hint(owner: type[Model] | None, name: str, at_top: bool) -> str | None:
    if owner is None:
        return None
    fields = fields_of(owner)
    lowered = {alias.lower(): alias for alias in fields}
    meant = lowered.get(name.lower().replace("_", "").replace("-", ""))
    if meant is None and name in _MOVED and _MOVED[name][0] in fields:
        return f"write it in `{_MOVED[name][1]}`" if not at_top or name not in _TOP_MOVED else _TOP_MOVED[name]
    if meant is None and name in _RENAMED and _RENAMED[name] in fields:
        meant = _RENAMED[name]
    if meant is None:
        near = get_close_matches(name.lower(), lowered, 1, 0.7)
        meant = lowered[near[0]] if near else None
    if meant is not None:
        return f"did you mean `{meant}`?"
    if len(fields) <= 12:
        return "the fields are " + ", ".join(f"`{alias}`" for alias in fields)
    return None


_TOP_MOVED = {
    "image": "write `container: {image: …}`",
    "command": "write `cmd: …`, or `container: {command: […]}`",
    "args": "write `container: {args: […]}`",
}
_MOVED: dict[str, tuple[str, str]] = {
    **{
        name: ("container", f"container.{name}")
        for name in ("image", "command", "args", "workingDir", "volumeMounts", "imagePullPolicy", "envFrom")
    },
    **{
        name: ("environment", f"environment.{name}")
        for name in (
            *("nodeSelector", "tolerations", "affinity", "labels", "annotations", "serviceAccountName"),
            *("restartPolicy", "hostNetwork", "imagePullSecrets", "priorityClassName", "nodeName", "schedulerName"),
        )
    },
    **{name: ("termination", f"termination.{name}") for name in ("maxRetries", "timeout", "ttl", "culling")},
    **{name: ("run", f"run.{name}") for name in ("operations", "components", "replicas", "worker", "master")},
    "concurrency": ("matrix", "matrix.concurrency"),
    "notifications": ("plugins", "plugins.notifications"),
    "cron": ("schedule", "schedule.cron"),
    "min": ("validation", "validation.ge"),
    "max": ("validation", "validation.le"),
    **{name: ("validation", f"validation.{name}") for name in ("gt", "ge", "lt", "le", "regex", "minLength")},
}
"""Fields that people write one level too high: the section they belong to, and the full path."""
_RENAMED = {
    "default": "value",
    "required": "isOptional",
    "optional": "isOptional",
    "dependsOn": "dependencies",
    "depends_on": "dependencies",
    "needs": "dependencies",
    "condition": "conditions",
    "when": "conditions",
    "if": "conditions",
    "retries": "maxRetries",
    "parameters": "params",
    "ops": "operations",
    "steps": "operations",
    "label": "labels",
    "envVars": "env",
    "branch": "revision",
    "commit": "revision",
    "tag": "revision",
    "expression": "cron",
}


def _missing(at: Finding) -> Problem:
    parent, name = at.path[:-1], at.path[-1]
    where = f"`{_section_name(parent)}`" if parent else "the file"
    return at.document.problem(
        SpecCode.MISSING_FIELD,
        f"{where} needs the field `{name}`",
        parent,
        suggestion=f"add `{name}: …`",
        key=True,
    )


_MEANT_KINDS = {"parameter": "write `{{kind: {}, value: …}}`"}


def _kind(at: Finding) -> Problem:
    context = at.context
    what, choices = context["what"], context["choices"]
    listed = ", ".join(f"`{choice}`" for choice in choices)
    if context["missing"]:
        message = f"`{_section_name(at.path)}` needs a `kind`"
        value = _value_at(at.document.value, at.path)
        meant = next((key for key in value if key in choices), None) if isinstance(value, dict) else None
        hint = _MEANT_KINDS.get(what, "add `kind: {}`").format(meant) if meant else f"add `kind`, one of {listed}"
        return at.document.problem(SpecCode.KIND, message, at.path, suggestion=hint, key=True)
    given = context["given"]
    if given is None:
        value = _value_at(at.document.value, (*at.path, "kind"))
        message = f"expected a kind of {what}, got {describe(value)}"
        return at.document.problem(SpecCode.KIND, message, (*at.path, "kind"), suggestion=f"the kinds are {listed}")
    near = get_close_matches(given.lower(), choices, 1, 0.5)
    return at.document.problem(
        SpecCode.KIND,
        f"there is no {what} of the kind `{given}`",
        (*at.path, "kind"),
        suggestion=f"did you mean `{near[0]}`?" if near else f"the kinds are {listed}",
    )


def _shape(at: Finding) -> Problem:
    context, value = at.context, at.value
    if isinstance(value, list) and "list of port" in context["label"]:
        return _port(at.document, at.path, value)
    message = f"expected {context['label']}, got {describe(value)}"
    trap = _trapped(at.document, at.path, message, value)
    if trap is not None:
        return trap
    hint = context.get("suggestion") or value_hint(context["label"], value)
    code = SpecCode.OUT_OF_RANGE if _is_beyond(context["label"], value) else context["code"]
    return at.document.problem(code, message, at.path, suggestion=hint)


def _is_beyond(label: str, value: Any) -> bool:
    """Whether a number of the right sort lies outside the bound that the label tells."""
    sorts = int if "whole" in label else (int, float)
    return isinstance(value, sorts) and not isinstance(value, bool) and ("at least" in label or "above" in label)


def _port(document: Document, path: Path, value: list[Any]) -> Problem:
    place, item = next((place, item) for place, item in enumerate(value) if type(item) is not int)
    hint = value_hint("a number", item)
    message = f"expected a port number, got {describe(item)}"
    return document.problem(SpecCode.WRONG_TYPE, message, (*path, place), suggestion=hint)


def _choice(at: Finding) -> Problem:
    value = at.value
    words = _words(_node_at(at.document, at.model, at.path))
    trap = _trapped(at.document, at.path, f"expected one of a few words, got {describe(value)}", value)
    if trap is not None:
        return trap
    near = _near(value, words) if isinstance(value, str) else []
    given = f"`{value}`" if isinstance(value, str) else describe(value)
    return at.document.problem(
        SpecCode.NOT_A_CHOICE,
        f"{given} is not one of the choices for `{_section_name(at.path) or 'kind'}`",
        at.path,
        suggestion=f"did you mean `{near[0]}`?" if near else _one_of(words),
    )


def _near(value: str, words: tuple[str, ...]) -> list[str]:
    """A word that ends with what was written is meant rather than one that looks like it: `running`."""
    ending = [word for word in words if word.endswith("_" + value.lower())]
    return ending[:1] or get_close_matches(value.lower(), words, 1, 0.5)


def _one_of(words: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{word}`" for word in words[:12])
    return f"write one of {shown}" + (f", … ({len(words)} in all)" if len(words) > 12 else "")


def _words(node: Node) -> tuple[str, ...]:
    if isinstance(node, OneOf):
        return next((form.words for form in node.forms if isinstance(form, Choice)), ())
    return node.words if isinstance(node, Choice) else ()


def _text(at: Finding) -> Problem:
    value = at.value
    message = f"expected text, got {describe(value)}"
    trap = _trapped(at.document, at.path, message, value)
    if trap is not None:
        return trap
    return at.document.problem(SpecCode.WRONG_TYPE, message, at.path, suggestion=value_hint("text", value))


def _trapped(document: Document, path: Path, message: str, value: Any = None) -> Problem | None:
    if value is None:
        value = _value_at(document.value, path)
    raw = trap_at(document, path, value)
    if raw is None or "true or false" in message:
        return None
    is_number = "expected a whole number" in message or "expected a number" in message
    return document.problem(
        SpecCode.UNQUOTED,
        f"YAML reads the unquoted `{raw}` as {describe(value)}: {message}",
        path,
        suggestion=value_hint(message, value) if is_number else f'put it in quotes: `"{raw}"`',
    )


def _wrong_type(at: Finding) -> Problem:
    value = at.value
    expected = _EXPECTED.get(at.type) or _label(_node_at(at.document, at.model, at.path))
    message = f"expected {expected}, got {describe(value)}"
    suggestion = None
    if "list" in expected and not isinstance(value, dict | list) and value is not None:
        suggestion = f"write a list: `[{written(value)}]`" if len(str(value)) < 40 else "begin each item with `-`"
    elif "list" in expected and isinstance(value, dict):
        suggestion = "begin each item with `-`"
    elif "mapping" in expected:
        node = _node_at(at.document, at.model, at.path)
        owner = _model_of(node, {})
        if isinstance(node, Kinds) and node.table.what == "parameter":
            listed = value if isinstance(value, list) and len(str(value)) < 40 else "[…]"
            suggestion = f"write `{{kind: choice, value: {listed}}}`"
        elif owner is not None:
            some = list(fields_of(owner))[:3]
            suggestion = "its fields are " + ", ".join(f"`{alias}`" for alias in some) + ", …"
    else:
        suggestion = value_hint(expected, value)
    return at.document.problem(SpecCode.WRONG_TYPE, message, at.path, suggestion=suggestion)


def _range(at: Finding) -> Problem:
    bounds = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}
    name, bound = next(iter((key, value) for key, value in at.context.items() if key in bounds))
    return at.document.problem(
        SpecCode.OUT_OF_RANGE, f"expected a number {bounds[name]} {bound}, got {describe(at.value)}", at.path
    )


_EXPECTED = {
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
Teller = Callable[[Finding], Problem]
_TELLERS: dict[str, Teller] = {
    "polyaxon": _own,
    "extra_forbidden": _unknown,
    "missing": _missing,
    "kind": _kind,
    "shape": _shape,
    "literal_error": _choice,
    "string_type": _text,
    **dict.fromkeys(("greater_than", "greater_than_equal", "less_than", "less_than_equal"), _range),
}


def _label(node: Node) -> str:
    if isinstance(node, Scalar):
        return node.label
    if isinstance(node, OneOf):
        return _label(node.forms[0])
    if isinstance(node, ListOf):
        return "a list"
    return "a mapping" if isinstance(node, Section | Kinds | MapOf) else "another value"


def _node_at(document: Document, model: type[Model], path: Path) -> Node:
    node: Node = Section(model)
    value: Any = document.value
    for part in path:
        node = step(node, part, value)
        value = _value_at(value, (part,))
    return node


def _model_of(node: Node, value: Any) -> type[Model] | None:
    if isinstance(node, OneOf):
        return next(filter(None, (_model_of(form, value) for form in node.forms)), None)
    if isinstance(node, Kinds):
        return kind_of(node, value)
    return node.model if isinstance(node, Section) else None


def _value_at(value: Any, path: Path) -> Any:
    for part in path:
        if isinstance(value, dict):
            value = value[part] if part in value else value.get(to_snake(str(part)))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _section_name(path: Path) -> str:
    """The nearest name on the path: `run.init[0]` → `init[0]`."""
    text = ""
    for part in reversed(path):
        if isinstance(part, int):
            text = f"[{part}]{text}"
        else:
            return str(part) + text
    return text
