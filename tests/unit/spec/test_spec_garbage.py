"""What the garbage collector does while a file is read, and afterwards."""

from __future__ import annotations

import gc

from polyaxon.spec.garbage import collector_paused, garbage_set_aside


def test_the_collector_is_off_meanwhile_and_as_it_was_afterwards() -> None:
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_loaded_is_never_looked_at_again() -> None:
    before = gc.get_freeze_count()
    try:
        with garbage_set_aside():
            loaded: list[list[int]] = [[] for _ in range(1_000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(loaded)
    finally:
        gc.unfreeze()
