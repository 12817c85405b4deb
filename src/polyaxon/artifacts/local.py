"""The artifacts store of this machine: a directory per run, `artifacts/<uuid>/…`.

A path given by a user never leaves the directory it is relative to, links included.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from polyaxon.errors import NotFoundError, UsageError
from polyaxon.model.record import dataclass

__all__ = ["Item", "copy_into", "list_tree", "remove", "safe_join", "total_bytes", "walk"]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a listing. `path` is relative to what was listed; a directory has the size of its files."""

    path: str
    is_directory: bool
    size: int
    modified_at: float


def safe_join(root: str, relative: str) -> str:
    """Return the path below `root`; raise `UsageError` when it would be outside."""
    base = os.path.realpath(root)
    path = os.path.realpath(os.path.join(base, relative.lstrip("/")))
    if path != base and not path.startswith(base.rstrip("/") + "/"):
        raise UsageError(f"`{relative}` is outside of the artifacts")
    return path


def list_tree(root: str, relative: str = "") -> list[Item]:
    """Return what is directly in the directory, directories first, then by name."""
    directory = safe_join(root, relative)
    try:
        entries = list(os.scandir(directory))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"there is no directory `{relative or root}`") from None
    items = [_item(entry) for entry in entries if not entry.name.startswith(".")]
    return sorted(items, key=lambda item: (not item.is_directory, item.path))


def walk(root: str, relative: str = "") -> Iterator[str]:
    """Yield the files below the directory, relative to `root`, in order of their names."""
    directory = safe_join(root, relative)
    base = os.path.realpath(root)
    for parent, names, files in os.walk(directory):
        names.sort()
        for name in sorted(files):
            yield os.path.relpath(os.path.join(parent, name), base)


def total_bytes(root: str) -> int:
    """Return the size of all files below the directory."""
    return sum(os.lstat(os.path.join(parent, name)).st_size for parent, _, files in os.walk(root) for name in files)


def copy_into(source: str, target: str) -> None:
    """Copy a file to the path `target`, or the content of a directory into it; what is there is overwritten."""
    if os.path.realpath(source) == os.path.realpath(target):
        return
    if os.path.isdir(source):
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        return
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def remove(root: str, relative: str) -> bool:
    """Remove a file or directory; False when there is none. The store itself is never removed."""
    path = safe_join(root, relative)
    if path == os.path.realpath(root):
        raise UsageError("the artifacts store itself cannot be removed")
    if os.path.isdir(path):
        shutil.rmtree(path)
        return True
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _item(entry: os.DirEntry[str]) -> Item:
    state = entry.stat(follow_symlinks=False)
    is_directory = entry.is_dir()
    size = total_bytes(entry.path) if is_directory else state.st_size
    return Item(entry.name, is_directory, size, state.st_mtime)
