"""What the switch itself wrote down about calls: of the end of each, and of what it did while no engine was there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import CallId, Instant
from ivr_engine.core.outcomes import EndedBy


@frozen
class NotedCall:
    """One call. None: it did not happen, or was not seen. All instants but `ended` have the precision of a second.

    `began`: the switch took the call. `held`: it began to hold it without an engine. `answered`: an agent's telephone,
    `phone`, took it then. `parted`: that talk was over; `parted_by_agent`: the agent ended it. `ended`, `ended_by`: the end
    of the call, which is final. `joined`: the telephone that answered, if the last that an engine had rung for the call did.
    `elsewhere`: another engine at the same switch was the last to have it.
    """

    call: CallId
    number: str = ""
    caller: str = ""
    began: Instant | None = None
    held: Instant | None = None
    answered: Instant | None = None
    phone: str = ""
    parted: Instant | None = None
    parted_by_agent: bool = False
    ended: Instant | None = None
    ended_by: EndedBy = EndedBy.CALLER
    joined: str = ""
    elsewhere: bool = False


class SwitchNotes(Protocol):
    """Reads it. Neither method raises: notes that cannot be read are none."""

    def news(self) -> Sequence[NotedCall]:
        """The calls of which something was written since this was last asked; at first, of which the latest part tells."""
        ...

    def forget(self, calls: Iterable[CallId]) -> None:
        """Nobody will ask for these calls again."""
        ...

    def of(self, call: CallId) -> NotedCall | None:
        """All that is known of the call by now."""
        ...
