"""How much of the machine does a run ask for? The countable resources of its containers, as the queue accounts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polyaxon.compiler.kinds import roles
from polyaxon.model.quantity import COUNTED, quantity, resource_name

__all__ = ["requests_of"]

_NONE: Mapping[str, float] = {}


def requests_of(run: Mapping[str, Any]) -> Mapping[str, float]:
    """Return what all replicas of a run section together ask for, by `cpu`, `memory` (bytes) and `gpu`; what cannot be
    read counts nothing."""
    found: dict[str, float] = {}
    for _, role in roles(run):
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
        name = resource_name(key)
        amount = quantity(value) if name in COUNTED else None
        if amount is not None:
            yield name, amount
