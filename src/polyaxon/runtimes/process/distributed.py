"""What each framework gives a replica, on one machine. Pure: ports are an argument.

The contracts are those of the training operators (spec/runtimes.md §9), with 127.0.0.1 for every address.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from polyaxon.model.launch import LaunchPlan, Replica
from polyaxon.model.record import dataclass
from polyaxon.runtimes.process.frameworks import DASHBOARD, SUBMITTER, is_own_work, submitter

__all__ = ["Rank", "deciders", "hostfile_text", "needed_ports", "preferred_port", "rank_environment", "ranks"]

_HOST = "127.0.0.1"
_FIXED_PORTS = {"head": 6379, "scheduler": 8786, DASHBOARD: 8265}
"""Where a cluster's clients expect it, when the port is free."""
_ORDER = ("chief", "master", "launcher", "head", "scheduler", "ps", "worker", "evaluator")


@dataclass(frozen=True, slots=True)
class Rank:
    """One process of a run: which replica, and its number in that role."""

    replica: Replica
    index: int

    @property
    def name(self) -> str:
        """How its files are called: `main` for the only one of a job, else `<role>-<index>`."""
        return "main" if self.replica.role == "main" and self.index == 0 else f"{self.replica.role}-{self.index}"


def ranks(plan: LaunchPlan) -> list[Rank]:
    """Return the processes of a run, the leading roles first."""
    known = sorted(plan.replicas, key=lambda replica: _ORDER.index(replica.role) if replica.role in _ORDER else 99)
    own = [Rank(submitter(plan), 0)] if is_own_work(plan) else []
    return [
        Rank(replica, index)
        for replica in known
        # The launcher of an MPI job starts its peers itself: workers without a command have nothing to do here.
        if not (plan.runtime == "mpijob" and replica.role == "worker" and not _has_command(replica))
        for index in range(replica.count)
    ] + own


def deciders(plan: LaunchPlan, known: Sequence[Rank]) -> frozenset[str]:
    """Return the names of the processes whose success is the run's; the others are then stopped."""
    names = [rank.name for rank in known]
    if plan.spec.get("successPolicy") == "AllWorkers":
        return frozenset(rank.name for rank in known if rank.replica.role in {"worker", "chief"})
    leaders = {"tfjob": ("chief-0", "worker-0"), "pytorchjob": ("master-0",), "mpijob": ("launcher-0",)}
    if is_own_work(plan):
        return frozenset({f"{SUBMITTER}-0"})
    for leader in leaders.get(plan.runtime, ()):
        if leader in names:
            return frozenset({leader})
    return frozenset(names)


def needed_ports(plan: LaunchPlan, known: Sequence[Rank]) -> list[str]:
    """Return the names of the processes that get a port of their own, in order."""
    if plan.runtime == "tfjob":
        return [rank.name for rank in known]
    if plan.runtime in {"raycluster", "rayjob"}:
        return [*(rank.name for rank in known[:1]), DASHBOARD]
    leading = {"pytorchjob": known[:1], "daskcluster": known[:1]}
    return [rank.name for rank in leading.get(plan.runtime, [])]


def preferred_port(name: str) -> int | None:
    """Return the port that a process's clients expect."""
    return _FIXED_PORTS.get(name.rsplit("-", 1)[0])


def rank_environment(
    plan: LaunchPlan, rank: Rank, known: Sequence[Rank], ports: Mapping[str, int], hostfile: str
) -> dict[str, str]:
    """Return the variables by which one process finds its peers."""
    if plan.runtime == "mpijob":
        return {"OMPI_MCA_orte_default_hostfile": hostfile, "OMPI_MCA_rmaps_base_oversubscribe": "1"}
    make = _ENVIRONMENTS.get(plan.runtime)
    return make(plan, rank, known, ports) if make else {}


def hostfile_text(plan: LaunchPlan) -> str:
    """Return the MPI host file: this machine, with room for all workers."""
    workers = sum(replica.count for replica in plan.replicas if replica.role == "worker")
    return f"localhost slots={max(1, workers) * int(plan.spec.get('slotsPerWorker') or 1)}\n"


def _tensorflow(plan: LaunchPlan, rank: Rank, known: Sequence[Rank], ports: Mapping[str, int]) -> dict[str, str]:
    if len(known) == 1:
        return {}
    cluster: dict[str, Any] = {}  # text lists, or the sparse form's mapping
    for peer in known:
        if peer.replica.role != "evaluator":
            cluster.setdefault(peer.replica.role, []).append(f"{_HOST}:{ports[peer.name]}")
    if plan.spec.get("enableDynamicWorker") and rank.replica.role == "worker":
        own = {"worker": {str(rank.index): f"{_HOST}:{ports[rank.name]}"}}
        cluster = {**({"ps": cluster["ps"]} if "ps" in cluster else {}), **own}
    task = {"type": rank.replica.role, "index": rank.index}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task, "environment": "cloud"})}


def _pytorch(plan: LaunchPlan, rank: Rank, known: Sequence[Rank], ports: Mapping[str, int]) -> dict[str, str]:
    port = str(ports[known[0].name])
    node, per_node = known.index(rank), plan.spec.get("nProcPerNode")
    env = {"PYTHONUNBUFFERED": "1", "PET_NODE_RANK": str(node), "PET_NNODES": str(len(known))}
    if per_node is not None:
        env["PET_NPROC_PER_NODE"] = str(per_node)
    elastic = plan.spec.get("elasticPolicy")
    if elastic:
        return {**env, **_elastic(elastic, len(known), port)}
    world = len(known) * (int(str(per_node)) if str(per_node).isdigit() else 1)
    return {
        **env,
        "MASTER_ADDR": _HOST,
        "MASTER_PORT": port,
        "PET_MASTER_ADDR": _HOST,
        "PET_MASTER_PORT": port,
        "RANK": str(node),
        "WORLD_SIZE": str(world),
    }


def _elastic(policy: Mapping[str, Any], nodes: int, port: str) -> dict[str, str]:
    low, high = policy.get("minReplicas") or nodes, policy.get("maxReplicas") or nodes
    conf = ",".join(f"{item['key']}={item['value']}" for item in policy.get("rdvzConf") or ())
    env = {
        "PET_NNODES": f"{low}:{high}",
        "PET_RDZV_BACKEND": policy.get("rdvzBackend") or "c10d",
        "PET_RDZV_ENDPOINT": f"{_HOST}:{policy.get('rdvzPort') or port}",
        "PET_RDZV_ID": policy.get("rdvzId"),
        "PET_RDZV_CONF": conf or None,
        "PET_MAX_RESTARTS": policy.get("maxRestarts"),
        "PET_NPROC_PER_NODE": policy.get("nProcPerNode"),
        "PET_STANDALONE": "1" if policy.get("standalone") else None,
    }
    return {name: str(value) for name, value in env.items() if value is not None}


def _ray(_plan: LaunchPlan, _rank: Rank, known: Sequence[Rank], ports: Mapping[str, int]) -> dict[str, str]:
    port = ports[known[0].name]
    return {"RAY_ADDRESS": f"{_HOST}:{port}", "FQ_RAY_IP": _HOST, "RAY_IP": _HOST, "RAY_PORT": str(port)}


def _dask(plan: LaunchPlan, rank: Rank, known: Sequence[Rank], ports: Mapping[str, int]) -> dict[str, str]:
    env = {"DASK_SCHEDULER_ADDRESS": f"tcp://{_HOST}:{ports[known[0].name]}"}
    if rank.replica.role == "worker":
        env["DASK_WORKER_NAME"] = f"{plan.run}-worker-{rank.index}"
    return env


_ENVIRONMENTS = {"tfjob": _tensorflow, "pytorchjob": _pytorch, "raycluster": _ray, "rayjob": _ray, "daskcluster": _dask}


def _has_command(replica: Replica) -> bool:
    container = replica.container
    return container is not None and bool(container.command or container.args)
