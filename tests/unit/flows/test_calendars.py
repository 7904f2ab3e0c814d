"""Open or closed, by the clock on the wall of the place."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_engine.core.events.flow import AuthorFault, HoursChecked
from ivr_engine.core.ids import Instant
from ivr_engine.core.outcomes import Hours
from ivr_engine.flows.calendar_reader import read_calendar
from ivr_engine.flows.calendars import Calendar, Span
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.tree import Mapping
from ivr_engine.testing.builders import tree
from ivr_engine.testing.clock import START
from tests.unit.flows.walking import walk

SHANGHAI = ZoneInfo("Asia/Shanghai")
OPEN, CLOSED, HOLIDAY = Hours.OPEN, Hours.CLOSED, Hours.HOLIDAY
MINUTE = 60_000


def calendar(zone: str = "Asia/Shanghai", **parts: Any) -> Calendar:  # noqa: ANN401 - the keys of a calendar
    """A calendar as its author would write it."""
    source = tree({"weekly": {}, "zone": zone, **parts})
    assert isinstance(source, Mapping)
    fields = Fields(source, [], where="calendar")
    built = read_calendar(fields, "agents", zones=ZoneInfo, default=UTC)
    fields.finish()
    assert fields.issues == []
    return built


def at(text: str, zone: str = "Asia/Shanghai", *, fold: int = 0) -> Instant:
    return Instant(int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()) * 1000)


AGENTS = calendar(
    weekly={"mon-fri": "08:30-18:00", "sat": ["09:00-12:00", "13:00-17:00"], "sun": "closed"},
    holidays=["2026-10-01..2026-10-07"],
    workdays={"2026-10-10": "fri", "2026-10-11": "10:00-11:00", "2026-10-07": "09:00-10:00"},
)


@pytest.mark.parametrize(
    ("when", "state"),
    [
        ("2026-03-02 08:29:59", CLOSED),  # a Monday
        ("2026-03-02 08:30", OPEN),
        ("2026-03-02 17:59:59", OPEN),
        ("2026-03-02 18:00", CLOSED),
        ("2026-03-07 12:30", CLOSED),  # Saturday, at lunch
        ("2026-03-07 13:00", OPEN),
        ("2026-03-08 10:00", CLOSED),  # Sunday
        ("2026-10-01 10:00", HOLIDAY),  # a Thursday
        ("2026-10-07 08:00", CLOSED),  # a working day wins over the holiday
        ("2026-10-07 09:30", OPEN),
        ("2026-10-08 10:00", OPEN),
        ("2026-10-10 17:30", OPEN),  # a Saturday worked as a Friday
        ("2026-10-11 10:30", OPEN),
        ("2026-10-11 11:30", CLOSED),
    ],
)
def test_weekly_hours_holidays_and_make_up_days(when: str, state: Hours) -> None:
    assert AGENTS.state(at(when)) is state


NIGHTS = calendar(weekly={"mon-fri": "22:00-06:00"}, holidays=["2026-03-04"])


@pytest.mark.parametrize(
    ("when", "state"),
    [
        ("2026-03-02 05:00", CLOSED),  # Monday morning belongs to Sunday
        ("2026-03-02 22:00", OPEN),
        ("2026-03-03 05:59", OPEN),
        ("2026-03-03 06:00", CLOSED),
        ("2026-03-04 05:00", OPEN),  # the shift that began on Tuesday is served to its end
        ("2026-03-04 23:00", HOLIDAY),
        ("2026-03-05 05:00", CLOSED),
        ("2026-03-07 05:00", OPEN),  # Friday's shift
        ("2026-03-07 23:00", CLOSED),
    ],
)
def test_hours_over_midnight_belong_to_the_day_they_begin(when: str, state: Hours) -> None:
    assert NIGHTS.state(at(when)) is state


def test_a_whole_day_has_no_gap_at_midnight() -> None:
    whole = calendar(weekly={"daily": "00:00-24:00"})
    assert all(whole.state(at(f"2026-03-0{day} 00:00")) is OPEN for day in range(1, 9))
    assert whole.state(Instant(at("2026-03-02 00:00") - 1)) is OPEN


def test_the_same_instant_is_open_in_one_place_and_closed_in_another() -> None:
    hours = {"weekly": {"mon-fri": "09:30-16:00"}}
    now = at("2026-03-02 10:00")
    assert calendar("Asia/Shanghai", **hours).state(now) is OPEN
    assert calendar("America/New_York", **hours).state(now) is CLOSED


# New York put its clock forward on 2026-03-08 (02:00 -> 03:00) and back on 2026-11-01 (02:00 -> 01:00).
NEW_YORK = "America/New_York"


def test_hours_follow_the_wall_clock_through_summer_time() -> None:
    trading = calendar(NEW_YORK, weekly={"mon-fri": "09:30-16:00"})
    assert trading.state(at("2026-03-06T14:30", "UTC")) is OPEN
    assert trading.state(at("2026-03-06T14:29", "UTC")) is CLOSED
    assert trading.state(at("2026-03-09T13:30", "UTC")) is OPEN
    assert trading.state(at("2026-03-09T13:29", "UTC")) is CLOSED


def test_the_hour_that_comes_twice_is_open_twice() -> None:
    night = calendar(NEW_YORK, weekly={"sun": "01:00-02:00"})
    assert [night.state(at("2026-11-01 01:30", NEW_YORK, fold=fold)) for fold in (0, 1)] == [OPEN, OPEN]
    assert night.state(at("2026-11-01 02:00", NEW_YORK)) is CLOSED


def test_hours_that_would_begin_in_the_hour_left_out_begin_after_it() -> None:
    early = calendar(NEW_YORK, weekly={"sun": "02:30-08:00"})
    assert early.state(at("2026-03-08T06:59", "UTC")) is CLOSED  # 01:59
    assert early.state(at("2026-03-08T07:00", "UTC")) is OPEN  # 03:00
    begin = early.next_opening(at("2026-03-08T06:00", "UTC"))
    assert begin is not None
    assert begin.isoformat() == "2026-03-08T03:00:00-04:00"


@pytest.mark.parametrize(
    ("now", "begin"),
    [
        ("2026-03-02 07:00", "2026-03-02T08:30+08:00"),
        ("2026-03-02 08:30", "2026-03-03T08:30+08:00"),
        ("2026-03-06 18:00", "2026-03-07T09:00+08:00"),
        ("2026-03-07 17:00", "2026-03-09T08:30+08:00"),
        ("2026-09-30 18:00", "2026-10-07T09:00+08:00"),
    ],
)
def test_the_next_opening_passes_over_holidays(now: str, begin: str) -> None:
    found = AGENTS.next_opening(at(now))
    assert found is not None
    assert found.isoformat(timespec="minutes") == begin


def test_a_calendar_that_never_opens_has_no_next_opening() -> None:
    assert calendar(weekly={"daily": "closed"}).next_opening(START) is None


SPANS = st.builds(lambda begin, long: Span(begin, begin + long), st.integers(0, 1439), st.integers(1, 1439))
DAYS = st.lists(SPANS, max_size=2).map(tuple)


@settings(deadline=None, max_examples=50)
@given(
    week=st.lists(DAYS, min_size=7, max_size=7).map(tuple),
    holidays=st.frozensets(st.integers(-3, 10), max_size=5),
    zone=st.sampled_from(["Asia/Shanghai", "Asia/Kathmandu", "UTC"]),
    minute=st.integers(0, 2 * 1440),
)
def test_a_closed_calendar_opens_at_the_next_opening_and_not_before(
    week: Any,  # noqa: ANN401 - seven tuples of spans
    holidays: frozenset[int],
    zone: str,
    minute: int,
) -> None:
    day = date(2026, 3, 7)
    closed = frozenset(day + timedelta(days=ahead) for ahead in holidays)
    there = Calendar(name="x", zone=ZoneInfo(zone), week=week, holidays=closed)
    now = Instant(at("2026-03-07 00:00", "UTC") + minute * MINUTE)
    begin = there.next_opening(now)
    if there.state(now) is OPEN:
        return
    minutes = (Instant(now + ahead * MINUTE) for ahead in range(1, 1440))
    first = next((instant for instant in minutes if there.state(instant) is OPEN), None)
    found = None if begin is None else int(begin.timestamp() * 1000)
    assert found == first or (first is None and (found is None or found > now + 1439 * MINUTE - 1))


def asking(state: str, **exits: str) -> str:
    """The node a call comes to."""
    week = ((Span(0, 1440),),) * 7 if state == "open" else ((),) * 7
    today = datetime.fromtimestamp(START / 1000, UTC).date()
    holidays = frozenset({today}) if state == "holiday" else frozenset()
    there = Calendar(name="agents", week=week, holidays=holidays)
    ways = {"open": "end", "closed": "end", **exits}
    call = walk({"h": {"hours": {"calendar": "agents", "into": "t"}, **ways}}, calendars={"agents": there})
    assert call.one(HoursChecked).state == state
    assert call.turn.session.variables["t"]["state"] == state
    return call.turn.session.node


def test_the_node_leaves_by_the_state_and_a_holiday_counts_as_closed_unless_it_has_its_own_exit() -> None:
    assert asking("open", open="lost") == "lost"
    assert asking("closed", closed="lost") == "lost"
    assert asking("holiday", closed="lost") == "lost"
    assert asking("holiday", holiday="lost") == "lost"


def test_an_unknown_calendar_is_a_fault_of_the_node() -> None:
    call = walk({"h": {"hours": {"calendar": "x"}, "open": "end", "closed": "end", "failed": "lost"}}, calendars={})
    assert call.one(AuthorFault).code == "unknown_calendar"
