"""How much of the machine does a run ask for? The countable resources of its containers, as the queue accounts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polyaxon.compiler.compiled import Compiled
from polyaxon.compiler.kinds import roles

__all__ = ["requests_of"]

_NAMES = {"cpu": "cpu", "nvidia.com/gpu": "gpu", "amd.com/gpu": "gpu", "gpu": "gpu"}
_NONE: Mapping[str, float] = {}


def requests_of(compiled: Compiled) -> Mapping[str, float]:
    """Return what all replicas together ask for, by `cpu` and `gpu`; what cannot be read counts nothing."""
    found: dict[str, float] = {}
    for _, role in roles(compiled.run):
        replicas = role.get("replicas")
        count = replicas if isinstance(replicas, int) and replicas > 0 else 1
        for name, amount in _amounts(role.get("container")):
            found[name] = found.get(name, 0.0) + count * amount
    return found or _NONE


def _amounts(container: Any) -> Iterator[tuple[str, float]]:
    resources = container.get("resources") if isinstance(container, Mapping) else None
    if not isinstance(resources, Mapping):
        return
    # As Kubernetes has it: what is only limited is requested in full.
    wanted = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    for key, value in wanted.items():
        amount = _number(value)
        if key in _NAMES and amount is not None:
            yield _NAMES[key], amount


def _number(value: Any) -> float | None:
    text = str(value)
    try:
        return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    except ValueError:
        return None
