"""Which run a process speaks for."""

from __future__ import annotations

import json

import pytest

from polyaxon.errors import UsageError
from polyaxon.tracking import place
from polyaxon.tracking.place import find_place, is_reporting

UUID = "ab" * 16
MANAGED = {"POLYAXON_IS_MANAGED": "true", "POLYAXON_RUN_INSTANCE": f"me.demo.runs.{UUID}"}


def test_a_managed_run_is_what_the_environment_says() -> None:
    found = find_place({**MANAGED, "POLYAXON_CONTEXT_ROOT": "/ctx"})
    assert (found.mode, found.owner, found.project, found.uuid) == (place.MANAGED, "me", "demo", UUID)
    assert found.directory == f"/ctx/artifacts/{UUID}"
    assert not found.is_new


def test_the_directory_that_the_runtime_names_wins() -> None:
    assert find_place({**MANAGED, "POLYAXON_RUN_ARTIFACTS_PATH": "/runs/x"}).directory == "/runs/x"


def test_an_instance_has_four_parts() -> None:
    with pytest.raises(UsageError, match="POLYAXON_RUN_INSTANCE"):
        find_place({**MANAGED, "POLYAXON_RUN_INSTANCE": "demo.runs"})


def test_a_new_run_can_be_asked_for_inside_a_managed_one() -> None:
    found = find_place({**MANAGED, "POLYAXON_HOME": "/h"}, is_new=True)
    assert found.mode == place.USER
    assert found.uuid != UUID


def test_another_run_can_be_meant_inside_a_managed_one() -> None:
    other = "cd" * 16
    assert find_place(MANAGED, run_uuid=other).mode == place.USER
    assert find_place(MANAGED, run_uuid=UUID).mode == place.MANAGED


def test_a_run_of_user_code_lives_in_the_home() -> None:
    found = find_place({"POLYAXON_HOME": "/h"}, project="team/vision")
    assert found.directory == f"/h/artifacts/{found.uuid}"
    assert (found.mode, found.owner, found.project, found.is_new) == (place.USER, "team", "vision", True)


def test_what_is_not_a_project_is_refused() -> None:
    with pytest.raises(UsageError, match=r"`we ird/vision` .* is not a project: `we ird`"):
        find_place({"POLYAXON_HOME": "/h"}, project="we ird/vision")


def test_with_a_server_files_go_to_the_artifacts_root() -> None:
    found = find_place({"POLYAXON_HOST": "http://x", "POLYAXON_ARTIFACTS_ROOT": "/a"})
    assert found.directory == f"/a/{found.uuid}"


def test_a_run_by_uuid_is_not_new() -> None:
    found = find_place({"POLYAXON_HOME": "/h"}, run_uuid="ABABABAB-abab-abab-abab-abababababab")
    assert (found.uuid, found.is_new) == (UUID, False)


def test_offline_wins_over_managed() -> None:
    found = find_place({**MANAGED, "POLYAXON_IS_OFFLINE": "yes", "POLYAXON_OFFLINE_ROOT": "/off"})
    assert found.directory == f"/off/runs/{found.uuid}"


def _tf(kind: str, index: int, *kinds: str) -> dict[str, str]:
    return {
        "TF_CONFIG": json.dumps({"cluster": {name: ["x"] for name in kinds}, "task": {"type": kind, "index": index}})
    }


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, True),
        ({"RANK": "0", "WORLD_SIZE": "4"}, True),
        ({"RANK": "3", "WORLD_SIZE": "4"}, False),
        ({"RANK": "3"}, True),
        ({"RANK": "1", "WORLD_SIZE": "1"}, True),
        ({"RANK": "3", "WORLD_SIZE": "4", "POLYAXON_TRACKING_ALL_RANKS": "1"}, True),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}, False),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "2"}, False),
        (_tf("chief", 0, "chief", "worker"), True),
        (_tf("worker", 0, "chief", "worker"), False),
        (_tf("worker", 0, "worker", "ps"), True),
        (_tf("worker", 1, "worker", "ps"), False),
        (_tf("ps", 0, "worker", "ps"), False),
        ({"TF_CONFIG": "{}"}, True),
        ({"TF_CONFIG": "not json"}, True),
    ],
)
def test_one_rank_reports(env: dict[str, str], expected: bool) -> None:
    assert is_reporting(env) is expected
