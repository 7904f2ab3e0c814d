"""Keys that mean the same everywhere: repeat, back, an agent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivr_engine.core.events.flow import SubflowEntered
from ivr_engine.core.ids import FlowName
from ivr_engine.core.outcomes import GatherEnd
from ivr_engine.flows import limits
from ivr_engine.flows.definition import GlobalKeys
from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.utterances import Prompt
from ivr_engine.flows.waits import KeysWait, Played, PlayWait, Reply, VerifyWait
from ivr_engine.testing.builders import centre_of, flow
from ivr_engine.testing.callers import take
from tests.unit.flows.walking import END, Walked, keyed

KEYS = GlobalKeys(repeat="*", back="9", agent="0", agent_flow=FlowName("people"))


def menu(keys: dict[str, str]) -> dict[str, Any]:
    return {"menu": {"prompt": "ask", "keys": keys, "attempts": 2}, "failed": "end"}


MENUS = {
    "top": menu({"1": "middle", "2": "hello"}),
    "middle": menu({"1": "low"}),
    "low": menu({"1": "top", "*": "end"}),
    **END,
}
HELLO = {"hello": {"play": ["hello"], "next": "middle"}}
PEOPLE = {"ask": menu({"1": "over"}), "over": {"return": {}}, **END}


def dialling(*replies: Reply) -> Walked:
    flows = (flow({**MENUS, **HELLO}), flow(PEOPLE, name="people"))
    return Walked(centre_of(*flows, keys=KEYS), *replies)


def at(call: Walked) -> tuple[str, str]:
    return call.turn.session.flow, call.turn.session.node


def test_repeat_asks_again_and_costs_no_attempt() -> None:
    call = dialling(keyed("7"), *[keyed("*")] * 5)
    assert at(call) == ("main", "top")
    assert call.turn.session.attempt == 1
    assert isinstance(call.turn.wait, KeysWait)


def test_back_leads_to_the_menu_before_over_whatever_lay_between() -> None:
    assert at(dialling(keyed("1"), keyed("1"), keyed("9"))) == ("main", "middle")
    assert at(dialling(keyed("1"), keyed("1"), keyed("9"), keyed("9"))) == ("main", "top")
    assert at(dialling(keyed("2"), Played(), keyed("9"))) == ("main", "top")


def test_back_in_the_first_menu_stays_there() -> None:
    assert at(dialling(keyed("9"), keyed("9"))) == ("main", "top")


def test_a_menu_reached_again_is_the_same_place() -> None:
    round_trip = dialling(keyed("1"), keyed("1"), keyed("1"))
    assert round_trip.turn.session.menus == ["top"]
    for _ in range(3 * limits.MENUS):
        round_trip.reply(keyed("1"))
    assert len(round_trip.turn.session.menus) <= 3


def test_the_agent_key_enters_its_flow_and_the_menu_is_asked_again_afterwards() -> None:
    call = dialling(keyed("1"), keyed("0"))
    assert at(call) == ("people", "ask")
    assert call.one(SubflowEntered).flow == "main"
    call.reply(keyed("1"))
    assert at(call) == ("main", "middle")
    call.reply(keyed("9"))
    assert at(call) == ("main", "top")


def test_within_the_agent_flow_the_agent_key_is_a_key_like_any_other() -> None:
    call = dialling(keyed("0"), keyed("0"))
    assert at(call) == ("people", "ask")
    assert call.turn.session.attempt == 1


def test_a_key_that_a_menu_lists_itself_keeps_its_meaning() -> None:
    assert dialling(keyed("1"), keyed("1"), keyed("*")).turn.wait is None


def test_the_way_back_survives_storage() -> None:
    session = dialling(keyed("1"), keyed("0")).turn.session
    assert (session.menus, session.stack[0].menus) == (["ask"], ("top", "middle"))
    assert from_plain(json.loads(json.dumps(to_plain(session)))) == session


# -- entries of several keys


def entry(**settings: Any) -> dict[str, Any]:  # noqa: ANN401 - settings of collect
    collect = {"prompt": "ask", "into": "x", "digits": "6..19", **settings}
    return {"entry": {"collect": collect, "next": "end", "failed": "end"}}


def entering(nodes: dict[str, Any], *replies: Reply) -> Walked:
    """A menu, whose key 1 leads to the first of the nodes."""
    flows = (flow({"top": menu({"1": next(iter(nodes))}), **nodes, **END}), flow(PEOPLE, name="people"))
    return Walked(centre_of(*flows, keys=KEYS), keyed("1"), *replies)


@pytest.mark.parametrize(
    ("settings", "alone"),
    [
        ({}, "*"),
        ({"check": "luhn", "secret": True}, "*"),
        ({"check": "amount", "digits": "1..9"}, "*"),
        ({"check": "phone"}, "*9"),
        ({"check": "id_number", "digits": 18}, "*0"),
        ({"pattern": "62.{14}|[45].{15}"}, "*90"),
        ({"pattern": "*[1-8]{5}"}, "90"),
        ({"pattern": "1{0}9.{5}"}, "*0"),
    ],
)
def test_a_key_with_which_no_entry_can_begin_acts_at_once(settings: dict[str, Any], alone: str) -> None:
    wait = entering(entry(**settings)).turn.wait
    assert isinstance(wait, KeysWait)
    assert set(wait.alone) == set(alone)
    for key in alone:
        taken, rest = take(wait, f"{key}12")
        assert (taken.keys, taken.ended, rest) == (key, GatherEnd.COMPLETE, "12")


def test_a_digit_acts_when_it_is_the_whole_entry_and_alone_no_answer() -> None:
    assert at(entering(entry(), keyed("0", GatherEnd.END_KEY))) == ("people", "ask")
    assert at(entering(entry(), keyed("9", GatherEnd.TIMEOUT))) == ("main", "top")
    short = entry(digits="1..9")
    assert entering(short, keyed("0", GatherEnd.END_KEY)).turn.session.variables == {"x": "0"}


@pytest.mark.parametrize("keys", ["00", "0000000", "9*"])
def test_after_another_key_it_belongs_to_the_entry(keys: str) -> None:
    call = entering(entry(check="luhn", digits="16..19"), keyed(keys, GatherEnd.END_KEY))
    assert at(call) == ("main", "entry")
    assert call.turn.session.attempt == 1


def test_repeat_in_an_entry_asks_again_and_costs_no_attempt() -> None:
    call = entering(entry(attempts=2), *[keyed("*")] * 5)
    assert at(call) == ("main", "entry")
    assert call.turn.session.attempt == 0


def test_the_agent_key_in_an_entry_comes_back_to_the_question() -> None:
    call = entering(entry(), keyed("0", GatherEnd.END_KEY), keyed("1"))
    assert at(call) == ("main", "entry")
    assert isinstance(call.turn.wait, KeysWait)


def test_the_end_key_pressed_after_a_key_that_acted_is_passed_over() -> None:
    assert entering(entry(), keyed("*"), keyed("", GatherEnd.END_KEY)).turn.session.attempt == 0


def test_back_where_no_menu_was_asked_repeats_the_question() -> None:
    call = Walked(centre_of(flow({**entry(), **END}), flow(PEOPLE, name="people"), keys=KEYS), keyed("9", GatherEnd.END_KEY))
    assert at(call) == ("main", "entry")
    assert call.turn.session.attempt == 0


AUTHENTICATE = {
    "who": {
        "authenticate": {
            "service": "host",
            "id": {"prompt": "ask", "digits": "16..19", "check": "luhn"},
            "pin": {"prompt": "hello", "digits": 6},
        },
        "next": "end",
        "failed": "end",
    }
}
CARD = "6299990000100015"


def test_who_asks_for_an_agent_at_the_pin_comes_back_to_the_pin() -> None:
    call = entering(AUTHENTICATE, keyed(CARD), keyed("0", GatherEnd.TIMEOUT))
    assert at(call) == ("people", "ask")
    stored = from_plain(json.loads(json.dumps(to_plain(call.turn.session))))
    assert stored == call.turn.session
    call.reply(keyed("1"))
    asked = call.turn.wait
    assert isinstance(asked, KeysWait)
    assert asked.prompts == (Prompt("hello"),)
    verified = call.reply(keyed("123456")).wait
    assert isinstance(verified, VerifyWait)
    assert verified.subject == CARD


# -- surveys


def survey(**settings: Any) -> dict[str, Any]:  # noqa: ANN401 - settings of survey
    questions = [{"prompt": "ask", "into": "a", "scale": "1..5"}, {"prompt": "hello", "into": "b", "scale": "1..5"}]
    return {"rate": {"survey": {"name": "s", "questions": questions, "total": "sum", **settings}, "next": "end"}}


def test_in_a_survey_the_keys_act_and_what_was_answered_is_kept() -> None:
    call = entering(survey(), keyed("4"), keyed("*"), keyed("0"), keyed("1"), keyed("5"))
    assert call.turn.wait is None
    assert call.turn.session.variables == {"a": 4, "b": 5, "sum": 9}


def test_an_invitation_is_not_declined_by_a_key_of_everywhere() -> None:
    invited = survey(invite={"prompt": "ask", "key": 1})
    assert at(entering(invited, keyed("*"))) == ("main", "rate")
    assert at(entering(invited, keyed("0"))) == ("people", "ask")
    assert at(entering(invited, keyed("9"))) == ("main", "top")
    assert entering(invited, keyed("7")).turn.wait is None


def test_an_answer_of_the_survey_stays_one() -> None:
    answers = survey(questions=[{"prompt": "ask", "into": "a", "scale": "0..9"}])
    assert entering(answers, keyed("0")).turn.session.variables["a"] == 0


# -- prompts


def playing(after: dict[str, Any], key: str) -> Walked:
    nodes = {"words": {"play": ["hello"], "next": "more"}, "more": {"play": ["hello"], "next": next(iter(after))}, **after}
    return entering(nodes, Played(key=key))


def test_during_prompts_a_key_that_no_question_to_come_takes_acts_at_once() -> None:
    for after in (menu_named("low", "1"), entry(check="luhn", secret=True), {"bye": {"play": ["hello"], "next": "end"}}):
        assert at(playing(after, "0")) == ("people", "ask")
        assert at(playing(after, "9")) == ("main", "top")
        assert at(playing(after, "*")) == ("main", "words")
    assert isinstance(playing(menu_named("low", "1"), "*").turn.wait, PlayWait)


def menu_named(name: str, *keys: str) -> dict[str, Any]:
    return {name: menu(dict.fromkeys(keys, "end"))}


def test_during_prompts_a_key_that_a_question_to_come_takes_is_typed_ahead() -> None:
    assert playing(menu_named("low", "0"), "0").turn.wait is None
    ahead = playing(entry(), "0").turn.wait
    assert isinstance(ahead, KeysWait)
    assert ahead.typed_ahead == "0"
    inner = {"deeper": {"flow": {"name": "people"}, "next": "end"}}
    assert playing(inner, "1").turn.wait is None


def test_the_agent_key_in_prompts_comes_back_to_them() -> None:
    call = playing(menu_named("low", "1"), "0")
    call.reply(keyed("1"))
    assert at(call) == ("main", "words")
    assert isinstance(call.turn.wait, PlayWait)


def test_a_question_after_the_flow_that_is_left_counts_too() -> None:
    """In the flow `inner` a play is the last node; what comes next is asked by the flow that entered it."""
    inner = flow({"words": {"play": ["hello"], "next": "over"}, "over": {"return": {}}}, name="inner")
    for keys, place in ({"0": "end"}, None), ({"1": "end"}, ("people", "ask")):
        outer = flow({"go": {"flow": {"name": "inner"}, "next": "low"}, "low": menu(keys), **END})
        call = Walked(centre_of(outer, inner, flow(PEOPLE, name="people"), keys=KEYS), Played(key="0"))
        assert (call.turn.wait is None) if place is None else (at(call) == place)
