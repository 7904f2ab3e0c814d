"""The centre's timers: what is due when, cheap to set, to clear and to ask for the next."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from ivr_engine.core.ids import Instant


class TimerKind(IntEnum):
    """What is due. The numbers decide at the same instant: an agent becoming free comes before a caller giving up."""

    WRAP_UP = 0
    OFFER = 1
    RETRY = 2
    RELAX = 3
    WISH = 4
    MAX_WAIT = 5
    ANNOUNCE = 6


class Timer(NamedTuple):
    """One timer: its kind and whom it is about (offer, agent or call).

    RETRY also names the agent, ANNOUNCE what is said, WRAP_UP the piece of work unless it was a call.
    """

    kind: TimerKind
    subject: str
    other: str = ""


class Timers:
    """Timers by what they are about; setting one again moves it."""

    def __init__(self, armed: Iterable[tuple[Timer, Instant]] = ()) -> None:
        self._armed: dict[Timer, Instant] = dict(armed)
        self._heap = [(at, timer) for timer, at in self._armed.items()]
        heapify(self._heap)

    def arm(self, timer: Timer, at: Instant) -> None:
        """Let `timer` be due at `at`."""
        self._armed[timer] = at
        heappush(self._heap, (at, timer))

    def disarm(self, timer: Timer) -> None:
        """Forget `timer`; harmless when it is not set."""
        self._armed.pop(timer, None)

    def next(self) -> Instant | None:
        """When the earliest is due."""
        # An entry that was moved or disarmed stays in the heap until it comes up: cheaper than searching for it.
        while self._heap and self._armed.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: Instant) -> Timer | None:
        """Take out the earliest timer that is due, or None."""
        at = self.next()
        if at is None or at > now:
            return None
        timer = heappop(self._heap)[1]
        del self._armed[timer]
        return timer

    def armed(self) -> list[tuple[Timer, Instant]]:
        """All of them, in a fixed order."""
        return sorted(self._armed.items())
