"""How long services live: on their own, and beside the operations of a dag."""

from __future__ import annotations

from harness import HANGS, Harness, dag, job, op, operation

from polyaxon.engine import Limits
from polyaxon.engine.events import Action, Observed
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.status import Status

SCRIPT = {"serves": HANGS, "hangs": HANGS}
RUNNING = {"kinds": ["run_status_running"]}


def service(name: str = "serves") -> dict:
    return {"name": name, "run": {"kind": "service", "container": {"image": "busybox", "command": ["work", name]}}}


def beside(name: str, other: str) -> dict:
    return op(name, service(), events=[{"ref": f"ops.{other}", **RUNNING}])


def play(*operations, **kwargs):
    return Harness(operation(dag(*operations), name="pipe"), SCRIPT, **kwargs)


def finish(going: Harness, name: str, phase: Phase = Phase.SUCCEEDED) -> Harness:
    """Let an operation that goes on end."""
    going.decide(Observed(Observation(going.id(name), 1, phase, going.now)))
    return going.run()


def test_a_service_ends_with_the_operation_it_ran_beside_and_counts_as_succeeded():
    done = finish(play(op("train", job("hangs")), beside("board", "train")).settle(), "train")
    assert done.statuses() == {"train": "succeeded", "board": "succeeded"}
    assert done.last("board").reason == "PipelineDone"
    assert done.root.status is Status.SUCCEEDED


def test_a_failing_operation_ends_the_service_beside_it_too():
    done = finish(play(op("train", job("hangs")), beside("board", "train")).settle(), "train", Phase.FAILED)
    assert done.statuses() == {"train": "failed", "board": "succeeded"}
    assert done.root.status is Status.FAILED


def test_a_service_that_starts_after_all_work_goes_on_until_it_is_stopped():
    going = play(op("train"), op("serve", service(), dependencies=["train"])).settle()
    assert going.statuses() == {"train": "succeeded", "serve": "running"}
    assert going.root.status is Status.RUNNING


def test_a_dag_of_services_alone_goes_on():
    going = play(op("one", service()), op("two", service())).settle()
    assert going.statuses() == {"one": "running", "two": "running"}


def test_what_waits_for_a_services_end_runs_after_it():
    done = play(op("train"), op("database", service()), op("after", dependencies=["database"])).run()
    assert done.statuses() == {"train": "succeeded", "database": "succeeded", "after": "succeeded"}


def test_a_service_waits_for_everybody_that_its_end_would_not_let_start():
    going = play(op("database", service()), op("train"), op("slow", job("hangs"))).settle()
    assert going.statuses() == {"database": "running", "train": "succeeded", "slow": "running"}


def test_an_operation_that_a_service_starts_keeps_it_alive():
    uses = op("use", job("hangs"), events=[{"ref": "ops.database", **RUNNING}])
    going = play(op("database", service()), op("train"), uses).settle()
    assert going.statuses() == {"database": "running", "train": "succeeded", "use": "running"}


def test_a_service_that_had_no_time_to_begin_is_skipped():
    done = play(op("train"), beside("board", "train")).run()
    assert done.statuses() == {"train": "succeeded", "board": "skipped"}
    assert done.root.status is Status.SUCCEEDED


def test_services_take_no_place_from_jobs():
    limits = Limits(total=1)
    going = play(op("one", service()), op("two", service()), op("work", job("hangs")), limits=limits).settle()
    assert set(going.statuses().values()) == {"running"}


def test_a_service_on_its_own_is_stopped_by_whoever_asks():
    done = Harness(operation(service(), name="serve"), SCRIPT).settle()
    done.request(done.root.uuid, Action.STOP)
    assert done.run().root.status is Status.STOPPED


def test_a_scheduler_that_takes_over_ends_the_service_all_the_same():
    going = play(op("train", job("hangs")), beside("board", "train")).settle()
    going.crash()
    going.settle()
    assert finish(going, "train").statuses() == {"train": "succeeded", "board": "succeeded"}


def test_a_cluster_with_a_job_of_its_own_is_work():
    head = {"container": {"image": "ray", "command": ["work", "hangs"]}}
    cluster = {"name": "ray", "run": {"kind": "raycluster", "entrypoint": "x", "head": head}}
    going = play(op("train"), op("board", service()), op("ray", cluster)).settle()
    assert going.statuses() == {"train": "succeeded", "board": "running", "ray": "running"}
    assert finish(going, "ray").statuses()["board"] == "succeeded"


def nested(name: str, *operations, **more) -> dict:
    return op(name, {"name": name, **dag(*operations)}, **more)


def everything(going: Harness) -> dict[str, str]:
    """How all runs of a tree of dags stand, by name."""
    return {str(run.name): run.status.value for run in going.rows.values() if run.pipeline is not None}


def test_a_nested_dag_of_services_ends_with_the_work_it_ran_beside():
    tools = nested("tools", op("board", service()), op("ui", service(), dependencies=["board"]))
    going = play(op("train", job("hangs")), tools).settle()
    assert everything(going) == {"train": "running", "tools": "running", "board": "running", "ui": "created"}
    done = finish(going, "train")
    assert everything(done) == {"train": "succeeded", "tools": "succeeded", "board": "succeeded", "ui": "skipped"}
    assert (done.last("tools").reason, done.last("board").reason) == ("PipelineDone", "PipelineDone")
    assert done.root.status is Status.SUCCEEDED


def test_services_of_a_nested_dag_that_had_no_time_to_begin_are_skipped():
    tools = nested("tools", op("board", service()), events=[{"ref": "ops.train", **RUNNING}])
    done = play(op("train"), tools).run()
    assert everything(done) == {"train": "succeeded", "tools": "succeeded", "board": "skipped"}


def test_a_nested_dag_with_work_in_it_is_work():
    mixed = nested("mixed", op("board", service()), op("score", job("hangs")))
    going = play(op("train"), op("database", service()), mixed).settle()
    assert everything(going)["database"] == "running"
    done = finish(going, "score")
    assert everything(done) == dict.fromkeys(["train", "database", "mixed", "board", "score"], "succeeded")


def test_a_nested_dag_of_services_that_starts_after_all_work_goes_on_and_says_so():
    tools = nested("tools", nested("inner", op("board", service())), dependencies=["train"])
    going = play(op("train"), tools).settle()
    assert everything(going) == {"train": "succeeded", "tools": "running", "inner": "running", "board": "running"}
    going.request(going.root.uuid, Action.STOP)
    assert set(everything(going.run()).values()) == {"succeeded", "stopped"}


def test_a_service_in_a_nested_dag_takes_no_place_of_the_outermost_one_from_the_work_beside_it():
    inner = {"name": "inner", **dag(op("board", service()), op("train"))}
    done = Harness(operation(dag(op("inner", inner), concurrency=1), name="pipe"), SCRIPT).run()
    assert everything(done) == {"inner": "succeeded", "board": "succeeded", "train": "succeeded"}


def test_services_of_trials_take_no_places_of_the_search_from_the_work_beside_them():
    inner = dag(op("board", service()), op("prepare"), op("train", dependencies=["prepare"]))
    matrix = {"kind": "mapping", "concurrency": 1, "values": [{"x": 1}, {"x": 2}, {"x": 3}]}
    component = {"inputs": [{"name": "x", "type": "int"}], **inner}
    done = Harness(operation(component, name="pipe", matrix=matrix), SCRIPT).run()
    assert done.root.status is Status.SUCCEEDED
