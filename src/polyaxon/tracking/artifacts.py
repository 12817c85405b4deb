"""Files that a run keeps: copied into its directory, identified by a short hash of their content."""

from __future__ import annotations

import hashlib
import os
import shutil

__all__ = ["content_hash", "keep", "place_of"]

_CHUNK = 1 << 20


def content_hash(path: str) -> str:
    """Return 12 hexadecimal digits of the content of a file, or of a directory's names and contents."""
    digest = hashlib.sha256()
    if os.path.isfile(path):
        _add_file(digest, path)
        return digest.hexdigest()[:12]
    for directory, names, files in os.walk(path):
        names.sort()
        for name in sorted(files):
            file = os.path.join(directory, name)
            digest.update(os.path.relpath(file, path).encode("utf-8", "surrogateescape") + b"\0")
            _add_file(digest, file)
    return digest.hexdigest()[:12]


def keep(path: str, target: str) -> str:
    """Copy a file or directory to `target`, unless it is there already; return `target`.

    A directory is merged into one that exists. A file arrives whole: it is copied beside and renamed.
    """
    if os.path.exists(target) and os.path.samefile(path, target):
        return target
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(path):
        for directory, _, files in os.walk(path):
            inside = os.path.join(target, os.path.relpath(directory, path))
            os.makedirs(inside, exist_ok=True)
            for name in files:
                shutil.copy2(os.path.join(directory, name), os.path.join(inside, name))
        return target
    part = target + ".part"
    shutil.copy2(path, part)
    os.replace(part, target)
    return target


def place_of(path: str, directory: str) -> str:
    """Return the path as lineage writes it: relative inside the run's directory, else absolute."""
    absolute = os.path.abspath(path)
    inside = os.path.relpath(os.path.realpath(absolute), os.path.realpath(directory))
    return absolute if inside.startswith(os.pardir) else inside.replace(os.sep, "/")


def _add_file(digest: hashlib._Hash, path: str) -> None:
    try:
        with open(path, "rb") as file:
            for chunk in iter(lambda: file.read(_CHUNK), b""):
                digest.update(chunk)
    except OSError:  # a broken link or an unreadable file still has a name
        digest.update(b"?")
