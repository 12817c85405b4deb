"""Images without a container engine: a Dockerfile's Python part, built as a virtual environment of this machine."""

from __future__ import annotations

__all__: list[str] = []
