"""A year by its changes says the same as looking at each minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.core.ids import Instant
from ivr_engine.core.outcomes import Hours
from ivr_engine.flows.calendars import DAY, Calendar, Span
from ivr_engine.flows.timelines import combinations, stretches, timeline

MINUTE = 60_000
ZONES = ["UTC", "Asia/Shanghai", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
BEGINNINGS = [
    date(2026, 3, 7),
    date(2026, 3, 28),
    date(2026, 4, 4),
    date(2026, 10, 3),
    date(2026, 10, 24),
    date(2026, 10, 31),
]
DAYS = 4


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    begins = draw(st.lists(st.integers(0, DAY - 1), max_size=2, unique=True))
    return tuple(Span(begin, begin + draw(st.integers(1, DAY))) for begin in begins)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    days = st.dates(date(2026, 3, 1), date(2026, 11, 5))
    return Calendar(
        name="c",
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
        week=tuple(draw(spans()) for _ in range(7)),
        holidays=frozenset(draw(st.lists(days, max_size=3))),
        workdays=draw(st.dictionaries(days, spans(), max_size=2)),
    )


@given(calendar=calendars(), first=st.sampled_from(BEGINNINGS))
def test_between_two_changes_every_minute_is_the_same(calendar: Calendar, first: date) -> None:
    begin = round(datetime.combine(first, datetime.min.time(), UTC).timestamp()) * 1_000
    changes = dict(timeline(calendar, first, DAYS))
    state = changes[Instant(begin)]
    for minute in range(DAYS * DAY):
        moment = Instant(begin + minute * MINUTE)
        state = changes.get(moment, state)
        assert calendar.state(moment) is state


def test_stretches_lie_end_to_end_and_cover_every_minute() -> None:
    office = Calendar(name="a", zone=ZoneInfo("Europe/London"), week=((Span(540, 1020),),) * 7)
    night = Calendar(name="b", week=((Span(1320, 1320 + 480),),) * 7)
    found = list(stretches({"a": office, "b": night}, date(2026, 1, 1), 365))
    assert all(one.end == other.begin for one, other in pairwise(found))
    assert found[-1].end - found[0].begin == timedelta(days=365) // timedelta(milliseconds=1)
    assert all(each.states == {"a": office.state(each.begin), "b": night.state(each.begin)} for each in found)


def test_a_combination_that_lasts_one_minute_of_a_year_is_found() -> None:
    day = date(2026, 12, 31)
    nearly = Calendar(name="a", week=((Span(0, DAY),),) * 7, workdays={day: (Span(0, DAY - 1),)})
    found = combinations({"a": nearly}, date(2026, 1, 1), 366)
    assert [each.states["a"] for each in found] == [Hours.OPEN, Hours.CLOSED]
    assert found[1].end - found[1].begin == MINUTE


def test_no_calendar_is_one_stretch() -> None:
    (only,) = stretches({}, date(2026, 1, 1), 10)
    assert only.states == {}
