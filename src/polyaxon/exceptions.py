"""The names under which existing programs catch errors. Each is a class of the one tree in `polyaxon.errors`.

Standard library only, Python 3.8.
"""

from __future__ import annotations

from polyaxon.client.failures import (
    ApiException,
    ForbiddenException,
    NotFoundException,
    PolyaxonClientException,
    ServiceException,
    UnauthorizedException,
)
from polyaxon.errors import (
    BuildError,
    OutsideError,
    PolyaxonError,
    QueryError,
    RuntimeFailure,
    SpecError,
    UsageError,
)

__all__ = [
    "ApiException",
    "ForbiddenException",
    "NotFoundException",
    "OpenApiException",
    "PQLException",
    "PolyTuneException",
    "PolyaxonAgentError",
    "PolyaxonBuildException",
    "PolyaxonClientException",
    "PolyaxonCompilerError",
    "PolyaxonConfigException",
    "PolyaxonConnectionError",
    "PolyaxonContainerException",
    "PolyaxonConverterError",
    "PolyaxonException",
    "PolyaxonHTTPError",
    "PolyaxonK8sError",
    "PolyaxonOperatorException",
    "PolyaxonPathException",
    "PolyaxonSchemaError",
    "PolyaxonShouldExitError",
    "PolyaxonValidationError",
    "PolyaxonfileError",
    "ServiceException",
    "UnauthorizedException",
]

PolyaxonException = PolyaxonError
OpenApiException = OutsideError
PolyaxonHTTPError = ApiException
PolyaxonShouldExitError = PolyaxonClientException
PolyaxonSchemaError = PolyaxonValidationError = PolyaxonfileError = SpecError
PolyaxonCompilerError = PolyaxonConverterError = SpecError
PQLException = QueryError
PolyaxonConfigException = PolyaxonPathException = PolyTuneException = UsageError
PolyaxonAgentError = PolyaxonConnectionError = OutsideError
PolyaxonBuildException = BuildError
PolyaxonK8sError = PolyaxonOperatorException = PolyaxonContainerException = RuntimeFailure
