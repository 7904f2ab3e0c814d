"""What is told of work that is no call: the time it took, why it went where it went, and the list of agents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from typer.testing import CliRunner

from ivr_engine.cli import agent as agent_commands
from ivr_engine.cli.app import build
from ivr_engine.cli.why_call import steps
from ivr_engine.core.events import (
    AgentPresenceChanged,
    CallQueued,
    Candidate,
    ConversationBegan,
    ConversationEnded,
    Event,
    Exclusion,
    OfferEnded,
    OfferMade,
    Recorded,
    WrapUpBegan,
    WrapUpEnded,
)
from ivr_engine.core.events.codec import from_plain, to_plain
from ivr_engine.core.ids import VOICE, AgentId, CallId, Instant, Language, Millis, OfferId, QueueName, WorkKind
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, Presence
from ivr_engine.metrics.occupancy import AgentsTime, Worked

ANNA, CHAT, MESSAGE = AgentId("anna"), QueueName("chat"), WorkKind("message")


def presence(now: Presence, before: Presence) -> AgentPresenceChanged:
    return AgentPresenceChanged(agent=ANNA, presence=now, previous=before)


def offered(call: str, **facts: Any) -> OfferMade:  # noqa: ANN401 - the fields of OfferMade
    usual: dict[str, Any] = {"candidates": (), "excluded": (), "kind": MESSAGE}
    return OfferMade(
        call=CallId(call),
        agent=ANNA,
        offer=OfferId(call),
        queue=CHAT,
        rule="longest_idle",
        waited=Millis(0),
        deadline=Instant(0),
        **{**usual, **facts},
    )


def taken(call: str, kind: WorkKind = MESSAGE) -> list[Event]:
    """An offer that is accepted in the same millisecond."""
    name, offer = CallId(call), OfferId(call)
    return [
        offered(call, kind=kind),
        OfferEnded(call=name, agent=ANNA, offer=offer, outcome=OfferOutcome.ANSWERED, kind=kind),
        ConversationBegan(call=name, agent=ANNA, queue=CHAT, kind=kind),
    ]


def done(call: str, kind: WorkKind = MESSAGE) -> ConversationEnded:
    return ConversationEnded(call=CallId(call), agent=ANNA, queue=CHAT, ended_by=EndedBy.AGENT, talked=Millis(1), kind=kind)


def worked(*happened: tuple[int, Event | Iterable[Event]], until: int) -> Worked:
    """Anna's time, from ready at 0."""
    time = AgentsTime()
    time.apply(presence(Presence.READY, Presence.PAUSED), Instant(0))
    for at, events in happened:
        for event in (events,) if isinstance(events, Event) else events:
            time.apply(event, Instant(at))
    time.close(Instant(until))
    return time.agents()[ANNA]


def test_time_with_several_messages_counts_once_and_each_piece_beside_it() -> None:
    time = worked((10, taken("m1")), (30, taken("m2")), (60, done("m1")), (100, done("m2")), until=120)
    assert (time.available, time.talking, time.beside, time.answered) == (30, 90, 30, 2)
    assert (time.occupancy, time.at_a_time) == (90 / 120, 120 / 90)


def test_who_is_rung_with_a_message_in_hand_is_occupied_all_the_same() -> None:
    time = worked((0, taken("m1")), (10, offered("c1", kind=VOICE)), (20, done("m1")), until=30)
    assert (time.talking, time.offered, time.available) == (20, 10, 0)


def test_paper_work_of_a_message_goes_on_beside_a_call() -> None:
    wrap_up = WrapUpBegan(agent=ANNA, call=CallId("m1"), limit=Millis(9), kind=MESSAGE)
    ended = WrapUpEnded(agent=ANNA, call=CallId("m1"), took=Millis(9), kind=MESSAGE)
    time = worked(
        (0, taken("m1")),
        (10, [done("m1"), wrap_up]),
        (20, taken("c1", VOICE)),
        (40, ended),
        (50, done("c1", VOICE)),
        until=50,
    )
    assert (time.talking, time.wrap_up, time.beside) == (10 + 30, 10, 20)


def test_paper_work_whose_end_an_engine_could_not_record_ends_with_the_next_login() -> None:
    wrap_up = WrapUpBegan(agent=ANNA, call=CallId("m1"), limit=Millis(9), kind=MESSAGE)
    out = presence(Presence.LOGGED_OUT, Presence.READY)
    back = [presence(Presence.PAUSED, Presence.LOGGED_OUT), presence(Presence.READY, Presence.PAUSED)]
    time = worked((0, taken("m1")), (10, [done("m1"), wrap_up]), (20, out), (30, back), until=50)
    assert time.available == 20


def test_why_says_the_kind_and_what_was_in_hand() -> None:
    queued = CallQueued(
        call=CallId("m1"), queue=CHAT, priority=0, needs=(), language=Language("zh"), position=1, kind=MESSAGE
    )
    candidates = (Candidate(agent=ANNA, key=4_000), Candidate(agent=AgentId("bert"), key=9_000, in_hand=1))
    full = Exclusion(agent=AgentId("carl"), reason="full:2")
    facts = [queued, offered("m1", candidates=candidates, excluded=(full,)), *taken("m1")[2:], done("m1")]
    told = steps([Recorded(sequence=place, at=Instant(1), event=event) for place, event in enumerate(facts, start=1)])
    assert [step.sentence for step in told] == [
        "entered chat as message at position 1; needs language zh",
        "offered to anna as message by rule longest_idle: 0 in hand and idle for 4.0 s, first of 2 eligible; "
        "after it bert 1 in hand and idle for 9.0 s",
        "in hand of anna as message",
        "no longer in hand of anna after 0.0 s, by the agent",
    ]
    assert told[1].under == ("1 with 2 of that kind in hand, as much as they take: carl",)


def test_a_call_is_written_as_before_there_was_other_work_and_a_message_with_its_kind() -> None:
    call, message = (ConversationBegan(call=CallId("x"), agent=ANNA, queue=CHAT, kind=kind) for kind in (VOICE, MESSAGE))
    assert to_plain(call) == {"type": "acd.conversation_began", "call": "x", "agent": "anna", "queue": "chat"}
    assert to_plain(message) == {**to_plain(call), "kind": "message"}
    assert [from_plain(to_plain(event)) for event in (call, message)] == [call, message]


def test_the_list_of_agents_counts_what_else_is_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {
        **dict.fromkeys(("agent", "presence", "activity", "reason", "phone"), "x"),
        "since_ms": 0,
        "queues": [],
        "name": "Anna",
        "others": [{"kind": "message"}, {"kind": "mail"}, {"kind": "message"}],
    }
    monkeypatch.setattr(agent_commands, "_ask", lambda _verb: [row])
    assert (
        CliRunner(env={"COLUMNS": "200"})
        .invoke(build(), ["agent", "list"])
        .output.splitlines()[-1]
        .endswith("Anna; 1 mail; 2 message")
    )
