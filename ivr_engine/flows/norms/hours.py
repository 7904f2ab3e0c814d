"""Rules about hours: whoever calls at whatever minute of a year is answered, and is told when there are people again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from ivr_engine.core.outcomes import Hours
from ivr_engine.flows.messages import Message
from ivr_engine.flows.norms.places import Place
from ivr_engine.flows.norms.rules import Breach, Rule
from ivr_engine.flows.norms.speech import texts
from ivr_engine.flows.norms.ways import Ways
from ivr_engine.flows.timelines import Stretch

LOSS_REPORT = "loss_report"
_CLOCK = re.compile(
    r"[0-9]{1,2}[:：][0-9]{2}|[0-9一二三四五六七八九十两]+(?:点|时)|\b[ap]\.?m\b|o'clock|\bhours\b", re.IGNORECASE
)
"""How a prompt may tell a time of day."""


def answered_at_every_minute(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """At no minute of a year does a number lead to silence, or to nobody and nothing."""
    for entry in ways.entries:
        yield from _first(entry, (_unanswered(entry, now, then) for now, then in ways.through_a_year(entry)))


def _first(entry: Place, found: Iterator[Message | None]) -> Iterator[Breach]:
    message = next((each for each in found if each is not None), None)
    if message is not None:
        yield Breach(entry.node.at, entry.name, message)


def _unanswered(entry: Place, now: Stretch, then: Ways) -> Message | None:
    if entry.spot in then.ending_mute:
        return Message.of("$when a call to flow `$flow` can end without a word", when=_when(now, then), flow=entry.spot[0])
    if entry.spot not in then.leading_to_an_answer:
        return Message.of(
            "$when callers of flow `$flow` come to no agent, no service and can leave no message",
            when=_when(now, then),
            flow=entry.spot[0],
        )
    return None


def people_at_every_minute(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Where people answer at times, they answer at all times, or it was decided that they need not."""
    for entry in ways.entries:
        if entry.spot in ways.leading_to_an_agent:
            yield from _first(entry, (_nobody(entry, now, then) for now, then in ways.through_a_year(entry)))


def _nobody(entry: Place, now: Stretch, then: Ways) -> Message | None:
    if entry.spot in then.leading_to_an_agent:
        return None
    return Message.of(
        "$when callers of flow `$flow` come to no agent; shorter hours are decided by a waiver",
        when=_when(now, then),
        flow=entry.spot[0],
    )


def shorter_hours_are_announced(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Whom no agent takes because of the hour is told when one will."""
    named: set[str] = set()
    for entry in ways.entries:
        for _now, then in ways.through_a_year(entry):
            if entry.spot in then.leading_to_an_agent:
                continue
            for place in _turned_away(entry, ways, then):
                if place.name not in named:
                    named.add(place.name)
                    message = "whom this turns away is not told when agents are there again; say the hours"
                    yield Breach(place.node.at, place.name, Message(message))


def _turned_away(entry: Place, ways: Ways, then: Ways) -> Iterator[Place]:
    """The nodes that ask the hours, would lead to an agent at others, and lead to no word about them now."""
    telling = then.leading_to(place for place in then.places.values() if _tells_hours(place, then))
    for spot in then.costs(entry, lambda _place, _exit: 0):
        place, now = ways.places[spot], then.places[spot]
        if not place.facts.calendars or place.exits.get(str(Hours.OPEN)) not in ways.leading_to_an_agent:
            continue
        if not any(target in telling for target in now.exits.values()):
            yield place


def _tells_hours(place: Place, ways: Ways) -> bool:
    if not place.speaks:
        return False
    if not place.facts.reads.isdisjoint(ways.told_by_calendars):
        return True
    return all(any(map(_CLOCK.search, texts(place, ways.centre, language))) for language in ways.centre.languages)


def loss_report_at_every_minute(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """A card can be reported lost at every minute at which nobody is there, from each unified number."""
    places = ways.serving(LOSS_REPORT)
    for entry in ways.unified if places else ():
        yield from _first(entry, (_no_report(entry, now, then, places) for now, then in ways.through_a_year(entry)))


def _no_report(entry: Place, now: Stretch, then: Ways, places: list[Place]) -> Message | None:
    if entry.spot in then.leading_to(then.places[place.spot] for place in places):
        return None
    return Message.of("$when callers of flow `$flow` cannot report a loss", when=_when(now, then), flow=entry.spot[0])


def _when(now: Stretch, ways: Ways) -> Message:
    """The first such time, by the clock of a calendar that is asked."""
    zone = next((ways.centre.calendars[name].zone for name in now.states), None)
    if zone is None:
        return Message("at any time")
    begin = datetime.fromtimestamp(now.begin / 1_000, zone)
    return Message.of("from $begin on ($zone)", begin=f"{begin:%Y-%m-%d %H:%M}", zone=str(zone))
