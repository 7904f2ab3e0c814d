"""Identifiers and the one unit of time.

`Instant` is milliseconds since 1970-01-01T00:00:00Z on the engine's own clock: read from the wall once at start and
advanced by the monotonic clock from then on, so it never jumps while the engine runs, orders events, and still dates them.
`Millis` is a span in milliseconds.
"""

from __future__ import annotations

from typing import NewType

CallId = NewType("CallId", str)
AgentId = NewType("AgentId", str)
OfferId = NewType("OfferId", str)
QueueName = NewType("QueueName", str)
SkillName = NewType("SkillName", str)
FlowName = NewType("FlowName", str)
NodeName = NewType("NodeName", str)
Instant = NewType("Instant", int)
Millis = NewType("Millis", int)
Language = NewType("Language", str)
WorkKind = NewType("WorkKind", str)

VOICE = WorkKind("voice")
"""The kind of work that a call is. An agent has one at a time."""


def later(instant: Instant, span: Millis) -> Instant:
    """The instant `span` after `instant`."""
    return Instant(instant + span)


def between(begin: Instant, end: Instant) -> Millis:
    """The span from `begin` to `end`, never negative: a record has no negative durations."""
    return Millis(end - begin if end > begin else 0)
