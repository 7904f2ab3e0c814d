"""The kinds that tell somebody something: events, messages, tickets, bookings."""

from __future__ import annotations

from typing import Any

import pytest

from ivr_engine.core.events.acd import CallbackBooked, SkillNeed
from ivr_engine.core.events.flow import AuthorFault, BusinessEvent, Datum, RequestAnswered, TicketOpened
from ivr_engine.core.ids import SkillName
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.flows.waits import Json, Reply, RequestWait, Responded
from tests.unit.flows.walking import Walked, answered, keyed, refused, walk

EXITS = {"next": "end", "failed": "lost"}
NOTIFY: dict[str, Any] = {"service": "sms", "to": "{{ call.caller }}", "template": "loss", "values": {"n": "{{ 3 }}"}}
TICKET: dict[str, Any] = {"service": "desk", "type": "complaint", "data": {"about": "cards"}, "into": "ticket"}
BOOK: dict[str, Any] = {"queue": "cards", "number": "{{ call.caller }}", "skills": {"card": 3}, "priority": 7}
TIMEOUT = Responded(outcome=RequestOutcome.TIMEOUT)


def test_an_event_carries_its_values_as_texts() -> None:
    call = walk({"e": {"emit": {"event": "lost", "data": {"a": "{{ 1 + 1 }}", "b": True, "c": "x"}}, **EXITS}})
    data = tuple(Datum(name=name, value=value) for name, value in (("a", "2"), ("b", "true"), ("c", "x")))
    assert (call.one(BusinessEvent).name, call.one(BusinessEvent).data) == ("lost", data)


def test_a_value_that_is_no_text_is_a_fault_and_no_event() -> None:
    call = walk({"e": {"emit": {"event": "lost", "data": {"a": "{{ [1] }}"}}, **EXITS}})
    assert call.all(BusinessEvent) == []
    assert call.one(AuthorFault).code == "answer_not_plain"
    assert call.turn.session.node == "lost"


def asked(node: dict[str, Any]) -> tuple[Walked, RequestWait]:
    call = walk({"n": node})
    assert isinstance(call.turn.wait, RequestWait)
    return call, call.turn.wait


def test_a_message_names_its_template_language_and_values() -> None:
    _call, wait = asked({"notify": NOTIFY, **EXITS})
    assert (wait.service, wait.operation) == ("sms", "notify")
    send = dict(wait.send)
    assert str(send.pop("key")).startswith("call-1-n-")
    assert send == {"to": "13800138000", "template": "loss", "language": "zh", "values": {"n": 3}}


@pytest.mark.parametrize(
    ("exits", "reply", "target"),
    [
        ({"next": "end"}, answered({}), "end"),
        ({"next": "end"}, TIMEOUT, "end"),
        ({"next": "end"}, refused("blocked"), "end"),
        (EXITS, TIMEOUT, "lost"),
        (EXITS, refused("blocked"), "lost"),
        ({"next": "end", "exits": {"timeout": "lost"}}, TIMEOUT, "lost"),
        ({"next": "end", "exits": {"timeout": "lost"}}, refused("x"), "end"),
    ],
)
def test_a_message_that_was_not_sent_holds_nobody_up(exits: dict[str, Any], reply: Reply, target: str) -> None:
    call = walk({"n": {"notify": NOTIFY, **exits}}, reply)
    assert call.turn.session.node == target
    assert isinstance(reply, Responded)
    assert call.one(RequestAnswered).outcome is reply.outcome


@pytest.mark.parametrize(("exits", "target"), [({"next": "end"}, "end"), (EXITS, "lost")])
def test_a_caller_who_hides_the_number_gets_no_message_and_that_is_no_fault(exits: dict[str, str], target: str) -> None:
    call = walk({"n": {"notify": {**NOTIFY, "to": "{{ call.caller }}"}, **exits}}, caller="")
    assert (call.turn.session.node, call.all(AuthorFault), call.all(RequestAnswered)) == (target, [], [])


def test_a_message_to_a_number_that_has_no_value_is_a_fault_and_holds_nobody_up() -> None:
    call = walk({"n": {"notify": {**NOTIFY, "to": "{{ nothing }}"}, "next": "lost"}})
    assert (call.one(AuthorFault).code, call.turn.session.node) == ("missing_name", "lost")


def test_nobody_can_be_called_back_without_a_number() -> None:
    call = walk({"n": {"callback": {**BOOK, "number": ""}, **EXITS}})
    assert (call.one(AuthorFault).code, call.turn.session.node) == ("bad_number", "lost")


@pytest.mark.parametrize("number", ["12", "12a45", "+", "1" * 25, "{{ [1] }}", "１２３４５"])
def test_only_a_telephone_number_is_written_to_or_called_back(number: str) -> None:
    for node in ({"notify": {**NOTIFY, "to": number}}, {"callback": {**BOOK, "number": number}}):
        call = walk({"n": {**node, **EXITS}})
        assert call.one(AuthorFault).code in ("bad_number", "wrong_type")
        assert call.turn.session.node == "lost"
        assert call.all(CallbackBooked) == []


@pytest.mark.parametrize(("body", "number"), [({"number": "A-77"}, "A-77"), ({"number": 77, "due": "x"}, "77")])
def test_a_ticket_keeps_the_whole_answer_and_records_the_number(body: Json, number: str) -> None:
    call, wait = asked({"ticket": TICKET, **EXITS})
    assert {name: wait.send[name] for name in ("type", "call", "language", "data")} == {
        "type": "complaint",
        "call": "call-1",
        "language": "zh",
        "data": {"about": "cards"},
    }
    call.reply(answered(body))
    assert (call.one(TicketOpened).kind, call.one(TicketOpened).number) == ("complaint", number)
    assert call.turn.session.variables["ticket"] == body
    assert call.turn.session.node == "end"


@pytest.mark.parametrize("body", [None, {}, "77", {"number": True}, {"number": "a b"}, {"number": ""}, {"number": [1]}])
def test_an_answer_without_a_number_is_no_ticket(body: Json) -> None:
    call = walk({"n": {"ticket": TICKET, **EXITS}}, answered(body))
    assert call.one(RequestAnswered).outcome is RequestOutcome.INVALID
    assert call.all(TicketOpened) == []
    assert (call.turn.session.node, call.turn.session.variables) == ("lost", {})


def test_a_ticket_may_be_refused_by_a_result_of_the_service() -> None:
    call = walk({"n": {"ticket": TICKET, "next": "end", "failed": "end", "exits": {"twice": "lost"}}}, refused("twice"))
    assert call.turn.session.node == "lost"


def test_a_booking_says_who_is_to_be_called_by_whom() -> None:
    call = walk({"b": {"callback": BOOK, **EXITS}})
    booked = call.one(CallbackBooked)
    assert (booked.queue, booked.number, booked.priority, booked.language) == ("cards", "13800138000", 7, "zh")
    assert booked.needs == (SkillNeed(skill=SkillName("card"), level=3),)
    assert booked.window == ""


def test_a_booking_keeps_when_the_caller_wants_to_be_called() -> None:
    call = walk({"b": {"callback": {**BOOK, "window": "{{ 'after' + text(5) }}"}, **EXITS}})
    assert call.one(CallbackBooked).window == "after5"


@pytest.mark.parametrize(
    "node",
    [
        {"emit": {"event": "x", "data": {"p": "{{ pin }}"}}},
        {"notify": {**NOTIFY, "to": "{{ pin }}"}},
        {"notify": {**NOTIFY, "values": {"p": "{{ pin }}"}}},
        {"ticket": {**TICKET, "data": {"p": "{{ last(pin, 2) }}"}}},
        {"callback": {**BOOK, "number": "{{ pin }}"}},
        {"callback": {**BOOK, "queue": "{{ pin }}"}},
        {"callback": {**BOOK, "window": "{{ pin }}"}},
    ],
)
def test_a_secret_is_told_to_nobody(node: dict[str, Any]) -> None:
    collect = {"collect": {"prompt": "ask", "into": "pin", "digits": 6, "secret": True}, "next": "n", "failed": "end"}
    call = walk({"c": collect, "n": {**node, **EXITS}}, keyed("918273"))
    assert call.one(AuthorFault).code == "secret_exposed"
    assert call.turn.session.node == "lost"
    assert "918273" not in repr(call.events) + repr(call.turn)
