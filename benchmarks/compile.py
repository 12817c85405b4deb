"""How long does it take to load, check and compile a dag, and what does one of its operations cost when it starts?

    python benchmarks/compile.py [--sizes 100 1000 10000] [--shapes refs cmd run] [--no-peers]

Times are CPU seconds of one process (the best of some runs), so that other work on the machine does not count. The
reference's `polyaxon` and snakemake load and check the same dag in the same run, from an environment of their own that
is made once (see `flow_peers`); what cannot be installed is a row with the reason.
"""

from __future__ import annotations

import argparse
import gc
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flow_peers import BIN, install
from polyaxon.compiler.compile import Surroundings, compile_operation, compile_use, launch_plan
from polyaxon.compiler.expand import dag_graph, inherited
from polyaxon.compiler.resolve import load
from polyaxon.compiler.sources import Source
from polyaxon.errors import NotFoundError
from polyaxon.model.ids import RunId
from polyaxon.model.launch import Places
from polyaxon.model.run import RunFacts
from polyaxon.spec.check import read
from polyaxon.spec.load import parse

BUDGET_SECONDS = 1.5
BUDGET_AT = 10_000
BUDGET_CHILD_MICROSECONDS = 150
PEERS_AT_MOST = 1000
PEER_SECONDS = 240
PLACES = Places("/ctx", "/ctx/artifacts", "/store/r", "/store/r/outputs", "/store")


class NoSources:
    """The file refers to nothing."""

    def read(self, kind: str, ref: str, base: str | None) -> Source:  # noqa: ARG002
        raise NotFoundError(ref)


def inline_text(body: str) -> Callable[[int], str]:
    """The same tree where each operation says itself what it runs."""

    def text(count: int) -> str:
        lines = ["kind: component", "name: big", "run:", "  kind: dag", "  concurrency: 10", "  operations:"]
        for index in range(count):
            lines += [f"  - name: op{index}", f"    {body}", f"    params: {{i: {index}}}"]
            if index:
                lines.append(f"    dependencies: [op{(index - 1) // 2}]")
        return "\n".join(lines) + "\n"

    return text


def dag_text(count: int) -> str:
    """A binary tree of operations with params across its edges, and a dependency beside them."""
    lines = [
        "version: 1.1",
        "kind: component",
        "name: big",
        "inputs: [{name: rate, type: float, value: 0.1}]",
        "run:",
        "  kind: dag",
        "  concurrency: 10",
        "  components:",
        "  - name: step",
        "    inputs: [{name: r, type: float}, {name: i, type: int, value: 0}]",
        "    outputs: [{name: score, type: float}]",
        "    run: {kind: job, container: {image: img, command: [run], args: ['--r={{ r }}', '--i={{ i }}']}}",
        "  operations:",
    ]
    for index in range(count):
        lines += [f"  - name: op{index}", "    dagRef: step"]
        if index == 0:
            lines.append("    params: {r: {ref: dag, value: inputs.rate}}")
            continue
        lines.append(f"    params: {{r: {{ref: ops.op{(index - 1) // 2}, value: outputs.score}}, i: {index}}}")
        lines.append(f"    dependencies: [op{max(index - 3, 0)}]")
    return "\n".join(lines) + "\n"


SHAPES: Mapping[str, Callable[[int], str]] = {
    "refs": dag_text,
    "cmd": inline_text("cmd: 'run --i={{ i }}'"),
    "run": inline_text("run: {kind: job, container: {image: img, command: [run], args: ['--i={{ i }}']}}"),
}


def best_of(runs: int, work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the least CPU time of some runs, and the last result."""
    least, result = float("inf"), None
    for _ in range(runs):
        result = None
        gc.collect()
        start = time.process_time()
        result = work()
        least = min(least, time.process_time() - start)
    return least, result


def measure(shape: str, count: int) -> float:
    """Print one line of the table; return the total."""
    text = SHAPES[shape](count)
    runs = 5 if count <= 1000 else 3
    parsing, document = best_of(runs, lambda: parse(text, "dag.yaml"))
    reading, _ = best_of(runs, lambda: read(document))
    loading, loaded = best_of(runs, lambda: load(NoSources(), Source(text, "dag.yaml")))
    if loaded.operation is None:
        raise SystemExit(str(loaded.problems[0]))
    compiling, _ = best_of(
        runs, lambda: (compile_operation(loaded.operation, around("big")), dag_graph(loaded.operation))
    )
    total = loading + compiling
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    verdict = (
        "" if count != BUDGET_AT else f"   budget {BUDGET_SECONDS} s: {'met' if total <= BUDGET_SECONDS else 'MISSED'}"
    )
    checking = loading - parsing - reading
    print(
        f"{shape:6} {count:>8,} {parsing:>8.3f} {reading:>8.3f} {checking:>8.3f} {compiling:>8.3f} {total:>8.3f}"
        f" {total / count * 1e6:>8.0f} {peak:>8.0f}{verdict}"
    )
    return total


def around(name: str, **more: Any) -> Surroundings:
    """Return the surroundings of a run."""
    return Surroundings(lambda: RunFacts(RunId("a" * 32), name, "quick"), PLACES, **more)


def measure_children(count: int = 1000) -> None:
    """Print what starting one operation of a dag costs: compiling it and making its launch plan."""
    operation = load(NoSources(), Source(dag_text(count), "dag.yaml")).operation
    if operation is None:
        raise SystemExit("the dag does not load")
    parent = compile_operation(operation, around("big"))
    facts = RunFacts(RunId("b" * 32), "big", "quick", inputs=parent.inputs)
    nodes = dag_graph(operation).nodes
    upstream = {node.name: RunFacts(RunId("c" * 32), node.name, "quick", outputs={"score": 0.5}) for node in nodes}
    preset = inherited(parent)

    def start_all() -> None:
        for node in nodes:
            surroundings = around(node.name, dag=facts, upstream=upstream, inherited=preset)
            launch_plan(compile_use(node.written, node.component, surroundings), surroundings)

    seconds, _ = best_of(3, start_all)
    each = seconds / count * 1e6
    verdict = "met" if each <= BUDGET_CHILD_MICROSECONDS else "MISSED"
    print(f"\ncompile and plan one operation: {each:.0f} µs   budget {BUDGET_CHILD_MICROSECONDS} µs: {verdict}")


REFERENCE = """
import sys, time
from polyaxon.polyaxonfile import check_polyaxonfile
start = time.process_time()
operation = check_polyaxonfile(sys.argv[1], is_cli=False, to_op=True)
print(time.process_time() - start)
"""
SNAKEMAKE = """
import subprocess, sys, resource
command = [sys.executable, "-m", "snakemake", "-s", sys.argv[1], "-n", "-q", "-c1"]
subprocess.run(command, check=True, capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
"""


def snakefile(count: int) -> str:
    """The same tree as snakemake rules."""
    lines = [f"rule all:\n    input: {', '.join(repr(f'op{index}') for index in range(count))}\n"]
    for index in range(count):
        inputs = "" if index == 0 else f"    input: 'op{(index - 1) // 2}'\n"
        lines.append(f"rule r{index}:\n{inputs}    output: 'op{index}'\n    shell: 'touch {{output}}'\n")
    return "\n".join(lines)


PEERS = (
    ("polyaxon (reference)", "polyaxon", REFERENCE, dag_text, ".yaml"),
    ("snakemake -n", "snakemake", SNAKEMAKE, snakefile, ".smk"),
)


def measure_peers(ours: Mapping[int, float]) -> None:
    """Print the peers' times for the same dag and how many times ours they are, or why there are none."""
    print(f"\n{'peer':22} {'ops':>8} {'CPU s':>8} {'× ours':>8}")
    for name, package, script, make, suffix in PEERS:
        reason = install(package)
        if reason:
            print(f"{name:22} skipped: {reason}")
            continue
        for size, seconds in ours.items():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"dag{suffix}"
                path.write_text(make(size))
                command = [str(Path(BIN, "python")), "-c", script, str(path)]
                try:
                    done = subprocess.run(
                        command, capture_output=True, text=True, timeout=PEER_SECONDS, check=False, cwd=folder
                    )
                except subprocess.TimeoutExpired:
                    print(f"{name:22} {size:>8,} not done in {PEER_SECONDS} s")
                    break
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
                print(f"{name:22} {size:>8,} failed: {reason[:160]}")
                break
            taken = float(done.stdout.strip().splitlines()[-1])
            print(f"{name:22} {size:>8,} {taken:>8.2f} {taken / seconds:>8.1f}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100, 1000, 10_000])
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    measured = ("shape", "ops", "parse", "model", "check", "compile", "total s", "µs/op", "peak MB")
    print(f"Python {sys.version.split()[0]}; CPU seconds\n")
    print("{:6} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}".format(*measured))
    load(NoSources(), Source(dag_text(5), "dag.yaml"))  # imports and validators are not what is measured
    taken = {shape: {size: measure(shape, size) for size in options.sizes} for shape in options.shapes}
    measure_children()
    if not options.no_peers and "refs" in taken:
        measure_peers({size: seconds for size, seconds in taken["refs"].items() if size <= PEERS_AT_MOST})


if __name__ == "__main__":
    main()
