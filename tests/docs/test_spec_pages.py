"""The pages about the file format: their tables are the models', their examples are files that load."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from polyaxon.spec.check import read
from polyaxon.spec.load import parse
from polyaxon.spec.reference import fill, models

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "reference" / "polyaxonfile").glob("*.md"))
EXAMPLES = [
    (page.name, number, example)
    for page in [*PAGES, ROOT / "docs" / "guide" / "editor.md"]
    for number, example in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL), 1)
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_tables_of_a_page_are_up_to_date(page) -> None:
    assert page.read_text() == fill(page.read_text()), "run `python tools/spec_reference.py`"


@pytest.mark.parametrize(("page", "number", "example"), EXAMPLES, ids=lambda item: str(item)[:20].split("\n")[0])
def test_an_example_is_a_file_that_loads_without_warnings(page, number, example) -> None:
    document = parse(example, f"{page}:{number}")
    read(document)
    assert document.problems == []


def test_every_section_of_the_format_has_a_table() -> None:
    written = {name for page in PAGES for name in re.findall(r"<!-- fields: (\w+)", page.read_text())}
    # The kinds of parameters share one table by hand; others have the fields of a kind that has one.
    elsewhere = {name for name in models() if name.startswith("Hp")} | {
        *("Notifier", "TunerJob", "Cleaner", "DaskReplica", "Tpe", "AverageStoppingPolicy"),
    }
    assert set(models()) - written - elsewhere == set()


def test_every_page_can_be_reached_from_the_first() -> None:
    links = re.findall(r"\]\(([a-z-]+\.md)\)", (PAGES[0].parent / "index.md").read_text())
    assert {page.name for page in PAGES} - {"index.md"} == set(links)


def test_the_tool_writes_the_published_schema() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "spec_reference.py"))
    assert (ROOT / "schema" / "polyaxonfile.json").read_text() == tool["text"]()
