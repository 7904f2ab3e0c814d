"""Requests to outside services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ivr_engine.core.ids import Millis
from ivr_engine.flows.waits import Json, Responded


class Lookup(Protocol):
    """Asks an outside service. Never raises for what the service does: every ending is a `Responded`."""

    async def ask(self, *, service: str, operation: str, send: Mapping[str, Json], limit: Millis) -> Responded:
        """Send the request and give its answer within `limit`."""
        ...
