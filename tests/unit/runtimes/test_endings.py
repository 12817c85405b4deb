"""What the endings of processes come to."""

from __future__ import annotations

import pytest

from polyaxon.model.observation import Phase
from polyaxon.runtimes.process.read import Ending, Verdict, describe_code, verdict
from polyaxon.runtimes.process.render import Duty

ONE = {"main": Duty.DECIDES}
THREE = {"main": Duty.DECIDES, "peer": Duty.SERVES, "side": Duty.ACCOMPANIES}


@pytest.mark.parametrize(
    ("endings", "result"),
    [
        ({}, None),
        ({"main": Ending(0)}, Verdict(Phase.SUCCEEDED, 0, "")),
        ({"main": Ending(3)}, Verdict(Phase.FAILED, 3, "exit code 3")),
        ({"main": Ending(127, "`x` not found")}, Verdict(Phase.FAILED, 127, "`x` not found")),
        ({"main": Ending(None)}, Verdict(Phase.LOST, None, "the process is gone without an exit code")),
    ],
)
def test_one_process_is_its_run(endings: dict[str, Ending], result: Verdict | None) -> None:
    assert verdict(ONE, endings, is_stopping=False) == result


@pytest.mark.parametrize(
    ("endings", "phase"),
    [
        ({"side": Ending(1)}, None),
        ({"peer": Ending(0)}, None),
        ({"peer": Ending(1)}, Phase.FAILED),
        ({"main": Ending(0)}, Phase.SUCCEEDED),
        ({"peer": Ending(1), "main": Ending(0)}, Phase.FAILED),
    ],
)
def test_of_several_the_deciding_one_succeeds_and_any_but_a_sidecar_fails(
    endings: dict[str, Ending], phase: Phase | None
) -> None:
    found = verdict(THREE, endings, is_stopping=False)
    assert (found and found.phase) == phase


def test_a_failure_among_several_names_the_process() -> None:
    found = verdict(THREE, {"peer": Ending(2)}, is_stopping=False)
    assert found == Verdict(Phase.FAILED, 2, "`peer`: exit code 2")


def test_an_asked_stop_wins_over_every_ending() -> None:
    found = verdict(ONE, {"main": Ending(0)}, is_stopping=True)
    assert found is not None
    assert found.phase is Phase.STOPPED


@pytest.mark.parametrize(
    ("code", "text"),
    [(1, "exit code 1"), (127, "exit code 127: a command was not found"), (143, "ended by SIGTERM (exit code 143)"),
     (137, "ended by SIGKILL, perhaps for lack of memory (exit code 137)"), (255, "exit code 255")],
)  # fmt: skip
def test_codes_are_explained(code: int, text: str) -> None:
    assert describe_code(code) == text
