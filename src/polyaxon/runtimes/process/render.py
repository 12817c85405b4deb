"""From a launch plan to the processes to start. Pure: what the machine has comes in as `Machine`.

What this runtime cannot honour is returned as warnings, never dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from polyaxon.model.launch import Container, LaunchPlan, Replica
from polyaxon.model.record import dataclass
from polyaxon.runtimes.process import distributed
from polyaxon.runtimes.process.environment import platform, wants_gpus, with_path
from polyaxon.runtimes.process.frameworks import with_command
from polyaxon.runtimes.process.images import LocalImage
from polyaxon.runtimes.process.layout import Layout
from polyaxon.runtimes.process.paths import CONTEXT, PathMap, path_map
from polyaxon.runtimes.process.port_words import translate, translate_value
from polyaxon.runtimes.process.probes import Checks, checks_of
from polyaxon.runtimes.process.unhonoured import is_builder, unhonoured

__all__ = [
    "Duty",
    "Machine",
    "Rendered",
    "Task",
    "needs_context",
    "port_name",
    "render",
    "render_container",
    "served_ports",
]


class Duty(Enum):
    """What the ending of a process means for the run."""

    DECIDES = "decides"
    """The run succeeds when all of these have; any failure is the run's."""
    SERVES = "serves"
    """Its failure is the run's; it is stopped when the deciding ones have succeeded."""
    ACCOMPANIES = "accompanies"
    """A sidecar: its ending means nothing; it is stopped at the end."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What rendering may know of this machine."""

    layout: Layout
    env: Mapping[str, str]
    """What processes inherit."""
    python: str
    """The interpreter of our own programs."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """A port per process that needs one, or per process and declared port of a service (`port_name`)."""
    hostfile: str = ""
    capacity: Mapping[str, float] = field(default_factory=dict)
    """How much of each resource it has; empty when that does not matter."""


@dataclass(frozen=True, slots=True)
class Task:
    """One process to start: `name` is how its files are called."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    log: str
    duty: Duty = Duty.DECIDES
    gpus: int = 0
    checks: Checks = Checks()
    ports: Mapping[int, int] = field(default_factory=dict)
    """The declared ports with the real ones."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """All processes of an attempt, and what could not be honoured."""

    tasks: tuple[Task, ...]
    warnings: tuple[str, ...] = ()
    has_context: bool = False
    """Whether the run's context is to be made before they start."""
    urls: tuple[str, ...] = ()
    """Where a service can be reached, the first replica's ports first."""


def port_name(process: str, declared: int) -> str:
    """How the real port of a service's process is called in `Machine.ports`."""
    return f"{process}:{declared}"


def served_ports(plan: LaunchPlan, container: Container | None) -> tuple[int, ...]:
    """Return the declared ports of a service: its own, then those of its container."""
    own = container.ports if container is not None else ()
    return tuple(dict.fromkeys((*plan.ports, *own))) if plan.runtime == "service" else ()


def render(plan: LaunchPlan, machine: Machine, images: Mapping[str, LocalImage]) -> Rendered:
    """Return the processes of the plan. `images` holds the locally built ones among those it names."""
    known = distributed.ranks(plan)
    deciding = distributed.deciders(plan, known)
    has_context = needs_context(plan)
    tasks: list[Task] = []
    warnings: list[str] = []
    urls: list[str] = []
    for rank in known:
        main = with_command(plan, rank.replica.role, rank.replica.container or Container(rank.name), machine.ports)
        ports = {port: machine.ports.get(port_name(rank.name, port), port) for port in served_ports(plan, main)}
        around = _Surroundings(plan, rank.replica, machine, images, has_context, ports)
        urls += [f"http://127.0.0.1:{port}{_base_path(plan, main, declared)}" for declared, port in ports.items()]
        if rank.index == 0:
            warnings += _moved(ports)
        peers = distributed.rank_environment(plan, rank, known, machine.ports, machine.hostfile)
        tasks.append(_task(around, main, rank.name, Duty.DECIDES if rank.name in deciding else Duty.SERVES, peers))
        for position, sidecar in enumerate(rank.replica.sidecars):
            name = f"{rank.name}-{_stem(sidecar.name) or f'sidecar-{position}'}"
            tasks.append(_task(around, sidecar, name, Duty.ACCOMPANIES, peers))
        if rank.index == 0:
            warnings += unhonoured(plan, rank.replica, machine.layout, images, machine.capacity)
    return Rendered(tuple(tasks), tuple(dict.fromkeys(warnings)), has_context, tuple(urls))


def render_container(
    plan: LaunchPlan, replica: Replica, container: Container, machine: Machine, images: Mapping[str, LocalImage]
) -> Task:
    """Return the process of an init container."""
    surroundings = _Surroundings(plan, replica, machine, images, needs_context(plan), {})
    return _task(surroundings, container, container.name, Duty.DECIDES, {})


def needs_context(plan: LaunchPlan) -> bool:
    """Whether anything in the plan may look into the run's context: only then is it made."""
    context = plan.places.context
    for replica in plan.replicas:
        if replica.init or replica.connections or replica.volumes:
            return True
        for container in (replica.container, *replica.sidecars):
            if container is not None and any(context in text or CONTEXT in text for text in _texts(container)):
                return True
    return False


@dataclass(frozen=True, slots=True)
class _Surroundings:
    plan: LaunchPlan
    replica: Replica
    machine: Machine
    images: Mapping[str, LocalImage]
    has_context: bool
    ports: Mapping[int, int]


def _task(around: _Surroundings, container: Container, name: str, duty: Duty, peers: Mapping[str, str]) -> Task:
    plan, machine = around.plan, around.machine
    image = around.images.get(container.image) if container.image else None
    paths = path_map(plan, around.replica, machine.layout, image.directories if image else {})
    root = plan.places.context if around.has_context else machine.layout.home
    ports = around.ports
    own = {
        **_port_variables(ports),
        **{name: translate_value(name, paths.localize(value), ports) for name, value in container.env.items()},
        **platform(plan, around.replica, machine.layout.home, root),
        **peers,
    }
    env = {**machine.env, **(image.env if image else {}), **own}
    if "PYTHONPATH" in env and env["PYTHONPATH"] != machine.env["PYTHONPATH"]:
        env["PYTHONPATH"] = f"{machine.env['PYTHONPATH']}:{env['PYTHONPATH']}"
    if image:
        env["VIRTUAL_ENV"] = image.venv
        env["PATH"] = with_path(env, (f"{image.venv}/bin", *map(paths.localize, image.path)))
    gpus = wants_gpus(container)
    if not gpus:
        env["NVIDIA_VISIBLE_DEVICES"] = "none"
        env["CUDA_VISIBLE_DEVICES"] = own.get("CUDA_VISIBLE_DEVICES", "")
    working_dir = container.working_dir or (image.workdir if image else None)
    return Task(
        name=name,
        argv=translate(_argv(container, image, paths, own, machine), ports),
        env=env,
        cwd=paths.localize(working_dir) if working_dir else plan.places.run_artifacts,
        log=machine.layout.log(plan.run, name),
        duty=duty,
        gpus=gpus,
        checks=_checks(plan, container, duty, ports),
        ports=ports,
    )


_NO_CHECKS = Checks()


def _checks(plan: LaunchPlan, container: Container, duty: Duty, ports: Mapping[int, int]) -> Checks:
    if duty is Duty.ACCOMPANIES or not (ports or container.extra):
        return _NO_CHECKS
    served = next(iter(ports), 0) if plan.runtime == "service" else None
    if served == 0 and "readinessProbe" not in container.extra:
        served = None  # no port to wait for: it is ready when it runs
    return checks_of(container, ports, served)[0]


def _port_variables(ports: Mapping[int, int]) -> dict[str, str]:
    """Return the variables by which a command can learn its ports: `PORT` for the first, one per declared port."""
    named = {f"POLYAXON_PORT_{declared}": str(port) for declared, port in ports.items()}
    return {"PORT": str(next(iter(ports.values()))), **named} if ports else {}


def _moved(ports: Mapping[int, int]) -> list[str]:
    return [
        f"port {declared} is taken on this machine, the service gets {port} instead"
        for declared, port in ports.items()
        if declared != port
    ]


def _base_path(plan: LaunchPlan, container: Container, declared: int) -> str:
    """Return the path that a service was told to serve under (`globals.base_url`); with a prefix that a proxy would
    take away (`rewritePath`) it serves at the root."""
    if plan.spec.get("rewritePath"):
        return ""
    base = re.compile(rf"/(?:services|external)/v1/[\w./-]*?/runs/{plan.run}/{declared}(?!\d)")
    found = base.search("\n".join(_texts(container)))
    return f"{found[0]}/" if found else ""


def _argv(
    container: Container, image: LocalImage | None, paths: PathMap, env: Mapping[str, str], machine: Machine
) -> tuple[str, ...]:
    command, args = container.command, container.args
    if not command and image:
        command, args = image.entrypoint, args or image.command
    argv = [_expand(paths.localize(item), env) for item in (*command, *args)]
    if argv and argv[0] in _PYTHONS and is_builder(container):
        argv[0] = machine.python
    return tuple(argv)


_PYTHONS = frozenset({"python", "python3"})
_REFERENCE = re.compile(r"\$(\$?)\(([A-Za-z_][A-Za-z0-9_]*)\)")


def _expand(text: str, env: Mapping[str, str]) -> str:
    """Replace `$(NAME)` as a kubelet does: unknown names stay, `$$(NAME)` is the escape."""
    if "$" not in text:
        return text
    return _REFERENCE.sub(lambda found: found[0][1:] if found[1] else env.get(found[2], found[0]), text)


def _stem(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)


def _texts(container: Container) -> tuple[str, ...]:
    return (*container.command, *container.args, *container.env.values(), container.working_dir or "")
