"""Programs that look at runs: `RunClient` and `ProjectClient`.

    from polyaxon.client import RunClient

    for run in RunClient().list(query="metrics.accuracy:>0.9", sort="-metrics.accuracy", limit=10).results:
        print(run.uuid, run.inputs, run.outputs)

With `POLYAXON_HOST` set they speak to that server, else to the local home (`POLYAXON_HOME`). Standard library only,
Python 3.8: training code imports this in whatever environment it has.
"""

from __future__ import annotations

from polyaxon.client.connection import PolyaxonClient
from polyaxon.client.entities import Entity, Page, Project, Run
from polyaxon.client.failures import ApiException, NotFoundException, PolyaxonClientException, ServerOnlyException
from polyaxon.client.projects import ProjectClient
from polyaxon.client.runs import RunClient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from polyaxon.client.asynchronous import AsyncProjectClient, AsyncRunClient

__all__ = [
    "ApiException",
    "AsyncProjectClient",
    "AsyncRunClient",
    "Entity",
    "NotFoundException",
    "Page",
    "PolyaxonClient",
    "PolyaxonClientException",
    "Project",
    "ProjectClient",
    "Run",
    "RunClient",
    "ServerOnlyException",
]


def __getattr__(name: str) -> type:
    """The asynchronous clients, imported when asked for: `asyncio` is half of this package's start otherwise."""
    if name in ("AsyncProjectClient", "AsyncRunClient"):
        from polyaxon.client import asynchronous

        found: type = getattr(asynchronous, name)
        return found
    raise AttributeError(f"module `polyaxon.client` has no attribute `{name}`")
