"""The launch plan: everything a runtime needs to start one attempt of one run, and nothing of YAML or dags.

The compiler makes plans, runtimes render them. A plan is plain data: `to_dict` and `from_dict` round-trip through JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any

from polyaxon.model.ids import RunId
from polyaxon.model.record import dataclass

__all__ = ["Connection", "Container", "InitStep", "LaunchPlan", "Places", "Probe", "Replica", "Termination"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run finds its files, as the runtime that will execute it sees them (absolute paths).

    `context` stands for `/plx-context`, `artifacts` for `/plx-context/artifacts`; `run_artifacts` is the run's own
    directory and `run_outputs` the `outputs` directory in it. `store` is the root of the artifacts store.
    """

    context: str
    artifacts: str
    run_artifacts: str
    run_outputs: str
    store: str


@dataclass(frozen=True, slots=True)
class Connection:
    """A configured connection: `schema` is its free mapping (`bucket`, `url`, `hostPath`, …)."""

    name: str
    kind: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, Any] | None = None
    config_map: Mapping[str, Any] | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """One container, rendered: argv and environment are text. `extra` keeps the other Kubernetes fields verbatim."""

    name: str
    image: str | None = None
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str | None = None
    requests: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InitStep:
    """Something that happens before the main container, in order.

    `kind` is `git`, `artifacts`, `paths`, `file`, `dockerfile`, `tensorboard` or `container`; `spec` is that
    section's mapping in the file's own words; `path` replaces the default target directory.
    """

    kind: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    connection: str | None = None
    path: str | None = None
    container: Container | None = None


@dataclass(frozen=True, slots=True)
class Replica:
    """One role of a run: `main` for jobs and services, else the framework's role (`worker`, `launcher`, …)."""

    role: str
    count: int = 1
    container: Container | None = None
    init: tuple[InitStep, ...] = ()
    sidecars: tuple[Container, ...] = ()
    connections: tuple[str, ...] = ()
    volumes: tuple[Mapping[str, Any], ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """How to see whether a service is in use: an HTTP path and port, or a command."""

    http: Mapping[str, Any] | None = None
    exec: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Termination:
    """When to give up, in seconds; None is never."""

    max_retries: int = 0
    timeout: float | None = None
    ttl: float | None = None
    culling_timeout: float | None = None
    probe: Probe | None = None
    pod_failure_policy: Mapping[str, Any] | None = None
    """Which exit codes are not tried again, or do not count."""


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """All of one run that a runtime has to know. `spec` holds the runtime section's own fields (`nProcPerNode`, …)."""

    run: RunId
    project: str
    owner: str
    name: str | None
    kind: str
    runtime: str
    places: Places
    replicas: tuple[Replica, ...]
    connections: Mapping[str, Connection] = field(default_factory=dict)
    termination: Termination = field(default_factory=Termination)
    plugins: Mapping[str, Any] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    queue: str | None = None
    namespace: str | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)

    @property
    def main(self) -> Replica:
        """The replica that decides: the only one of a job, the first role of a distributed run."""
        return self.replicas[0]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `json.dumps` takes."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> LaunchPlan:
        """Build the plan back from `to_dict`'s data, lists or tuples alike."""
        known = dict(value)
        known["run"] = RunId(known["run"])
        known["places"] = Places(**known["places"])
        known["replicas"] = tuple(_replica(item) for item in known["replicas"])
        known["connections"] = {
            name: Connection(**{**item, "tags": tuple(item["tags"])}) for name, item in known["connections"].items()
        }
        known["termination"] = _termination(known["termination"])
        known["ports"] = tuple(known["ports"])
        return cls(**known)


def _replica(value: Mapping[str, Any]) -> Replica:
    known = dict(value)
    known["container"] = _container(known["container"])
    known["init"] = tuple(InitStep(**{**step, "container": _container(step["container"])}) for step in known["init"])
    known["sidecars"] = tuple(filter(None, (_container(item) for item in known["sidecars"])))
    known["connections"] = tuple(known["connections"])
    known["volumes"] = tuple(known["volumes"])
    return Replica(**known)


def _container(value: Mapping[str, Any] | None) -> Container | None:
    if value is None:
        return None
    tuples = {key: tuple(value[key]) for key in ("command", "args", "ports")}
    return Container(**{**value, **tuples})


def _termination(value: Mapping[str, Any]) -> Termination:
    probe = value["probe"]
    if probe is None:
        return Termination(**value)
    return Termination(**{**value, "probe": Probe(http=probe["http"], exec=tuple(probe["exec"]))})
