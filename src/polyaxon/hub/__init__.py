"""Components by name, and what addresses mean on this machine."""

from __future__ import annotations

__all__: list[str] = []
