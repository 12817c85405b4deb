"""What happens around a run's containers: fetching code, files and artifacts before, shipping outputs after."""

from __future__ import annotations

from polyaxon.sidecar.prepare import Preparer

__all__ = ["Preparer"]
