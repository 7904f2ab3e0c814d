"""A secret value reaches the outside service it was collected for, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivr_engine.core.events.codec import to_plain
from ivr_engine.core.events.flow import AnswerGiven, AuthorFault, KeysReceived, PromptsPlayed
from ivr_engine.core.outcomes import GatherEnd
from ivr_engine.flows.utterances import Digits
from ivr_engine.flows.waits import Keyed, Played, PlayWait, RequestWait
from tests.unit.flows.walking import Walked, answered, keyed, walk

PIN = "918273"
COLLECT: dict[str, Any] = {
    "c": {"collect": {"prompt": "ask", "into": "pin", "digits": 6, "secret": True}, "next": "n", "failed": "end"}
}


def with_pin(node: dict[str, Any], *, answers: tuple[str, ...] = ()) -> Walked:
    return walk({**COLLECT, "n": node}, keyed(PIN), answers=answers)


def shown(call: Walked) -> str:
    """Everything that a log, a trace or the journal could show of a call."""
    return json.dumps([to_plain(event) for event in call.events]) + repr(call.turn) + repr(call.events)


def test_the_keys_of_a_secret_collect_are_counted_and_not_kept() -> None:
    call = with_pin({"play": ["hello"], "next": "end"})
    received = call.one(KeysReceived)
    assert (received.keys, received.count, received.secret) == ("", 6, True)
    assert PIN not in shown(call)


def test_a_secret_is_sent_and_the_wait_says_so_without_showing_it() -> None:
    call = with_pin(
        {"request": {"service": "host", "operation": "x", "send": {"p": "{{ pin }}"}, "into": "a"}, "next": "end"}
    )
    assert isinstance(call.turn.wait, RequestWait)
    assert (call.turn.wait.send, call.turn.wait.secret) == ({"p": PIN}, True)
    assert PIN not in shown(call)
    call.reply(answered({"ok": True}))
    assert call.turn.session.secrets == {"pin"}


@pytest.mark.parametrize(
    "expression", ["{{ pin }}", "x{{ pin }}", "{{ last(pin, 2) }}", "{{ int(pin) + 1 }}", "{{ [pin] }}"]
)
def test_whatever_is_made_of_a_secret_is_secret(expression: str) -> None:
    call = with_pin({"set": {"b": expression, "c": "{{ b }}"}, "next": "end"}, answers=("b", "c", "pin"))
    assert call.turn.session.secrets == {"pin", "b", "c"}
    assert call.all(AnswerGiven) == []
    assert PIN not in shown(call)


def test_a_variable_given_an_open_value_is_secret_no_more() -> None:
    call = with_pin({"set": {"pin": "gone"}, "next": "end"}, answers=("pin",))
    assert call.turn.session.secrets == set()
    assert call.one(AnswerGiven).value == "gone"


def test_a_secret_said_aloud_is_masked() -> None:
    call = with_pin({"play": [{"digits": "{{ pin }}"}], "next": "end"})
    assert call.turn.wait == PlayWait(prompts=(Digits(PIN, masked=True),), language=call.turn.session.language)
    assert PIN not in shown(call)
    call.reply(Played())
    assert call.all(PromptsPlayed)[-1].prompts == ("{digits}",)


@pytest.mark.parametrize("setting", ["name", "priority"])
def test_a_secret_never_steers_where_the_centre_would_record_it(setting: str) -> None:
    queue = {"name": "cards", setting: "{{ int(pin) }}"}
    call = with_pin({"queue": queue, "next": "end", "failed": "end"})
    assert call.one(AuthorFault).code == "secret_exposed"
    assert PIN not in shown(call)


@pytest.mark.parametrize(
    "node",
    [
        {"set": {"language": "{{ pin }}"}, "next": "end", "failed": "end"},
        {"set": {"b": "{{ pin.digits }}"}, "next": "end", "failed": "end"},
        {"set": {"b": "{{ pin / 2 }}"}, "next": "end", "failed": "end"},
        {"play": [{"date": "{{ pin }}"}], "next": "end", "failed": "end"},
    ],
)
def test_a_fault_over_a_secret_does_not_tell_it(node: dict[str, Any]) -> None:
    call = with_pin(node)
    assert call.one(AuthorFault).node == "n"
    assert PIN not in shown(call)


def test_a_wrong_secret_entry_is_asked_again_and_forgotten() -> None:
    call = walk({**COLLECT, "n": {"play": ["hello"], "next": "end"}}, Keyed(keys="91", ended=GatherEnd.TIMEOUT))
    assert call.turn.session.node == "c"
    assert call.turn.session.variables == {}
    assert call.one(KeysReceived).count == 2


def test_replies_and_utterances_do_not_show_their_values() -> None:
    assert PIN not in repr(keyed(PIN))
    assert PIN not in repr(answered({"pin": PIN}))
    assert PIN not in repr(Digits(PIN))
