"""Rules about menus: few levels, few options, short, every key announced, the same keys everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ivr_engine.core.ids import Language
from ivr_engine.flows.messages import Message
from ivr_engine.flows.norms.offers import most_at_once
from ivr_engine.flows.norms.places import Place
from ivr_engine.flows.norms.rules import Breach, Rule
from ivr_engine.flows.norms.speech import spoken_seconds, texts
from ivr_engine.flows.norms.ways import Ways, levels

AGENT_KEY = "0"
_ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_CALLED: Mapping[str, re.Pattern[str]] = {
    **{
        str(digit): re.compile(rf"(?<![0-9]){digit}(?![0-9])|{chinese}|\b{_ENGLISH[digit]}\b", re.IGNORECASE)
        for digit, chinese in enumerate("零一二三四五六七八九")
    },
    "*": re.compile(r"\*|星|米字|\bstar\b", re.IGNORECASE),
    "#": re.compile(r"#|井|\bhash\b|\bpound\b", re.IGNORECASE),
}
"""How a prompt may call a key."""


def nesting(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """No node behind more menus than the bound. Of a branch too deep only its first node is named."""
    for entry in ways.entries:
        depth = ways.costs(entry, levels)
        for spot in (spot for spot, found in depth.items() if found > rule.bound):
            place = ways.places[spot]
            if any(depth.get(before, 0) > rule.bound for before in ways.before(spot)):
                continue
            message = "`$node` is behind $levels menus; at most $most: move it nearer to the main menu"
            values = Message.of(message, node=place.node.name, levels=int(depth[spot]), most=rule.bound)
            yield Breach(place.node.at, place.name, values)


def options(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Agent, back and repeat are not counted, and of keys with conditions as many as one caller can be offered."""
    for menu in ways.menus:
        counted = [key for key in menu.facts.keys if not _is_common(menu, key, ways, rule)]
        conditions = [menu.facts.conditions[key] for key in counted if key in menu.facts.conditions]
        offered = len(counted) - len(conditions) + most_at_once(conditions) if len(counted) > rule.bound else 0
        if offered > rule.bound:
            message = "the menu offers $options choices; at most $most: put the rarer ones into a menu of their own"
            yield Breach(menu.node.at, menu.name, Message.of(message, options=offered, most=rule.bound))


def _is_common(menu: Place, key: str, ways: Ways, rule: Rule) -> bool:
    return key in rule.vocabulary or (key == AGENT_KEY and menu.exits.get(key) in ways.agent_at_hand)


def length(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """A menu is short enough to be remembered, in each language."""
    for menu in ways.menus:
        for language in ways.centre.languages:
            took = spoken_seconds(menu, ways.centre, language)
            if took > rule.bound:
                message = "saying the menu takes about $seconds s in $language; at most $most: shorten or divide it"
                values = Message.of(message, seconds=round(took), language=language, most=rule.bound)
                yield Breach(menu.node.at, menu.name, values)


def announced(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """What can be pressed is said, in each language; a key of every menu at least in the main one."""
    main = {menu.spot for entry in ways.entries if (menu := ways.main_menu(entry)) is not None}
    for menu in ways.menus:
        offered = (*menu.facts.keys, *(menu.shared if menu.spot in main else ()))
        for language in ways.centre.languages:
            keys = [key for key in offered if not _is_said(key, menu, ways, language)]
            if keys:
                message = "the menu does not say the keys $keys in $language; say them, or take them out"
                listed = ", ".join(f"`{key}`" for key in keys)
                yield Breach(menu.node.at, menu.name, Message.of(message, keys=listed, language=language))


def _is_said(key: str, menu: Place, ways: Ways, language: Language) -> bool:
    said = texts(menu, ways.centre, language)
    return not said or any(_CALLED[key].search(text) for text in said)


def zero_is_the_agent(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Key 0, where a menu has it, is the agent."""
    for menu in ways.menus:
        if AGENT_KEY in menu.exits and menu.exits[AGENT_KEY] not in ways.agent_at_hand:
            message = "key 0 leads to `$node`, which is no agent; 0 is the agent in every menu"
            yield Breach(menu.node.at, menu.name, Message.of(message, node=menu.exits[AGENT_KEY][1]))


def back_is_back(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """The keys for back and repeat lead to a menu: this one again, or one before it."""
    for menu in ways.menus:
        for key in (key for key in rule.vocabulary if key in menu.exits):
            target = ways.places[menu.exits[key]]
            if not target.facts.keys:
                message = "key $key leads to `$node`, which is no menu; this key repeats or goes back in every menu"
                yield Breach(menu.node.at, menu.name, Message.of(message, key=key, node=target.node.name))


def patience(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Nobody is asked the same question for ever."""
    for place in ways.places.values():
        if place.facts.attempts > rule.bound:
            message = "the caller is asked $attempts times; at most $most, then comes an agent"
            yield Breach(place.node.at, place.name, Message.of(message, attempts=place.facts.attempts, most=rule.bound))


def second_chance(ways: Ways, rule: Rule) -> Iterable[Breach]:
    """Who cannot answer the first questions comes to a person, not to the end."""
    for place in ways.places.values():
        if not place.asks or place.spot not in ways.before_any_service:
            continue
        lost = [name for name in ("no_input", "no_match", "failed") if name in place.exits]
        bad = [name for name in lost if place.exits[name] not in ways.leading_to_an_agent]
        if bad:
            message = "a caller who cannot answer leaves by $exits and never comes to an agent"
            yield Breach(place.node.at, place.name, Message.of(message, exits=", ".join(f"`{name}`" for name in bad)))
