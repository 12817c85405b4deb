"""Amounts of resources as Kubernetes writes them: `500m`, `2Gi`, `1.5`."""

from __future__ import annotations

from typing import Any

__all__ = ["COUNTED", "in_words", "quantity", "resource_name"]

COUNTED = frozenset({"cpu", "memory", "gpu"})
"""The resources that are accounted for."""

_SUFFIXES = {
    "": 1.0,
    "m": 1e-3,
    **{letter: 1000.0**power for power, letter in enumerate(("k", "M", "G", "T", "P"), 1)},
    **{f"{letter}i": 1024.0**power for power, letter in enumerate(("K", "M", "G", "T", "P"), 1)},
}


def quantity(value: Any) -> float | None:
    """Return the number, None when it is none. Any: what a file says."""
    text = str(value).strip()
    number = text.rstrip("kKmMGTPi")
    factor = _SUFFIXES.get(text[len(number) :])
    try:
        return None if factor is None else float(number) * factor
    except ValueError:
        return None


def resource_name(key: str) -> str:
    """Return the name by which a resource is accounted: every device that calls itself a GPU is one."""
    return "gpu" if "gpu" in key else key


def in_words(name: str, amount: float) -> str:
    """Return the amount as people read it."""
    return f"{max(amount, 0.0) / 1024**3:,.4g} Gi" if name == "memory" else f"{max(amount, 0.0):g}"
