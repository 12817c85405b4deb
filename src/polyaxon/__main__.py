"""The entry of `polyaxon` and `python -m polyaxon`: run the command line, answer with its exit code."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

ALLOCATIONS = 250_000
"""Between collections of young objects: at the default of 700, a seventh of a short command's time is spent looking
for garbage among modules that are being imported. A run of a thousand operations is looked through once or twice;
what a long-lived scheduler may leave uncollected meanwhile is some tens of megabytes."""


def main() -> None:
    """Run the command line on this process's arguments and exit.

    The process ends without taking its modules apart, which costs a short command a tenth of its time; whatever must
    survive was written before.
    """
    gc.set_threshold(ALLOCATIONS, 20, 50)
    _leave_out_plugins()
    sys.meta_path.insert(0, _PlainSchemaTypes())
    from polyaxon.cli.app import run_app

    code = run_app(sys.argv[1:])
    with suppress(OSError, ValueError):  # nobody reads any more, or the stream is closed
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _leave_out_plugins() -> None:
    """Let pydantic have no plugins.

    Looking for them in the metadata of every installed package costs more than building our models, and importing what
    would look, only to be told not to, a fifteenth of a short command. The names are the same in all of pydantic 2; if
    one is ever another, the variable still does the first half.
    """
    if os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__") == "__all__":
        loader = ModuleType("pydantic.plugin._loader")
        loader.get_plugins = tuple  # type: ignore[attr-defined]  # what pydantic's own answers: ()
        sys.modules.setdefault(loader.__name__, loader)


class _PlainSchemaTypes:
    """Lets the typed dictionaries of pydantic's schemas be plain classes.

    They describe, to type checkers alone, what its functions return; parsing the types of their hundreds of fields
    takes a twentieth of a short command. Should pydantic ever define them elsewhere, nothing is left out.
    """

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Find the one module that this is about."""
        if name != "pydantic_core.core_schema":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = _with_plain_types(spec.loader.exec_module)  # type: ignore[method-assign]
        return spec


def _with_plain_types(execute: Any) -> Any:
    def execute_with_plain_types(module: ModuleType) -> None:
        import typing

        import typing_extensions

        places = [(place, place.TypedDict) for place in (typing, typing_extensions)]
        for place, _ in places:
            place.TypedDict = _Plain  # type: ignore[attr-defined]
        try:
            execute(module)
        finally:
            for place, kept in places:
                place.TypedDict = kept  # type: ignore[attr-defined]

    return execute_with_plain_types


class _PlainType(type):
    """Makes classes of nothing; calling one makes a dictionary, as with typed ones."""

    def __new__(cls, name: str, _bases: object, body: dict[str, Any], **_: object) -> Any:
        return type.__new__(cls, name, (), {"__module__": body["__module__"]})

    def __init__(cls, *_: object, **__: object) -> None:
        pass

    def __call__(cls, *given: Any, **named: Any) -> Any:
        return dict(*given, **named)


class _Plain(metaclass=_PlainType):
    pass


if __name__ == "__main__":
    main()
