"""When calendars change: a year minute by minute, without looking at each of its minutes.

Between two changes nothing happens. What a calendar says can change at midnight, where hours begin and end, and where the
clock on the wall is put forward or back; each of these moments is looked at, all others are as the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from ivr_engine.core.ids import Instant
from ivr_engine.core.outcomes import Hours
from ivr_engine.flows.calendars import DAY, Calendar

YEAR: Final = 366  # days
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `begin` to just before `end` every calendar says the same; `states` by its name."""

    begin: Instant
    end: Instant
    states: Mapping[str, Hours]


def timeline(calendar: Calendar, first: date, days: int = YEAR) -> list[tuple[Instant, Hours]]:
    """Each change of what the calendar says from the beginning of a day on, the first entry being how it stands then."""
    begin, end = _instant(datetime.combine(first, time(), UTC)), _later(first, days)
    moments = {begin, *(each for each in map(_instant, _moments(calendar, first, days)) if begin < each < end)}
    found: list[tuple[Instant, Hours]] = []
    for moment in sorted(moments):
        state = calendar.state(moment)
        if not found or found[-1][1] is not state:
            found.append((moment, state))
    return found


def stretches(calendars: Mapping[str, Calendar], first: date, days: int = YEAR) -> Iterator[Stretch]:
    """The days cut where any calendar changes: together they are every minute from the first (UTC) to the last."""
    changes: dict[Instant, dict[str, Hours]] = {_instant(datetime.combine(first, time(), UTC)): {}}
    for name, calendar in calendars.items():
        for moment, state in timeline(calendar, first, days):
            changes.setdefault(moment, {})[name] = state
    moments = sorted(changes)
    states: dict[str, Hours] = {}
    for moment, following in zip(moments, [*moments[1:], _later(first, days)], strict=True):
        states = states | changes[moment]
        yield Stretch(moment, following, states)


def combinations(calendars: Mapping[str, Calendar], first: date, days: int = YEAR) -> list[Stretch]:
    """The first stretch of each combination of what the calendars say."""
    found: dict[tuple[Hours, ...], Stretch] = {}
    for each in stretches(calendars, first, days):
        found.setdefault(tuple(each.states.values()), each)
    return list(found.values())


def _moments(calendar: Calendar, first: date, days: int) -> Iterator[datetime]:
    """Every moment at which the calendar may change; some do not."""
    for ahead in range(-1, days + 1):
        day = first + timedelta(days=ahead)
        for minute in {0, *(edge for span in calendar.spans(day) for edge in (span.begin, span.end))}:
            on = day + timedelta(days=minute // DAY)
            wall = datetime.combine(on, time(minute % DAY // 60, minute % 60), calendar.zone)
            yield from {wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)}
        yield from _put_forward_or_back(calendar, day)


def _put_forward_or_back(calendar: Calendar, day: date) -> Iterator[datetime]:
    """The minute of this day (UTC) at which the clock changes, if it does."""
    low = datetime.combine(day, time(), UTC)
    high = low + timedelta(days=1)
    before = low.astimezone(calendar.zone).utcoffset()
    if high.astimezone(calendar.zone).utcoffset() == before:
        return
    while high - low > _MINUTE:
        middle = low + (high - low) // (2 * _MINUTE) * _MINUTE
        low, high = (middle, high) if middle.astimezone(calendar.zone).utcoffset() == before else (low, middle)
    yield high


def _instant(moment: datetime) -> Instant:
    return Instant(round(moment.timestamp() * 1_000))


def _later(first: date, days: int) -> Instant:
    return _instant(datetime.combine(first + timedelta(days=days), time(), UTC))
