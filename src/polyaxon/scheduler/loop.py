"""The loop that drives roots: gather events, decide, commit once, then act. One per process.

What holds here, whatever dies when: nothing is sent to a runtime before the decision is committed; a root whose lease
was lost, or whose commit failed, is dropped from memory and nothing of it is carried out; loading it again from the store
repeats what may not have happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from polyaxon.engine.commands import Change, Clean, Command, Fetch, SetTimer, Start, Stop, Updated, Watch
from polyaxon.engine.events import Adopted, Due, Event, Reported, Settled
from polyaxon.engine.queue import Limits, Queue
from polyaxon.errors import PolyaxonError, StoreError
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation
from polyaxon.model.run import Run
from polyaxon.model.status import Status
from polyaxon.runtimes.base import Runtime
from polyaxon.scheduler.crash import CrashPoint, never
from polyaxon.scheduler.dispatch import Dispatcher
from polyaxon.scheduler.driven import Incoming, Roots, Round, created_roots
from polyaxon.scheduler.fetch import answer
from polyaxon.scheduler.ingest import ingest
from polyaxon.scheduler.timers import Timers
from polyaxon.scheduler.wakeup import Listener
from polyaxon.scheduler.watches import Watches
from polyaxon.store.base import Lease, Store

__all__ = ["Engine", "Scheduler", "Tuning"]

_log = logging.getLogger(__name__)
Result = TypeVar("Result")
