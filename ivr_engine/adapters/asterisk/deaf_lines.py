"""Sessions whose connection says nothing any more, not even that it ended: the switch's list tells what is over.

A connection can be half-open: a machine or a tunnel between died, and no packet ever says so. Of a hang-up the event stream
alone tells then, which may err, and the session would wait for an answer until the longest talk is over, its agent with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from ivr_engine.adapters.asterisk.agi_line import Running
from ivr_engine.adapters.asterisk.agi_session import Gone
from ivr_engine.adapters.asterisk.ami_codec import AmiMessage
from ivr_engine.core.ids import CallId

Doubt = Running | Literal["gone"]

SURE_AFTER_S = 4.0
"""What two lists say that are so far apart is so: whatever began or ended while the first was made stands in the second."""


class Line(Protocol):
    """A session on a channel."""

    @property
    def gone(self) -> asyncio.Future[Gone]:
        """Done once the session is over."""
        ...

    @property
    def runs(self) -> Running | None:
        """The application that joins it with others, as far as it knows."""
        ...

    def give_up(self, reason: str) -> None:
        """Break the session off."""
        ...


class DeafLines:
    """Gives up sessions whose channel the switch has not, or has at something else. `now` is in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._since: dict[tuple[CallId, Doubt], float] = {}

    def look(self, channels: Sequence[AmiMessage], lines: Mapping[CallId, Line]) -> None:
        """Compare a list of all channels with the sessions that there are."""
        at = {row.get("Uniqueid"): row.get("Application") for row in channels}
        found = ((call, _doubt(line, at.get(call))) for call, line in lines.items() if not line.gone.done())
        doubts = {(call, doubt) for call, doubt in found if doubt is not None}
        self._since = {doubt: self._since.get(doubt, self._now()) for doubt in doubts}
        for (call, doubt), since in self._since.items():
            if self._now() - since >= SURE_AFTER_S:
                lines[call].give_up(_reason(doubt))


def _doubt(line: Line, application: str | None) -> Doubt | None:
    """What speaks against the session; `application`: what its channel is at, None: there is no such channel."""
    if application is None:
        return "gone"
    return line.runs if line.runs is not None and line.runs.application != application else None


def _reason(doubt: Doubt) -> str:
    over = "has no such channel" if isinstance(doubt, str) else f"is not at {doubt.application}"
    return f"the switch {over} any more, and the connection does not say so"
