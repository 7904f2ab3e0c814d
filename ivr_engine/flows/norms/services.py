"""Rules about what norms.yaml says callers are served with (`serves`), and where money moves (`money`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ivr_engine.flows.messages import Message
from ivr_engine.flows.norms.places import Place
from ivr_engine.flows.norms.rules import Breach, Rule
from ivr_engine.flows.norms.ways import Ways, presses
from ivr_engine.flows.saying import Spoken

COMPLAINT: Final = "complaint"
LEVEL: Final = 2  # of identification, before money moves
_IDENTIFIED = re.compile(r"identity\.level\s*(?:>=|==)\s*([0-9])")


def services_from_every_number(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Each of the services that a unified number must have."""
    for entry in ways.unified:
        missing = [name for name in rule.vocabulary if not ways.serving(name)]
        if missing:
            sentence = "norms.yaml does not say where callers find $services; name their flows or nodes under `serves`"
            yield Breach(entry.node.at, entry.name, Message.of(sentence, services=_listed(missing)))
        lost = [name for name in rule.vocabulary if _is_lost(ways, entry, ways.serving(name))]
        if lost:
            message = Message.of(
                "callers of flow `$flow` never come to $services", flow=entry.spot[0], services=_listed(lost)
            )
            yield Breach(entry.node.at, entry.name, message)


def _is_lost(ways: Ways, entry: Place, places: list[Place]) -> bool:
    return bool(places) and entry.spot not in ways.leading_to(places)


def complaint_in_few_keys(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """From the answer to where complaints are taken."""
    for entry in ways.unified:
        reached = ways.costs(entry, presses)
        keys = [reached[place.spot] for place in ways.serving(COMPLAINT) if place.spot in reached]
        if keys and min(keys) > rule.bound:
            message = Message.of("a complaint is $keys keys away; at most $most", keys=int(min(keys)), most=rule.bound)
            yield Breach(entry.node.at, entry.name, message)


def complaint_makes_a_ticket(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Who complains hears the number of a ticket."""
    tickets = [place for place in ways.places.values() if place.facts.ticket]
    said = [place for place in tickets if _says_number(ways, place)]
    for place in ways.serving(COMPLAINT):
        if place.spot not in ways.leading_to(tickets):
            yield Breach(place.node.at, place.name, Message("a complaint made here opens no ticket"))
        elif place.spot not in ways.leading_to(said):
            yield Breach(place.node.at, place.name, Message("who complains here is not told the number of the ticket"))


def _says_number(ways: Ways, ticket: Place) -> bool:
    kept = set(ticket.facts.writes)
    same_flow = (place for place in ways.places.values() if place.spot[0] == ticket.spot[0])
    telling = [place for place in same_flow if place.speaks and not kept.isdisjoint(place.facts.reads)]
    return ticket.exits.get("next") in ways.leading_to(telling)


def money_needs_identification(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """No way to where money moves but by an identification of the level."""
    message = "money can move here for a caller who is not identified at level $level"
    yield from _unguarded(ways, _identifies, Message.of(message, level=LEVEL))


def money_is_read_back(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """No way to where money moves but by a menu that says the amount and can be answered in two ways."""
    message = Message("money can move here without a menu that says the amount and asks to confirm it")
    yield from _unguarded(ways, _reads_back, message)


def money_has_a_limit(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """No way to where money moves but by a node that can refuse for the amount."""

    def limits(place: Place) -> Iterable[str]:
        return () if set(place.exits).isdisjoint(rule.vocabulary) else place.exits

    message = Message.of(
        "money can move here without a limit: no node before has an exit $names", names=_listed(rule.vocabulary)
    )
    yield from _unguarded(ways, limits, message)


def _unguarded(ways: Ways, guarded: Callable[[Place], Iterable[str]], message: Message) -> Iterator[Breach]:
    """The places where money moves to which callers come by no guarded exit."""
    money = ways.moving_money
    without = ways.without(guarded) if money else ways
    for place in money:
        leading = without.leading_to([without.places[place.spot]])
        if any(entry.spot in leading for entry in ways.entries):
            yield Breach(place.node.at, place.name, message)


def _identifies(place: Place) -> Iterable[str]:
    if place.facts.level >= LEVEL:
        return ("next",)
    return [name for name, when in place.facts.conditions.items() if _asks_level(when.source)]


def _asks_level(source: str) -> bool:
    found = _IDENTIFIED.search(source)
    return found is not None and int(found[1]) >= LEVEL and " or " not in source and not source.startswith("not")


def _reads_back(place: Place) -> Iterable[str]:
    says_amount = any(isinstance(line, Spoken) and line.kind == "money" for line in place.facts.lines)
    ways_out = {place.exits[key] for key in place.facts.keys if key in place.exits}
    return place.facts.keys if says_amount and len(ways_out) > 1 else ()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
