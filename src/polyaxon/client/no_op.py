"""No-op mode: every public method of a class takes any call and returns None."""

from __future__ import annotations

from typing import Any

__all__ = ["silenced"]


def silenced(kind: type) -> type:
    """Return a subclass whose public methods do nothing; it is constructed by calling `object.__new__`."""
    methods = {
        name: _nothing
        for name in dir(kind)
        if not name.startswith("_") and callable(getattr(kind, name)) and not isinstance(vars(kind).get(name), property)
    }
    return type(f"NoOp{kind.__name__}", (kind,), {**methods, "__init__": _nothing})


def _nothing(*_: Any, **__: Any) -> None:
    """No-op mode."""
