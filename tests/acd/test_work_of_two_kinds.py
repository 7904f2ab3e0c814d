"""Messages and mails beside calls: the laws of `ledger` on long days, and what an agent has in hand, step by step."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import RingAgent
from ivr_engine.acd.queues import QueuePolicy, RelaxStep
from ivr_engine.acd.ranking import STRATEGIES
from ivr_engine.acd.rules import CentreRules
from ivr_engine.acd.standing import StandingConversation, StandingPresence
from ivr_engine.acd.stimuli import (
    CallEntered,
    ConversationOver,
    ExtendWrapUp,
    LogIn,
    OfferAnswered,
    Pause,
    Reconfigure,
    SetReady,
    Transfer,
)
from ivr_engine.core.events import OfferMade, WrapUpBegan
from ivr_engine.core.ids import VOICE, AgentId, CallId, Instant, Millis, QueueName, WorkKind
from ivr_engine.core.outcomes import EndedBy, Presence, QueueOutcome
from ivr_engine.errors import CommandRefused, DefinitionError, StoreError
from tests.acd.test_laws import CheckedWorld, Day
from tests.acd.test_walks import Walk
from tests.acd.world import AGENTS, CARDS, LOANS, NAMES, QUEUES, RARE, SHORT, ZH, World

ANNA = AgentId("anna")
MESSAGE, MAIL = WorkKind("message"), WorkKind("mail")
CHAT, NOTES, POST = QueueName("chat"), QueueName("notes"), QueueName("post")
OTHER_QUEUES = (
    QueuePolicy(
        name=CHAT,
        kind=MESSAGE,
        wrap_up=Millis(4_000),
        wrap_up_most=Millis(9_000),
        max_wait=Millis(40_000),
        relax=(RelaxStep(after=Millis(5_000), also=(NOTES,)),),
        overflow={QueueOutcome.TIMEOUT: NOTES},
    ),
    QueuePolicy(name=NOTES, kind=MESSAGE, wrap_up=Millis(0), max_length=4, staffed_only=True, leave_unstaffed=True),
    QueuePolicy(name=POST, kind=MAIL, wrap_up=Millis(2_000), strategy="fewest_calls"),
)
SERVED = {"anna": (CHAT,), "bert": (CHAT, POST), "carl": (NOTES,), "dora": (CHAT, NOTES, POST), "emma": ()}
ROOM = {"anna": {MESSAGE: 2}, "bert": {MESSAGE: 3, MAIL: 2}, "carl": {}, "dora": {MESSAGE: 2}, "emma": {MESSAGE: 20}}
PEOPLE = tuple(replace(agent, queues=(*agent.queues, *SERVED[agent.agent]), capacity=ROOM[agent.agent]) for agent in AGENTS)
Made = TypeVar("Made", bound=World)
BESIDE: tuple[tuple[WorkKind, ...], ...] = ((), (MESSAGE,), (MESSAGE, MAIL))


def mixed_world(seed: int, made: type[Made]) -> Made:
    """Calls, messages and mails; what may be done beside a call, and the rule of each queue, by seed."""
    names = list(STRATEGIES)
    queues = tuple(
        replace(queue, strategy=names[(seed + place) % len(names)]) for place, queue in enumerate((*QUEUES, *OTHER_QUEUES))
    )
    rules = CentreRules(
        reserve={RARE: 1},
        beside_voice=BESIDE[seed % len(BESIDE)],
        start=None if seed % 2 else Millis(2_000),
    )
    return made(queues=queues, rules=rules, agents=PEOPLE)


@pytest.mark.parametrize("seed", range(12))
def test_the_laws_hold_on_a_long_day_with_messages_and_mails(seed: int) -> None:
    walk = Walk(seed, mixed_world(seed, World), queues=(CARDS, CARDS, LOANS, SHORT, CHAT, CHAT, NOTES, POST))
    for agent in PEOPLE:
        walk.world.send(LogIn(agent=agent.agent))
        walk.world.send(SetReady(agent=agent.agent))
    walk.go(12_000)
    walk.world.ends()


def test_the_long_days_have_what_they_are_for() -> None:
    walk = Walk(1, mixed_world(1, World), queues=(CARDS, CARDS, LOANS, SHORT, CHAT, CHAT, NOTES, POST))
    walk.go(4_000)
    events = [event for decision in walk.world.decisions for event in decision.events]
    offers = [event for event in events if isinstance(event, OfferMade)]
    assert {offer.kind for offer in offers} == {VOICE, MESSAGE, MAIL}
    assert {each.in_hand for offer in offers for each in offer.candidates} >= {0, 1, 2}
    reasons = {each.reason for offer in offers if offer.kind == MESSAGE for each in offer.excluded}
    assert {"full:1", "full:2", "offered", "wrap_up"} <= reasons
    assert any(event.kind == MESSAGE for event in events if isinstance(event, WrapUpBegan))


def test_a_brief_centre_decides_the_same_about_every_kind() -> None:
    walk = Walk(5, mixed_world(5, World), queues=(CARDS, CARDS, LOANS, SHORT, CHAT, CHAT, NOTES, POST))
    walk.go(2_000)
    world = walk.world
    brief = Centre(queues=world.queues, agents=world.agents, rules=world.rules, brief=True)
    for (stimulus, now), decision in zip(world.history, world.decisions, strict=True):
        same = brief.handle(stimulus, now)
        assert (same.effects, same.next_alarm) == (decision.effects, decision.next_alarm)


class MixedDay(Day):
    """As any day, and messages and mails come too."""

    def __init__(self) -> None:
        super().__init__()
        self.world = mixed_world(1, CheckedWorld)

    @rule(
        queue=st.sampled_from((CHAT, CHAT, NOTES, POST)),
        agent=st.sampled_from((None, None, *NAMES)),
        agent_wait=st.sampled_from((Millis(0), Millis(4_000))),
        priority=st.sampled_from((0, 0, 3)),
    )
    def other_work_enters(self, queue: QueueName, agent: AgentId | None, agent_wait: Millis, priority: int) -> None:
        self.world.enters(queue=queue, needs=(), priority=priority, language=ZH, agent=agent, agent_wait=agent_wait)


TestMixedDay = MixedDay.TestCase
TestMixedDay.settings = settings(max_examples=80, stateful_step_count=60, deadline=None)


def centre_of(*queues: QueuePolicy, rules: CentreRules | None = None, **room: int) -> Centre:
    """Anna serves every queue, is ready, and has so much room for each kind."""
    names = tuple(queue.name for queue in queues)
    capacity = {WorkKind(kind): count for kind, count in room.items()}
    centre = Centre(queues=queues, agents=[AgentProfile(agent=ANNA, queues=names, capacity=capacity)], rules=rules)
    centre.handle(LogIn(agent=ANNA), Instant(0))
    centre.handle(SetReady(agent=ANNA), Instant(0))
    return centre


PHONE, CHATS = QueuePolicy(name=CARDS), QueuePolicy(name=CHAT, kind=MESSAGE, wrap_up=Millis(5_000))


def comes(centre: Centre, call: str, queue: QueuePolicy, at: int) -> None:
    """It enters, is offered and taken."""
    entering = CallEntered(call=CallId(call), queue=queue.name, needs=(), priority=0, language=ZH, kind=queue.kind)
    for effect in centre.handle(entering, Instant(at)).effects:
        assert isinstance(effect, RingAgent)
        centre.handle(OfferAnswered(offer=effect.offer), Instant(at))


def in_hand(centre: Centre) -> list[tuple[str, str]]:
    """What else than a call anna has, and what she does with it."""
    return [(each.call, each.activity.value) for each in centre.agents()[0].others]


def test_who_could_take_either_is_given_the_call_though_the_message_waits_longer() -> None:
    centre = centre_of(PHONE, CHATS)
    centre.handle(Pause(agent=ANNA, reason="lunch"), Instant(1))
    comes(centre, "m1", CHATS, at=2)
    comes(centre, "c1", PHONE, at=3)
    effects = centre.handle(SetReady(agent=ANNA), Instant(4)).effects
    assert [effect.call for effect in effects] == ["c1"]


def test_who_gets_back_what_they_wrap_up_is_done_with_the_paper_work() -> None:
    centre = centre_of(CHATS, message=2)
    comes(centre, "m1", CHATS, at=1)
    centre.handle(ConversationOver(call=CallId("m1"), ended_by=EndedBy.AGENT, talked=Millis(1)), Instant(2))
    assert in_hand(centre) == [("m1", "wrap_up")]
    comes(centre, "m1", CHATS, at=3)
    assert in_hand(centre) == [("m1", "talking")]
    assert centre.next_alarm is None


def test_less_room_after_a_reload_ends_nothing_and_offers_nothing_more() -> None:
    centre = centre_of(CHATS, message=2)
    comes(centre, "m1", CHATS, at=1)
    comes(centre, "m2", CHATS, at=2)
    anna = AgentProfile(agent=ANNA, queues=(CHAT,), capacity={MESSAGE: 1})
    centre.handle(Reconfigure(queues=(CHATS,), agents=(anna,)), Instant(3))
    comes(centre, "m3", CHATS, at=4)
    centre.handle(ConversationOver(call=CallId("m1"), ended_by=EndedBy.AGENT, talked=Millis(1)), Instant(5))
    centre.handle(SetReady(agent=ANNA), Instant(6))
    assert in_hand(centre) == [("m2", "talking")]


def test_a_new_kind_of_work_comes_with_a_reload() -> None:
    centre = centre_of(PHONE)
    anna = AgentProfile(agent=ANNA, queues=(CARDS, CHAT))
    rules = CentreRules(beside_voice=(MESSAGE,))
    comes(centre, "c1", PHONE, at=1)
    centre.handle(Reconfigure(queues=(PHONE, CHATS), agents=(anna,), rules=rules), Instant(2))
    comes(centre, "m1", CHATS, at=3)
    assert in_hand(centre) == [("m1", "talking")]


def test_a_queue_keeps_its_kind_while_the_engine_runs() -> None:
    centre = centre_of(PHONE)
    changed = replace(PHONE, kind=MESSAGE)
    with pytest.raises(CommandRefused, match="queue cards cannot become one of the kind message while the engine runs"):
        centre.handle(Reconfigure(queues=(changed,), agents=(AgentProfile(agent=ANNA, queues=(CARDS,)),)), Instant(1))


@pytest.mark.parametrize(
    ("queues", "capacity", "problem"),
    [
        (
            (replace(PHONE, overflow={QueueOutcome.FULL: CHAT}), CHATS),
            {},
            "queue cards is of the kind voice and leads to chat",
        ),
        ((PHONE, replace(CHATS, relax=(RelaxStep(after=Millis(1), also=(CARDS,)),))), {}, "leads to cards, of voice"),
        ((PHONE,), {VOICE: 2}, "agent anna: there is no capacity for voice"),
    ],
)
def test_kinds_are_never_mixed(queues: tuple[QueuePolicy, ...], capacity: dict[WorkKind, int], problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        Centre(queues=queues, agents=[AgentProfile(agent=ANNA, queues=(CARDS,), capacity=capacity)])


def test_a_command_may_name_the_piece_of_work_it_is_about() -> None:
    centre = centre_of(
        PHONE, replace(CHATS, wrap_up_most=Millis(60_000)), rules=CentreRules(beside_voice=(MESSAGE,)), message=2
    )
    comes(centre, "c1", PHONE, at=1)
    comes(centre, "m1", CHATS, at=2)
    with pytest.raises(CommandRefused, match="queue cards takes work of the kind voice, and this is message"):
        centre.handle(Transfer(agent=ANNA, talked=Millis(1), queue=CARDS, call=CallId("m1")), Instant(3))
    centre.handle(ConversationOver(call=CallId("m1"), ended_by=EndedBy.AGENT, talked=Millis(1)), Instant(4))
    with pytest.raises(CommandRefused, match="not in wrap-up"):
        centre.handle(ExtendWrapUp(agent=ANNA, more=Millis(1_000), call=CallId("c1")), Instant(5))
    centre.handle(ExtendWrapUp(agent=ANNA, more=Millis(1_000), call=CallId("m1")), Instant(5))
    assert centre.next_alarm == 4 + 6_000


def test_a_snapshot_says_by_its_version_whether_it_needs_an_engine_that_knows_other_work() -> None:
    assert centre_of(PHONE).snapshot()["version"] == 2
    centre = centre_of(PHONE, CHATS, message=2)
    comes(centre, "m1", CHATS, at=1)
    saved = json.loads(json.dumps(centre.snapshot()))
    assert saved["version"] == 3
    calls_only = Centre(queues=[PHONE, replace(CHATS, kind=VOICE)], agents=[AgentProfile(agent=ANNA, queues=(CARDS, CHAT))])
    with pytest.raises(StoreError, match="agent anna has work of the kind message in hand, which no queue takes any longer"):
        calls_only.restore(saved)


def test_after_a_start_each_conversation_is_taken_up_in_its_own_lane() -> None:
    centre = Centre(queues=[PHONE, CHATS], agents=[AgentProfile(agent=ANNA, queues=(CARDS, CHAT), capacity={MESSAGE: 2})])
    talks = [
        StandingConversation(call=CallId(call), agent=ANNA, queue=queue, since=Instant(5))
        for call, queue in (("c1", CARDS), ("c2", CARDS), ("m1", CHAT), ("m2", CHAT), ("m3", CHAT))
    ]
    centre.take_up([StandingPresence(agent=ANNA, presence=Presence.READY, reason="", since=Instant(1))], talks)
    assert centre.agents()[0].call == "c1"
    assert in_hand(centre) == [("m1", "talking"), ("m2", "talking")]
