"""Menu and collect: what counts as an answer, how often they ask, what they do with keys typed ahead."""

from __future__ import annotations

from typing import Any

import pytest

from ivr_engine.core.events.flow import KeysReceived, LanguageChosen, NodeEntered, PromptsPlayed
from ivr_engine.core.outcomes import GatherEnd
from ivr_engine.flows.utterances import Prompt
from ivr_engine.flows.waits import KeysWait, Played, PlayWait, Reply
from tests.unit.flows.walking import ENGINE_PROMPTS, keyed, silence, walk

MENU: dict[str, Any] = {"prompt": "ask", "keys": {"1": "end", "*": "lost"}, "attempts": 2}
COLLECT: dict[str, Any] = {"prompt": "ask", "into": "x", "digits": "2..4", "attempts": 2}
SPOKEN = {"zh": ENGINE_PROMPTS, "en": ENGINE_PROMPTS}
COMPLETE, END_KEY, TIMEOUT = GatherEnd.COMPLETE, GatherEnd.END_KEY, GatherEnd.TIMEOUT


def said(wait: object) -> tuple[str, ...]:
    assert isinstance(wait, KeysWait | PlayWait)
    return tuple(each.name for each in wait.prompts if isinstance(each, Prompt))


@pytest.mark.parametrize(("reply", "first"), [(keyed("7"), "invalid_key"), (silence(), "no_input")])
def test_a_menu_says_what_was_wrong_and_asks_again(reply: Reply, first: str) -> None:
    call = walk({"m": {"menu": MENU, "failed": "end"}}, reply, prompts=SPOKEN)
    assert said(call.turn.wait) == (first, "ask")
    assert call.turn.session.attempt == 1


def test_a_centre_without_these_prompts_just_asks_again() -> None:
    assert said(walk({"m": {"menu": MENU, "failed": "end"}}, keyed("7")).turn.wait) == ("ask",)


@pytest.mark.parametrize("kind", [{"menu": MENU}, {"collect": COLLECT, "next": "end"}])
@pytest.mark.parametrize(
    ("exits", "last", "target"),
    [
        ({"failed": "lost"}, silence(), "lost"),
        ({"failed": "lost"}, keyed("7", TIMEOUT), "lost"),
        ({"failed": "end", "no_input": "lost"}, silence(), "lost"),
        ({"failed": "lost", "no_input": "end"}, keyed("7", TIMEOUT), "lost"),
        ({"failed": "end", "no_match": "lost"}, keyed("7", TIMEOUT), "lost"),
        ({"no_input": "end", "exits": {"no_match": "lost"}}, keyed("7", TIMEOUT), "lost"),
    ],
)
def test_used_up_attempts_leave_by_their_own_exit_or_by_failed(
    kind: dict[str, Any], exits: dict[str, Any], last: Reply, target: str
) -> None:
    call = walk({"m": {**kind, **exits}}, silence(), last)
    assert call.turn.session.node == target


def test_attempts_are_counted_anew_each_time_a_node_is_entered() -> None:
    nodes = {"m": {"menu": {**MENU, "keys": {"1": "m"}}, "failed": "lost"}}
    call = walk(nodes, keyed("7"), keyed("1"), keyed("7"))
    assert call.turn.session.node == "m"


def test_a_menu_key_sets_variables_and_the_language_on_the_way() -> None:
    chosen = {"set": {"language": "en", "seen": True}, "next": "lost"}
    call = walk({"m": {"menu": {**MENU, "keys": {"2": chosen}}, "failed": "end"}}, keyed("2"))
    assert call.one(LanguageChosen).language == "en"
    assert call.turn.session.variables == {"seen": True}
    assert isinstance(call.turn.wait, PlayWait)
    assert call.turn.wait.language == "en"


@pytest.mark.parametrize(
    ("settings", "keys", "ended", "value"),
    [
        ({}, "12", TIMEOUT, "12"),
        ({}, "1234", COMPLETE, "1234"),
        ({}, "1", TIMEOUT, None),
        ({}, "", END_KEY, None),
        ({}, "1*2", TIMEOUT, None),
        ({"digits": 6}, "12345", END_KEY, None),
        ({"digits": 6}, "123456", COMPLETE, "123456"),
        ({"digits": "16..19", "check": "luhn"}, "6222020200112230", END_KEY, "6222020200112230"),
        ({"digits": "16..19", "check": "luhn"}, "6222020200112233", END_KEY, None),
        ({"digits": "16..19", "check": "luhn"}, "62220202001122*0", END_KEY, None),
        ({"digits": "1..9", "check": "amount"}, "12*5", END_KEY, "12.5"),
        ({"digits": "1..9", "check": "amount"}, "1200", END_KEY, "1200"),
        ({"digits": "1..9", "check": "amount"}, "12*505", END_KEY, None),
        ({"digits": "1..9", "check": "amount"}, "*50", END_KEY, None),
        ({"digits": 8, "check": "date"}, "20260302", COMPLETE, "2026-03-02"),
        ({"digits": 8, "check": "date"}, "20260230", COMPLETE, None),
        ({"digits": 8, "check": "date"}, "00000101", COMPLETE, None),
    ],
)
def test_collect_keeps_what_passes_its_check(
    settings: dict[str, Any], keys: str, ended: GatherEnd, value: str | None
) -> None:
    call = walk({"c": {"collect": {**COLLECT, **settings}, "next": "end", "failed": "lost"}}, keyed(keys, ended))
    assert call.turn.session.variables.get("x") == value
    assert (call.turn.session.node == "end") is (value is not None)


def test_collect_tells_the_telephone_what_to_take() -> None:
    settings = {**COLLECT, "digits": 6, "end_key": "*", "timeout": "7s", "key_timeout": "2s", "secret": True}
    wait = walk({"c": {"collect": settings, "next": "end", "failed": "end"}}).turn.wait
    assert isinstance(wait, KeysWait)
    assert (wait.most, wait.end_key, wait.first_timeout, wait.next_timeout, wait.secret) == (6, "*", 7000, 2000, True)


# Keys typed ahead -------------------------------------------------------------------------------------------------------

GREET = {"hello": {"play": ["hello"], "next": "next"}}


def test_a_key_during_a_prompt_answers_the_menu_without_asking() -> None:
    call = walk({**GREET, "next": {"menu": MENU, "failed": "end"}}, Played(key="*"))
    assert call.turn.session.node == "lost"
    assert (call.one(KeysReceived).keys, call.one(KeysReceived).ended) == ("*", COMPLETE)
    assert [each.prompts for each in call.all(PromptsPlayed)] == [("hello",)]


def test_a_key_typed_ahead_that_the_menu_lacks_counts_as_an_attempt() -> None:
    call = walk({**GREET, "next": {"menu": MENU, "failed": "end"}}, Played(key="5"), prompts=SPOKEN)
    assert said(call.turn.wait) == ("invalid_key", "ask")
    assert (call.turn.session.typed_ahead, call.turn.session.attempt) == ("", 1)


def test_a_collect_goes_on_from_the_keys_typed_ahead_without_its_prompt() -> None:
    call = walk({**GREET, "next": {"collect": COLLECT, "next": "end", "failed": "end"}}, Played(key="1"))
    wait = call.turn.wait
    assert isinstance(wait, KeysWait)
    assert (wait.typed_ahead, wait.prompts) == ("1", ())
    call.reply(keyed("123", END_KEY))
    assert call.turn.session.variables["x"] == "123"
    assert [each.prompts for each in call.all(PromptsPlayed)] == [("hello",)]


def test_a_secret_collect_throws_away_what_was_typed_ahead() -> None:
    secret = {"collect": {**COLLECT, "secret": True}, "next": "end", "failed": "end"}
    call = walk({**GREET, "next": secret}, Played(key="1"))
    wait = call.turn.wait
    assert isinstance(wait, KeysWait)
    assert (wait.typed_ahead, said(wait), call.turn.session.typed_ahead) == ("", ("ask",), "")


def test_plays_are_passed_over_while_keys_wait_unless_they_must_be_heard() -> None:
    nodes = {
        **GREET,
        "next": {"play": ["hello"], "next": "notice"},
        "notice": {"play": {"prompts": ["sorry"], "barge_in": False}, "next": "menu"},
        "menu": {"menu": MENU, "failed": "end"},
    }
    call = walk(nodes, Played(key="1"))
    assert call.turn.session.node == "notice"
    call.reply(Played(key="3"))  # a telephone that let a key through: the notice takes none
    assert (call.turn.session.node, call.one(KeysReceived).keys) == ("end", "1")


def test_a_circle_of_plays_is_heard_again_even_with_a_key_typed_ahead() -> None:
    call = walk({"hold": {"play": ["hello"], "next": "hold"}}, Played(key="1"))
    assert isinstance(call.turn.wait, PlayWait)
    assert len(call.all(NodeEntered)) < 20


def test_a_queue_forgets_keys_typed_ahead() -> None:
    call = walk({**GREET, "next": {"queue": {"name": "cards"}, "next": "end", "failed": "end"}}, Played(key="1"))
    assert call.turn.session.typed_ahead == ""


# The end key that comes after a full entry ------------------------------------------------------------------------------

FULL = {"pin": {"collect": {**COLLECT, "secret": True}, "next": "said", "failed": "end"}}
SAID = {"said": {"play": ["hello"], "next": "more"}, "more": {"menu": {**MENU, "keys": {"#": "lost"}}, "failed": "end"}}


def test_an_end_key_after_a_full_entry_neither_cuts_the_next_prompt_nor_answers_the_next_menu() -> None:
    call = walk({**FULL, **SAID}, keyed("1234"), Played(key="#"))
    assert (call.turn.session.node, said(call.turn.wait)) == ("said", ("hello",))
    call.reply(Played(key="#"))  # this one is meant
    assert call.turn.session.node == "lost"


def test_an_end_key_after_a_full_entry_is_no_attempt_at_the_next_question() -> None:
    nodes = {**FULL, "said": {"collect": COLLECT, "next": "lost", "failed": "end"}}
    call = walk(nodes, keyed("1234"), keyed("", END_KEY))
    assert (call.turn.session.node, call.turn.session.attempt) == ("said", 0)
    call.reply(keyed("", END_KEY))
    assert call.turn.session.attempt == 1


@pytest.mark.parametrize("reply", [keyed("12", END_KEY), keyed("12", TIMEOUT)])
def test_only_a_full_entry_leaves_an_end_key_to_come(reply: Reply) -> None:
    call = walk({**FULL, **SAID}, reply, Played(key="#"))
    assert call.turn.session.node == "lost"


def test_a_menu_that_lists_the_end_key_takes_it() -> None:
    nodes = {**FULL, "said": {"menu": {**MENU, "keys": {"#": "lost"}}, "failed": "end"}}
    assert walk(nodes, keyed("1234"), keyed("#")).turn.session.node == "lost"


def test_wrong_keys_after_a_full_entry_count_as_ever() -> None:
    nodes = {**FULL, "said": {"menu": MENU, "failed": "end"}}
    assert walk(nodes, keyed("1234"), keyed("7")).turn.session.attempt == 1
    assert walk(nodes, keyed("1234"), keyed("#")).turn.session.attempt == 0
