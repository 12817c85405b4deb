"""Which image names mean an environment built on this machine, and what such an environment is.

The builder (`polyaxon.builds`) makes `images/<digest>/` with `environment.json` and, last, the link
`images/names/<name>` that leads to it; whoever finds the link finds a finished environment.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

__all__ = ["BUILDER_IMAGE", "LocalImage", "LocalImages", "canonical_name"]

BUILDER_IMAGE = "polyaxon/builder"
"""The image of our own programs: they run in this interpreter."""

_DESCRIPTION = "environment.json"


@dataclass(frozen=True, slots=True)
class LocalImage:
    """A locally built environment: a virtual environment with the variables, directories and entry of its Dockerfile.

    `directories` maps paths that the image's files have in a container to where they lie here. `built_at` is seconds
    since the epoch.
    """

    digest: str
    root: str
    env: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    directories: Mapping[str, str] = field(default_factory=dict)
    workdir: str | None = None
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    built_at: float = 0.0
    warnings: tuple[str, ...] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)
    """What the digest was made of."""

    @property
    def venv(self) -> str:
        """The virtual environment's directory."""
        return f"{self.root}/venv"


def canonical_name(image: str) -> str:
    """Return the one spelling of an image's name: with a tag or digest, without the default registry."""
    name = image.strip().removeprefix("docker.io/").removeprefix("library/")
    if "@" in name or ":" in name.rsplit("/", 1)[-1]:
        return name
    return f"{name}:latest"


class LocalImages:
    """The table of names of one home. Reads are one `readlink` and a cached file."""

    def __init__(self, home: str) -> None:
        self.directory = f"{home}/images"
        self._known: dict[str, LocalImage] = {}

    def find(self, image: str) -> LocalImage | None:
        """Return the environment that the name means now, or None."""
        try:
            digest = os.path.basename(os.readlink(self._link(image)))
        except OSError:
            return None
        return self.load(digest)

    def load(self, digest: str) -> LocalImage | None:
        """Return the environment of that digest, or None when it is not (or no longer) there."""
        root = f"{self.directory}/{digest}"
        if digest in self._known:
            return self._known[digest]
        try:
            value = json.loads(Path(root, _DESCRIPTION).read_text())
        except (OSError, ValueError):
            return None
        image = LocalImage(**{**value, **{key: tuple(value[key]) for key in _TUPLES}, "root": root})
        self._known[digest] = image
        return image

    def names(self) -> Mapping[str, str]:
        """Return all names with the digests they lead to."""
        try:
            links = sorted(os.listdir(f"{self.directory}/names"))
        except OSError:
            return {}
        links = [link for link in links if not link.startswith(".")]
        return {unquote(link): os.path.basename(os.readlink(f"{self.directory}/names/{link}")) for link in links}

    def describe(self, image: LocalImage, directory: str) -> None:
        """Write the description into a directory that is still being made."""
        Path(directory, _DESCRIPTION).write_text(json.dumps(asdict(image)))

    def name(self, image: str, digest: str) -> None:
        """Let the name lead to the digest, at once for every reader."""
        link = self._link(image)
        Path(link).parent.mkdir(parents=True, exist_ok=True)
        temporary = f"{os.path.dirname(link)}/.{os.getpid()}.{time.monotonic_ns()}"
        os.symlink(f"../{digest}", temporary)
        os.replace(temporary, link)

    def _link(self, image: str) -> str:
        return f"{self.directory}/names/{quote(canonical_name(image), safe='')}"


_TUPLES = ("path", "entrypoint", "command", "warnings")
