"""The names that existing programs catch."""

from __future__ import annotations

import pytest

from polyaxon import exceptions
from polyaxon.client.failures import failure
from polyaxon.errors import NotFoundError, PolyaxonError, UsageError


def test_every_name_is_part_of_the_one_tree() -> None:
    for name in exceptions.__all__:
        assert issubclass(getattr(exceptions, name), PolyaxonError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, UsageError),
        (401, exceptions.UnauthorizedException),
        (403, exceptions.ForbiddenException),
        (404, exceptions.NotFoundException),
        (404, NotFoundError),
        (409, exceptions.ApiException),
        (500, exceptions.ServiceException),
        (503, exceptions.ServiceException),
    ],
)
def test_the_status_of_an_answer_chooses_the_exception(status: int, kind: type[Exception]) -> None:
    error = failure(status, "reason", "body", {"a": "b"})
    assert isinstance(error, kind)
    assert isinstance(error, exceptions.OpenApiException)
    assert (error.status, error.reason, error.body, error.headers) == (status, "reason", "body", {"a": "b"})
