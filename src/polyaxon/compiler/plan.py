"""The last step before a run starts: its runtime section rendered and put into the words every runtime knows.

Nothing of YAML, dags or templates is left in the result. What a container is given is text: argv items keep what was
written, structures become JSON, and only nothing and empty texts are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyaxon.compiler.allowance import within_allowance
from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.compiled import Compiled, Surroundings
from polyaxon.compiler.containers import container_of
from polyaxon.compiler.context import NOTHING_BOUND, Bindings, as_text, context, run_globals
from polyaxon.compiler.kinds import Kind, kind_of, roles
from polyaxon.compiler.problems import problem, template_problem
from polyaxon.compiler.steps import init_steps
from polyaxon.compiler.template import TemplateError
from polyaxon.compiler.tree import render
from polyaxon.errors import SpecError
from polyaxon.model.launch import Connection, Container, LaunchPlan, Replica
from polyaxon.spec.types import describe

__all__ = ["PLUGINS", "launch_plan", "plan_like"]

Data = Mapping[str, Any]

PLUGINS: Data = {
    "docker": False,
    "shm": True,
    "tmux": False,
    "sandbox": False,
    "ssh": False,
    "mountArtifactsStore": False,
    "collectArtifacts": True,
    "collectLogs": True,
    "collectResources": True,
    "syncStatuses": True,
    "autoResume": True,
    "externalHost": False,
}
"""What the platform does for a run that says nothing. `auth` is left to the deployment."""

_POD = frozenset({"kind", "environment", "connections", "volumes", "init", "sidecars", "container"})


@within_allowance
def launch_plan(compiled: Compiled, around: Surroundings) -> LaunchPlan:
    """Return the plan of one run; raises `SpecError` when a template of the runtime section fails."""
    facts, kind = around.run, kind_of(compiled.run)
    run = _rendered(compiled, _names(compiled, around))
    replicas = tuple(_replica(path, role, kind, compiled, around) for path, role in roles(run))
    if not replicas:
        raise SpecError([problem(CompileCode.NO_CONTAINER, f"the `{compiled.runtime}` has no replicas", "run")])
    plan = LaunchPlan(
        run=facts.uuid,
        project=facts.project,
        owner=facts.owner,
        name=compiled.name or facts.name,
        kind=str(compiled.kind),
        runtime=run["kind"],
        places=around.places,
        replicas=replicas,
        connections=_connections(replicas, around),
        termination=compiled.termination,
        plugins={**PLUGINS, **compiled.plugins},
        ports=_ports(run.get("ports")),
        queue=compiled.queue,
        namespace=compiled.namespace or facts.namespace,
        spec=_own_fields(run, kind),
    )
    if _is_constant(compiled) and not any(replica.init or replica.connections for replica in replicas):
        compiled.layout.plans[around.image] = plan
    return plan


def plan_like(compiled: Compiled, image: str | None) -> LaunchPlan | None:
    """Return the plan of another run that differs in nothing but `run`, `name`, `places`, `namespace`, and where it
    belongs (`project`, `owner`), if there is one."""
    return compiled.layout.plans.get(image) if _is_constant(compiled) else None


def _is_constant(compiled: Compiled) -> bool:
    """Whether no value decides what is started."""
    layout = compiled.layout
    if layout.rendering is not None or layout.settings is None:
        return False
    if compiled.bindings is NOTHING_BOUND:
        return True
    return not any(bound.to_init or bound.to_env for section in compiled.bindings.sections for bound in section)


def _names(compiled: Compiled, around: Surroundings) -> dict[str, Any]:
    names = context(compiled.bindings, lambda: _globals(compiled, around))
    names["connections"] = names["init"] = {
        name: dict(connection.schema) for name, connection in around.connections.items()
    }
    return names


def _globals(compiled: Compiled, around: Surroundings) -> dict[str, Any]:
    run, places = around.run, around.places
    store = places.store if compiled.plugins.get("mountArtifactsStore") else ""
    found = run_globals(run, places, store)
    if compiled.run["kind"] != "service":
        return found
    ports = list(_ports(render(compiled.run.get("ports"), context(compiled.bindings, lambda: found))))
    prefix = _PREFIXES[bool(compiled.run.get("rewritePath")), bool(compiled.run.get("isExternal"))]
    root = f"/{prefix}/v1/{run.namespace or 'default'}/{run.owner}/{run.project}/runs/{run.uuid}"
    urls = [f"{root}/{port}" for port in ports or [80]]
    return {**found, "ports": ports, "base_url": urls[0], "base_urls": urls}


_PREFIXES = {
    (False, False): "services",
    (True, False): "rewrite-services",
    (False, True): "external",
    (True, True): "rewrite-external",
}


def _rendered(compiled: Compiled, names: Data) -> Data:
    """Return the runtime section without templates; values that are not of their field's type are refused."""
    rendering = compiled.layout.rendering
    if rendering is None:
        return compiled.run
    try:
        run: Data = rendering(names)
    except TemplateError as error:
        raise SpecError([template_problem(error, ("run", *error.path))]) from None
    return run


def _replica(path: tuple[str, ...], role: Data, kind: Kind, compiled: Compiled, around: Surroundings) -> Replica:
    extra = {name: value for name, value in role.items() if name not in _POD and name != "replicas"} if path else {}
    container = role.get("container")
    return Replica(
        role=path[-1] if path else "main",
        count=_count(role.get("replicas")),
        container=None if container is None else _main(container, kind, compiled, around),
        init=init_steps(role.get("init") or (), compiled.bindings, around),
        sidecars=tuple(
            container_of(item, item.get("name") or f"sidecar-{index}")
            for index, item in enumerate(role.get("sidecars") or ())
        ),
        connections=_strings(role.get("connections")),
        volumes=tuple(role.get("volumes") or ()),
        environment=_environment(role.get("environment") or {}),
        extra=extra,
    )


def _main(container: Data, kind: Kind, compiled: Compiled, around: Surroundings) -> Container:
    return container_of(container, kind.container, _to_env(compiled.bindings), around.image)


def _to_env(bindings: Bindings) -> dict[str, str]:
    """Return the environment variables that inputs ask for."""
    return {
        bound.to_env: as_text(bound.value)
        for section in bindings.sections
        for bound in section
        if bound.to_env and bound.value is not None
    }


def _environment(section: Data) -> Data:
    """Kubernetes takes texts for labels, annotations and node selectors."""
    found = dict(section)
    for name in ("labels", "annotations", "nodeSelector"):
        if isinstance(found.get(name), Mapping):
            found[name] = {key: as_text(value) for key, value in found[name].items()}
    return found


def _own_fields(run: Data, kind: Kind) -> dict[str, Any]:
    """Return what the runtime section says besides its pods: `nProcPerNode`, `entrypoint`, …"""
    pods = {*kind.roles, kind.groups}
    names = (_POD | {"ports", "replicas"}) if not kind.roles else {"kind"}
    return {name: value for name, value in run.items() if name not in names and name not in pods}


def _ports(value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    try:
        return tuple(int(port) for port in (value if isinstance(value, (list, tuple)) else [value]))
    except (TypeError, ValueError, OverflowError):
        raise SpecError(
            [problem(CompileCode.RENDERED, f"`ports` became {describe(value)}, expected numbers", "run.ports")]
        ) from None


_MOST_REPLICAS = 2**31
"""What the cluster counts with."""


def _count(value: Any) -> int:
    try:
        count = 1 if value is None else int(value)
    except (TypeError, ValueError, OverflowError):
        count = -1
    if not 0 <= count < _MOST_REPLICAS or isinstance(value, bool):
        raise SpecError(
            [problem(CompileCode.RENDERED, f"`replicas` became {describe(value)}, expected a number", "run.replicas")]
        )
    return count


def _strings(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else (str(value),)


def _connections(replicas: Sequence[Replica], around: Surroundings) -> dict[str, Connection]:
    """Return what is configured of the connections that the run names; the runtime says what is missing."""
    names: dict[str, None] = {}
    for replica in replicas:
        names.update(dict.fromkeys(replica.connections))
        names.update(dict.fromkeys(step.connection for step in replica.init if step.connection))
    return {name: around.connections[name] for name in names if name in around.connections}
