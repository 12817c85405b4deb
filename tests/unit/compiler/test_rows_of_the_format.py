"""Every row of the format's tables: what it accepts is accepted, what it refuses is refused for its reason.

The tables stand in `rows/`; a row's id names the table and the row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
import yaml
from compiler_builders import Files, codes

from polyaxon.compiler.resolve import load
from polyaxon.compiler.sources import Source
from polyaxon.errors import SpecError
from polyaxon.spec.check import read
from polyaxon.spec.compiled import CompiledOperation
from polyaxon.spec.dump import dump
from polyaxon.spec.load import parse
from polyaxon.spec.schema import build_schema

FOLDER = Path(__file__).parent / "rows"


class Row(NamedTuple):
    """One file that is right, or wrong for the reasons `codes`."""

    name: str
    codes: tuple[str, ...]
    text: str


def tables(path: Path) -> Iterator[tuple[str, list[Row]]]:
    for table in yaml.load(path.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        name = f"{path.stem} {table['table']}"
        yield name, [Row(row, tuple(found), table["file"].replace("@@", part)) for row, found, part in table["rows"]]


TABLES = dict(entry for path in sorted(FOLDER.glob("*.yaml")) for entry in tables(path))
ROWS = [(f"{name}: {row.name}", row) for name, rows in TABLES.items() for row in rows]


@pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[name for name, _ in ROWS])
def test_a_row_gets_its_verdict(row: Row) -> None:
    found = load(Files(), Source(row.text, "main.yaml"), shallow=True, partial=True)
    assert tuple(sorted(codes(found.problems))) == row.codes, "\n".join(map(str, found.problems))
    for problem in found.problems:
        assert problem.line is not None or problem.code == "PX006", problem
        assert problem.source is None or problem.column is None or problem.column <= len(problem.source) + 1


def test_every_row_has_a_name_of_its_own() -> None:
    assert len({name for name, _ in ROWS}) == len(ROWS) > 2_000


@cache
def schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(build_schema())


def readable(rows: list[Row]) -> Iterator[tuple[Row, Any, Any]]:
    """The rows that one file alone makes sense of: the written value and the model."""
    for row in rows:
        try:
            document = parse(row.text, "main.yaml")
            yield row, document.value, read(document)
        except SpecError:
            continue


@pytest.mark.parametrize("name", TABLES)
def test_what_is_read_is_written_back_and_read_again_the_same(name: str) -> None:
    for row, _, model in readable(TABLES[name]):
        written = dump(model)
        if "NaN" in (text := json.dumps(written)) or "Infinity" in text:
            continue  # YAML has these numbers, JSON has not
        again = read(parse(text, "main.json"))
        assert again == model, row.name
        assert dump(again) == written, row.name


@pytest.mark.parametrize("name", TABLES)
def test_the_json_schema_accepts_what_is_read(name: str) -> None:
    for row, value, model in readable(TABLES[name]):
        if isinstance(model, CompiledOperation):
            continue  # nobody writes these by hand
        found = next(schema().iter_errors(value), None)
        assert found is None, f"{row.name}: {found.message if found else ''}"
