"""What the client raises, under the names that existing programs catch; each is part of the one tree of errors."""

from __future__ import annotations

from typing import Mapping

from polyaxon.errors import ConflictError, NotFoundError, OutsideError, UsageError

__all__ = [
    "ApiException",
    "ForbiddenException",
    "NotFoundException",
    "PolyaxonClientException",
    "RefusedException",
    "ServerOnlyException",
    "ServiceException",
    "UnauthorizedException",
    "failure",
]


class ApiException(OutsideError):
    """A server answered with an error."""

    def __init__(
        self, status: int, reason: str = "", body: str = "", headers: Mapping[str, str] | None = None, where: str = ""
    ) -> None:
        text = body.strip() or reason
        super().__init__(f"{where}: {status} {text}" if where else f"{status} {text}", _HINTS.get(status))
        self.status = status
        self.reason = reason
        self.body = body
        self.headers = dict(headers or {})


class RefusedException(ApiException, UsageError):
    """What was asked is wrong (400)."""


class UnauthorizedException(ApiException):
    """No token, or a wrong one (401)."""


class ForbiddenException(ApiException):
    """Not allowed (403)."""


class NotFoundException(ApiException, NotFoundError):
    """No such thing (404)."""


class ServiceException(ApiException):
    """The server failed (5xx)."""


class PolyaxonClientException(UsageError):
    """The client cannot do what was asked."""


class ServerOnlyException(PolyaxonClientException, ConflictError):
    """Only a server can do it, and none is configured."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} needs a server", "set `POLYAXON_HOST`, or run `polyaxon config set host URL`")


def failure(
    status: int, reason: str = "", body: str = "", headers: Mapping[str, str] | None = None, where: str = ""
) -> ApiException:
    """Return the exception for an answer's status."""
    kind = _KINDS.get(status, ServiceException if status >= 500 else ApiException)
    return kind(status, reason, body, headers, where)


_HINTS = {
    401: "set `POLYAXON_AUTH_TOKEN` to a valid token",
    403: "the token's owner may not do this",
    404: "check the owner, the project and the uuid",
}
_KINDS = {400: RefusedException, 401: UnauthorizedException, 403: ForbiddenException, 404: NotFoundException}
