"""Who the caller is: asked once, verified outside, locked against trying, and never written down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivr_engine.core.events.codec import to_plain as event_plain
from ivr_engine.core.events.flow import IdentityConfirmed, IdentityRefused, KeysReceived
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.utterances import Prompt
from ivr_engine.flows.waits import Json, KeysWait, Lock, PlayWait, Responded, Verified, VerifyWait
from tests.unit.flows.walking import Walked, answered, keyed, refused, silence, walk

CARD, PIN = "6222020200112230", "918273"
WHO: dict[str, Any] = {
    "service": "host",
    "operation": "verify",
    "id": {"prompt": "card", "digits": "16..19", "check": "luhn", "attempts": 2},
    "pin": {"prompt": "pin", "digits": 6, "attempts": 2},
    "wrong": "wrong",
    "tries": 2,
    "lock": {"after": 4, "within": "1h"},
    "level": 2,
    "into": "customer",
}
STOP = {"stop": {"play": ["hello"], "next": "end"}}


def asking(*, exits: dict[str, str] | None = None, **parts: Any) -> Walked:  # noqa: ANN401 - settings of the node
    node = {"authenticate": {**WHO, **parts}, "next": "stop", "failed": "lost", "exits": exits or {}}
    return walk({"w": node, **STOP})


def entered(call: Walked, *, card: str = CARD, pin: str = PIN) -> VerifyWait:
    call.reply(keyed(card))
    call.reply(keyed(pin))
    assert isinstance(call.turn.wait, VerifyWait)
    return call.turn.wait


def verified(answer: Responded | None, *, locked: bool = False) -> Verified:
    return Verified(subject="digest", locked=locked, answer=answer)


def said(call: Walked) -> tuple[str, ...]:
    assert isinstance(call.turn.wait, KeysWait | PlayWait)
    return tuple(each.name for each in call.turn.wait.prompts if isinstance(each, Prompt))


def shown(call: Walked) -> str:
    return json.dumps([event_plain(event) for event in call.events]) + repr(call.turn) + repr(call.events)


def test_both_entries_reach_the_verifier_and_nothing_else() -> None:
    call = asking()
    assert said(call) == ("card",)
    wait = entered(call)
    assert (wait.service, wait.operation, wait.subject, wait.pin) == ("host", "verify", CARD, PIN)
    assert wait.lock == Lock(after=4, within=3_600_000)  # type: ignore[arg-type]  # a plain number stands for the span
    assert all(each.secret and each.keys == "" for each in call.all(KeysReceived))
    assert call.turn.session.variables == {}
    assert call.turn.session.memo == {"tries": 0}
    assert CARD not in shown(call)
    assert PIN not in shown(call)


def test_a_confirmed_caller_has_a_level_and_a_customer_for_every_flow() -> None:
    call = asking()
    entered(call)
    call.reply(verified(answered({"name": "Li"})))
    confirmed = call.one(IdentityConfirmed)
    assert (confirmed.subject, confirmed.level, confirmed.service) == ("digest", 2, "host")
    assert call.turn.session.node == "stop"
    assert call.turn.session.variables == {"customer": {"name": "Li"}}
    assert call.turn.session.given["identity"] == {"level": 2, "customer": {"name": "Li"}}


def test_nobody_is_asked_twice_at_the_same_level_but_again_at_a_higher_one() -> None:
    nodes = {
        "a": {"authenticate": {**WHO, "level": 1}, "next": "b", "failed": "lost"},
        "b": {"authenticate": {**WHO, "level": 1, "into": "again"}, "next": "c", "failed": "lost"},
        "c": {"authenticate": {**WHO, "level": 2}, "next": "stop", "failed": "lost"},
        **STOP,
    }
    call = walk(nodes)
    entered(call)
    call.reply(verified(answered("x")))
    assert (call.turn.session.node, call.turn.session.variables["again"]) == ("c", "x")
    assert isinstance(call.turn.wait, KeysWait)


def test_a_refused_caller_is_told_and_asked_for_both_again_until_the_tries_are_used_up() -> None:
    call = asking(exits={"refused": "end"})
    entered(call)
    call.reply(verified(refused("wrong_pin")))
    assert said(call) == ("wrong", "card")
    entered(call)
    call.reply(verified(refused("wrong_pin")))
    assert call.turn.session.node == "end"
    assert [each.subject for each in call.all(IdentityRefused)] == ["digest", "digest"]
    assert call.all(IdentityConfirmed) == []


@pytest.mark.parametrize(
    ("reply", "refusals"),
    [
        (verified(None, locked=True), 0),
        (verified(refused("wrong_pin"), locked=True), 1),
        (verified(refused("locked")), 1),
    ],
)
def test_a_locked_identity_leaves_by_its_own_exit(reply: Verified, refusals: int) -> None:
    call = asking(exits={"locked": "end"})
    entered(call)
    call.reply(reply)
    assert call.turn.session.node == "end"
    assert len(call.all(IdentityRefused)) == refusals


@pytest.mark.parametrize("outcome", [RequestOutcome.TIMEOUT, RequestOutcome.UNAVAILABLE, RequestOutcome.INVALID])
def test_trouble_with_the_service_is_no_refusal(outcome: RequestOutcome) -> None:
    call = asking()
    entered(call)
    call.reply(verified(Responded(outcome=outcome)))
    assert call.turn.session.node == "lost"
    assert call.all(IdentityRefused) == []


@pytest.mark.parametrize("entries", [[silence(), silence()], [keyed("1"), keyed("2")], [keyed(CARD), silence(), silence()]])
def test_an_entry_that_is_not_made_has_attempts_of_its_own(entries: list[Any]) -> None:
    call = asking()
    for entry in entries:
        call.reply(entry)
    assert call.turn.session.node == "lost"


@pytest.mark.parametrize("keys", [1, 2])
def test_a_call_between_the_entries_survives_storage(keys: int) -> None:
    call = asking()
    for entry in [keyed(CARD), keyed(PIN)][:keys]:
        call.reply(entry)
    session = call.turn.session
    assert from_plain(json.loads(json.dumps(to_plain(session)))) == session


@pytest.mark.parametrize("body", ["x" * 70_000, [[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]])
def test_an_answer_too_large_to_keep_identifies_nobody(body: Json) -> None:
    call = asking()
    entered(call)
    call.reply(verified(answered(body)))
    assert call.turn.session.node == "lost"
    assert "identity" not in call.turn.session.given


def test_the_level_can_be_read_before_anybody_is_known() -> None:
    node = {"branch": [{"when": "{{ identity.level >= 1 }}", "next": "lost"}], "else": "stop"}
    assert walk({"b": node, **STOP}).turn.session.node == "stop"
