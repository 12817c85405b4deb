"""A flow of 300 operations with searches inside, killed over and over; what became of it, and in what time."""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from chaos_flow import DEADLINE_SECONDS, FAILED, WORK, Chaos

from polyaxon.model.run import Run
from polyaxon.testing.postgres_server import PostgresServer

LAYERS, WIDTH, POINTS = 12, 20, 60
AFTER_START_SECONDS = 1.2
"""A kill comes at most so long after the first commit."""
BETWEEN_RESTARTS_SECONDS = (3.0, 10.0)
STANDSTILL_SECONDS = 3.0
"""Who looks every ten milliseconds and did not come to it for so long, was on a machine that stood still."""
EARLY = 0.25
"""The share of kills that come before the scheduler has committed anything."""

_HEAD = """
version: 1.1
kind: component
name: large
run:
  kind: dag
  components:
@WORK@
  - name: endless
    run: {kind: job, container: {command: [sh, -c], args: ['echo endless >> "$CHAOS_EFFECTS"; exec sleep 300']}}
  - name: pair
    inputs: [{name: number, type: int}]
    run:
      kind: dag
      operations:
      - {name: left, dagRef: part, params: {number: {ref: dag, value: inputs.number}, mark: {value: left}}}
      - {name: right, dagRef: part, dependencies: [left], params: {number: {ref: dag, value: inputs.number}, mark: {value: right}}}
      components:
      - name: part
        inputs: [{name: mark, type: str}, {name: number, type: int}]
        run: {kind: job, container: {command: [sh, -c], args: ['echo {{ mark }}-{{ number }} >> "$CHAOS_EFFECTS"']}}
  operations:
  - {name: endless, dagRef: endless, termination: {timeout: 2}}
  - {name: bad, dagRef: work, params: {mark: {value: bad}}}
  - {name: after-bad, dagRef: work, dependencies: [bad], params: {mark: {value: after-bad}}}
  - {name: never, dagRef: work, conditions: "{{ 1 > 2 }}", params: {mark: {value: never}}}
  - {name: handled, dagRef: work, dependencies: [bad, endless], trigger: all_failed, params: {mark: {value: handled}}}
""".replace("@WORK@", WORK)  # noqa: E501 - the flow reads better with an operation per line


def large_flow() -> str:
    """Layers of jobs, and between them a search of jobs and a search of dags: 300 operations and more."""
    lines = []
    for layer in range(LAYERS):
        for place in range(WIDTH):
            number = layer * WIDTH + place
            above = {(layer - 1) * WIDTH + (place + step) % WIDTH for step in (0, 1, 5)} if layer else set()
            waits = [f"op{upstream}" for upstream in sorted(above)]
            waits += ["search"] if layer == LAYERS // 2 and place == 0 else []
            needs = f"dependencies: [{', '.join(waits)}], " if waits else ""
            params = f"params: {{mark: {{value: op}}, number: {{value: {number}}}}}"
            lines.append(f"  - {{name: op{number}, dagRef: work, {needs}{params}}}")
    spread = f"{{kind: grid, concurrency: 3, params: {{number: {{kind: range, value: [0, {POINTS}, 1]}}}}}}"
    pairs = "{kind: mapping, values: [{number: 1}, {number: 2}, {number: 3}]}"
    search = "dagRef: work, dependencies: [op0], params: {mark: {value: search}}"
    lines.append(f"  - {{name: search, {search}, matrix: {spread}}}")
    lines.append(f"  - {{name: pairs, dagRef: pair, dependencies: [never], matrix: {pairs}}}")
    return _HEAD + "\n".join(lines) + "\n"


@dataclass
class Figures:
    """What a test of kills has to tell."""

    kills: int = 0
    flows: int = 0
    operations: int = 0
    restarts: int = 0
    """Of the database server."""
    turned_away: int = 0
    """Drivers that found the server away while they opened the store."""
    doubles: int = 0
    last_moments: Counter[str] = field(default_factory=Counter)
    """After which named moment the kills came."""
    recoveries: list[float] = field(default_factory=list)
    """Seconds from the start of a new driver, or from the server's return, to its first commit."""
    own: list[float] = field(default_factory=list)
    """The same without the time in which others had the processors."""

    def report(self, where: str) -> str:
        """One line for the record."""
        slowest, own = sorted(self.recoveries), sorted(self.own)
        return json.dumps(
            {
                "where": where,
                "kills": self.kills,
                "flows": self.flows,
                "operations": self.operations,
                "server restarts": self.restarts,
                "drivers turned away": self.turned_away,
                "killed after": dict(self.last_moments.most_common()),
                "recoveries": len(slowest),
                "recovery p50": round(median(slowest), 2) if slowest else None,
                "recovery max": round(slowest[-1], 2) if slowest else None,
                "of its own p50": round(median(own), 2) if own else None,
                "of its own max": round(own[-1], 2) if own else None,
                "doubles": self.doubles,
            }
        )


class LargeChaos(Chaos):
    """A home with the large flow. Drivers note every moment that they reach."""

    def __init__(self, home: Path, database: str | None = None) -> None:
        (home / "home").mkdir(parents=True)
        super().__init__(home)
        self.file.write_text(large_flow())
        self.database = database
        self.moments = home / "moments"
        self.env = {"CHAOS_MOMENTS": str(self.moments), "POLYAXON_MAX_PARALLEL": "4"}

    def reached(self, driver: subprocess.Popen[bytes]) -> list[tuple[str, float, float]]:
        """Return the moments of a driver, with the time of each, and how long it had waited for a processor by then."""
        lines = self.moments.read_text().splitlines() if self.moments.exists() else []
        parts = [line.split() for line in lines]
        return [(name, float(at), float(waited)) for pid, name, at, waited in parts if int(pid) == driver.pid]

    def first_commit(self, driver: subprocess.Popen[bytes]) -> tuple[float, float] | None:
        """Wait for the driver's first commit; return its time, and how much until then was not the driver's own: it
        waited for a processor, or the whole machine stood still. None without a commit."""
        looked, stood_still = time.monotonic(), 0.0
        deadline = looked + DEADLINE_SECONDS
        while True:
            ended = driver.poll() is not None
            gap, looked = time.monotonic() - looked, time.monotonic()
            stood_still += gap if gap > STANDSTILL_SECONDS else 0.0
            for name, at, waited in self.reached(driver):
                if name == "committed":
                    return at, waited + stood_still
            if ended:
                return None
            assert time.monotonic() < deadline, "the driver neither commits nor ends"
            time.sleep(0.01)

    def outcome(self) -> Outcome:
        """Return what the flow did and how everything ended."""
        runs = {run.uuid: run for run in self.tree()}

        def path(run: Run) -> str:
            own = run.name or "" if run.index is None else f"{run.name}[{run.index}]"
            return own if run.pipeline is None else f"{path(runs[run.pipeline])}/{own}"

        return Outcome(
            Counter(self.effects.read_text().split()),
            {path(run): run.status.value for run in runs.values()},
            max(run.attempt for run in runs.values()),
        )


@dataclass(frozen=True)
class Outcome:
    """What a flow left behind."""

    effects: Counter[str]
    statuses: dict[str, str]
    attempts: int

    @property
    def doubles(self) -> int:
        """How often something was done again."""
        return sum(count - 1 for count in self.effects.values())


def kill_at_random(
    homes: Callable[[], LargeChaos], kills: int, chance: random.Random, expected: Outcome, server: Restarting | None
) -> Figures:
    """Kill drivers until there were enough kills, flow after flow; every flow must end as the undisturbed one."""
    figures = Figures()
    while figures.kills < kills:
        chaos, start_up, is_over, drivers = homes(), 1.0, False, 0
        while not is_over:
            begun = time.monotonic()
            driver = chaos.begin()
            drivers += 1
            enough = figures.kills >= kills
            if not enough and chance.random() < EARLY and drivers > 1:
                _wait(driver, chance.uniform(0, start_up))
            else:
                first = chaos.first_commit(driver)
                if first is not None and drivers > 1:
                    at, waited = first
                    start_up = at - max(begun, server.back_since(at) if server is not None else 0.0)
                    figures.recoveries.append(start_up)
                    figures.own.append(max(0.0, start_up - waited))
                _wait(driver, 2 * DEADLINE_SECONDS if enough else chance.uniform(0, AFTER_START_SECONDS))
            is_over = _end(driver, chaos, figures, server)
        with server.for_good() if server is not None else nullcontext():
            outcome = chaos.outcome()
        figures.flows += 1
        figures.operations += len(outcome.statuses)
        figures.doubles += outcome.doubles
        assert outcome == expected
    figures.restarts = server.count if server is not None else 0
    return figures


def _end(driver: subprocess.Popen[bytes], chaos: LargeChaos, figures: Figures, server: Restarting | None) -> bool:
    """Kill the driver unless it ended; tell whether the flow is over."""
    driver.kill()
    code = driver.wait()
    if code == FAILED:
        return True
    if code == -9:
        figures.kills += 1
        moments = chaos.reached(driver)
        figures.last_moments[moments[-1][0] if moments else "nothing"] += 1
    else:
        assert server is not None, f"the driver ended with {code}"
        figures.turned_away += 1
    return False


def _wait(driver: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        driver.wait(seconds)
    except subprocess.TimeoutExpired:
        return


class Restarting:
    """A server that goes away and comes back at random, for as long as the block lasts."""

    def __init__(self, server: PostgresServer, chance: random.Random) -> None:
        self.count = 0
        self._server = server
        self._chance = chance
        self._over = threading.Event()
        self._back: list[float] = []
        self._turn = threading.Lock()

    def back_since(self, moment: float) -> float:
        """Return when the server came back last before that moment; 0 when it was never away."""
        with self._turn:
            return max((at for at in self._back if at <= moment), default=0.0)

    @contextmanager
    def for_good(self) -> Iterator[PostgresServer]:
        """Keep the server from going away."""
        with self._turn:
            yield self._server

    @contextmanager
    def going_on(self) -> Iterator[Restarting]:
        """Stop and start the server until the block ends."""
        thread = threading.Thread(target=self._run, name="restarts")
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._chance.uniform(*BETWEEN_RESTARTS_SECONDS)):
            with self._turn:
                self._server.stop(self._chance.choice(["fast", "immediate"]))
                self._server.start()
                self._back.append(time.monotonic())
                self.count += 1
