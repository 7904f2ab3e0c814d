"""The moments at which calls are explored: one for every combination of what the calendars say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ivr_engine.core.ids import Instant, Millis, later
from ivr_engine.core.outcomes import Hours
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.testing.clock import START

MOST_MOMENTS: Final = 64
HOUR: Final = 3_600_000
HOURS_LOOKED_AT: Final = 400 * 24


def moments(centre: CentreDefinition) -> tuple[Instant, ...]:
    """The first moment of each combination within a year or so; one where there is no calendar."""
    first: dict[tuple[Hours, ...], Instant] = {}
    for hour in range(HOURS_LOOKED_AT if centre.calendars else 1):
        moment = later(START, Millis(hour * HOUR))
        first.setdefault(tuple(each.state(moment) for each in centre.calendars.values()), moment)
        if len(first) == MOST_MOMENTS:
            break
    return tuple(first.values())


def moment_when(centre: CentreDefinition, known: tuple[Instant, ...], hours: Mapping[str, Hours]) -> Instant | None:
    """One of the moments, at which these calendars say so; None when they never do at once."""
    asked = [(centre.calendars[name], state) for name, state in hours.items()]
    return next((each for each in known if all(calendar.state(each) is state for calendar, state in asked)), None)
