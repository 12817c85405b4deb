"""Coverage-guided fuzzing: `python tests/fuzz/fuzz.py TARGET [libFuzzer option]...`, or `make fuzz MINUTES=10`.

Needs atheris (`pip install --group fuzz`). What it learns stays in `.fuzz/TARGET/corpus` and the next run goes on from
there; an input that crashes, or costs more than `limits` allows, is written to `.fuzz/TARGET/` and ends the run. Once
it is understood it becomes a unit test of what was wrong.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
STATE = HERE.parents[1] / ".fuzz"

with atheris.instrument_imports(include=["polyaxon", "jinja2"], enable_loader_override=False):
    from targets import TARGETS

from limits import cost_of
from mutate import mutated
from seeds import seeds, words

SUSPICIOUS_SECONDS = 2.0
"""CPU seconds of an instrumented step, which takes several times as long as a plain one: only then is that made."""


class TooMuchError(Exception):
    """The input costs more than any input may."""


def prepare(name: str) -> tuple[Path, Path]:
    """Write the seeds and the dictionary; return where the corpus and the dictionary are."""
    corpus = STATE / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        (corpus / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    for found in sorted((HERE / "found" / name).glob("*")):
        (corpus / found.name).write_bytes(found.read_bytes())
    dictionary = STATE / name / "words"
    lines = {"".join(f"\\x{byte:02x}" for byte in word.encode("utf-8")) for word in words() if word}
    dictionary.write_text("".join(f'"{line}"\n' for line in sorted(lines)))
    return corpus, dictionary


def guard(name: str) -> object:
    """Return the target as the fuzzer calls it: too much time or memory is a crash."""
    target = TARGETS[name]

    def run(data: bytes) -> None:
        cost = cost_of(target(data))
        if cost.seconds > SUSPICIOUS_SECONDS or cost.is_too_much:
            _confirm(name, data)

    return run


def _confirm(name: str, data: bytes) -> None:
    """Run the input in a process of its own, without the fuzzer in the way."""
    path = STATE / name / "suspicious"
    path.write_bytes(data)
    command = [sys.executable, str(HERE / "replay.py"), name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    if done.returncode:
        raise TooMuchError(done.stdout + done.stderr)


def mutator(name: str) -> object:
    """Return what changes inputs: bytes, or, where they are files, the tree that they are."""

    def change(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        found = mutated(data, most, chance) if name != "templates" and chance.random() < 0.7 else None
        return atheris.Mutate(data, most) if found is None else found

    return change


def main() -> None:
    """Fuzz one target."""
    name, *options = sys.argv[1:]
    corpus, dictionary = prepare(name)
    limits = ["-timeout=120", "-rss_limit_mb=2000", f"-artifact_prefix={STATE / name}/", f"-dict={dictionary}"]
    arguments = [sys.argv[0], *limits, "-max_len=20000", "-print_final_stats=1", *options, str(corpus)]
    atheris.Setup(arguments, guard(name), custom_mutator=mutator(name))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
