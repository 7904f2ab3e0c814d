"""Sessions whose connection says nothing any more, not even that it ended: the switch's list tells that the channel is gone.

A connection can be half-open: a machine or a tunnel between died, and no packet ever says so. A caller who hangs up then is
heard of by the event stream alone, which may err, and the session would wait for an answer until the longest talk is over,
its agent with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ivr_engine.adapters.asterisk.agi_session import Gone
from ivr_engine.adapters.asterisk.ami_codec import AmiMessage
from ivr_engine.core.ids import CallId

SURE_AFTER_S = 4.0
"""A channel missing from two lists that are so far apart is gone: one that came after the first list stands in the second."""


class Line(Protocol):
    """A session on a channel."""

    @property
    def gone(self) -> asyncio.Future[Gone]:
        """Done once the session is over."""
        ...

    def give_up(self, reason: str) -> None:
        """Break the session off."""
        ...


class DeafLines:
    """Gives up sessions whose channel the switch has not. `now` is in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._missed: dict[CallId, float] = {}

    def look(self, channels: Sequence[AmiMessage], lines: Mapping[CallId, Line]) -> None:
        """Compare a list of all channels with the sessions that there are."""
        listed = {row.get("Uniqueid") for row in channels}
        missing = {call: line for call, line in lines.items() if call not in listed and not line.gone.done()}
        self._missed = {call: since for call, since in self._missed.items() if call in missing}
        for call, line in missing.items():
            if self._now() - self._missed.setdefault(call, self._now()) >= SURE_AFTER_S:
                line.give_up("the switch has no such channel any more, and the connection does not say so")
