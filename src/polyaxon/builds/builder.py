"""Builds the environment that stands for an image, or finds the one that identical instructions made before.

An environment is finished when the link to it appears; whatever a failed or killed build left is removed by the next,
under a lock per digest, so that two identical builds make one environment.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field
from glob import glob
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polyaxon
from polyaxon.artifacts.local import copy_into, safe_join
from polyaxon.builds.commands import Install
from polyaxon.builds.interpreters import Interpreter, find_interpreter, make_environment
from polyaxon.builds.plan import BuildPlan, Copy, Step, base_requirements, plan_build
from polyaxon.builds.requirements import check_own, rewrite_arguments, write_constraint
from polyaxon.builds.wheel import light_files, write_wheel
from polyaxon.errors import BuildError, UserError
from polyaxon.model.record import dataclass
from polyaxon.runtimes.process.images import LocalImage, LocalImages
from polyaxon.runtimes.process.paths import PathMap

__all__ = ["Built", "Request", "build"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be built. `environ` is what programs get, `base_images` what stands in for base images."""

    home: str
    destination: str
    dockerfile: str
    context: str
    environ: Mapping[str, str]
    base_images: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    build_args: Mapping[str, str] = field(default_factory=dict)
    use_cache: bool = True


@dataclass(frozen=True, slots=True)
class Built:
    """The environment, and whether it was there already."""

    image: LocalImage
    is_reused: bool


@dataclass(frozen=True, slots=True)
class _Recipe:
    """A plan with everything that the result depends on."""

    plan: BuildPlan
    interpreter: Interpreter
    base: tuple[str, ...]
    parts: Mapping[str, Any]
    digest: str
    notes: tuple[str, ...]


def build(request: Request, say: Callable[[str], None]) -> Built:
    """Build, or reuse, and let the destination name the result. Raises `BuildError` with nothing left behind."""
    recipe = _recipe(request)
    for note in recipe.notes:
        say(note)
    for warning in recipe.plan.warnings:
        say(f"warning: {warning}")
    images = LocalImages(request.home)
    with _locked(f"{images.directory}/locks/{recipe.digest}", say):
        image = images.find_built(recipe.digest) if request.use_cache else None
        is_reused = image is not None
        if image is None:
            image = _make(request, recipe, images, say)
    images.name(request.destination, image.root)
    return Built(image, is_reused)


def _recipe(request: Request) -> _Recipe:
    try:
        text = Path(request.dockerfile).read_text(encoding="utf-8")
    except OSError as error:
        raise BuildError(f"the Dockerfile `{request.dockerfile}` cannot be read: {error.strerror}") from error
    plan = plan_build(text, request.build_args)
    notes: list[str] = []
    base = _base(request, plan)
    interpreter = find_interpreter(plan.python, request.environ)
    if interpreter is None and plan.python is not None:
        plan.warnings.insert(0, f"Python {plan.python} of `{plan.base}` is not on this machine")
        interpreter = find_interpreter(None, request.environ)
    if interpreter is None:
        raise BuildError("this Python cannot make virtual environments: its modules `venv` and `ensurepip` are missing")
    notes.append(f"Python {interpreter.version} ({interpreter.executable})")
    parts = {
        "dockerfile": text,
        "build_args": dict(sorted(request.build_args.items())),
        "base": [*base, *(_content(item) for item in base if os.path.isfile(item))],
        "python": interpreter.identity,
        "polyaxon": f"{polyaxon.__version__} {_digest(light_files())}",
        "context": _context_digest(request, plan),
    }
    return _Recipe(plan, interpreter, base, parts, _digest(parts), tuple(notes))


def _base(request: Request, plan: BuildPlan) -> tuple[str, ...]:
    """Return pip's arguments for what stands in for the base image."""
    wanted = base_requirements(plan.base, request.base_images)
    if wanted is None:
        if plan.python is None and plan.base != "scratch":
            hint = "`polyaxon config set base_images` can name requirements that stand in for it"
            plan.warnings.insert(0, f"the base image `{plan.base}` is not there, only Python is: {hint}")
        return ()
    if isinstance(wanted, str):
        file = os.path.join(request.home, os.path.expanduser(wanted))
        if not os.path.isfile(file):
            raise BuildError(f"`{wanted}`, which stands in for `{plan.base}`, is no file", "see `polyaxon config show`")
        plan.warnings.insert(0, f"the base image `{plan.base}` is stood in for by `{file}`")
        return ("-r", file)
    plan.warnings.insert(0, f"the base image `{plan.base}` is stood in for by {', '.join(wanted)}")
    return tuple(wanted)


def _make(request: Request, recipe: _Recipe, images: LocalImages, say: Callable[[str], None]) -> LocalImage:
    root = images.new_root(recipe.digest)
    try:
        image = _fill(request, recipe, root, say)
        images.describe(image, root)
        images.finish(recipe.digest, root)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    return image


def _fill(request: Request, recipe: _Recipe, root: str, say: Callable[[str], None]) -> LocalImage:
    plan, venv = recipe.plan, f"{root}/venv"
    directories = _directories(plan, root)
    paths = PathMap(directories)
    env = {name: value for name, value in request.environ.items() if name not in _CLEARED}
    env |= {name: paths.localize(value) for name, value in plan.env.items()} | _PIP
    say("creating the environment")
    make_environment(recipe.interpreter, venv, request.home)
    wheels = f"{root}/wheels"
    os.makedirs(wheels)
    write_wheel(wheels)
    scratch = f"{root}/scratch"
    os.makedirs(scratch)
    constraint = write_constraint(root)
    pip = [f"{venv}/bin/python", "-m", "pip", "install", "--find-links", wheels, "--constraint", constraint]
    steps = list(plan.steps)
    if recipe.base:
        steps.insert(0, Step("base: pip install " + " ".join(recipe.base), Install(recipe.base), "/"))
    for position, step in enumerate(steps, 1):
        say(f"step {position}/{len(steps)}: {step.title}")
        if isinstance(step.action, Copy):
            _copy(request, step.action, root, plan.warnings, say)
            continue
        workdir = paths.localize(step.workdir)
        cwd = workdir if os.path.isdir(workdir) else root
        arguments = [paths.localize(word) for word in step.action.arguments]
        _run([*pip, *rewrite_arguments(arguments, cwd, scratch)], cwd, env, f"`{step.title}`")
    check_own(venv)
    shutil.rmtree(scratch)
    return LocalImage(
        digest=recipe.digest,
        root=root,
        env={name: paths.localize(value) for name, value in plan.env.items()},
        path=tuple(paths.localize(entry) for entry in plan.path if paths.localize(entry) != entry),
        directories=directories,
        workdir=plan.workdir,
        entrypoint=plan.entrypoint,
        command=plan.command,
        built_at=time.time(),
        warnings=tuple(plan.warnings),
        parts=recipe.parts,
    )


_CLEARED = frozenset({"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT"})
_PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}


def _directories(plan: BuildPlan, root: str) -> dict[str, str]:
    """Return where the image's own paths lie: its working directory and what is copied into it."""
    targets = [plan.workdir, *(step.action.target for step in plan.steps if isinstance(step.action, Copy))]
    table: dict[str, str] = {}
    for target in filter(None, targets):
        path = "/" + target.strip("/")
        if path != "/":
            table[path] = f"{root}/files{path}"
    if plan.workdir and plan.workdir != "/":
        os.makedirs(f"{root}/files{plan.workdir}", exist_ok=True)
    return table


def _copy(request: Request, action: Copy, root: str, warnings: list[str], say: Callable[[str], None]) -> None:
    place = f"{root}/files/" + action.target.lstrip("/")
    for pattern in action.sources:
        matches = _matches(request.context, pattern)
        if not matches:
            warnings.append(f"`{pattern}` is not in the context `{request.context}`: it is not copied")
            say(f"warning: {warnings[-1]}")
        for source in matches:
            if os.path.isdir(source):
                copy_into(source, place)
            elif place.endswith("/") or os.path.isdir(place):
                copy_into(source, os.path.join(place, os.path.basename(source)))
            else:
                copy_into(source, place)


def _matches(context: str, pattern: str) -> list[str]:
    """Return the files of the context that a COPY names; a path that exists as it is written is that path."""
    try:
        path = safe_join(context, pattern)
    except UserError as error:
        raise BuildError(error.message) from error
    if os.path.exists(path):
        return [path]
    return sorted(found for found in glob(path) if os.path.realpath(found).startswith(os.path.realpath(context)))


def _context_digest(request: Request, plan: BuildPlan) -> str:
    """Return what the copied files come to, names and contents."""
    known = blake2b(digest_size=16)
    for step in plan.steps:
        if not isinstance(step.action, Copy):
            continue
        for pattern in step.action.sources:
            for source in _matches(request.context, pattern):
                for file in sorted(_files(source)):
                    known.update(f"{os.path.relpath(file, request.context)}\0".encode())
                    known.update(blake2b(Path(file).read_bytes(), digest_size=16).digest())
    return known.hexdigest()


def _files(source: str) -> Iterator[str]:
    if os.path.isfile(source):
        yield source
    for parent, _, names in os.walk(source):
        yield from (os.path.join(parent, name) for name in names if os.path.isfile(os.path.join(parent, name)))


def _run(command: Sequence[str], cwd: str, env: Mapping[str, str], what: str) -> None:
    """Run a program whose output is the build's log; raise `BuildError` when it fails."""
    try:
        code = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, check=False).returncode
    except OSError as error:
        raise BuildError(f"{what} could not be started: {error}") from error
    if code:
        raise BuildError(f"{what} ended with exit code {code}")


def _content(file: str) -> str:
    return Path(file).read_text(encoding="utf-8", errors="replace")


def _digest(value: Any) -> str:  # plain JSON data, bytes as their digests
    text = json.dumps(value, sort_keys=True, default=lambda item: blake2b(item, digest_size=16).hexdigest())
    return blake2b(text.encode(), digest_size=12).hexdigest()


@contextmanager
def _locked(file: str, say: Callable[[str], None]) -> Iterator[None]:
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    with open(file, "a") as lock:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
            return
        say("an identical build is going on: waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
