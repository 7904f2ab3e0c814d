"""Rules about days: calendars know what is ahead."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from ivr_engine.flows.messages import Message
from ivr_engine.flows.norms.rules import Breach, Rule
from ivr_engine.flows.norms.ways import Ways


def holidays_ahead(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """A calendar with holidays has those of the year that begins within so many days; one without any has chosen so."""
    year = (ways.today + timedelta(days=rule.bound)).year
    for name, calendar in ways.centre.calendars.items():
        if calendar.holidays and max(calendar.holidays).year < year:
            sentence = "calendar `$calendar` has no holidays of $year; add them and the make-up days once they are published"
            yield Breach(ways.calendar_places[name], name, Message.of(sentence, calendar=name, year=year))
