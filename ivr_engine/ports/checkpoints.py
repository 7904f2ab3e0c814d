"""Where calls stand, kept outside the process for the engine that takes them over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ivr_engine.core.ids import CallId


class CheckpointStore(Protocol):
    """One stored session a call, JSON-ready. Saving the call's record (ports.records) removes it."""

    def keep(self, call: CallId, session: Mapping[str, Any]) -> None:
        """Have it written soon, after every event appended before it; it takes the place of the one before."""
        ...

    def kept(self) -> dict[CallId, dict[str, Any]]:
        """Those on disk, by call."""
        ...
