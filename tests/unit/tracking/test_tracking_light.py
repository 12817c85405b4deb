"""What training code imports works in any environment: the standard library alone, from Python 3.8 on."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from polyaxon.builds.wheel import light_files

SOURCE = Path(__file__).parents[3] / "src/polyaxon"
FILES = [SOURCE / name for name in light_files() if name.endswith(".py")]
"""What the light package holds: the modules that training code can reach."""
LATER = {  # name → the Python that brought it
    "removeprefix": "3.9",
    "removesuffix": "3.9",
    "to_thread": "3.9",
    "zoneinfo": "3.9",
    "graphlib": "3.9",
    "pairwise": "3.10",
    "bit_count": "3.10",
    "tomllib": "3.11",
    "StrEnum": "3.11",
    "UTC": "3.11",
    "batched": "3.12",
}
SMOKE = """
import json, os, sys
before = set(sys.modules)
from polyaxon import tracking
from polyaxon.client import RunClient, ProjectClient
import polyaxon.client.http, polyaxon.query, datetime
run = tracking.init()
tracking.log_inputs(lr=0.1)
for step in range(3):
    tracking.log_metric("loss", 1.0 / (step + 1), step=step)
tracking.log_outputs(best="yes")
tracking.log_text("note", "a|b")
tracking.log_confusion_matrix("m", ["a"], ["a"], [[1]])
open(tracking.get_outputs_path("model.bin"), "w").close()
tracking.log_model(tracking.get_outputs_path("model.bin"), framework="none")
tracking.end()
from polyaxon.tracking.journal import read_journal
journal = read_journal(run.get_artifacts_path())
query = polyaxon.query.parse("metrics.loss:<0.5, status:a|b", now=datetime.datetime.now())
foreign = sorted({name.partition(".")[0] for name in set(sys.modules) - before} - {"polyaxon"})
files = [getattr(sys.modules[name], "__file__", "") or "" for name in foreign if name in sys.modules]
print(json.dumps({
    "outputs": journal.outputs,
    "artifacts": sorted(artifact.kind for artifact in journal.artifacts),
    "foreign": [file for file in files if "site-packages" in file],
    "uuid": RunClient().run_uuid,
    "entered": RunClient(project="other").create(name="n").name,
    "listed": [run.name for run in RunClient(project="other").list(query="status:created", sort="-name").results],
}))
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_file_is_python_38(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {
        alias.name for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names
    }
    assert not used & set(LATER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_union_is_made_at_run_time(path: Path) -> None:
    """`X | Y` in an annotation is text; anywhere else it would be evaluated, and fail before Python 3.10."""
    tree = ast.parse(path.read_text())
    names = {"None", "str", "int", "float", "bool", "datetime", "list", "dict"}
    annotations = {id(inner) for node in ast.walk(tree) for part in _annotations(node) for inner in ast.walk(part)}
    unions = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and id(node) not in annotations
        if {ast.unparse(node.left), ast.unparse(node.right)} & names
    ]
    assert not unions


def _annotations(node: ast.AST) -> list[ast.AST]:
    parts = [getattr(node, name, None) for name in ("annotation", "returns")]
    return [part for part in parts if isinstance(part, ast.AST)]


def pythons() -> list[str]:
    """The oldest and the newest Python from 3.8 on that this machine has, besides the one of the tests."""
    found = {}
    for minor in range(8, 16):
        path = shutil.which(f"python3.{minor}")
        candidates = [path] if path else []
        candidates += map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        working = [candidate for candidate in candidates if _works(candidate, minor)]
        if working and minor != sys.version_info.minor:
            found[minor] = working[0]
    ends = sorted(found)
    return [found[minor] for minor in dict.fromkeys([*ends[:1], *ends[-1:]])]


def _works(python: str, minor: int) -> bool:
    code = f"import sys; sys.exit(sys.version_info[:2] != (3, {minor}))"
    return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("python", [sys.executable, *pythons()])
def test_it_works_with_the_standard_library_alone(python: str, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/polyaxon").symlink_to(SOURCE)
    code = f"import sys\nsys.path.insert(0, {str(tmp_path / 'lib')!r})\n" + SMOKE
    env = {
        "PATH": os.environ["PATH"],
        "POLYAXON_IS_MANAGED": "true",
        "POLYAXON_RUN_INSTANCE": "default.demo.runs." + "ab" * 16,
        "POLYAXON_RUN_ARTIFACTS_PATH": str(tmp_path / "run"),
        "POLYAXON_HOME": str(tmp_path / "home"),
    }
    done = subprocess.run(
        [python, "-I", "-S", "-W", "error", "-c", code],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said["outputs"] == {"loss": pytest.approx(1 / 3), "best": "yes"}
    assert said["artifacts"] == ["confusion", "env", "metric", "model", "text"]
    assert said["foreign"] == []
    assert (said["uuid"], said["entered"], said["listed"]) == ("ab" * 16, "n", ["n"])


def test_importing_tracking_imports_little() -> None:
    code = "import sys; before = set(sys.modules); import polyaxon.tracking; print(*sorted(set(sys.modules) - before))"
    env = {"PYTHONPATH": str(SOURCE.parent)}
    out = subprocess.run([sys.executable, "-S", "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    slow = {
        "typing",
        "dataclasses",
        "inspect",
        "datetime",
        "uuid",
        "logging",
        "urllib",
        "sqlite3",
        "subprocess",
        "socket",
    }
    assert not slow & set(out.split())
