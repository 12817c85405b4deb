"""Which Python an environment is made with, and the making of the empty environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import venv
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from polyaxon.errors import BuildError
from polyaxon.model.record import dataclass

__all__ = ["Interpreter", "find_interpreter", "make_environment"]

_PROBE = (
    "import sys, ensurepip, venv; print('%d.%d.%d' % sys.version_info[:3], sys.implementation.name, sys.base_prefix)"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that can make virtual environments. `identity` is what a build depends on."""

    executable: str
    version: str
    identity: str


def find_interpreter(wanted: str | None, environ: Mapping[str, str]) -> Interpreter | None:
    """Return the Python of that `major.minor` version on this machine; None when there is none. Ours, for no wish."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if wanted is None or wanted == own:
        return _probe(sys.executable)
    found = shutil.which(f"python{wanted}", path=environ.get("PATH"))
    candidate = _probe(found) if found else None
    return candidate if candidate and candidate.version.startswith(f"{wanted}.") else None


def make_environment(interpreter: Interpreter, directory: str, home: str) -> None:
    """Make an empty virtual environment that has pip."""
    pip = _shared_pip(home) if interpreter.executable == sys.executable else None
    if pip is None:
        env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
        made = subprocess.run([interpreter.executable, "-m", "venv", "--clear", directory], check=False, env=env)
        if made.returncode:
            raise BuildError(f"`python -m venv` ended with exit code {made.returncode}")
        return
    venv.EnvBuilder(with_pip=False, symlinks=True).create(directory)
    packages = next(Path(directory).glob("lib/python*/site-packages"))
    (packages / "shared-pip.pth").write_text(f"{pip}\n")
    for name in ("pip", "pip3"):
        script = Path(directory, "bin", name)
        script.write_text(_PIP_SCRIPT.format(python=Path(directory, "bin", "python")))
        script.chmod(0o755)


# Through a shell, for a home whose path is too long or has blanks for a shebang line.
_PIP_SCRIPT = """\
#!/bin/sh
exec '{python}' -m pip "$@"
"""


def _shared_pip(home: str) -> str | None:
    """Return a directory with a copy of our interpreter's pip alone: installing pip anew takes seconds each time."""
    try:
        pip = distribution("pip")
    except PackageNotFoundError:
        return None
    source = Path(str(pip.locate_file("pip")))
    information = next(source.parent.glob("pip-*.dist-info"), None)
    if information is None or not source.is_dir():
        return None
    shared = Path(home, "lib", f"pip-{pip.version}-{sys.implementation.cache_tag}")
    if not shared.is_dir():
        temporary = Path(f"{shared}.{os.getpid()}.{threading.get_ident()}")
        for tree in (source, information):
            shutil.copytree(tree, temporary / tree.name)
        try:
            os.rename(temporary, shared)
        except OSError:  # Another build was first.
            shutil.rmtree(temporary, ignore_errors=True)
    return str(shared)


def _probe(executable: str) -> Interpreter | None:
    env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    asked = subprocess.run([executable, "-c", _PROBE], capture_output=True, text=True, check=False, env=env)
    if asked.returncode:
        return None
    version, name, prefix = asked.stdout.strip().split(" ", 2)
    return Interpreter(executable, version, f"{name} {version} at {prefix}")
