"""Time for a centre: the next thing that happens, or the next alarm, whichever comes first.

The centre is the one that serves real callers; a `World` says what callers, agents and telephones do next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import Protocol

from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import Decision
from ivr_engine.acd.stimuli import Stimulus, TimePassed
from ivr_engine.core.events import Event
from ivr_engine.core.ids import Instant
from ivr_engine.errors import CommandRefused

Happening = tuple[Instant, int, Stimulus]
"""Instant, rank among those of the same instant (lowest first; ranks of one instant differ), and what happens."""

Record = Callable[[Sequence[Event], Instant], object]

_TIME = TimePassed()


class World(Protocol):
    """What happens to a centre from outside."""

    def first(self) -> Iterable[Happening]:
        """What is certain beforehand."""
        ...

    def still(self, stimulus: Stimulus) -> bool:
        """Whether it does happen, now that its instant has come; what follows from others may be overtaken."""
        ...

    def follow(self, decision: Decision, now: Instant) -> Iterable[Happening]:
        """What will happen because of a decision."""
        ...

    def wake(self, alarm: Instant) -> tuple[Instant, int]:
        """When, and in which rank, the alarm of that instant is handled."""
        ...


def drive(
    centre: Centre, world: World, record: Record, *, hours: Iterable[Happening] = (), until: Instant | None = None
) -> int:
    """Let everything happen in its order, up to `until` (not included) or until nothing is left.

    `hours`: when queues open and close. Gives the number of commands that the centre refused, each without effect.
    """
    agenda = [*hours, *world.first()]
    heapify(agenda)
    refused, alarm = 0, centre.next_alarm
    while (happening := _next(agenda, None if alarm is None else world.wake(alarm))) is not None:
        now, _, stimulus = happening
        if until is not None and now >= until:
            break
        if not world.still(stimulus):
            continue
        try:
            decision = centre.handle(stimulus, now)
        except CommandRefused:
            refused += 1
            continue
        alarm = decision.next_alarm
        if decision.events:
            record(decision.events, now)
        for happening in world.follow(decision, now):
            heappush(agenda, happening)
    return refused


def _next(agenda: list[Happening], wake: tuple[Instant, int] | None) -> Happening | None:
    if wake is not None and (not agenda or wake < agenda[0][:2]):
        return *wake, _TIME
    return heappop(agenda) if agenda else None
