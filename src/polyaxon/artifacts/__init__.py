"""Where runs keep their files."""

from __future__ import annotations

__all__: list[str] = []
