"""Dockerfiles taken apart."""

from __future__ import annotations

import pytest

from polyaxon.builds.dockerfile import Instruction, assignments, exec_form, expand, parse, split_flags
from polyaxon.errors import BuildError


def test_comments_blank_lines_and_continuations_are_understood() -> None:
    text = "# syntax=1\n\nfrom a AS b\nRUN one \\\n  # why\n\n  && two\nEXPOSE 1"
    assert parse(text) == [
        Instruction("FROM", "a AS b", 3),
        Instruction("RUN", "one && two", 4),
        Instruction("EXPOSE", "1", 8),
    ]


def test_a_here_document_belongs_to_its_instruction() -> None:
    assert parse("FROM a\nRUN <<EOF\npip install x\nFROM b\nEOF\nUSER c")[1:] == [
        Instruction("RUN", "<<EOF\npip install x\nFROM b", 2),
        Instruction("USER", "c", 6),
    ]


@pytest.mark.parametrize(("text", "words"), [("RUN x", "no FROM"), ("FROM a\n=x", "line 2"), ("", "no FROM")])
def test_what_is_no_dockerfile_is_refused(text: str, words: str) -> None:
    with pytest.raises(BuildError, match=words):
        parse(text)


@pytest.mark.parametrize(
    ("text", "values"),
    [("A=1", {"A": "1"}), ('A=1 B="x y"', {"A": "1", "B": "x y"}), ("A the rest", {"A": "the rest"}), ("A", {"A": ""}),
     ("A=", {"A": ""})],
)  # fmt: skip
def test_both_forms_of_assignments_are_read(text: str, values: dict[str, str]) -> None:
    assert assignments(text) == values


@pytest.mark.parametrize(
    ("text", "result"),
    [("$A-${A}", "1-1"), ("${B:-2}", "2"), ("${A:+3}${B:+4}", "3"), (r"\$A", "$A"), ("$B", "")],
)
def test_variables_are_expanded_as_docker_does(text: str, result: str) -> None:
    assert expand(text, {"A": "1"}) == result


def test_flags_come_before_the_rest() -> None:
    assert split_flags("--mount=type=cache,target=/x --from=b pip install y") == (
        {"mount": "type=cache,target=/x", "from": "b"},
        "pip install y",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [('["a", "b c"]', ("a", "b c")), ("a b", ("/bin/sh", "-c", "a b")), ("[x", ("/bin/sh", "-c", "[x")), ("", ())],
)
def test_exec_and_shell_form_are_told_apart(text: str, words: tuple[str, ...]) -> None:
    assert exec_form(text) == words
