"""Where the process runtime keeps things below the home. The one place that knows the names.

artifacts/<run>/            the run's own files: outputs, events, plxlogs, …
contexts/<run>/             what stands for /plx-context while the run lives (made only when something needs it)
runs/<digit>/               records, such as `<run>.<attempt>.<process>.pid`: a directory per run would cost too much
lib/<digest>/polyaxon       this package alone, for the PYTHONPATH of user code
volumes/<claim>/            what stands for a persistent volume claim
gpus/<index>                lock files: whoever holds the lock has the device
ports/<number>              the same for the ports of services
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from polyaxon.model.ids import RunId
from polyaxon.model.launch import Places
from polyaxon.model.record import dataclass
from polyaxon.runtimes.keeper import make_directory

__all__ = [
    "LOGS",
    "WARNINGS",
    "Layout",
    "make_context",
    "make_library",
    "make_run_directories",
    "remove_records",
    "remove_tree",
    "run_directories",
]

LOGS = "plxlogs"
"""Log files lie in this directory of the run's artifacts, one per process; retries append."""
WARNINGS = "warnings.txt"
"""A program may leave lines here, in its run's artifacts: they become warnings of the run."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below one home, as text: they are joined thousands of times a second."""

    home: str

    def places(self, run: RunId) -> Places:
        """Return where the run finds its files."""
        context = f"{self.home}/contexts/{run}"
        artifacts = f"{self.home}/artifacts"
        return Places(
            context=context,
            artifacts=f"{context}/artifacts",
            run_artifacts=f"{artifacts}/{run}",
            run_outputs=f"{artifacts}/{run}/outputs",
            store=artifacts,
        )

    def shelf(self, run: RunId) -> str:
        """The directory with the records of the run, among others."""
        return f"{self.home}/runs/{run[0]}"

    def record(self, run: RunId, attempt: int, process: str) -> str:
        """The stem of one process's records."""
        return f"{self.home}/runs/{run[0]}/{run}.{attempt}.{process}"

    def log(self, run: RunId, process: str) -> str:
        """The log file of one process."""
        return f"{self.home}/artifacts/{run}/{LOGS}/{process}.log"

    def volume(self, claim: str) -> str:
        """The directory that stands for a volume claim."""
        return f"{self.home}/volumes/{claim}"

    def gpu(self, index: str) -> str:
        """The lock file of one device."""
        return f"{self.home}/gpus/{index}"

    def port(self, number: int) -> str:
        """The lock file of one port."""
        return f"{self.home}/ports/{number}"


def run_directories(layout: Layout, run: RunId) -> tuple[str, ...]:
    """The run's artifacts, with `outputs` and logs."""
    own = f"{layout.home}/artifacts/{run}"
    return (own, f"{own}/outputs", f"{own}/{LOGS}")


def make_run_directories(layout: Layout, run: RunId) -> bool:
    """Create what is missing of them, and of where records lie; whether the run had nothing before."""
    make_directory(layout.shelf(run))
    is_new, *_ = [make_directory(path) for path in run_directories(layout, run)]
    return is_new


def remove_records(layout: Layout, run: RunId) -> None:
    """Remove what is kept of all attempts of the run."""
    shelf = layout.shelf(run)
    with suppress(FileNotFoundError):
        for name in os.listdir(shelf):
            if name.startswith(f"{run}."):
                os.unlink(f"{shelf}/{name}")


def make_context(layout: Layout, run: RunId) -> None:
    """Create what stands for /plx-context: a directory in which `artifacts/<run>` leads to the run's own."""
    places = layout.places(run)
    Path(places.artifacts).mkdir(parents=True, exist_ok=True)
    link = f"{places.artifacts}/{run}"
    if not os.path.islink(link):
        with suppress(FileExistsError):
            os.symlink(places.run_artifacts, link)


def remove_tree(directory: str) -> None:
    """Remove a directory with all that is in it, as far as that is possible."""
    import shutil  # brings compressors along: a hundredth of a start, for what most runs never do

    shutil.rmtree(directory, ignore_errors=True)


def make_library(layout: Layout) -> str:
    """Create and return the directory that holds `polyaxon` alone, so that user code sees no other package of ours."""
    package = Path(__file__).resolve().parents[2]
    directory = Path(layout.home, "lib", blake2b(str(package).encode(), digest_size=6).hexdigest())
    directory.mkdir(parents=True, exist_ok=True)
    link = directory / "polyaxon"
    if not link.is_symlink():
        with suppress(FileExistsError):
            link.symlink_to(package, target_is_directory=True)
    return str(directory)
