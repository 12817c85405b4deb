"""`dataclass` as this package uses it: the same to a type checker, many times cheaper to make.

The standard decorator compiles up to six methods per class, most of a millisecond; a command that imports two hundred
records pays for it at every start. Here comparison, hash and text are shared functions over the fields, and `__init__`
is compiled when the first record of its class is made: most classes that are imported never have one. Frozen is what
the type checker enforces: nothing is checked at run time, which also makes instances faster to create. `fields`,
`replace`, `asdict`, `__post_init__` and matching work as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    from dataclasses import MISSING
    from dataclasses import dataclass as _dataclass

    def dataclass(cls=None, *, frozen=False, slots=False, eq=True):
        if cls is None:
            return lambda made: dataclass(made, frozen=frozen, slots=slots, eq=eq)
        own = vars(cls)
        has_init, has_text = "__init__" in own, "__repr__" in own
        has_equality, has_hash = "__eq__" in own, "__hash__" in own
        cls.__doc__ = cls.__doc__ or cls.__name__  # else a signature is worked out for it
        made = _dataclass(cls, init=False, repr=False, eq=False, slots=slots)
        if not has_init:
            made.__init__ = _first_init(made)
        if not has_text:
            made.__repr__ = _text
        if eq and not has_equality:
            _compare(made, hashable=frozen and not has_hash)
        return made

    def _first_init(cls):
        """Return the `__init__` that puts the compiled one in its place."""

        def __init__(self, /, *arguments, **named):  # noqa: N807 - it becomes the class's own
            cls.__init__ = _compiled_init(cls)
            cls.__init__(self, *arguments, **named)

        return __init__

    def _compiled_init(cls):
        parameters, body, scope = [], [], {"absent": MISSING}
        for item in fields(cls):
            name, default = item.name, f"default_{item.name}"
            value = name if item.init else default
            if item.default_factory is not MISSING:
                scope[default] = item.default_factory
                parameter = f"{name}=absent"
                value = f"{default}() if {name} is absent else {name}" if item.init else f"{default}()"
            elif item.default is not MISSING:
                scope[default] = item.default
                parameter = f"{name}={default}"
            else:
                parameter = name
            if item.init:
                parameters.append(parameter)
            if item.init or default in scope:
                body.append(f"self.{name} = {value}")
        if hasattr(cls, "__post_init__"):
            body.append("self.__post_init__()")
        lines = [f"def __init__(self, {', '.join(parameters)}):", *(body or ["pass"])]
        exec("\n ".join(lines), scope)
        made = scope["__init__"]
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        return made

    def _compare(cls, hashable):
        names = [item.name for item in fields(cls) if item.compare]
        values = attrgetter(*names) if names else _nothing

        def __eq__(self, other):  # noqa: N807 - it becomes the class's own
            return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

        cls.__eq__ = __eq__
        cls.__hash__ = (lambda self: hash(values(self))) if hashable else cls.__dict__.get("__hash__")

    def _nothing(_):
        return ()

    def _text(self):
        shown = ", ".join(f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if item.repr)
        return f"{self.__class__.__qualname__}({shown})"


__all__ = ["changed", "dataclass"]

Record = TypeVar("Record")


def changed(record: Record, values: Mapping[str, Any]) -> Record:
    """Return a copy with other values: as `replace` does, for a fraction of what that takes."""
    kind: Any = record.__class__  # a type checker does not take any class for hashable
    copy: Record = kind(*_values_of(kind)(record))
    for name, value in values.items():
        object.__setattr__(copy, name, value)
    return copy


@cache
def _values_of(kind: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads all attributes of a record, of which there are at least two."""
    return attrgetter(*(item.name for item in fields(kind)))
