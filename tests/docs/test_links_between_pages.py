"""Links lead somewhere, and every page can be reached from the index."""

from __future__ import annotations

import re
from pathlib import Path

from command_line import ROOT

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
DOCS = ROOT / "docs"


def linked_from(page: Path) -> set[Path]:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    return {(page.parent / target).resolve() for target in LINK.findall(text) if "://" not in target}


def test_every_link_leads_to_a_file() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    lost = {
        f"{page.relative_to(ROOT)} → {target}" for page in pages for target in linked_from(page) if not target.exists()
    }
    assert lost == set()


def test_every_page_can_be_reached_from_the_index() -> None:
    reached: set[Path] = set()
    ahead = {DOCS / "index.md"}
    while ahead:
        page = ahead.pop()
        reached.add(page)
        ahead |= {target for target in linked_from(page) if target.suffix == ".md" and target.exists()} - reached
    assert {page.relative_to(DOCS) for page in DOCS.rglob("*.md") if page.resolve() not in reached} == set()
