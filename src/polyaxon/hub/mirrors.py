"""Where addresses lead on this machine: a map of URL prefixes to others, local directories included.

The longest prefix wins. A mapping of a git repository (`https://github.com/o/r`) also answers for its files on the raw
file host, so that one line serves both.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from polyaxon.model.record import dataclass

__all__ = ["Destination", "Mirrors", "repository_address"]

_RAW = (
    re.compile(r"https://raw\.githubusercontent\.com/(?P<repo>[^/]+/[^/]+)/(?P<rest>.+)"),
    re.compile(r"https://github\.com/(?P<repo>[^/]+/[^/]+)/raw/(?P<rest>.+)"),
    re.compile(r"https://(?P<host>gitlab\.[^/]+)/(?P<repo>.+?)/-/raw/(?P<rest>.+)"),
    re.compile(r"https://(?P<host>bitbucket\.org)/(?P<repo>[^/]+/[^/]+)/raw/(?P<rest>.+)"),
)
_SSH = re.compile(r"(?:ssh://)?git@(?P<host>[^:/]+)[:/](?P<path>.+)")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an address leads: another address, or a file of this machine, or one in a git repository's history."""

    url: str | None = None
    path: str | None = None
    repository: str | None = None
    revision: str | None = None


class Mirrors:
    """The map. Prefixes end at a path boundary: `…/o/r` does not match `…/o/r2`."""

    def __init__(self, table: Mapping[str, str] | None = None) -> None:
        cleaned = {_clean(prefix): os.path.expanduser(target) for prefix, target in (table or {}).items()}
        self.table = dict(sorted(cleaned.items(), key=lambda item: len(item[0]), reverse=True))

    def file(self, url: str) -> Destination:
        """Return where the file at the address is read from."""
        address = url.split("?", 1)[0].split("#", 1)[0]
        direct = self._match(address)
        raw = _raw_file(address)
        of_repository = self._match(raw[0]) if raw else None
        if direct and (of_repository is None or len(direct[0]) > len(of_repository[0])):
            return _at(direct[1], direct[2])
        if raw and of_repository:
            return _in_repository("/".join(filter(None, of_repository[1:])), raw[1])
        return Destination(url=url)

    def repository(self, url: str) -> str:
        """Return what git is to clone instead of the address: another, or a directory; itself when unmapped."""
        found = self._match(repository_address(url))
        if found is None:
            return url
        _, target, rest = found
        joined = f"{target.rstrip('/')}/{rest}" if rest else target
        return joined.removeprefix("file://")

    def hub(self, owner: str, name: str) -> str | None:
        """Return what stands for `hub://owner/name`."""
        found = self._match(f"hub://{owner}/{name}")
        return None if found is None else f"{found[1].rstrip('/')}/{found[2]}".rstrip("/")

    def _match(self, address: str) -> tuple[str, str, str] | None:
        for prefix, target in self.table.items():
            if address == prefix:
                return prefix, target, ""
            if address.startswith(prefix + "/"):
                return prefix, target, address[len(prefix) + 1 :]
        return None


def repository_address(url: str) -> str:
    """Return the one spelling of a repository's address: https, without `.git` and credentials."""
    ssh = _SSH.fullmatch(url.strip())
    address = f"https://{ssh['host']}/{ssh['path']}" if ssh else url.strip()
    return _clean(re.sub(r"^(https?://)[^/@]+@", r"\1", address))


def _clean(prefix: str) -> str:
    return prefix.strip().rstrip("/").removesuffix(".git")


def _raw_file(address: str) -> tuple[str, str] | None:
    """Return the repository and `<revision>/<path>` of a raw file's address."""
    for pattern in _RAW:
        found = pattern.fullmatch(address)
        if found:
            host = found.groupdict().get("host") or "github.com"
            return f"https://{host}/{found['repo']}", found["rest"].removeprefix("refs/heads/").removeprefix(
                "refs/tags/"
            )
    return None


def _at(target: str, rest: str) -> Destination:
    joined = f"{target.rstrip('/')}/{rest}" if rest else target
    if target.startswith("file://"):
        return Destination(path=joined.removeprefix("file://"))
    return Destination(url=joined) if "://" in target else Destination(path=joined)


def _in_repository(target: str, rest: str) -> Destination:
    directory = target.removeprefix("file://")
    revision, _, path = rest.partition("/")
    if "://" in directory:
        return Destination(url=f"{directory.rstrip('/')}/raw/{rest}")
    if Path(directory, ".git").exists() or Path(directory, "HEAD").is_file():
        return Destination(path=path, repository=directory, revision=revision)
    return Destination(path=f"{directory.rstrip('/')}/{path}")
