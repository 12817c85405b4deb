"""`PolyaxonClient`: one connection, to be shared by several clients."""

from __future__ import annotations

import os
from typing import Mapping

from polyaxon.client.transport import Transport, open_transport

__all__ = ["PolyaxonClient"]


class PolyaxonClient:
    """A connection with settings of its own, passed on as `RunClient(client=…)`.

    `config` has the names of the environment (`POLYAXON_HOST`, `POLYAXON_HOME`, …) and wins over it; `token` wins over
    both.
    """

    def __init__(self, config: Mapping[str, str] | None = None, token: str | None = None) -> None:
        self.config: dict[str, str] = {**os.environ, **(config or {})}
        if token is not None:
            self.config["POLYAXON_AUTH_TOKEN"] = token
        self._transport: Transport | None = None

    @property
    def transport(self) -> Transport:
        """The connection, opened when first used."""
        if self._transport is None:
            self._transport = open_transport(self.config)
        return self._transport

    def reset(self) -> None:
        """Open the connection anew at its next use."""
        self._transport = None
