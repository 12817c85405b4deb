"""What the processes of a distributed run are told about each other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from polyaxon.model.ids import RunId
from polyaxon.model.launch import Container, LaunchPlan, Replica
from polyaxon.runtimes.process.distributed import deciders, hostfile_text, needed_ports, ranks
from polyaxon.runtimes.process.environment import inherited
from polyaxon.runtimes.process.frameworks import with_command
from polyaxon.runtimes.process.layout import Layout
from polyaxon.runtimes.process.render import Duty, Machine, render

LAYOUT = Layout("/home/plx")


def plan(runtime: str, roles: dict[str, int], **spec: Any) -> LaunchPlan:
    container = Container("c", command=("train",))
    replicas = tuple(Replica(role, count, container) for role, count in roles.items())
    run = RunId("b" * 32)
    return LaunchPlan(run, "p", "o", None, "job", runtime, LAYOUT.places(run), replicas, spec=spec)


def environments(given: LaunchPlan) -> dict[str, dict[str, str]]:
    known = ranks(given)
    ports = {name: 5000 + index for index, name in enumerate(needed_ports(given, known))}
    machine = Machine(LAYOUT, inherited({"PATH": "/bin"}, "/lib"), "/python", ports, "/hostfile")
    return {task.name: task.env for task in render(given, machine, {}).tasks}


def test_tensorflow_knows_its_cluster_and_task() -> None:
    envs = environments(plan("tfjob", {"worker": 2, "chief": 1, "ps": 1, "evaluator": 1}))
    assert list(envs) == ["chief-0", "ps-0", "worker-0", "worker-1", "evaluator-0"]
    config = json.loads(envs["worker-1"]["TF_CONFIG"])
    assert config["cluster"] == {
        "chief": ["127.0.0.1:5000"],
        "ps": ["127.0.0.1:5001"],
        "worker": ["127.0.0.1:5002", "127.0.0.1:5003"],
    }
    assert config["task"] == {"type": "worker", "index": 1}
    assert json.loads(envs["evaluator-0"]["TF_CONFIG"])["task"] == {"type": "evaluator", "index": 0}


def test_a_single_tensorflow_process_is_no_cluster() -> None:
    assert "TF_CONFIG" not in environments(plan("tfjob", {"worker": 1}))["worker-0"]


def test_a_dynamic_worker_sees_itself_and_the_servers() -> None:
    envs = environments(plan("tfjob", {"worker": 2, "ps": 1}, enableDynamicWorker=True))
    assert json.loads(envs["worker-1"]["TF_CONFIG"])["cluster"] == {
        "ps": ["127.0.0.1:5000"],
        "worker": {"1": "127.0.0.1:5002"},
    }


def test_pytorch_ranks_the_master_first() -> None:
    envs = environments(plan("pytorchjob", {"worker": 2, "master": 1}, nProcPerNode=4))
    assert {name: env["RANK"] for name, env in envs.items()} == {"master-0": "0", "worker-0": "1", "worker-1": "2"}
    worker = envs["worker-0"]
    assert (worker["MASTER_ADDR"], worker["MASTER_PORT"], worker["WORLD_SIZE"]) == ("127.0.0.1", "5000", "12")
    assert (worker["PET_NNODES"], worker["PET_NODE_RANK"], worker["PET_NPROC_PER_NODE"]) == ("3", "1", "4")


def test_elastic_pytorch_leaves_ranks_to_the_rendezvous() -> None:
    policy = {"minReplicas": 1, "maxReplicas": 4, "rdvzBackend": "c10d", "rdvzConf": [{"key": "a", "value": 1}]}
    env = environments(plan("pytorchjob", {"worker": 2}, elasticPolicy=policy))["worker-0"]
    assert "RANK" not in env
    assert (env["PET_NNODES"], env["PET_RDZV_ENDPOINT"], env["PET_RDZV_CONF"]) == ("1:4", "127.0.0.1:5000", "a=1")


def test_mpi_has_a_host_file_and_no_idle_workers() -> None:
    given = plan("mpijob", {"launcher": 1, "worker": 2}, slotsPerWorker=3)
    idle = plan("mpijob", {"launcher": 1}, slotsPerWorker=3)
    idle = LaunchPlan(**{**_fields(idle), "replicas": (*idle.replicas, Replica("worker", 2, Container("w")))})
    assert hostfile_text(given) == hostfile_text(idle) == "localhost slots=6\n"
    assert environments(given)["launcher-0"]["OMPI_MCA_orte_default_hostfile"] == "/hostfile"
    assert list(environments(idle)) == ["launcher-0"]


def _fields(given: LaunchPlan) -> dict[str, Any]:
    return {name: getattr(given, name) for name in LaunchPlan.__slots__}


def test_ray_and_dask_know_their_head() -> None:
    ray = environments(plan("raycluster", {"head": 1, "workers": 1}))
    assert ray["workers-0"]["RAY_ADDRESS"] == "127.0.0.1:5000"
    dask = environments(plan("daskcluster", {"worker": 2, "scheduler": 1}))
    assert dask["worker-1"]["DASK_SCHEDULER_ADDRESS"] == "tcp://127.0.0.1:5000"
    assert dask["worker-1"]["DASK_WORKER_NAME"].endswith("-worker-1")
    assert "DASK_WORKER_NAME" not in dask["scheduler-0"]


@pytest.mark.parametrize(
    ("runtime", "roles", "spec", "deciding"),
    [
        ("tfjob", {"chief": 1, "worker": 2}, {}, {"chief-0"}),
        ("tfjob", {"worker": 2, "ps": 1}, {}, {"worker-0"}),
        ("tfjob", {"worker": 2, "ps": 1}, {"successPolicy": "AllWorkers"}, {"worker-0", "worker-1"}),
        ("pytorchjob", {"master": 1, "worker": 1}, {}, {"master-0"}),
        ("pytorchjob", {"worker": 2}, {}, {"worker-0", "worker-1"}),
        ("mpijob", {"launcher": 1, "worker": 1}, {}, {"launcher-0"}),
        ("service", {"main": 2}, {}, {"main", "main-1"}),
    ],
)
def test_the_leading_process_decides(
    runtime: str, roles: dict[str, int], spec: dict[str, Any], deciding: set[str]
) -> None:
    given = plan(runtime, roles, **spec)
    assert deciders(given, ranks(given)) == deciding
    machine = Machine(LAYOUT, inherited({"PATH": "/bin"}, "/lib"), "/p", {}, "/h")
    if not needed_ports(given, ranks(given)):
        duties = {task.name: task.duty for task in render(given, machine, {}).tasks}
        assert {name for name, duty in duties.items() if duty is Duty.DECIDES} == deciding


def test_a_ray_cluster_with_an_entrypoint_ends_with_it() -> None:
    head = Container("head", image="rayproject/ray")
    given = replace(
        plan("raycluster", {"head": 1, "small": 2}, entrypoint="python job.py", runtimeEnv={"pip": ["x"]}),
        replicas=(Replica("head", 1, head, extra={"rayStartParams": {"num-cpus": 2}}), Replica("small", 2, head)),
    )
    known = ranks(given)
    assert [rank.name for rank in known] == ["head-0", "small-0", "small-1", "submitter-0"]
    assert deciders(given, known) == {"submitter-0"}
    assert needed_ports(given, known) == ["head-0", "dashboard"]
    ports = {"head-0": 7001, "dashboard": 7002}
    commands = {
        rank.name: with_command(given, rank.replica.role, rank.replica.container or head, ports).command
        for rank in known
    }
    assert commands["head-0"][:4] == ("ray", "start", "--head", "--block")
    assert {"--port=7001", "--dashboard-port=7002", "--num-cpus=2"} <= set(commands["head-0"])
    assert commands["small-1"] == ("ray", "start", "--block", "--address=127.0.0.1:7001")
    assert commands["submitter-0"][2].endswith("-- python job.py")
    assert """--runtime-env-json='{"pip": ["x"]}'""" in commands["submitter-0"][2]


def test_a_dask_cluster_runs_its_own_programs_unless_the_file_says_otherwise() -> None:
    given = plan("daskcluster", {"scheduler": 1, "worker": 1})
    bare, own = Container("c"), Container("c", command=("mine",))
    assert with_command(given, "worker", own, {}) is own
    assert with_command(given, "worker", bare, {"scheduler-0": 7001}).command[:2] == (
        "dask-worker",
        "tcp://127.0.0.1:7001",
    )
    assert "--port=7001" in with_command(given, "scheduler", bare, {"scheduler-0": 7001}).command
