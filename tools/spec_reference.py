"""Write what follows from the format's models: `python tools/spec_reference.py`; tests compare.

The tables of fields in docs/reference/polyaxonfile/, and schema/polyaxonfile.json.
"""

from __future__ import annotations

from pathlib import Path

from polyaxon.spec.reference import fill
from polyaxon.spec.schema import text

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference" / "polyaxonfile"

if __name__ == "__main__":
    (ROOT / "schema" / "polyaxonfile.json").write_text(text())
    for page in sorted(PAGES.glob("*.md")):
        page.write_text(fill(page.read_text()))
