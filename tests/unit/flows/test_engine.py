"""How a turn begins, goes on and ends."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ivr_engine.core.events.flow import (
    AuthorFault,
    FlowFailed,
    FlowFinished,
    FlowStarted,
    NodeEntered,
    PromptsPlayed,
)
from ivr_engine.core.ids import FlowName
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.errors import DefinitionError, ReplyMismatch
from ivr_engine.flows.effects import HangUp
from ivr_engine.flows.engine import ACCEPTS, begin, resume
from ivr_engine.flows.utterances import Prompt
from ivr_engine.flows.waits import CallerGone, KeysWait, Played, PlayWait, QueueLeft, QueueWait, Reply, RequestWait, Wait
from ivr_engine.testing.builders import call_facts, centre, prompts
from ivr_engine.testing.clock import START
from tests.unit.flows.walking import END, Walked, answered, keyed, walk

PLAY = {"hello": {"play": ["hello"], "next": "end"}}
FAULTY = {"wrong": {"set": {"a": "{{ missing }}"}, "next": "end"}}

ONE_OF_EACH: dict[str, tuple[dict[str, Any], type[Wait], Reply]] = {
    "play": ({"n": {"play": ["hello"], "next": "end"}}, PlayWait, Played()),
    "menu": ({"n": {"menu": {"prompt": "ask", "keys": {"1": "end"}}, "failed": "end"}}, KeysWait, keyed("1")),
    "request": (
        {"n": {"request": {"service": "host", "operation": "x"}, "next": "end", "failed": "end"}},
        RequestWait,
        answered({}),
    ),
    "queue": (
        {"n": {"queue": {"name": "cards"}, "next": "end", "failed": "end"}},
        QueueWait,
        QueueLeft(outcome=QueueOutcome.ANSWERED),
    ),
}


def test_beginning_records_the_flow_its_version_and_the_first_node() -> None:
    call = walk(PLAY)
    started, entered = call.events
    assert started == FlowStarted(call=call.turn.session.facts.call, flow=FlowName("main"), version="v1", language=ENTRY)
    assert isinstance(entered, NodeEntered)
    assert (entered.node, entered.kind) == ("hello", "play")
    assert call.turn.wait == PlayWait(prompts=(Prompt("hello"),), language=ENTRY)


ENTRY = centre(END).languages[0]


def test_beginning_a_flow_that_does_not_exist_is_a_definition_error() -> None:
    with pytest.raises(DefinitionError, match="nowhere"):
        begin(centre(END), call_facts(), FlowName("nowhere"), START)


def test_the_end_of_a_flow_hangs_up() -> None:
    call = walk(PLAY, Played())
    assert call.turn.wait is None
    assert call.turn.effects == (HangUp(),)
    assert call.one(FlowFinished).node == "end"


def test_prompts_are_recorded_when_they_were_played_and_not_before() -> None:
    call = walk(PLAY)
    assert call.all(PromptsPlayed) == []
    call.reply(Played(key="4"))
    played = call.one(PromptsPlayed)
    assert (played.prompts, played.interrupted) == (("hello",), True)


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_each_wait_accepts_its_own_reply_and_a_caller_who_left(kind: str) -> None:
    nodes, wait, reply = ONE_OF_EACH[kind]
    assert isinstance(walk(nodes).turn.wait, wait)
    assert walk(nodes, reply).turn.effects == (HangUp(),)
    gone = walk(nodes, CallerGone())
    assert (gone.turn.wait, gone.turn.effects, gone.turn.events) == (None, (), ())


@pytest.mark.parametrize("kind", ONE_OF_EACH)
@pytest.mark.parametrize("other", ONE_OF_EACH)
def test_a_wait_refuses_the_reply_of_another_and_the_session_stays_as_it_was(kind: str, other: str) -> None:
    nodes, _wait, _reply = ONE_OF_EACH[kind]
    reply: Reply = ONE_OF_EACH[other][2]
    call = walk(nodes)
    before = copy.deepcopy(call.turn.session)
    if kind == other:
        assert type(reply) is ACCEPTS[type(call.turn.session.wait)]  # type: ignore[index]  # it waits
        return
    with pytest.raises(ReplyMismatch, match=type(reply).__name__):
        call.reply(reply)
    assert call.turn.session == before


@pytest.mark.parametrize("last", [Played(), CallerGone()])
def test_a_finished_call_accepts_no_reply_at_all(last: Reply) -> None:
    call = walk(PLAY, last)
    with pytest.raises(ReplyMismatch):
        call.reply(CallerGone())


def test_a_fault_of_the_author_takes_the_failed_exit() -> None:
    call = walk({"wrong": {**FAULTY["wrong"], "failed": "lost"}})
    fault = call.one(AuthorFault)
    assert (fault.node, fault.code) == ("wrong", "missing_name")
    assert call.turn.session.node == "lost"
    assert call.all(FlowFailed) == []


def test_a_fault_without_a_failed_exit_ends_the_call() -> None:
    call = walk(FAULTY)
    assert call.one(FlowFailed).code == "missing_name"
    assert (call.turn.wait, call.turn.effects) == (None, (HangUp(),))


def test_a_failing_flow_says_system_fault_before_it_hangs_up() -> None:
    spoken = {language: prompts(["system_fault"]) for language in ("zh", "en")}
    call = Walked(centre({**FAULTY, **END}, prompts=spoken))
    assert call.one(FlowFailed)
    assert call.turn.effects == ()
    assert call.turn.wait == PlayWait(prompts=(Prompt("system_fault"),), language=ENTRY, barge_in=False)
    last = call.reply(Played())
    assert (last.wait, last.effects) == (None, (HangUp(),))
    assert call.one(PromptsPlayed).prompts == ("system_fault",)
    assert call.all(FlowFinished) == []


@pytest.mark.parametrize(
    ("nodes", "code"),
    [
        ({"a": {"play": ["hello"]}}, "no_exit"),
        ({"a": {"play": ["hello"], "next": "nowhere"}}, "no_node"),
    ],
)
def test_a_way_that_leads_nowhere_fails_the_flow_with_its_reason(nodes: dict[str, object], code: str) -> None:
    assert walk(nodes, Played()).one(FlowFailed).code == code


def test_a_session_whose_node_is_gone_fails_with_an_event_and_hangs_up() -> None:
    session = walk(PLAY).turn.session
    turn = resume(centre(END), session, Played(), START)
    (event,) = turn.events
    assert isinstance(event, FlowFailed)
    assert event.code == "node_gone"
    assert (turn.wait, turn.effects) == (None, (HangUp(),))
