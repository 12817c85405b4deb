"""What can be done of a Dockerfile without a container engine, and what is said about the rest."""

from __future__ import annotations

import pytest

from polyaxon.builds.commands import Install, Other, read_commands
from polyaxon.builds.plan import Copy, base_requirements, plan_build


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("pip3 install --no-cache-dir -U polyaxon", ["--no-cache-dir", "-U", "polyaxon"]),
        ('pip3 install polyaxon["polyboard","polytune"]', ["polyaxon[polyboard,polytune]"]),
        ("python -m pip install -r req.txt", ["-r", "req.txt"]),
        ("/opt/venv/bin/python3.11 -u -m pip install a", ["a"]),
        ("uv pip install --system a", ["a"]),
        ("sudo pip install --user --target /x a --prefix=/y b", ["a", "b"]),
        ("PIP_X=1 pip install 'a>=1,<2'", ["a>=1,<2"]),
    ],
)
def test_every_spelling_of_a_pip_installation_is_known(text: str, arguments: list[str]) -> None:
    assert read_commands(text) == [Install(tuple(arguments))]


def test_a_line_is_taken_apart_at_its_separators() -> None:
    text = "apt-get update && apt-get install -y git; pip install --upgrade pip && pip install a || exit 1\nmake"
    assert read_commands(text) == [
        Other("apt-get update"),
        Other("apt-get install -y git"),
        Install(("a",)),
        Other("exit 1"),
        Other("make"),
    ]


@pytest.mark.parametrize("text", ["pip install -U pip setuptools wheel", "pip cache purge", "set -ex", "echo done"])
def test_what_changes_nothing_is_left_out(text: str) -> None:
    assert read_commands(text) == []


def test_the_seed_dockerfile_is_one_installation_in_a_locale() -> None:
    plan = plan_build(
        "FROM tensorflow/tensorflow:2.2.0\nENV LC_ALL en_US.UTF-8\nENV SHELL /bin/bash\nWORKDIR /code\n"
        "RUN pip3 install --no-cache-dir -U polyaxon\n"
    )
    assert (plan.base, plan.workdir, plan.warnings) == ("tensorflow/tensorflow:2.2.0", "/code", [])
    assert plan.env == {"LC_ALL": "en_US.UTF-8", "SHELL": "/bin/bash"}
    assert [step.action for step in plan.steps] == [Install(("--no-cache-dir", "-U", "polyaxon"))]


def test_everything_that_cannot_be_honoured_is_named_with_its_line() -> None:
    plan = plan_build(
        "FROM a AS first\nFROM b\nRUN apt-get update && pip install x\nUSER me\nCOPY --from=first /x /y\n"
        "ADD https://x.org/f /f\nVOLUME /data\nEXPOSE 80\n"
    )
    assert plan.warnings == [
        "Dockerfile line 2: only this last stage is built, the earlier ones are not",
        "Dockerfile line 3: not carried out, there is no container engine: `apt-get update`",
        "Dockerfile line 4: `USER me` is not honoured",
        "Dockerfile line 5: files of another image are not copied: `COPY --from=first /x /y`",
        "Dockerfile line 6: `https://x.org/f` is not fetched",
        "Dockerfile line 7: `VOLUME /data` is not honoured",
    ]


@pytest.mark.parametrize(
    ("line", "copy"),
    [
        ("COPY ./a /b", Copy(("./a",), "/b")),
        ("COPY a b/ c/", Copy(("a", "b/"), "/work/c/")),
        ('COPY ["a b", "/c d"]', Copy(("a b",), "/c d")),
        ("COPY a .", Copy(("a",), "/work/")),
        ("COPY --chown=1:1 a ../x", Copy(("a",), "/x")),
    ],
)
def test_copies_know_where_they_go(line: str, copy: Copy) -> None:
    assert plan_build(f"FROM x\nWORKDIR /work\n{line}").steps[0].action == copy


def test_build_arguments_and_variables_are_expanded() -> None:
    plan = plan_build(
        "ARG TAG=1\nFROM base:${TAG}\nARG V=2\nENV W=$V\nWORKDIR /a\nWORKDIR b\nRUN pip install x==$W",
        {"TAG": "9"},
    )
    assert (plan.base, plan.workdir) == ("base:9", "/a/b")
    assert plan.steps[0].action == Install(("x==2",))


def test_paths_and_entry_are_kept() -> None:
    plan = plan_build('FROM x\nENV PATH="${PATH}:/opt/x"\nENTRYPOINT ["a"]\nCMD ["b"]')
    assert (plan.path, plan.entrypoint, plan.command) == (["/opt/x"], ("a",), ("b",))


@pytest.mark.parametrize(
    ("image", "version"),
    [("python:3.9", "3.9"), ("python:3.9.1-slim", "3.9"), ("docker.io/library/python:3.12-slim", "3.12"),
     ("python:latest", None), ("acme/python:3.9", None)],
)  # fmt: skip
def test_a_python_image_tells_its_version(image: str, version: str | None) -> None:
    assert plan_build(f"FROM {image}").python == version


def test_the_most_precise_pattern_stands_in_for_a_base_image() -> None:
    table = {"tensorflow/*": ["a"], "tensorflow/tensorflow:2.2.0": "file.txt"}
    assert base_requirements("tensorflow/tensorflow:2.2.0", table) == "file.txt"
    assert base_requirements("docker.io/tensorflow/tensorflow:2.8.0", table) == ["a"]
    assert base_requirements("other", table) is None
