"""Keys that mean the same in every menu: repeat, back, an agent."""

from __future__ import annotations

import json
from typing import Any

from ivr_engine.core.events.flow import SubflowEntered
from ivr_engine.core.ids import FlowName
from ivr_engine.flows import limits
from ivr_engine.flows.definition import GlobalKeys
from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.waits import KeysWait, Played, Reply
from ivr_engine.testing.builders import centre_of, flow
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
