"""What of a plan this machine cannot give its processes, in words: warnings of the run, never silence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from polyaxon.model.launch import Container, LaunchPlan, Replica
from polyaxon.model.quantity import in_words, quantity, resource_name
from polyaxon.runtimes.process.images import BUILDER_IMAGE, LocalImage, canonical_name
from polyaxon.runtimes.process.layout import Layout
from polyaxon.runtimes.process.paths import volume_directory
from polyaxon.runtimes.process.probes import checks_of

__all__ = ["is_builder", "unhonoured"]

_HARMLESS = frozenset({"labels", "annotations", "restartPolicy"})
"""Parts of `environment` that mean nothing to a process."""
_UNDERSTOOD = frozenset(
    {
        "ports",
        "readinessProbe",
        "livenessProbe",
        "startupProbe",
        "volumeMounts",
        "env",
        "imagePullPolicy",
        "stdin",
        "tty",
    }
    | {"terminationMessagePath", "terminationMessagePolicy", "resizePolicy"}
)
"""Further parts of a container that are honoured, or mean nothing to a process."""
_CLUSTER = frozenset({"schedulingPolicy", "rayVersion", "enableInTreeAutoscaling", "autoscalerOptions"})
"""Parts of `run` that only a cluster's operator can do something with."""
_SCALED = frozenset({"minReplicas", "maxReplicas"})
_SPOKEN_OF = _CLUSTER | _SCALED
_TOOLS = ("tmux", "sandbox", "ssh")


def unhonoured(
    plan: LaunchPlan,
    replica: Replica,
    layout: Layout,
    images: Mapping[str, LocalImage],
    capacity: Mapping[str, float],
) -> list[str]:
    """Return what is to be said of one role."""
    containers = [item for item in (replica.container, *replica.sidecars) if item is not None]
    found = [
        f"image `{item.image}` is not honoured by the process runtime: the command runs on this machine"
        for item in containers
        if item.image is not None and item.image not in images and not is_builder(item)
    ]
    if _is_bare(plan, replica, containers):
        return found
    found += _said("resource limits are not enforced by the process runtime", _bounded(containers))
    found += _said("`environment` is not honoured by the process runtime", set(replica.environment) - _HARMLESS)
    found += _said("`container` is not honoured by the process runtime", _unknown(containers))
    found += _said("variables that come from elsewhere are not set by the process runtime", _elsewhere(containers))
    found += _said("volumes that only a cluster has are not there", _absent(plan, replica, layout))
    found += _said(
        "`plugins` is not honoured by the process runtime", (name for name in _TOOLS if plan.plugins.get(name))
    )
    found += _said("`run` is not honoured by the process runtime", _CLUSTER & plan.spec.keys())
    found += _said(
        "the process runtime starts as many as `replicas` says and does not scale",
        _SCALED & {*plan.spec, *replica.extra},
    )
    for name in replica.connections:
        found += _secrets(plan, name)
    for container in containers:
        found += _too_much(container, capacity)
        found += checks_of(container, {}, None)[1]
    return found


def is_builder(container: Container) -> bool:
    """Whether it is one of our own programs."""
    return container.image is not None and _is_builder(container.image)


@lru_cache(maxsize=1000)
def _is_builder(image: str) -> bool:
    return canonical_name(image).rsplit(":", 1)[0] == BUILDER_IMAGE


def _is_bare(plan: LaunchPlan, replica: Replica, containers: Iterable[Container]) -> bool:
    """Whether there is nothing else in the role that anything could be said of: most operations of a large dag."""
    return not (
        replica.environment
        or replica.volumes
        or replica.connections
        or replica.extra
        or any(item.limits or item.requests or item.extra for item in containers)
        or any(map(plan.plugins.get, _TOOLS))
        or not _SPOKEN_OF.isdisjoint(plan.spec)
    )


def _said(what: str, names: Iterable[str]) -> list[str]:
    listed = ", ".join(sorted(set(names)))
    return [f"{what}: {listed}"] if listed else []


def _bounded(containers: Iterable[Container]) -> Iterable[str]:
    return (name for item in containers for name in item.limits if "gpu" not in name)


def _unknown(containers: Iterable[Container]) -> Iterable[str]:
    return (name for item in containers for name, value in item.extra.items() if name not in _UNDERSTOOD and value)


def _elsewhere(containers: Iterable[Container]) -> Iterable[str]:
    return (str(entry["name"]) for item in containers for entry in item.extra.get("env") or ())


def _absent(plan: LaunchPlan, replica: Replica, layout: Layout) -> Iterable[str]:
    return (str(item.get("name")) for item in replica.volumes if volume_directory(item, plan, layout) is None)


def _secrets(plan: LaunchPlan, name: str) -> list[str]:
    connection = plan.connections.get(name)
    if connection is None:
        return [f"the connection `{name}` is not configured on this machine"]
    kinds = {"secret": connection.secret, "configMap": connection.config_map}
    return [
        f"the {kind} of the connection `{name}` is not read by the process runtime: give its variables in `env`"
        for kind, given in kinds.items()
        if given
    ]


def _too_much(container: Container, capacity: Mapping[str, float]) -> list[str]:
    asked = {resource_name(key): quantity(value) for key, value in {**container.limits, **container.requests}.items()}
    return [
        f"it asks for {in_words(name, amount)} {name} and this machine has {in_words(name, capacity[name])}: "
        "it runs when nothing else that asks for some does"
        for name, amount in asked.items()
        if name != "gpu" and amount is not None and amount > capacity.get(name, amount)
    ]
