"""The REST API over urllib: one method per endpoint that the client uses.

A request that may be repeated without harm is: after a lost connection, or when the server says that it failed.
Creating is repeated only when nothing reached the server.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
import time
from typing import Any, Iterator, Mapping, Sequence
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from polyaxon.client.failures import ApiException, failure
from polyaxon.errors import OutsideError

__all__ = ["HttpTransport"]

# `Any` throughout: bodies are JSON.

_AGAIN = frozenset({500, 502, 503, 504})
_TRIES = 4
_FIRST_DELAY_SECONDS = 0.2


class HttpTransport:
    """A server at `host`. Errors are `ApiException`s; `OutsideError` when the server cannot be reached."""

    is_local = False

    def __init__(
        self, host: str, token: str | None = None, token_kind: str = "Token", timeout_seconds: float = 60
    ) -> None:
        self.host = (host if "://" in host else f"http://{host}").rstrip("/")
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"{token_kind} {token}"
        self._timeout_seconds = timeout_seconds
        self._opener = build_opener(_Redirects())
        self._namespaces: dict[str, str] = {}

    # Runs

    def list_runs(
        self, owner: str, project: str | None, query: str, sort: str, limit: int, offset: int
    ) -> Mapping[str, Any]:
        path = f"orgs/{_q(owner)}/runs" if project is None else _runs(owner, project)
        return self._json("GET", path, _page(query, sort, limit, offset))

    def get_run(self, owner: str, project: str, uuid: str) -> Mapping[str, Any]:
        return self._json("GET", _run(owner, project, uuid))

    def create_run(self, owner: str, project: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._json("POST", _runs(owner, project), body=body)

    def update_run(self, owner: str, project: str, uuid: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._json("PATCH", _run(owner, project, uuid), body=body)

    def delete_run(self, owner: str, project: str, uuid: str) -> None:
        self._json("DELETE", _run(owner, project, uuid))

    def statuses(self, owner: str, project: str, uuid: str) -> Mapping[str, Any]:
        return self._json("GET", _run(owner, project, uuid) + "/statuses")

    def add_status(self, owner: str, project: str, uuid: str, condition: Mapping[str, Any]) -> None:
        self._json("POST", _run(owner, project, uuid) + "/statuses", body={"condition": dict(condition)})

    def act(self, owner: str, project: str, uuid: str, action: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._json("POST", f"{_run(owner, project, uuid)}/{_q(action)}", body=body)

    def list_artifacts(self, owner: str, project: str, uuid: str) -> Mapping[str, Any]:
        return self._json("GET", _run(owner, project, uuid) + "/lineage/artifacts", {"limit": 1000})

    def add_artifacts(self, owner: str, project: str, uuid: str, artifacts: Sequence[Mapping[str, Any]]) -> None:
        self._json("POST", _run(owner, project, uuid) + "/lineage/artifacts", body={"artifacts": list(artifacts)})

    # Files

    def logs(self, owner: str, project: str, uuid: str) -> Iterator[str]:
        path = self._streams(owner, project, uuid) + "/logs"
        last: dict[str, Any] = {}
        while True:
            page = self._json("GET", path, last, base="streams")
            for line in page.get("logs") or ():
                yield str(line.get("value", ""))
            news = {key: page[key] for key in ("last_file", "last_time") if page.get(key)}
            if not page.get("logs") or news == last:
                return
            last = news

    def tree(self, owner: str, project: str, uuid: str, path: str) -> Mapping[str, Any]:
        return self._json(
            "GET", self._streams(owner, project, uuid) + "/artifacts/tree", {"path": path}, base="streams"
        )

    def fetch(self, owner: str, project: str, uuid: str, path: str, target: str) -> str:
        url = self._url(
            "streams", self._streams(owner, project, uuid) + "/artifacts", {"path": path, "check_path": True}
        )
        with self._open(Request(url, headers=self._headers)) as answer, tempfile.TemporaryFile() as file:
            shutil.copyfileobj(answer, file)
            file.seek(0)
            if ".tar" in answer.headers.get("content-disposition", ""):
                os.makedirs(target, exist_ok=True)
                with tarfile.open(fileobj=file) as archive:
                    _extract(archive, target)
            else:
                os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
                with open(target, "wb") as copy:
                    shutil.copyfileobj(file, copy)
        return target

    # Projects

    def list_projects(self, owner: str, query: str, sort: str, limit: int, offset: int) -> Mapping[str, Any]:
        return self._json("GET", f"{_q(owner)}/projects/list", _page(query, sort, limit, offset))

    def get_project(self, owner: str, name: str) -> Mapping[str, Any]:
        return self._json("GET", f"{_q(owner)}/{_q(name)}")

    def create_project(self, owner: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._json("POST", f"{_q(owner)}/projects/create", body=body)

    def update_project(self, owner: str, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._json("PATCH", f"{_q(owner)}/{_q(name)}", body=body)

    def delete_project(self, owner: str, name: str) -> None:
        self._json("DELETE", f"{_q(owner)}/{_q(name)}")

    # Private

    def _streams(self, owner: str, project: str, uuid: str) -> str:
        """The run's path on the streams side, which begins with its namespace."""
        if uuid not in self._namespaces:
            settings = self.get_run(owner, project, uuid).get("settings") or {}
            self._namespaces[uuid] = settings.get("namespace") or "polyaxon"
        return f"{_q(self._namespaces[uuid])}/{_run(owner, project, uuid)}"

    def _json(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        base: str = "api",
    ) -> Mapping[str, Any]:
        headers = dict(self._headers)
        data = None
        if body is not None or method == "POST":
            headers["Content-Type"] = "application/json"
            data = json.dumps(dict(body or {})).encode()
        request = Request(self._url(base, path, parameters), data=data, headers=headers, method=method)
        with self._open(request) as answer:
            text = answer.read()
        if not text.strip():
            return {}
        try:
            value = json.loads(text)
        except ValueError:
            raise OutsideError(
                f"{request.full_url} did not answer in JSON", "check that `POLYAXON_HOST` is a polyaxon server"
            ) from None
        return value if isinstance(value, dict) else {"results": value}

    def _url(self, base: str, path: str, parameters: Mapping[str, Any] | None) -> str:
        given = {key: str(value) for key, value in (parameters or {}).items() if value not in (None, "")}
        return f"{self.host}/{base}/v1/{path}" + (f"?{urlencode(given)}" if given else "")

    def _open(self, request: Request) -> Any:  # an `http.client.HTTPResponse`, whatever opened it
        delay = _FIRST_DELAY_SECONDS
        for attempt in range(1, _TRIES + 1):
            try:
                return self._opener.open(request, timeout=self._timeout_seconds)
            except HTTPError as error:
                trouble: ApiException | OutsideError = _answered(error, request)
                if error.code not in _AGAIN or (request.get_method() == "POST" and error.code != 503):
                    raise trouble from None
            except (URLError, ConnectionError, TimeoutError) as error:
                reason = getattr(error, "reason", error)
                trouble = OutsideError(
                    f"{self.host} cannot be reached: {reason}", "check `POLYAXON_HOST` and that the server is up"
                )
                if request.get_method() == "POST" and not isinstance(reason, ConnectionRefusedError):
                    raise trouble from None
            if attempt == _TRIES:
                raise trouble
            time.sleep(delay)
            delay *= 2
        raise AssertionError("unreachable")


class _Redirects(HTTPRedirectHandler):
    """Follows redirects as ever, but gives the token to the server it is for only."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        if followed is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            followed.remove_header("Authorization")
        return followed


def _answered(error: HTTPError, request: Request) -> ApiException:
    with error:
        body = error.read().decode("utf-8", "replace")
    where = f"{request.get_method()} {request.full_url}"
    return failure(error.code, str(error.reason), body, dict(error.headers.items()), where)


def _extract(archive: tarfile.TarFile, target: str) -> None:
    """Unpack, refusing members that would land elsewhere (older Pythons have no filter for that)."""
    root = os.path.realpath(target)
    for member in archive.getmembers():
        place = os.path.realpath(os.path.join(root, member.name))
        if not (place == root or place.startswith(root + os.sep)) or not (member.isfile() or member.isdir()):
            raise OutsideError(f"the server's archive holds `{member.name}`, which is not a plain file below it")
    for member in archive.getmembers():
        if member.isdir():
            os.makedirs(os.path.join(root, member.name), exist_ok=True)
            continue
        source = archive.extractfile(member)
        assert source is not None
        place = os.path.join(root, member.name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with source, open(place, "wb") as file:
            shutil.copyfileobj(source, file)


def _page(query: str, sort: str, limit: int, offset: int) -> dict[str, Any]:
    return {"query": query, "sort": sort, "limit": limit, "offset": offset or None}


def _q(part: str) -> str:
    return quote(part, safe="")


def _runs(owner: str, project: str) -> str:
    return f"{_q(owner)}/{_q(project)}/runs"


def _run(owner: str, project: str, uuid: str) -> str:
    return f"{_runs(owner, project)}/{_q(uuid)}"
