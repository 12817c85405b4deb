"""Can the queries of joins and warm starts be asked? Their grammar, fields and operators, and the fields of sorts.

A text with a template in it is checked when the operation is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.lint.near import did_you_mean, listed, pointed_at
from polyaxon.compiler.lint.use import Use
from polyaxon.compiler.template import has_template
from polyaxon.errors import Problem, QueryError
from polyaxon.model.status import Status

__all__ = ["check_queries"]

_LEAD = re.compile(r"^Failed to parse query `.*`: (?:column (\d+): )?", re.DOTALL)
_LAST = re.compile(r"`([^`]+)`$")
_FOREIGN = re.compile(r"is not supported by the query manager")  # the words of the query language's own users
_COMPARED = re.compile(r"([\w.]+)\s*(<=|>=|<|>|==?)\s*([^\s,:()|]+)")
_USUAL = {
    "query": "`status`, `name`, `kind`, `tags`, `created_at`, `metrics.NAME`, `inputs.NAME`, `outputs.NAME`",
    "sort": "`created_at`, `name`, `status`, `duration`, `metrics.NAME`, `inputs.NAME`, `outputs.NAME`",
}
_MEANT = re.compile(r"did you mean `(\w+)`\?")
_WORD = re.compile(r"[^\s,:()|]+|\S")


def check_queries(use: Use) -> Iterator[Problem]:
    """Yield what is wrong with the texts that ask for other runs."""
    # Only files that ask pay for the import.
    from polyaxon.query import check, parse_sort

    for index, join in enumerate(use.operation.joins or ()):
        yield from _check(use, check, join.query, "joins", index, "query")
        yield from _check_statuses(use, join.query, "joins", index, "query")
        yield from _check(use, parse_sort, join.sort, "joins", index, "sort")
    warm = getattr(use.operation.matrix, "warm_start", None)
    if warm is not None:
        yield from _check(use, check, warm.query, "matrix", "warmStart", "query")
        yield from _check_statuses(use, warm.query, "matrix", "warmStart", "query")
        yield from _check(use, parse_sort, warm.sort, "matrix", "warmStart", "sort")


def _check(use: Use, read: Callable[[str], object], text: object, *where: str | int) -> Iterator[Problem]:
    if not isinstance(text, str) or has_template(text):
        return
    try:
        read(text)
    except QueryError as error:
        lead = _LEAD.match(error.message)
        message = error.message[lead.end() :] if lead else error.message
        what = "query" if where[-1] == "query" else "sort"
        match = _WORD.search(text, int(lead[1]) - 1) if lead and lead[1] else _LAST.search(message)
        word = match[match.lastindex or 0] if match else ""
        if _FOREIGN.search(message):
            message = f"runs have no field `{word}` that a query can ask for"
        compared = _COMPARED.search(text) if message.endswith("is not a condition") else None
        hint = _as_condition(*compared.groups()) if compared else _with_key(error.hint, word, what)
        found = use.place.problem(CompileCode.QUERY, f"the {what} is wrong: {message}", *where, suggestion=hint)
        yield pointed_at(found, word)


def _check_statuses(use: Use, text: object, *where: str | int) -> Iterator[Problem]:
    """Yield a warning for statuses that no run ever has: the query would find nothing, and nobody say why."""
    from polyaxon.query import asked_values

    if not isinstance(text, str) or has_template(text) or "status" not in text:
        return
    try:
        asked = list(asked_values(text, "status"))
    except QueryError:
        return  # told already
    for word in asked:
        if word not in _STATUSES:
            message = f"no run ever has the status `{word}`"
            hint = did_you_mean(word, _STATUSES) or f"statuses are {listed(sorted(_STATUSES), 20)}"
            found = use.place.problem(CompileCode.QUERY, message, *where, suggestion=hint, severity="warning")
            yield pointed_at(found, word)


_STATUSES = frozenset(status.value for status in Status)


def _as_condition(field: str, sign: str, value: str) -> str:
    return f"write `{field}: {sign.replace('=', '') if '<' not in sign and '>' not in sign else sign}{value}`"


def _with_key(hint: str | None, word: str, what: str) -> str | None:
    """Return the hint with the key that the wrong field has: `metric.loss` means `metrics.loss`."""
    if hint is not None and hint.startswith("known are"):
        return f"the usual ones are {_USUAL[what]}"
    meant = _MEANT.fullmatch(hint or "")
    _, dot, key = word.partition(".")
    return f"did you mean `{meant[1]}.{key}`?" if meant and dot else hint
