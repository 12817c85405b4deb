"""`polyaxon` in built environments is this project: the rewriting, and the wheel."""

from __future__ import annotations

import gc
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from polyaxon.builds import wheel
from polyaxon.builds.requirements import rewrite_arguments
from polyaxon.builds.wheel import light_files, write_wheel


@pytest.mark.parametrize(
    "word",
    [
        "polyaxon",
        "polyaxon==2.1",
        "polyaxon[polyboard,s3]",
        "polyaxon[a]>=1,<3",
        "Polyaxon ~= 2.0",
        "polyaxon===2.1rc1",
    ],
)
def test_every_wish_for_polyaxon_is_freed_of_its_version(tmp_path: Path, word: str) -> None:
    assert rewrite_arguments(["-U", word], "/", str(tmp_path)) == ["-U", "polyaxon"]


@pytest.mark.parametrize("word", ["polyaxon-sdk", "polyaxons==1", "./polyaxon", "numpy"])
def test_other_requirements_stay_as_they_are(tmp_path: Path, word: str) -> None:
    assert rewrite_arguments([word], "/", str(tmp_path)) == [word]


def test_a_file_named_polyaxon_after_an_option_stays(tmp_path: Path) -> None:
    assert rewrite_arguments(["-c", "polyaxon", "x"], "/", str(tmp_path)) == ["-c", "polyaxon", "x"]


def test_requirement_files_are_rewritten_also_where_they_include_others(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "req.txt").write_text("numpy\n-r sub/more.txt\n./local\n")
    (tmp_path / "sub" / "more.txt").write_text("polyaxon>=2  # tracking\n")
    flag, path = rewrite_arguments(["-r", "req.txt"], str(tmp_path), str(scratch))
    lines = Path(path).read_text().splitlines()
    assert (flag, lines[0], lines[2]) == ("-r", "numpy", f"{tmp_path}/./local")
    assert Path(lines[1].split()[1]).read_text() == "polyaxon\n"


def test_files_without_it_are_used_in_place(tmp_path: Path) -> None:
    (tmp_path / "req.txt").write_text("numpy\n")
    assert rewrite_arguments(["-rreq.txt"], str(tmp_path), str(tmp_path)) == [f"-r{tmp_path}/req.txt"]


def test_the_wheel_holds_tracking_and_client_and_no_scheduler() -> None:
    names = set(light_files())
    assert {"__init__.py", "errors.py", "tracking/__init__.py", "client/__init__.py", "store/reader.py"} <= names
    assert not [name for name in names if name.startswith(("spec/", "engine/", "scheduler/", "cli/", "runtimes/"))]


def test_the_same_sources_give_the_same_wheel(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = write_wheel(str(tmp_path / "a")), write_wheel(str(tmp_path / "b"))
    assert Path(first).read_bytes() == Path(second).read_bytes()


def test_the_wheel_imports_with_the_standard_library_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_wheel(str(tmp_path))) as archive:
        archive.extractall(tmp_path / "site")
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); import polyaxon.tracking, polyaxon.client"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class _Chatty:
    """Runs Python code when it is collected, at which another thread may come in."""

    other: object = None

    def __del__(self) -> None:
        for _ in range(200):
            pass


def test_threads_may_look_for_the_files_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = wheel._imported

    def amid_garbage(*arguments: Any) -> Any:
        for _ in range(30):
            one, two = _Chatty(), _Chatty()
            one.other, two.other = two, one
        return imported(*arguments)

    monkeypatch.setattr(wheel, "_imported", amid_garbage)
    before, seconds = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(50)
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(2) as threads:
            found = list(threads.map(lambda _: light_files(), range(2)))
    finally:
        gc.set_threshold(*before)
        sys.setswitchinterval(seconds)
    assert found == [light_files()] * 2
