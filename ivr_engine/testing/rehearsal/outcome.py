"""What came of a conversation test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import Event, NodeEntered
from ivr_engine.errors import EngineError
from ivr_engine.flows.tree import Position
from ivr_engine.testing.rehearsal.script import ConversationTest


class Missed(EngineError):
    """What a step says did not come about. Never leaves the rehearsal: it becomes a Failure."""

    def __init__(self, expected: str, found: str, *, at: Position | None = None) -> None:
        super().__init__(f"expected {expected}; found {found}")
        self.expected = expected
        self.found = found
        self.at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Where in the test's file, what was expected there, and what came instead. `heard`: since the caller last acted."""

    at: Position
    expected: str
    found: str
    heard: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One test played. `events` are those of the call; `record` is None when the call was not over at a failure."""

    test: ConversationTest
    failure: Failure | None
    events: tuple[Event, ...]
    record: CallRecord | None

    @property
    def passed(self) -> bool:
        """Whether everything came as the test says."""
        return self.failure is None

    @property
    def path(self) -> str:
        """The nodes walked, each with the exit that led there: `greeting -> language (next) -> main_menu (2)`."""
        return " -> ".join(f"{each.node} ({each.by})" if each.by else each.node for each in entered(self.events))


def entered(events: Iterable[Event]) -> Iterable[NodeEntered]:
    """The nodes in the order of the walk."""
    return (event for event in events if isinstance(event, NodeEntered))
