"""Rules about words: the greeting, the language, what is advertised, what must be secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ivr_engine.flows.messages import Message
from ivr_engine.flows.norms.places import Place, Spot
from ivr_engine.flows.norms.rules import Breach, Rule
from ivr_engine.flows.norms.speech import lines, texts
from ivr_engine.flows.norms.ways import Ways, presses
from ivr_engine.flows.utterances import Prompt

ADVERT = "advert"
_PART = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")


def begins_in_the_language(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """The language that a call begins with."""
    first = ways.centre.languages[0]
    if first not in rule.vocabulary:
        message = Message.of("calls begin in $language; they begin in $wanted", language=first, wanted=_listed(rule))
        yield Breach(ways.language_places[first], first, message)


def greeting_first(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """The first thing a caller hears names the institution, in the language that the call begins with."""
    for entry in ways.entries:
        greeting = next((place for place in _first_words(entry, ways) if place.speaks), None)
        if greeting is None:
            yield Breach(
                entry.node.at, entry.name, Message.of("flow `$flow` does not greet its callers", flow=entry.spot[0])
            )
            continue
        said = " ".join(texts(greeting, ways.centre, ways.centre.languages[0]))
        if rule.vocabulary and said and not _mentions(said, rule.vocabulary):
            message = Message.of("the greeting does not name the institution ($names)", names=_listed(rule))
            yield Breach(greeting.node.at, greeting.name, message)


def _first_words(entry: Place, ways: Ways) -> Iterable[Place]:
    """The nodes on the straight way from the entry, until one asks."""
    seen: set[Spot] = set()
    spot: Spot | None = entry.spot
    while spot is not None and spot not in seen:
        seen.add(spot)
        place = ways.places[spot]
        yield place
        spot = None if place.speaks else next(iter(place.exits.values()), None)


def no_advert_before_the_main_menu(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Prompts of kind advert come after the first choice."""
    for place in _up_to_the_main_menu(ways):
        for line in lines(place):
            if isinstance(line, Prompt) and _is_advert(line, ways):
                message = Message.of("prompt `$prompt` advertises, and is said before the main menu", prompt=line.name)
                yield Breach(place.node.at, place.name, message)


def no_selling_words_before_the_main_menu(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Nor does a prompt that is not marked."""
    for place in _up_to_the_main_menu(ways):
        if place.facts.keys:
            continue  # a menu's options are named by what they are
        for language in ways.centre.languages:
            said = " ".join(texts(place, ways.centre, language))
            found = [word for word in rule.vocabulary if _mentions(said, (word,))]
            if found:
                sentence = "`$word` is said in $language before the main menu, which sounds like an advertisement"
                yield Breach(place.node.at, place.name, Message.of(sentence, word=found[0], language=language))


def _up_to_the_main_menu(ways: Ways) -> Iterable[Place]:
    """The nodes that a caller comes through before the first choice in the main menu, the menu included."""
    for entry in ways.entries:
        if (menu := ways.main_menu(entry)) is not None:
            leading = ways.leading_to([menu])
            yield from (ways.places[spot] for spot in ways.costs(entry, _stopping_at(menu)) if spot in leading)


def _stopping_at(menu: Place) -> Callable[[Place, str], float | None]:
    return lambda place, exit_name: None if place.spot == menu.spot else presses(place, exit_name)


def _is_advert(prompt: Prompt, ways: Ways) -> bool:
    known = [prompts.get(prompt.name) for prompts in ways.centre.prompts.values()]
    return any(text is not None and text.kind == ADVERT for text in known)


def pins_are_secret(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """What is called a PIN or a password is secret."""
    for place in ways.places.values():
        for name in place.facts.writes if place.asks else ():
            parts = {part.lower() for part in _PART.findall(name)}
            if parts.intersection(rule.vocabulary) and name not in place.facts.secrets:
                message = Message.of("`$name` looks like a PIN or password; give it `secret: true`", name=name)
                yield Breach(place.node.at, place.name, message)


def _mentions(text: str, words: Iterable[str]) -> bool:
    folded = text.casefold()
    return any(word.casefold() in folded for word in words)


def _listed(rule: Rule) -> str:
    return ", ".join(rule.vocabulary)
