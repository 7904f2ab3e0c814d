"""Queues with calendars open and close in a rehearsed day by the clock on the wall, in a replayed one at the instants."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from ivr_engine.acd.stimuli import HoursChanged
from ivr_engine.core.ids import Instant, QueueName
from ivr_engine.flows.calendars import Calendar, Span
from ivr_engine.flows.definition import QueueDefinition
from ivr_engine.testing.builders import centre
from ivr_engine.testing.day.hours import hours_of
from ivr_engine.testing.day.sheet import MIDNIGHT

HOUR = 3_600_000
WEEK = ((Span(9 * 60, 12 * 60), Span(13 * 60, 17 * 60)),) * 5 + ((),) * 2
BEIJING = Calendar(name="desk", week=WEEK, zone=ZoneInfo("Asia/Shanghai"))
CENTRE = centre(
    {"end": {"hangup": {}}},
    calendars={"desk": BEIJING},
    queues={
        QueueName("desk"): QueueDefinition(name=QueueName("desk"), calendar="desk"),
        QueueName("loss"): QueueDefinition(name=QueueName("loss")),
    },
)
DESK = HoursChanged(closed=(QueueName("desk"),))
OPEN = HoursChanged(closed=())


def changes(*, rehearsed: bool) -> list[tuple[float, HoursChanged]]:
    found = hours_of(CENTRE, MIDNIGHT, Instant(MIDNIGHT + 24 * HOUR), rehearsed=rehearsed)
    return [((at - MIDNIGHT) / HOUR, change) for at, _, change in found if isinstance(change, HoursChanged)]


def test_a_rehearsed_day_goes_by_the_clock_on_the_wall() -> None:
    assert changes(rehearsed=True) == [(0, DESK), (9, OPEN), (12, DESK), (13, OPEN), (17, DESK)]


def test_a_recorded_day_goes_by_its_instants() -> None:
    assert changes(rehearsed=False) == [(0, DESK), (1, OPEN), (4, DESK), (5, OPEN), (9, DESK)]


def test_a_centre_without_calendars_of_queues_has_no_hours() -> None:
    assert list(hours_of(centre({"end": {"hangup": {}}}), MIDNIGHT, Instant(MIDNIGHT + HOUR))) == []
