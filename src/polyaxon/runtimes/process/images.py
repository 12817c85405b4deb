"""Which image names mean an environment built on this machine, and what such an environment is.

The builder (`polyaxon.builds`) makes a directory `images/<digest>.<number>/` with `environment.json` and then two links
to it: `images/digests/<digest>` and `images/names/<name>`. Whoever finds a link finds a finished environment, and one
that runs may use is never changed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from polyaxon.model.launch import LaunchPlan
from polyaxon.model.record import dataclass
from polyaxon.runtimes.process.layout import remove_tree

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


@lru_cache(maxsize=1000)
def _file_name(image: str) -> str:
    return quote(canonical_name(image), safe="")


class LocalImages:
    """The table of names of one home. Reads are one `readlink` and a cached file."""

    def __init__(self, home: str) -> None:
        self.directory = f"{home}/images"
        self._known: dict[str, LocalImage] = {}

    def find(self, image: str) -> LocalImage | None:
        """Return the environment that the name means now, or None."""
        return self._follow(self._link(image))

    def named_in(self, plan: LaunchPlan) -> dict[str, LocalImage]:
        """Return the environments that the plan's containers name."""
        found = {}
        for replica in plan.replicas:
            steps = (step.container for step in replica.init)
            for container in (replica.container, *replica.sidecars, *steps):
                if container is not None and container.image and container.image not in found:
                    image = self.find(container.image)
                    if image:
                        found[container.image] = image
        return found

    def find_built(self, digest: str) -> LocalImage | None:
        """Return the newest environment of the digest that still works, or None."""
        image = self._follow(f"{self.directory}/digests/{digest}")
        return image if image and os.access(f"{image.venv}/bin/python", os.X_OK) else None

    def names(self) -> Mapping[str, str]:
        """Return all names with the environments' directories."""
        try:
            links = sorted(os.listdir(f"{self.directory}/names"))
        except OSError:
            return {}
        known = [link for link in links if not link.startswith(".")]
        return {unquote(link): os.path.basename(os.readlink(f"{self.directory}/names/{link}")) for link in known}

    def new_root(self, digest: str) -> str:
        """Create and return a directory for an environment of the digest. The caller holds the digest's lock."""
        Path(self.directory).mkdir(parents=True, exist_ok=True)
        numbers = []
        for name in os.listdir(self.directory):
            if name.startswith(f"{digest}."):
                if os.path.exists(f"{self.directory}/{name}/{_DESCRIPTION}"):
                    numbers.append(int(name.rsplit(".", 1)[-1]))
                else:
                    remove_tree(f"{self.directory}/{name}")  # A killed build's.
        root = f"{self.directory}/{digest}.{max(numbers, default=0) + 1}"
        os.mkdir(root)
        return root

    def describe(self, image: LocalImage, root: str) -> None:
        """Write the description of an environment that is complete."""
        temporary = Path(root, f".{_DESCRIPTION}")
        temporary.write_text(json.dumps(asdict(image)))
        os.replace(temporary, Path(root, _DESCRIPTION))

    def finish(self, digest: str, root: str) -> None:
        """Let the digest mean this environment from now on."""
        self._point(f"{self.directory}/digests/{digest}", root)

    def name(self, image: str, root: str) -> None:
        """Let the name mean the environment in that directory, at once for every reader."""
        self._point(self._link(image), root)

    def _follow(self, link: str) -> LocalImage | None:
        try:
            root = f"{self.directory}/{os.path.basename(os.readlink(link))}"
        except OSError:
            return None
        if root not in self._known:
            try:
                value = json.loads(Path(root, _DESCRIPTION).read_text())
            except (OSError, ValueError):
                return None
            self._known[root] = LocalImage(**{**value, **{key: tuple(value[key]) for key in _TUPLES}, "root": root})
        return self._known[root]

    def _point(self, link: str, root: str) -> None:
        Path(link).parent.mkdir(parents=True, exist_ok=True)
        temporary = f"{os.path.dirname(link)}/.{os.getpid()}.{time.monotonic_ns()}"
        os.symlink(f"../{os.path.basename(root)}", temporary)
        os.replace(temporary, link)

    def _link(self, image: str) -> str:
        return f"{self.directory}/names/{_file_name(image)}"


_TUPLES = ("path", "entrypoint", "command", "warnings")
