"""The calendars of centre.yaml.

zone: Asia/Shanghai                      # of every calendar that gives none; UTC when left out
calendars:
  agents:
    weekly:
      mon-fri: "08:30-18:00"
      sat: ["09:00-12:00", "13:00-17:00"]
      sun: closed                        # as are days not listed
    holidays: ["2026-01-01", "2026-10-01..2026-10-07"]
    workdays: {"2026-10-10": fri}        # a make-up day, with the hours of a Friday; or with hours of its own
  trading: {zone: America/New_York, weekly: {mon-fri: "09:30-16:00"}}
  nights: {weekly: {daily: "22:00-06:00"}}   # until 06:00 the next morning
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, timedelta, tzinfo

from ivr_engine.flows import shapes
from ivr_engine.flows.calendars import DAY, WEEKDAYS, Calendar, Span
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.shapes import Shape, ShapeFault, taking
from ivr_engine.flows.tree import Entry, Position, Scalar, Sequence, Tree

Zones = Callable[[str], tzinfo | None]
"""The time zone of a name such as `Asia/Shanghai`, or None when there is none."""

_HOURS = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})", re.ASCII)
_ONE_SPAN = {"type": "string", "pattern": f"^{_HOURS.pattern}$"}
_ONE_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LONGEST_HOLIDAY = 366  # days
_CLOSED = "closed"


def utc_alone(name: str) -> tzinfo | None:
    """The one time zone that needs no tables."""
    return UTC if name == "UTC" else None


def read_zone(fields: Fields, zones: Zones, default: tzinfo) -> tzinfo:
    """`zone: Asia/Shanghai`."""

    @taking(type="string", examples=("Asia/Shanghai", "Europe/London", "UTC"))
    def as_zone(tree: Tree) -> tzinfo:
        zone = zones(shapes.as_filled(tree))
        if zone is None:
            raise ShapeFault(tree.at, "S215", "expected a time zone such as Asia/Shanghai, Europe/London or UTC")
        return zone

    return fields.read("zone", as_zone, default=default)


def read_calendar(fields: Fields, name: str, *, zones: Zones, default: tzinfo) -> Calendar:
    """One calendar."""
    week = _week(fields)
    holidays = frozenset(day for days in fields.each("holidays", _days) for day in days)
    workdays: dict[date, tuple[Span, ...]] = {}
    for entry in fields.entries("workdays"):
        day = shapes.read(entry.name, _day, None, fields.issues)
        if day is not None:
            workdays[day] = shapes.read(entry.value, _spans_or_weekday(week), (), fields.issues)
    return Calendar(name=name, zone=read_zone(fields, zones, default), week=week, holidays=holidays, workdays=workdays)


def _week(fields: Fields) -> tuple[tuple[Span, ...], ...]:
    week: dict[str, tuple[Span, ...]] = {}
    for entry in fields.entries("weekly", required=True):
        spans = shapes.read(entry.value, _spans, (), fields.issues)
        for day in _weekdays(entry, fields):
            if day in week:
                message = Message.of("`$day` has hours already; name each day once", day=day)
                fields.error("S216", message, at=entry.key_at)
            week[day] = spans
    return tuple(week.get(day, ()) for day in WEEKDAYS)


def _weekdays(entry: Entry, fields: Fields) -> Iterable[str]:
    if entry.key == "daily":
        return WEEKDAYS
    first, _, last = entry.key.partition("-")
    last = last or first
    if first in WEEKDAYS and last in WEEKDAYS and WEEKDAYS.index(first) <= WEEKDAYS.index(last):
        return WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last) + 1]
    message = "expected a day of the week ($days), days such as mon-fri, or daily"
    fields.error("S216", Message.of(message, days=", ".join(WEEKDAYS)), at=entry.key_at)
    return ()


def _spans_or_weekday(week: tuple[tuple[Span, ...], ...]) -> Shape[tuple[Span, ...]]:
    @taking(anyOf=(_spans.schema, {"enum": WEEKDAYS}))
    def read(tree: Tree) -> tuple[Span, ...]:
        if isinstance(tree, Scalar) and tree.text in WEEKDAYS:
            return week[WEEKDAYS.index(tree.text)]
        return _spans(tree)

    return read


@taking(anyOf=(_ONE_SPAN, {"const": _CLOSED}, {"type": "array", "items": _ONE_SPAN}))
def _spans(tree: Tree) -> tuple[Span, ...]:
    if isinstance(tree, Sequence):
        return tuple(_span(item) for item in tree.items)
    if isinstance(tree, Scalar) and tree.text == _CLOSED:
        return ()
    return (_span(tree),)


def _span(tree: Tree) -> Span:
    found = _HOURS.fullmatch(tree.text) if isinstance(tree, Scalar) else None
    begin, end = (_minutes(found[1], found[2]), _minutes(found[3], found[4])) if found else (None, None)
    if begin is None or end is None or begin in (end, DAY):
        message = 'expected hours such as "08:30-18:00", or closed, found $found'
        raise ShapeFault(tree.at, "S217", Message.of(message, found=shapes.describe(tree)))
    return Span(begin, end if end > begin else end + DAY)


def _minutes(hours: str, minutes: str) -> int | None:
    total = int(hours) * 60 + int(minutes)
    return total if int(minutes) < 60 and total <= DAY else None


@taking(type="string", pattern=f"^{_ONE_DAY}$")
def _day(tree: Tree) -> date:
    return _date(tree.at, shapes.as_text(tree))


@taking(type="string", pattern=rf"^{_ONE_DAY}(\.\.{_ONE_DAY})?$")
def _days(tree: Tree) -> tuple[date, ...]:
    """One date, or `first..last`."""
    first, _, last = shapes.as_text(tree).partition("..")
    begin = _date(tree.at, first)
    count = (_date(tree.at, last or first) - begin).days + 1
    if not 1 <= count <= _LONGEST_HOLIDAY:
        raise ShapeFault(tree.at, "S218", "expected the earlier date first, and at most a year between the two")
    return tuple(begin + timedelta(days=ahead) for ahead in range(count))


def _date(at: Position, text: str) -> date:
    try:
        if len(text) == len("2026-10-01"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ShapeFault(at, "S218", "expected a date such as 2026-10-01, or 2026-10-01..2026-10-07")
