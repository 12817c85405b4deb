"""From plans to processes, without starting any."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from polyaxon.model.ids import RunId
from polyaxon.model.launch import Connection, Container, InitStep, LaunchPlan, Replica
from polyaxon.runtimes.process.environment import inherited
from polyaxon.runtimes.process.images import LocalImage, canonical_name
from polyaxon.runtimes.process.layout import Layout
from polyaxon.runtimes.process.render import Duty, Machine, Rendered, needs_context, render

RUN = RunId("a" * 32)
LAYOUT = Layout("/home/plx")
PLACES = LAYOUT.places(RUN)
MACHINE = Machine(LAYOUT, inherited({"PATH": "/bin", "SECRET": "s", "LC_ALL": "C"}, "/home/plx/lib/x"), "/py/python")


def plan(container: Container, **fields: Any) -> LaunchPlan:
    replica = Replica("main", container=container, **fields)
    return LaunchPlan(RUN, "project", "owner", None, "job", "job", PLACES, (replica,), connections=CONNECTIONS)


CONNECTIONS = {
    "sets": Connection("sets", "host_path", {"hostPath": "/srv/sets", "mountPath": "/data"}, env={"SETS": "1"}),
    "claim": Connection("claim", "volume_claim", {"volumeClaim": "pvc", "mountPath": "/pvc"}),
}


def rendered(container: Container, images: dict[str, LocalImage] | None = None, **fields: Any) -> Rendered:
    return render(plan(container, **fields), MACHINE, images or {})


def env_of(container: Container, **fields: Any) -> dict[str, str]:
    return rendered(container, **fields).tasks[0].env


def test_a_plain_container_runs_in_the_runs_own_directory() -> None:
    task = rendered(Container("c", command=("echo",), args=("a",))).tasks[0]
    assert (task.name, task.argv, task.cwd, task.duty) == ("main", ("echo", "a"), PLACES.run_artifacts, Duty.DECIDES)
    assert task.log == f"{PLACES.run_artifacts}/plxlogs/main.log"


def test_a_process_inherits_what_it_takes_to_run_and_no_secrets() -> None:
    env = env_of(Container("c", command=("x",)))
    assert (env["PATH"], env["LC_ALL"], env["PYTHONPATH"]) == ("/bin", "C", "/home/plx/lib/x")
    assert "SECRET" not in env


def test_the_platform_wins_over_the_containers_own_variables() -> None:
    env = env_of(Container("c", command=("x",), env={"POLYAXON_IS_MANAGED": "no", "PATH": "/mine"}))
    assert (env["POLYAXON_IS_MANAGED"], env["PATH"]) == ("true", "/mine")


def test_the_containers_pythonpath_comes_after_ours() -> None:
    assert env_of(Container("c", command=("x",), env={"PYTHONPATH": "/a"}))["PYTHONPATH"] == "/home/plx/lib/x:/a"


def test_the_run_is_told_who_and_where_it_is() -> None:
    env = env_of(Container("c", command=("x",)))
    assert env["POLYAXON_RUN_INSTANCE"] == f"owner.project.runs.{RUN}"
    assert env["POLYAXON_RUN_ARTIFACTS_PATH"] == PLACES.run_artifacts
    assert f"{env['POLYAXON_CONTEXT_ROOT']}/artifacts/{RUN}" == PLACES.run_artifacts


def test_a_run_with_a_context_finds_itself_through_it() -> None:
    container = Container("c", command=("x", "/plx-context/artifacts/code"))
    task = rendered(container).tasks[0]
    assert task.argv == ("x", f"{PLACES.artifacts}/code")
    assert task.env["POLYAXON_CONTEXT_ROOT"] == PLACES.context


@pytest.mark.parametrize(
    ("fields", "needed"),
    [
        ({}, False),
        ({"args": ("--x=/plx-context/a",)}, True),
        ({"env": {"A": PLACES.artifacts}}, True),
        ({"working_dir": f"{PLACES.artifacts}/code"}, True),
        ({"args": (PLACES.run_artifacts,)}, False),
    ],
)
def test_the_context_is_only_made_when_something_looks_into_it(fields: dict[str, Any], needed: bool) -> None:
    assert needs_context(plan(Container("c", command=("x",), **fields))) is needed


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("/data/x", "/srv/sets/x"),
        ("--in=/data", "--in=/srv/sets"),
        ("/database", "/database"),
        ("/my/data", "/my/data"),
        ("/data.csv", "/data.csv"),
        ("a:/data:/pvc/b", "a:/srv/sets:/home/plx/volumes/pvc/b"),
    ],
)
def test_mount_paths_lead_to_this_machines_directories(text: str, result: str) -> None:
    task = rendered(Container("c", command=("x", text)), connections=("sets", "claim")).tasks[0]
    assert task.argv[1] == result


def test_connections_bring_their_variables_and_a_catalog() -> None:
    env = env_of(Container("c", command=("x",)), connections=("sets",))
    assert env["SETS"] == "1"
    assert env["POLYAXON_CONNECTIONS_CATALOG"].startswith('{"connections":[{"name":"sets","kind":"host_path"')
    assert "POLYAXON_CONNECTIONS_CATALOG" not in env_of(Container("c", command=("x",)))


def test_an_init_path_outside_of_the_run_leads_into_its_context() -> None:
    step = InitStep("git", {"url": "u"}, path="/src")
    task = rendered(Container("c", command=("x",), working_dir="/src/code"), init=(step,)).tasks[0]
    assert task.cwd == f"{PLACES.context}/mounts/src/code"


@pytest.mark.parametrize(
    ("text", "result"),
    [("$(A)-$(B)", "1-$(B)"), ("$$(A)", "$(A)"), ("$(date)", "$(date)"), ("$A", "$A"), ("$(PATH)", "$(PATH)")],
)
def test_references_to_variables_are_expanded_as_a_kubelet_does(text: str, result: str) -> None:
    assert rendered(Container("c", command=("x", text), env={"A": "1"})).tasks[0].argv[1] == result


def test_no_device_is_seen_unless_asked_for() -> None:
    env = env_of(Container("c", command=("x",)))
    assert (env["NVIDIA_VISIBLE_DEVICES"], env["CUDA_VISIBLE_DEVICES"]) == ("none", "")
    task = rendered(Container("c", command=("x",), limits={"nvidia.com/gpu": "2"})).tasks[0]
    assert task.gpus == 2
    assert "NVIDIA_VISIBLE_DEVICES" not in task.env


def test_a_built_image_gives_path_variables_and_directory() -> None:
    image = LocalImage(
        "d", "/i/d.1", env={"A": "1", "B": "1"}, directories={"/code": "/i/d.1/files/code"}, workdir="/code"
    )
    container = Container("c", image="acme/x", command=("python3", "/code/a.py"), env={"B": "2"})
    result = rendered(container, {"acme/x": image})
    task = result.tasks[0]
    assert task.env["PATH"] == "/i/d.1/venv/bin:/bin"
    assert (task.env["VIRTUAL_ENV"], task.env["A"], task.env["B"]) == ("/i/d.1/venv", "1", "2")
    assert (task.cwd, task.argv) == ("/i/d.1/files/code", ("python3", "/i/d.1/files/code/a.py"))
    assert result.warnings == ()


def test_a_container_without_a_command_runs_its_images() -> None:
    image = LocalImage("d", "/i", entrypoint=("run",), command=("default",))
    assert rendered(Container("c", image="x"), {"x": image}).tasks[0].argv == ("run", "default")
    assert rendered(Container("c", image="x", args=("a",)), {"x": image}).tasks[0].argv == ("run", "a")


def test_our_own_programs_run_in_our_interpreter() -> None:
    result = rendered(Container("c", image="polyaxon/builder:latest", command=("python", "-m", "polyaxon.builds")))
    assert (result.tasks[0].argv[0], result.warnings) == ("/py/python", ())


def test_what_cannot_be_honoured_is_said_once() -> None:
    container = Container("c", image="acme/x", command=("x",), limits={"cpu": 1, "memory": "1Gi"})
    environment = {"nodeSelector": {"a": "b"}, "labels": {"a": "b"}}
    assert rendered(container, sidecars=(container,), environment=environment).warnings == (
        "image `acme/x` is not honoured by the process runtime: the command runs on this machine",
        "resource limits are not enforced by the process runtime: cpu, memory",
        "`environment` is not honoured by the process runtime: nodeSelector",
    )


def test_nothing_that_a_process_cannot_have_is_left_out_in_silence() -> None:
    extra = {
        "lifecycle": {"preStop": {}},
        "securityContext": {"runAsUser": 1},
        "env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {}}}],
        "livenessProbe": {"grpc": {"port": 1}},
    }
    result = rendered(
        Container("c", command=("x",), extra=extra),
        volumes=({"name": "cm", "configMap": {"name": "x"}},),
        connections=("nobody",),
    )
    assert result.warnings == (
        "`container` is not honoured by the process runtime: lifecycle, securityContext",
        "variables that come from elsewhere are not set by the process runtime: TOKEN",
        "volumes that only a cluster has are not there: cm",
        "the connection `nobody` is not configured on this machine",
        "`livenessProbe` is not honoured by the process runtime: it takes `httpGet`, `tcpSocket` or `exec`",
    )


def test_a_gang_is_started_at_once_and_said_to_be_scheduled_by_nobody() -> None:
    job = replace(plan(Container("c", command=("x",))), spec={"schedulingPolicy": {"minAvailable": 2}})
    assert render(job, MACHINE, {}).warnings == ("`run` is not honoured by the process runtime: schedulingPolicy",)


def test_what_only_a_cluster_could_scale_is_said_to_stay_as_it_is() -> None:
    job = plan(Container("c", command=("x",)))
    workers = tuple(replace(role, extra={"minReplicas": 1, "maxReplicas": 4}) for role in job.replicas)
    assert render(replace(job, replicas=workers, spec={"rayVersion": "2.9"}), MACHINE, {}).warnings == (
        "`run` is not honoured by the process runtime: rayVersion",
        "the process runtime starts as many as `replicas` says and does not scale: maxReplicas, minReplicas",
    )


def test_mounted_volumes_lead_to_directories_of_this_machine() -> None:
    mounts = [
        {"name": "host", "mountPath": "/host"},
        {"name": "scratch", "mountPath": "/scratch", "subPath": "deep"},
        {"name": "claim", "mountPath": "/claim"},
    ]
    volumes = (
        {"name": "host", "hostPath": {"path": "/srv/x"}},
        {"name": "scratch", "emptyDir": {}},
        {"name": "claim", "persistentVolumeClaim": {"claimName": "pvc"}},
    )
    container = Container("c", command=("ls", "/host/a", "/scratch", "/claim/b"), extra={"volumeMounts": mounts})
    result = rendered(container, volumes=volumes)
    assert result.tasks[0].argv[1:] == ("/srv/x/a", f"{PLACES.context}/volumes/scratch/deep", "/home/plx/volumes/pvc/b")
    assert (result.warnings, result.has_context) == ((), True)


def test_sidecars_accompany() -> None:
    tasks = rendered(Container("c", command=("x",)), sidecars=(Container("log ship", command=("y",)),)).tasks
    assert [(task.name, task.duty) for task in tasks] == [("main", Duty.DECIDES), ("main-log-ship", Duty.ACCOMPANIES)]


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("a/b", "a/b:latest"), ("docker.io/library/a", "a:latest"), ("r:5000/a", "r:5000/a:latest"), ("a:1", "a:1"),
     ("a@sha256:0", "a@sha256:0")],
)  # fmt: skip
def test_image_names_have_one_spelling(spelling: str, name: str) -> None:
    assert canonical_name(spelling) == name
