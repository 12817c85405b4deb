"""The init step that clones a repository.

A remote repository is kept as a bare one in `<home>/cache/git`, fetched under a lock and cloned from with shared
objects: the tenth run of a search costs milliseconds. A mirror that is a plain directory stands for its content.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from polyaxon.errors import FetchError, RuntimeFailure, UsageError
from polyaxon.hub.mirrors import Mirrors, repository_address
from polyaxon.model.launch import InitStep
from polyaxon.model.record import dataclass
from polyaxon.runtimes.process import Preparation, Program
from polyaxon.sidecar.target import target_directory
from polyaxon.tracking.journal import write_record

__all__ = ["clone", "repository_name"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_FETCH = "--experimental-fetch"
_SUBMODULES = frozenset({"--recurse-submodules", "--recursive"})


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the step asks for."""

    url: str
    revision: str | None
    with_submodules: bool
    flags: tuple[str, ...]


def clone(preparation: Preparation, step: InitStep, mirrors: Mirrors) -> None:
    """Clone the repository into the target directory, at the revision; what an earlier try left is replaced."""
    wish = _wish(step)
    name = step.connection if step.connection in preparation.plan.connections else repository_name(wish.url)
    target = os.path.join(target_directory(preparation, step), str(name))
    source = mirrors.repository(wish.url)
    temporary = f"{os.path.dirname(target)}/.{name}.{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    git = _Git(preparation, {**preparation.env, **_credentials(preparation, step, wish.url)})
    if _is_plain_directory(source):
        shutil.copytree(source, temporary, symlinks=True)
        preparation.log(f"init: `{wish.url}` is the directory `{source}`: copied")
        if wish.revision:
            preparation.log(f"init: it has no revisions: `{wish.revision}` is ignored")
    else:
        if not os.path.isdir(source):
            source = _cached(git, source, wish)
        git.run("clone", "--quiet", "--shared", "--no-checkout", *wish.flags, "--", source, temporary)
        git.run("-C", temporary, "remote", "set-url", "origin", wish.url)
        git.run("-C", temporary, "checkout", "--quiet", *([wish.revision] if wish.revision else []), "--")
        if wish.with_submodules:
            git.run("-C", temporary, "submodule", "--quiet", "update", "--init", "--recursive")
        _record_commit(preparation, git, wish, temporary)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(temporary, target)


def repository_name(url: str) -> str:
    """Return the directory of a clone: the last part of the address, cut at the first dot."""
    return repository_address(url).rsplit("/", 1)[-1].split(".", 1)[0] or "repository"


class _Git:
    """Git in one environment; its output goes to the run's log."""

    def __init__(self, preparation: Preparation, env: Mapping[str, str]) -> None:
        self.preparation = preparation
        self.env = {**env, "GIT_TERMINAL_PROMPT": "0"}

    def run(self, *arguments: str) -> None:
        """Run git to its end; raise `RuntimeFailure` with its last lines."""
        cwd = self.preparation.plan.places.context
        self.preparation.run(Program(("git", *arguments), self.env, cwd))

    def output(self, *arguments: str) -> str:
        """Return what git prints; empty when it fails."""
        asked = subprocess.run(["git", *arguments], env=self.env, capture_output=True, text=True, check=False)
        return asked.stdout.strip() if asked.returncode == 0 else ""


def _wish(step: InitStep) -> _Wish:
    url, revision = step.spec.get("url"), step.spec.get("revision")
    if not url:
        raise UsageError("`git` needs a `url`, or a connection that has one")
    flags, others = list(step.spec.get("flags") or ()), []
    with_submodules = False
    while flags:
        flag = flags.pop(0)
        name, _, value = flag.partition("=")
        if name in {"-b", "--branch"}:
            revision = revision or value or flags.pop(0)
        elif name in {"--depth", "--filter", "--shallow-since"}:
            # What these save, the cache saves: a clone of it copies no history.
            _ = value or flags.pop(0)
        elif name in _SUBMODULES:
            with_submodules = True
        elif name not in {_FETCH, "--single-branch", "--no-single-branch", "--quiet", "-q"}:
            others.append(flag)
    if revision and str(revision).startswith("-"):
        raise UsageError(f"`{revision}` is not a revision")
    return _Wish(str(url), str(revision) if revision else None, with_submodules, tuple(others))


def _is_plain_directory(source: str) -> bool:
    if not os.path.isdir(source):
        return False
    return not (os.path.exists(f"{source}/.git") or os.path.isfile(f"{source}/HEAD"))


def _cached(git: _Git, url: str, wish: _Wish) -> str:
    """Return the bare repository on this machine that has the revision as the remote has it now."""
    digest = blake2b(repository_address(url).encode(), digest_size=8).hexdigest()
    cache = Path(git.preparation.home, "cache", "git", f"{repository_name(url)}-{digest}")
    cache.parent.mkdir(parents=True, exist_ok=True)
    with _locked(f"{cache}.lock"):
        if not cache.is_dir():
            _first_fetch(git, url, cache)
        elif not (wish.revision and _COMMIT.fullmatch(wish.revision) and _has(git, cache, wish.revision)):
            _fetch_again(git, url, cache)
    return str(cache)


def _first_fetch(git: _Git, url: str, cache: Path) -> None:
    temporary = f"{cache}.{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        git.run("clone", "--quiet", "--bare", "--", url, temporary)
    except RuntimeFailure as error:
        hint = f"without a network, map the address to a directory: `--mirror {repository_address(url)}=DIRECTORY`"
        raise FetchError(f"`{url}` could not be cloned: {error.message}", hint) from error
    git.run("-C", temporary, "config", "remote.origin.fetch", "+refs/heads/*:refs/heads/*")
    os.replace(temporary, cache)


def _fetch_again(git: _Git, url: str, cache: Path) -> None:
    try:
        git.run("-C", str(cache), "fetch", "--quiet", "--prune", "--tags", "--force", "origin")
    except RuntimeFailure as error:
        git.preparation.log(f"init: `{url}` could not be reached, what was fetched before is used: {error.message}")


def _has(git: _Git, cache: Path, revision: str) -> bool:
    return git.output("-C", str(cache), "cat-file", "-t", revision) == "commit"


def _record_commit(preparation: Preparation, git: _Git, wish: _Wish, directory: str) -> None:
    commit = git.output("-C", directory, "rev-parse", "HEAD")
    preparation.log(f"init: cloned `{wish.url}` at {commit[:12]}")
    summary = {"commit": commit, "branch": wish.revision or "", "url": wish.url}
    record = {"op": "artifact", "name": commit, "kind": "coderef", "path": "", "summary": summary, "is_input": True}
    if commit:
        write_record(preparation.plan.places.run_artifacts, record)


def _credentials(preparation: Preparation, step: InitStep, url: str) -> dict[str, str]:
    """Return what lets git in: a `user:token` for https, or the key of an ssh connection. Never in an argument."""
    connection = preparation.plan.connections.get(step.connection or "")
    given = {**preparation.env, **(connection.env if connection is not None else {})}
    env: dict[str, str] = {}
    token = given.get("POLYAXON_GIT_CREDENTIALS")
    if token and url.startswith("https://"):
        encoded = base64.b64encode(token.encode()).decode()
        env |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader"}
        env["GIT_CONFIG_VALUE_0"] = f"Authorization: Basic {encoded}"
    if given.get("POLYAXON_SSH_PATH"):
        key = os.path.join(given["POLYAXON_SSH_PATH"], given.get("POLYAXON_SSH_PRIVATE_KEY", "id_rsa"))
        env["GIT_SSH_COMMAND"] = f"ssh -i '{key}' -o StrictHostKeyChecking=accept-new"
    return env


@contextmanager
def _locked(file: str) -> Iterator[None]:
    with open(file, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
