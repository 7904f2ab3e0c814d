"""Queues: the rules of each (configuration), the calls in it, and their order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from ivr_engine.acd.transitions import CALL, CallPhase, CallStep, advance
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, OfferId, QueueName

Place = tuple[int, Instant, int, CallId]
"""A call's place: higher priority first, then earlier arrival, then earlier sequence number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """The rules of one queue. Spans in milliseconds; None: no limit, or never for `announce_position`.

    `wrap_up` 0: none. `staffed_only`: a caller whom nobody logged in could ever take is released at once as UNSTAFFED.
    """

    name: QueueName
    ring: Millis = Millis(15_000)
    wrap_up: Millis = Millis(10_000)
    max_wait: Millis | None = None
    max_length: int | None = None
    strategy: str = "longest_idle"
    announce_position: Millis | None = None
    open: bool = True
    staffed_only: bool = False


@dataclass(slots=True, kw_only=True)
class WaitingCall:
    """A call from entering the queue until caller and agent are parted.

    `arrived` and `sequence` never change, so a failed offer costs no place. `answered`: when, if it was. `overdue`: max_wait
    passed while an offer was not settled. `tried`: agents not to be tried again just now. `second`: the colleague whom the
    agent asks, or who talks with the two.
    """

    call: CallId
    queue: QueueName
    needs: tuple[SkillNeed, ...]
    priority: int
    language: Language
    arrived: Instant
    sequence: int
    phase: CallPhase = CallPhase.WAITING
    agent: AgentId | None = None
    offer: OfferId | None = None
    answered: Instant = Instant(0)
    overdue: bool = False
    tried: set[AgentId] = field(default_factory=set)
    second: AgentId | None = None

    @property
    def place(self) -> Place:
        """What the order of the queue compares."""
        return (-self.priority, self.arrived, self.sequence, self.call)

    def change_phase(self, step: CallStep) -> None:
        """Move on.

        Raises:
            IllegalTransition: not from here; nothing changed.
        """
        self.phase = advance(CALL, self.phase, step)


@dataclass(slots=True)
class Line:
    """The calls of one queue in order, those being offered included: they keep their place until answered."""

    places: list[Place] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Place]:
        return iter(self.places)

    def add(self, call: WaitingCall) -> None:
        """Take the call in at its place."""
        insort(self.places, call.place)

    def remove(self, call: WaitingCall) -> None:
        """Let the call go."""
        del self.places[bisect_left(self.places, call.place)]

    def position(self, call: WaitingCall) -> int:
        """The call's position, counted from 1; for a call not in line, the one it would get."""
        return bisect_left(self.places, call.place) + 1
