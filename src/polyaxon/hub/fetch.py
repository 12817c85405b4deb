"""Reading what an address means: over the network with a limit on time and size, from a file, from a repository."""

from __future__ import annotations

import http.client
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from polyaxon.errors import FetchError, NotFoundError
from polyaxon.hub.mirrors import Destination

__all__ = ["MAX_BYTES", "fetch", "read_file"]

MAX_BYTES = 10 * 1024 * 1024
_TIMEOUT_SECONDS = 30.0
_CHUNK = 64 * 1024


def fetch(url: str, destination: Destination, timeout_seconds: float = _TIMEOUT_SECONDS) -> bytes:
    """Return the bytes behind the address; `destination` is where the mirrors say it leads."""
    if destination.repository is not None:
        return _show(url, destination)
    if destination.path is not None:
        return read_file(destination.path, url)
    return _download(destination.url or url, timeout_seconds)


def read_file(path: str, asked: str) -> bytes:
    """Return the bytes of a file that stands for what was asked for."""
    hint = None if asked == path else f"`{asked}` leads there by a mirror"
    try:
        size = os.stat(path).st_size
        if size > MAX_BYTES:
            raise FetchError(f"`{path}` has {size:,} bytes, more than the {MAX_BYTES:,} allowed", hint)
        return Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"there is no file `{path}`", hint) from None
    except OSError as error:
        raise FetchError(f"`{path}` cannot be read: {error.strerror}", hint) from error


def _download(url: str, timeout_seconds: float) -> bytes:
    if not url.startswith(("http://", "https://", "file://")):
        raise FetchError(f"`{url}` is not an address that can be read", "use http or https")
    request = urllib.request.Request(url, headers={"User-Agent": "polyaxon", "Accept": "*/*"})
    try:
        with urllib.request.urlopen(request, timeout=timeout_seconds) as answer:
            content = _read_limited(url, answer)
            kind = answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        if error.code in {404, 410}:
            raise NotFoundError(f"there is nothing at `{url}` (HTTP {error.code})") from error
        raise FetchError(f"`{url}` was refused: HTTP {error.code} {error.reason}") from error
    except TimeoutError:
        raise FetchError(f"`{url}` did not answer within {timeout_seconds:g} s", _MIRROR_HINT) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise FetchError(f"`{url}` could not be read: {reason}", _MIRROR_HINT) from error
    if kind == "text/html":
        raise FetchError(f"`{url}` is a web page, not a polyaxonfile", "use the address of the raw file")
    return content


_MIRROR_HINT = "without a network, map the address to a directory: `--mirror PREFIX=DIRECTORY`"


def _read_limited(url: str, answer: http.client.HTTPResponse) -> bytes:
    parts, size = [], 0
    while chunk := answer.read(_CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_BYTES:
            raise FetchError(f"`{url}` has more than the {MAX_BYTES:,} bytes allowed")
    return b"".join(parts)


def _show(url: str, destination: Destination) -> bytes:
    """Return a file of a revision; where the repository lacks `master` or `main`, its own default stands for them."""
    repository, revision, path = destination.repository, destination.revision, destination.path
    revisions = [revision, "HEAD"] if revision in {"master", "main"} else [revision]
    for name in revisions:
        command = ["git", "-C", str(repository), "show", f"{name}:{path}"]
        try:
            shown = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FetchError(f"git could not read `{repository}`: {error}") from error
        if shown.returncode == 0:
            if len(shown.stdout) > MAX_BYTES:
                raise FetchError(f"`{url}` has more than the {MAX_BYTES:,} bytes allowed")
            return shown.stdout
    reason = shown.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
    raise NotFoundError(f"`{repository}` has no `{path}` at `{revision}`: {reason}", f"`{url}` leads there by a mirror")
