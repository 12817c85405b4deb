"""How runs are named: 32 hexadecimal digits, and children by derivation.

A child's id follows from its parent's and its key, so that creating children twice creates them once.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NewType

__all__ = ["RunId", "child_id"]

RunId = NewType("RunId", str)


def child_id(parent: RunId, key: str) -> RunId:
    """Return the id of the child that `key` names below `parent` (an operation's name, a trial's index, a hook)."""
    return RunId(blake2b(f"{parent}/{key}".encode(), digest_size=16).hexdigest())
