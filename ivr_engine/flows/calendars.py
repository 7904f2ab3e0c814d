"""When a centre, or a part of it, is open: weekly hours, holidays and make-up working days, by the clock on the wall there.

A time zone is a `datetime.tzinfo` that whoever reads the files provides; nothing here looks one up. Spans belong to the day
on which they begin, so a night shift before a holiday is served to its end. When the clock is put back, an hour comes twice
and is open twice; when it is put forward, a span that would begin in the hour left out begins right after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from ivr_engine.core.ids import Instant
from ivr_engine.core.outcomes import Hours

DAY: Final = 24 * 60  # minutes
LOOKED_AHEAD: Final = 400  # days searched for the next opening
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Span:
    """From `begin` to just before `end`, in minutes after midnight; `end` is above 1440 when it lies on the next day."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """`week` from Monday on; `workdays` are dates with hours of their own, which win over `holidays` and the week."""

    name: str
    zone: tzinfo = UTC
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = frozenset()
    workdays: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)

    def spans(self, day: date) -> tuple[Span, ...]:
        """The hours that begin on a day."""
        if day in self.workdays:
            return self.workdays[day]
        return () if day in self.holidays else self.week[day.weekday()]

    def state(self, now: Instant) -> Hours:
        """Whether it is open."""
        there = self._there(now)
        today, minute = there.date(), there.hour * 60 + there.minute
        begun_today = any(span.begin <= minute < span.end for span in self.spans(today))
        yesterday = today - timedelta(days=1)
        if begun_today or any(minute + DAY < span.end for span in self.spans(yesterday)):
            return Hours.OPEN
        is_holiday = today in self.holidays and today not in self.workdays
        return Hours.HOLIDAY if is_holiday else Hours.CLOSED

    def next_opening(self, now: Instant) -> datetime | None:
        """The next beginning of hours after `now`, as the clock there will show it; None: not within a year."""
        there = self._there(now)
        later = (begin for begin in self._beginnings(there.date()) if begin.timestamp() * 1000 > now)
        return next(later, None)

    def _there(self, now: Instant) -> datetime:
        return datetime.fromtimestamp(now // 1000, self.zone)

    def _beginnings(self, first: date) -> Iterator[datetime]:
        for ahead in range(LOOKED_AHEAD):
            day = first + timedelta(days=ahead)
            for span in sorted(self.spans(day), key=lambda span: span.begin):
                yield self._shown(datetime.combine(day, time(span.begin // 60, span.begin % 60), self.zone))

    def _shown(self, wall: datetime) -> datetime:
        """The time as it is there; for one that the clock leaves out, the first that it shows afterwards."""
        if wall.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
            return wall
        # With fold=1 a time that is left out lies before the jump (PEP 495).
        before = wall.replace(fold=1).astimezone(UTC)
        later = ((before + timedelta(minutes=ahead)).astimezone(self.zone) for ahead in range(DAY))
        return next(there for there in later if there.replace(tzinfo=None) >= wall.replace(tzinfo=None))
