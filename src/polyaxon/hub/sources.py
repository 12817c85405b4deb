"""The texts behind references: paths, addresses and hub names. Implements `polyaxon.compiler.sources.Sources`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from polyaxon.compiler.sources import Source
from polyaxon.errors import FetchError, NotFoundError
from polyaxon.hub.fetch import fetch, read_file
from polyaxon.hub.mirrors import Mirrors
from polyaxon.hub.registry import built_in_text, not_found, parse_name, registered_file

__all__ = ["HubSources"]


class HubSources:
    """Reads references for one home. An address is fetched once in the life of this object."""

    def __init__(self, home: str, mirrors: Mapping[str, str] | None = None, timeout_seconds: float = 30.0) -> None:
        self.home = home
        self.mirrors = Mirrors(mirrors)
        self._timeout_seconds = timeout_seconds
        self._fetched: dict[str, bytes] = {}

    def read(self, kind: str, ref: str, base: str | None) -> Source:
        """Return what `ref` names; `kind` is `path`, `url` or `hub`."""
        return {"path": self._path, "url": self._url, "hub": self._hub}[kind](ref, base)

    def _path(self, ref: str, base: str | None) -> Source:
        path = os.path.expanduser(ref)
        if not os.path.isabs(path):
            if base is not None and (base.startswith("hub:") or "://" in base):
                hint = "a component from elsewhere can only refer to others by `urlRef` or `hubRef`"
                raise NotFoundError(f"`{ref}` is a path, but the file that names it is `{base}`", hint)
            path = os.path.join(os.path.dirname(base) if base else os.getcwd(), path)
        path = os.path.normpath(path)
        if os.path.isdir(path):
            raise NotFoundError(f"`{path}` is a directory", "name the polyaxonfile in it")
        return Source(read_file(path, path), path)

    def _url(self, ref: str, base: str | None) -> Source:  # noqa: ARG002  an address needs no base
        if ref not in self._fetched:
            self._fetched[ref] = fetch(ref, self.mirrors.file(ref), self._timeout_seconds)
        return Source(self._fetched[ref], ref)

    def _hub(self, ref: str, base: str | None) -> Source:  # noqa: ARG002  a name needs no base
        name = parse_name(ref)
        mirror = self.mirrors.hub(name.owner, name.name)
        if mirror is not None:
            return self._mirrored(mirror, name.version)
        file = registered_file(self.home, name)
        if file is not None:
            return Source(file.read_bytes(), str(file))
        text = built_in_text(name)
        if text is None:
            raise not_found(self.home, name)
        return Source(text, f"hub:{name}")

    def _mirrored(self, mirror: str, version: str) -> Source:
        """Return the first of the files that a mirrored component may be: of its version, or the only one."""
        candidates = [f"{mirror}/{version}.yaml", f"{mirror}.yaml"]
        missing: NotFoundError | None = None
        for candidate in candidates:
            address = candidate if "://" in candidate else f"file://{os.path.abspath(candidate)}"
            try:
                if address.startswith("file://"):
                    path = address.removeprefix("file://")
                    return Source(read_file(path, path), path)
                return Source(fetch(address, self.mirrors.file(address), self._timeout_seconds), address)
            except NotFoundError as error:
                missing = missing or error
        raise missing or FetchError(f"`{mirror}` cannot be read")
