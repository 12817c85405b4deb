"""From a Dockerfile to what can be done of it here, and what cannot. Pure."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import field
from fnmatch import fnmatchcase

from polyaxon.builds.commands import Install, read_commands
from polyaxon.builds.dockerfile import Instruction, assignments, exec_form, expand, parse, split_flags
from polyaxon.model.record import dataclass

__all__ = ["BuildPlan", "Copy", "Step", "base_requirements", "plan_build"]

_SILENT = frozenset({"EXPOSE", "LABEL", "MAINTAINER", "STOPSIGNAL", "HEALTHCHECK", "SHELL"})
"""Instructions whose absence changes nothing for a process of this machine."""
_PYTHON_IMAGE = re.compile(r"(?:docker\.io/)?(?:library/)?python:(\d+\.\d+)[^/]*")


@dataclass(frozen=True, slots=True)
class Copy:
    """Files of the context to copy; `target` is the path in the image, with a slash at the end for a directory."""

    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do, and the Dockerfile's line that asks for it, for the log. `workdir` is the image's then."""

    title: str
    action: Install | Copy
    workdir: str


@dataclass(slots=True)
class BuildPlan:
    """What building comes to."""

    base: str = ""
    python: str | None = None
    """The Python version that the base image stands for, where its name tells."""
    steps: list[Step] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    workdir: str | None = None
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    warnings: list[str] = field(default_factory=list)
    _args: dict[str, str] = field(default_factory=dict)

    def warn(self, instruction: Instruction, message: str) -> None:
        """Note something that cannot be honoured."""
        self.warnings.append(f"Dockerfile line {instruction.line}: {message}")


def plan_build(text: str, build_args: Mapping[str, str] | None = None) -> BuildPlan:
    """Return what can be done of the Dockerfile; raise `BuildError` when it cannot be read.

    Of several stages only the last counts, as it does for the image.
    """
    instructions = parse(text)
    last = max(index for index, item in enumerate(instructions) if item.keyword == "FROM")
    plan = BuildPlan()
    given = dict(build_args or {})
    for item in instructions[:last]:
        if item.keyword == "ARG":
            _arg(plan, item, given)
    if sum(item.keyword == "FROM" for item in instructions) > 1:
        plan.warn(instructions[last], "only this last stage is built, the earlier ones are not")
    for item in instructions[last:]:
        _apply(plan, item, given)
    return plan


def base_requirements(base: str, table: Mapping[str, str | Sequence[str]]) -> str | Sequence[str] | None:
    """Return what stands in for the base image by the most precise pattern that matches it: a file, or a list."""
    name = base.removeprefix("docker.io/").removeprefix("library/")
    for pattern in sorted(table, key=len, reverse=True):
        if fnmatchcase(name, pattern) or fnmatchcase(base, pattern):
            return table[pattern]
    return None


def _apply(plan: BuildPlan, item: Instruction, given: Mapping[str, str]) -> None:
    keyword = item.keyword
    if keyword == "FROM":
        _, text = split_flags(item.text)
        plan.base = expand(text.split()[0], {**plan._args, **given})
        python = _PYTHON_IMAGE.fullmatch(plan.base)
        plan.python = python[1] if python else None
    elif keyword == "ARG":
        _arg(plan, item, given)
    elif keyword == "ENV":
        _env(plan, item)
    elif keyword == "WORKDIR":
        plan.workdir = posixpath.join(plan.workdir or "/", _expand(plan, item.text))
    elif keyword == "RUN":
        _run(plan, item)
    elif keyword in {"COPY", "ADD"}:
        _copy(plan, item)
    elif keyword == "ENTRYPOINT":
        plan.entrypoint, plan.command = exec_form(item.text), ()
    elif keyword == "CMD":
        plan.command = exec_form(item.text)
    elif keyword not in _SILENT:
        plan.warn(item, f"`{keyword} {item.text}` is not honoured".rstrip())


def _arg(plan: BuildPlan, item: Instruction, given: Mapping[str, str]) -> None:
    for name, value in assignments(item.text).items():
        plan._args[name] = given.get(name, _expand(plan, value) or plan._args.get(name, ""))


def _env(plan: BuildPlan, item: Instruction) -> None:
    for name, value in assignments(item.text).items():
        if name == "PATH":
            entries = expand(value, {**plan._args, **plan.env}).split(":")
            plan.path += [entry for entry in entries if entry and entry not in plan.path]
        else:
            plan.env[name] = _expand(plan, value)


def _run(plan: BuildPlan, item: Instruction) -> None:
    _, text = split_flags(item.text)
    if text.startswith("["):
        text = shlex.join(exec_form(text))
    skipped: list[str] = []
    for command in read_commands(text):
        if isinstance(command, Install):
            arguments = tuple(_expand(plan, word) for word in command.arguments)
            title = "pip install " + " ".join(arguments)
            plan.steps.append(Step(title, Install(arguments), plan.workdir or "/"))
        else:
            skipped.append(command.text)
    if skipped:
        plan.warn(item, "not carried out, there is no container engine: " + "; ".join(f"`{text}`" for text in skipped))


def _copy(plan: BuildPlan, item: Instruction) -> None:
    flags, text = split_flags(_expand(plan, item.text))
    words = list(exec_form(text)) if text.startswith("[") else text.split()
    if "from" in flags:
        plan.warn(item, f"files of another image are not copied: `{item.keyword} {item.text}`")
        return
    if text.startswith("<<") or len(words) < 2:
        plan.warn(item, f"`{item.keyword} {item.text.splitlines()[0]}` is not honoured")
        return
    *sources, target = words
    remote = [source for source in sources if "://" in source]
    if remote:
        plan.warn(item, f"`{', '.join(remote)}` is not fetched")
        sources = [source for source in sources if source not in remote]
    if not sources:
        return
    place = posixpath.join(plan.workdir or "/", target)
    is_directory = target.endswith(("/", "/.")) or target == "." or len(sources) > 1
    place = posixpath.normpath(place) + ("/" if is_directory else "")
    plan.steps.append(Step(f"COPY {text}", Copy(tuple(sources), place), plan.workdir or "/"))


def _expand(plan: BuildPlan, text: str) -> str:
    return expand(text, {**plan._args, **plan.env})
