"""Building environments with real pips, offline: packages come from a directory of wheels written here."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from polyaxon.builds.__main__ import main
from polyaxon.builds.builder import Built, Request, build
from polyaxon.builds.wheel import LIGHT_VERSION
from polyaxon.errors import BuildError
from polyaxon.runtimes.process.images import LocalImages
from polyaxon.tracking.journal import read_journal

INSTALL = "RUN pip install --no-cache-dir tiny\n"


def write_package(directory: Path, name: str, version: str, requires: Sequence[str] = ()) -> None:
    """Write the wheel of a package with one module of its name."""
    information = f"{name}-{version}.dist-info"
    metadata = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
        *(f"Requires-Dist: {item}" for item in requires),
    ]
    files = {
        f"{name}/__init__.py": f"VERSION = '{version}'\n",
        f"{information}/METADATA": "\n".join(metadata) + "\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{information}/RECORD"])
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in {**files, f"{information}/RECORD": record}.items():
            archive.writestr(file, text)


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packages: tiny, one that needs polyaxon, and a stranger of the name polyaxon with a higher version."""
    directory = tmp_path_factory.mktemp("index")
    write_package(directory, "tiny", "1.0")
    write_package(directory, "needy", "1.0", ["polyaxon[extra]", "tiny"])
    write_package(directory, "polyaxon", "9.9")
    return directory


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, index: Path) -> Maker:
    return Maker(tmp_path_factory.mktemp("built"), index)


@pytest.fixture
def fresh(tmp_path: Path, index: Path) -> Maker:
    return Maker(tmp_path, index)


class Maker:
    """Builds on one home, offline."""

    def __init__(self, directory: Path, index: Path) -> None:
        self.directory = directory
        self.home = str(directory / "home")
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(index),
            "PIP_CONFIG_FILE": os.devnull,
            "POLYAXON_HOME": self.home,
        }
        self.said: list[str] = []

    def build(
        self, text: str, destination: str = "acme/img", files: Mapping[str, str] | None = None, **options: object
    ) -> Built:
        self.write({"Dockerfile": text, **(files or {})})
        return self.build_written(destination, **options)

    def write(self, files: Mapping[str, str]) -> None:
        for name, content in files.items():
            file = self.directory / "context" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    def build_written(self, destination: str = "acme/img", **options: object) -> Built:
        self.said = []
        context = self.directory / "context"
        request = Request(
            home=self.home,
            destination=destination,
            dockerfile=str(context / "Dockerfile"),
            context=str(context),
            environ=self.environ,
            **options,  # type: ignore[arg-type]
        )
        return build(request, self.said.append)

    def python(self, built: Built, code: str) -> str:
        python = f"{built.image.venv}/bin/python"
        return subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_packages_of_run_lines_are_installed(shared: Maker) -> None:
    built = shared.build(f"FROM python:{sys.version_info[0]}.{sys.version_info[1]}\n{INSTALL}")
    assert shared.python(built, "import tiny; print(tiny.VERSION)") == "1.0"
    assert not built.image.warnings


def test_an_identical_build_is_reused_under_another_name(shared: Maker) -> None:
    text = f"FROM python:3.11\n{INSTALL}"
    first = shared.build(text)
    second = shared.build(text, destination="acme/other:v1")
    assert second.is_reused
    assert second.image.root == first.image.root
    images = LocalImages(shared.home)
    assert images.find("acme/img") == images.find("docker.io/acme/img:latest") == images.find("acme/other:v1")
    assert images.find("acme/other") is None


def test_no_other_distribution_of_the_name_polyaxon_comes_in(shared: Maker) -> None:
    text = "FROM python:3.11\nRUN pip install -U 'polyaxon[polyboard]==2.1' && pip install needy\n"
    built = shared.build(text)
    code = "from importlib.metadata import version; import polyaxon.tracking; print(version('polyaxon'))"
    assert shared.python(built, code) == LIGHT_VERSION


def test_a_stranger_given_by_its_file_is_refused(shared: Maker, index: Path) -> None:
    with pytest.raises(BuildError):
        shared.build(f"FROM python:3.11\nRUN pip install {index}/polyaxon-9.9-py3-none-any.whl\n")


def test_requirements_stand_in_for_a_base_image(shared: Maker) -> None:
    built = shared.build("FROM tensorflow/tensorflow:2.2.0\n", base_images={"tensorflow/*": ["tiny"]})
    assert shared.python(built, "import tiny; print(tiny.VERSION)") == "1.0"
    assert built.image.warnings == ("the base image `tensorflow/tensorflow:2.2.0` is stood in for by tiny",)


def test_a_base_image_that_nothing_stands_in_for_is_a_warning(shared: Maker) -> None:
    built = shared.build("FROM tensorflow/tensorflow:2.2.0\n")
    assert "the base image `tensorflow/tensorflow:2.2.0` is not there" in built.image.warnings[0]
    assert f"warning: {built.image.warnings[0]}" in shared.said


def test_copied_files_lie_where_the_image_has_them(shared: Maker) -> None:
    text = (
        "FROM python:3.11\nWORKDIR /code\nCOPY req.txt .\nCOPY src /opt/src\nRUN pip install -r req.txt\nCOPY none /x\n"
    )
    built = shared.build(text, files={"req.txt": "tiny\n", "src/a.py": "a"})
    image = built.image
    assert image.workdir == "/code"
    assert Path(image.directories["/code"], "req.txt").read_text() == "tiny\n"
    assert Path(image.directories["/opt/src"], "a.py").read_text() == "a"
    assert "`none` is not in the context" in image.warnings[-1]


def test_a_copy_out_of_the_context_is_refused(shared: Maker) -> None:
    with pytest.raises(BuildError, match="outside"):
        shared.build("FROM python:3.11\nCOPY ../../x /x\n")


def test_changed_files_are_another_build(fresh: Maker) -> None:
    text = "FROM python:3.11\nCOPY a /a\n"
    first = fresh.build(text, files={"a": "1"})
    assert fresh.build(text, files={"a": "1"}).is_reused
    second = fresh.build(text, files={"a": "2"})
    assert not second.is_reused
    assert Path(first.image.directories["/a"]).read_text() == "1"


def test_a_build_without_cache_leaves_the_old_environment_to_its_users(fresh: Maker) -> None:
    first = fresh.build("FROM python:3.11\n")
    second = fresh.build("FROM python:3.11\n", use_cache=False)
    assert first.image.root != second.image.root
    assert os.path.exists(f"{first.image.venv}/bin/python")
    found = LocalImages(fresh.home).find("acme/img")
    assert found is not None
    assert found.root == second.image.root
    assert fresh.build("FROM python:3.11\n").image.root == second.image.root


def test_a_failing_build_leaves_nothing_behind(fresh: Maker, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BuildError, match=r"`pip install no-such-package` ended with exit code 1"):
        fresh.build("FROM python:3.11\nRUN pip install no-such-package\n")
    assert "No matching distribution found for no-such-package" in capfd.readouterr().err
    assert LocalImages(fresh.home).find("acme/img") is None
    assert [name for name in os.listdir(f"{fresh.home}/images") if name != "locks"] == []


def test_what_a_killed_build_left_is_removed_by_the_next(fresh: Maker) -> None:
    built = fresh.build("FROM python:3.11\n")
    os.unlink(f"{fresh.home}/images/digests/{built.image.digest}")
    os.unlink(f"{built.image.root}/environment.json")
    assert not fresh.build("FROM python:3.11\n").is_reused
    roots = [name for name in os.listdir(f"{fresh.home}/images") if name.startswith(built.image.digest)]
    assert len(roots) == 1


def test_of_two_identical_builds_at_once_one_builds_and_the_other_waits(fresh: Maker) -> None:
    fresh.write({"Dockerfile": "FROM python:3.11\n"})  # once: one who reads it while it is written finds it empty
    with ThreadPoolExecutor(2) as threads:
        builds = [threads.submit(fresh.build_written) for _ in range(2)]
    results = [each.result() for each in builds]
    assert sorted(built.is_reused for built in results) == [False, True]
    assert results[0].image.root == results[1].image.root


def test_the_program_reports_to_its_run(shared: Maker, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM acme/base\nRUN apt-get update && pip install tiny\n")
    environ = {**shared.environ, "POLYAXON_RUN_ARTIFACTS_PATH": str(tmp_path)}
    assert main(["--destination=acme/prog", f"--context={context}"], environ) == 0
    assert "image `acme/prog` built: " in capfd.readouterr().out
    warnings = (tmp_path / "warnings.txt").read_text().splitlines()
    assert len(warnings) == 2
    assert "acme/base" in warnings[0]
    assert "apt-get update" in warnings[1]
    journal = read_journal(str(tmp_path))
    assert journal.outputs["destination"] == "acme/prog"
    assert [(item.name, item.kind, item.summary["image"]) for item in journal.artifacts] == [
        ("destination", "docker_image", "acme/prog")
    ]
    assert main(["--destination=acme/prog", f"--context={context}"], environ) == 0
    assert "reused, built" in capfd.readouterr().out


def test_the_program_ends_with_the_reason_when_it_fails(
    shared: Maker, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["--destination=x", f"--context={tmp_path}"], shared.environ) == 1
    assert capfd.readouterr().out.startswith("build failed: the Dockerfile")
