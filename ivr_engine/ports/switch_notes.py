"""What the switch wrote down about calls while no engine was there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import CallId, Instant


@frozen
class NotedCall:
    """One call. Instants have the precision of a second; None: it did not happen, or was not seen.

    `held`: the switch began to hold it without an engine. `answered`: an agent's telephone, `phone`, took it then.
    """

    call: CallId
    number: str = ""
    caller: str = ""
    held: Instant | None = None
    answered: Instant | None = None
    phone: str = ""
    ended: Instant | None = None
    ended_by_agent: bool = False


class SwitchNotes(Protocol):
    """Reads it."""

    def calls(self) -> Mapping[CallId, NotedCall]:
        """Every call of which the latest part of it tells. Never raises: a notes that cannot be read is empty."""
        ...
