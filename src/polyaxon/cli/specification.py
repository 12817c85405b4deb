"""Which polyaxonfile a command means: given files, an address, a hub name, a Python module, or the directory's own."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from polyaxon.compiler.sources import Source, Sources
from polyaxon.errors import NotFoundError, UsageError
from polyaxon.model.record import dataclass
from polyaxon.spec.load import Limits

__all__ = ["Choice", "Specification", "read_file", "read_specification"]

DEFAULT_STEMS = ("polyaxon", "polyaxonci", "polyaxon-ci", "polyaxon.ci", "polyaxonfile")
DEFAULT_SUFFIXES = ("yaml", "yml", "json")
MODULE_NAMES = ("main", "operation", "component", "op", "polyaxonfile")
"""What a Python module's specification may be called when `-pm FILE.py` names no attribute."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line names; at most one of `url`, `hub` and `python_module`, and it excludes `files`' first."""

    files: Sequence[str] = ()
    url: str | None = None
    hub: str | None = None
    python_module: str | None = None
    inline: bool = False
    """Whether shortcuts (`--image`, `--cmd`, …) make up a file of their own when there is none."""
    inline_only: bool = False
    """Whether they do so even beside a default file (`--image`)."""


@dataclass(frozen=True, slots=True)
class Specification:
    """The main text and the presets to lay over it."""

    main: Source
    presets: tuple[Source, ...] = ()


def read_specification(choice: Choice, sources: Sources, directory: Path) -> Specification:
    """Read what was named; the further `-f` files are presets."""
    named = [name for name in ("url", "hub", "python_module") if getattr(choice, name)]
    if len(named) > 1:
        options = " and ".join("--" + name.replace("_", "-") for name in named)
        raise UsageError(f"{options} exclude each other", hint="name one specification")
    if named:
        return Specification(_read_named(choice, sources), tuple(read_file(name) for name in choice.files))
    if choice.files:
        main, *presets = choice.files
        return Specification(read_file(main), tuple(read_file(name) for name in presets))
    return Specification(_read_default(choice, directory))


def _read_named(choice: Choice, sources: Sources) -> Source:
    if choice.url:
        return sources.read("url", choice.url, None)
    if choice.hub:
        return sources.read("hub", choice.hub, None)
    return read_module(choice.python_module or "")


def _read_default(choice: Choice, directory: Path) -> Source:
    empty = Source("{}", "the command line")
    if choice.inline_only:
        return empty
    for stem in DEFAULT_STEMS:
        for suffix in DEFAULT_SUFFIXES:
            path = directory / f"{stem}.{suffix}"
            if path.is_file():
                return read_file(str(path))
    if choice.inline:
        return empty
    raise UsageError(
        "there is nothing to run: no file is named and this directory has no `polyaxonfile.yaml`",
        hint="name one with `-f FILE`",
    )


def read_file(name: str) -> Source:
    """Read a file, or the standard input for `-`."""
    if name == "-":
        return Source(_read_some(sys.stdin.buffer), "-")
    path = Path(name)
    if not path.exists():
        raise NotFoundError(f"there is no file `{name}`", hint=_nearest(path))
    if path.is_dir():
        raise UsageError(f"`{name}` is a directory", hint=f"name a file in it: `-f {path / 'polyaxonfile.yaml'}`")
    if path.suffix == ".py":
        return read_module(name)
    with path.open("rb") as file:
        return Source(_read_some(file), str(path.resolve()))


def _read_some(file: BinaryIO) -> bytes:
    """Read as much as a polyaxonfile may have and a byte more, so that what has no end (`/dev/zero`) is refused too."""
    return file.read(Limits().size + 1)


def _nearest(path: Path) -> str | None:
    from difflib import get_close_matches

    if not path.parent.is_dir():
        return f"there is no directory `{path.parent}` either"
    near = get_close_matches(path.name, [other.name for other in path.parent.iterdir()], n=1)
    return f"did you mean `{path.parent / near[0]}`?" if near else None


def read_module(reference: str) -> Source:
    """Run a Python file and take the specification that an attribute of it holds: `FILE.py` or `FILE.py:NAME`."""
    name, _, attribute = reference.partition(":")
    path = Path(name)
    if not path.is_file():
        raise NotFoundError(f"there is no file `{name}`", hint=_nearest(path))
    sys.path.insert(0, str(path.resolve().parent))
    try:
        values = runpy.run_path(str(path), run_name="__polyaxonfile__")
    except Exception as error:
        raise UsageError(f"`{name}` failed: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    return Source(json.dumps(_specification_in(values, path, attribute)), str(path.resolve()), is_made=True)


def _specification_in(values: Mapping[str, Any], path: Path, attribute: str) -> Any:
    from polyaxon.spec.dump import dump

    wanted = [attribute] if attribute else [name for name in MODULE_NAMES if name in values]
    if attribute and attribute not in values:
        raise UsageError(f"`{path}` has no `{attribute}`", hint="name a value that it defines: `-pm FILE.py:NAME`")
    if not wanted:
        raise UsageError(
            f"`{path}` does not say which of its values is the specification",
            hint=f"write `-pm {path}:NAME`, or call it `{MODULE_NAMES[0]}`",
        )
    value = values[wanted[0]]
    if isinstance(value, Mapping):
        return value
    if not hasattr(value, "model_fields_set"):
        raise UsageError(f"`{wanted[0]}` of `{path}` is a value of type {type(value).__name__}, not a specification")
    return dump(value)
