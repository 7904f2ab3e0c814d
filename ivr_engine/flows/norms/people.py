"""Rules about people: an agent is near, is announced early, and nobody is left without a word."""

from __future__ import annotations

from collections.abc import Iterable

from ivr_engine.core.ids import Language
from ivr_engine.flows.messages import Message
from ivr_engine.flows.norms.menus import AGENT_KEY
from ivr_engine.flows.norms.places import Place
from ivr_engine.flows.norms.rules import Breach, Rule
from ivr_engine.flows.norms.speech import spoken_seconds
from ivr_engine.flows.norms.ways import Ways, presses, presses_unidentified


def agent_from_every_number(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Every number leads to a person."""
    for entry in ways.entries:
        if entry.spot not in ways.leading_to_an_agent:
            message = Message.of("callers of flow `$flow` can never come to an agent", flow=entry.spot[0])
            yield Breach(entry.node.at, entry.name, message)


def self_service_from_every_number(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Every number leads to self-service, too."""
    for entry in ways.entries:
        reached = ways.costs(entry, presses)
        if not any(ways.places[spot].facts.services for spot in reached):
            message = Message.of("callers of flow `$flow` find no self-service, only people", flow=entry.spot[0])
            yield Breach(entry.node.at, entry.name, message)


def services_fail_with_a_word(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """What a service refuses or fails to do is said."""
    asked = (place for place in ways.places.values() if place.facts.services)
    # A kind whose failure need not be handled, such as a message to the caller, does nothing that the caller waits for.
    yield from _mute(ways, (place for place in asked if any("failed" in group for group in place.facts.required)))


def queues_end_with_a_word(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Whom no agent takes is told so."""
    yield from _mute(ways, (place for place in ways.places.values() if place.facts.to_agent))


def _mute(ways: Ways, places: Iterable[Place]) -> Iterable[Breach]:
    for place in places:
        mute = [name for name, target in place.exits.items() if name != "next" and target in ways.ending_mute]
        if mute:
            message = "by $exits a call ends without a word; say why, and what the caller can do"
            yield Breach(place.node.at, place.name, Message.of(message, exits=", ".join(f"`{name}`" for name in mute)))


def language_is_spoken(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Each language of the centre is spoken by an agent; an agent without languages speaks all."""
    agents = ways.centre.agents.values()
    for language in ways.centre.languages:
        if agents and not any(not agent.languages or language in agent.languages for agent in agents):
            message = Message.of("no agent speaks $language; callers in this language would wait in vain", language=language)
            yield Breach(ways.language_places[language], language, message)


def agent_in_the_main_menu(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """The main menu has the agent on key 0."""
    for entry in ways.entries:
        menu = ways.main_menu(entry)
        if menu is not None and menu.exits.get(AGENT_KEY) not in ways.agent_at_hand:
            yield Breach(menu.node.at, menu.name, Message("the main menu has no agent on key 0"))


def agent_in_few_keys(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """From the answer to the queue without identification."""
    for entry in ways.entries:
        cheapest = ways.costs(entry, presses_unidentified)
        needed = min((cost for spot, cost in cheapest.items() if ways.places[spot].facts.to_agent), default=None)
        if needed is None:
            message = Message("nobody comes to an agent without typing more than keys of menus")
            yield Breach(entry.node.at, entry.name, message)
        elif needed > rule.bound:
            sentence = "an agent is $keys keys away; at most $most"
            yield Breach(entry.node.at, entry.name, Message.of(sentence, keys=int(needed), most=rule.bound))


def agent_announced_early(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """By the end of the main menu, which names the agent, little time has passed, in each language."""
    for entry in ways.entries:
        menu = ways.main_menu(entry)
        if menu is None:
            continue
        for language in ways.centre.languages:
            took = _said_until(menu, entry, ways, language)
            if took > rule.bound:
                sentence = "until the main menu has been said about $seconds s pass in $language; at most $most"
                message = Message.of(sentence, seconds=round(took), language=language, most=rule.bound)
                yield Breach(menu.node.at, menu.name, message)


def _said_until(menu: Place, entry: Place, ways: Ways, language: Language) -> float:
    """Seconds of speech from the answer to the end of the menu, on the shortest way."""

    def saying(place: Place, exit_name: str) -> float | None:
        return None if presses(place, exit_name) is None else spoken_seconds(place, ways.centre, language)

    return ways.costs(entry, saying).get(menu.spot, 0) + spoken_seconds(menu, ways.centre, language)


def rating_after_the_agent(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """After a conversation the caller may say how it was."""
    for place in ways.places.values():
        if place.facts.to_agent and "next" in place.exits and place.exits["next"] not in ways.leading_to_a_rating:
            message = Message("after the conversation the caller is asked nothing that the record keeps (see `answers`)")
            yield Breach(place.node.at, place.name, message)
