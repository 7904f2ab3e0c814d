"""When the calendars of queues open and close in a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ivr_engine.acd.stimuli import HoursChanged
from ivr_engine.core.ids import Instant, QueueName
from ivr_engine.core.outcomes import Hours
from ivr_engine.flows.calendars import Calendar
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.testing.day.drive import Happening

MINUTE = 60_000
_FIRST = -2  # of all that happens at an instant


def hours_of(centre: CentreDefinition, begin: Instant, end: Instant, *, rehearsed: bool = False) -> Iterator[Happening]:
    """What is closed at `begin`, and each change up to `end`; calendars turn on whole minutes.

    `rehearsed`: the instants are times of the clock on the wall, wherever the calendar's place is.
    """
    calendars = {queue.name: centre.calendars[queue.calendar] for queue in centre.queues.values() if queue.calendar}
    if not calendars:
        return
    last: tuple[QueueName, ...] | None = None
    for at in (begin, *range(begin - begin % MINUTE + MINUTE, end, MINUTE)):
        now = Instant(at)
        closed = tuple(name for name, each in calendars.items() if not _open(each, now, on_the_wall=rehearsed))
        if closed != last:
            yield now, _FIRST, HoursChanged(closed=closed)
        last = closed


def always_open(_begin: Instant, _end: Instant) -> tuple[Happening, ...]:
    """No queue has a calendar."""
    return ()


def _open(calendar: Calendar, now: Instant, *, on_the_wall: bool) -> bool:
    if on_the_wall:
        wall = datetime.fromtimestamp(now / 1000, UTC).replace(tzinfo=calendar.zone)
        now = Instant(round(wall.timestamp() * 1000))
    return calendar.state(now) is Hours.OPEN
