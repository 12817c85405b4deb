"""The Dockerfile that the `dockerfile` init step writes."""

from __future__ import annotations

from typing import Any

import pytest

from polyaxon.sidecar.dockerfile import render_dockerfile


def test_the_example_of_the_format() -> None:
    spec = {
        "image": "python:3.11",
        "env": {"A": "1"},
        "copy": ["./req.txt", ["./src", "/src"]],
        "run": ["pip install -r req.txt"],
    }
    assert render_dockerfile(spec) == (
        "FROM python:3.11\nENV SHELL /bin/bash\nENV A 1\nWORKDIR /code\nCOPY ./req.txt /code\nCOPY ./src /src\n"
        "RUN pip install -r req.txt\n"
    )


def test_everything_comes_in_the_order_of_the_format() -> None:
    spec = {
        "image": "i", "langEnv": "en_US.UTF-8", "shell": "/bin/sh", "path": ["/a"], "env": [["A", 1]], "workdir": "/w",
        "copy": ["c"], "run": ["r"], "postRunCopy": [["p", "q"]], "uid": 1000, "gid": 2000, "workdirPath": "./x",
    }  # fmt: skip
    assert render_dockerfile(spec).splitlines() == [
        "FROM i",
        "ENV LC_ALL en_US.UTF-8",
        "ENV LANG en_US.UTF-8",
        "ENV LANGUAGE en_US.UTF-8",
        "ENV SHELL /bin/sh",
        'ENV PATH="${PATH}:/a"',
        "ENV A 1",
        "WORKDIR /w",
        "COPY c /w",
        "RUN r",
        "COPY p q",
        "# The user `polyaxon`; the image's user stays what it is.",
        "RUN groupadd -g 2000 -r polyaxon && useradd -r -m -g polyaxon -u 1000 polyaxon",
        "COPY ./x /w",
    ]


@pytest.mark.parametrize(
    ("extra", "line"),
    [({"uid": 0, "gid": 5}, "groupadd"), ({"uid": 5}, "groupadd"), ({"shell": ""}, "SHELL"), ({}, "LC_ALL")],
)
def test_what_is_not_set_leaves_no_line(extra: dict[str, Any], line: str) -> None:
    assert line not in render_dockerfile({"image": "i", **extra})


def test_environment_pairs_may_be_objects() -> None:
    assert "ENV A 1\n" in render_dockerfile({"image": "i", "env": [{"name": "A", "value": 1}]})
