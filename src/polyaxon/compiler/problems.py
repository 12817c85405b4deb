"""Findings of the compiler as values: a code, a sentence, a place."""

from __future__ import annotations

from collections.abc import Mapping

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.template import TemplateError
from polyaxon.errors import Problem

__all__ = ["Path", "problem", "short", "template_problem", "where"]

Path = tuple[str | int, ...]


def template_problem(error: TemplateError, path: Path) -> Problem:
    """Return what is wrong with a template, at its place."""
    code = _TEMPLATE_CODES.get(error.kind, CompileCode.TEMPLATE_FAILED)
    return problem(code, f"{error.message} in `{short(error.text)}`", where(path))


_TEMPLATE_CODES: Mapping[str, CompileCode] = {
    "syntax": CompileCode.TEMPLATE_SYNTAX,
    "undefined": CompileCode.UNDEFINED,
    "limit": CompileCode.TEMPLATE_REFUSED,
    "refused": CompileCode.TEMPLATE_REFUSED,
    "cycle": CompileCode.PARAM_CYCLE,
}


def short(text: str) -> str:
    """Return the text on one line, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:77] + "..."


def where(path: Path) -> str:
    """Return the field path as the user would write it: `run.operations[2].params.lr`."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out


def problem(code: CompileCode, message: str, path: str = "", suggestion: str | None = None) -> Problem:
    """Return an error without a position."""
    return Problem(str(code), message, path=path, suggestion=suggestion)
