"""A day of anything at all: whatever happens, in whatever order, the laws of `ledger` hold."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ivr_engine.acd.effects import Decision
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    Consult,
    ConversationOver,
    ExtendWrapUp,
    FlowedOut,
    HoursChanged,
    JoinedElsewhere,
    LineLost,
    LogIn,
    LogOut,
    MoveAgent,
    MoveCaller,
    OfferAnswered,
    OfferFailed,
    OfferPickedUp,
    OfferRinging,
    Pause,
    SetPriority,
    SetReady,
    SetSkill,
    Stimulus,
    TimePassed,
    Transfer,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, OfferId, QueueName
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, Presence
from tests.acd.world import (
    CARD,
    CARDS,
    EN,
    FAILURES,
    FREEING,
    LOANS,
    NAMES,
    NEEDS,
    RARE,
    SHORT,
    WORDS_OF_A_COLLEAGUE,
    ZH,
    World,
)

agents = st.sampled_from(NAMES)
QUEUES_OF_ALL = (CARDS, LOANS, SHORT)


class CheckedWorld(World):
    """Every stimulus goes to a centre that lives on and to one made anew from its snapshot."""

    def send(self, stimulus: Stimulus) -> Decision | None:
        saved, other = json.dumps(self.centre.snapshot()), self.restored()
        decision = super().send(stimulus)
        if decision is None:
            assert json.dumps(self.centre.snapshot()) == saved
            return None
        assert other.handle(stimulus, self.now) == decision
        assert other.snapshot() == self.centre.snapshot()
        return decision


class Day(RuleBasedStateMachine):
    """What may happen, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = CheckedWorld()

    @property
    def ringing(self) -> list[OfferId]:
        return sorted(self.world.ledger.offers)

    @initialize(at_work=st.sets(agents, min_size=2))
    def the_day_begins(self, at_work: set[AgentId]) -> None:
        for agent in sorted(at_work):
            self.world.send(LogIn(agent=agent))
            self.world.send(SetReady(agent=agent))

    @precondition(lambda self: any(status.presence is not Presence.READY for status in self.world.centre.agents()))
    @rule()
    def everybody_comes_back(self) -> None:
        for status in self.world.centre.agents():
            if status.presence is not Presence.READY:
                self.world.send(LogIn(agent=status.agent))
                self.world.send(SetReady(agent=status.agent))

    @rule(
        agent=agents,
        command=st.sampled_from(
            (
                lambda agent: Pause(agent=agent, reason="lunch"),
                lambda agent: Pause(agent=agent, reason="training", by="supervisor"),
                lambda agent: LogOut(agent=agent),
                lambda agent: SetReady(agent=agent),
                lambda agent: LogIn(agent=agent),
                lambda agent: ExtendWrapUp(agent=agent, more=Millis(4_000)),
                lambda agent: MoveAgent(agent=agent, into=(LOANS,), out_of=(CARDS,)),
                lambda agent: MoveAgent(agent=agent, into=(CARDS, SHORT)),
                lambda agent: SetSkill(agent=agent, skill=CARD, level=2),
                lambda agent: SetSkill(agent=agent, skill=RARE, level=7),
                lambda agent: SetSkill(agent=agent, skill=RARE, level=None),
            )
        ),
    )
    def somebody_commands(self, agent: AgentId, command: Callable[[AgentId], Stimulus]) -> None:
        self.world.send(command(agent))

    @rule(
        queue=st.sampled_from(QUEUES_OF_ALL),
        needs=st.sampled_from(NEEDS),
        prefers=st.sampled_from(NEEDS),
        priority=st.sampled_from((0, 0, 0, 1, 5)),
        language=st.sampled_from((ZH, ZH, EN)),
        agent=st.sampled_from((None, None, None, *NAMES, AgentId("nobody"))),
        agent_wait=st.sampled_from((Millis(0), Millis(4_000))),
        ago=st.sampled_from((None, None, None, 0, 4_000, 60_000)),
    )
    def a_call_enters(
        self,
        *,
        queue: QueueName,
        needs: tuple[object, ...],
        prefers: tuple[object, ...],
        priority: int,
        language: Language,
        agent: AgentId | None,
        agent_wait: Millis,
        ago: int | None,
    ) -> None:
        self.world.enters(
            queue=queue,
            needs=needs,
            prefers=prefers,
            priority=priority,
            language=language,
            agent=agent,
            agent_wait=agent_wait,
            arrived=None if ago is None else Instant(self.world.now - ago),
        )

    @rule(closed=st.sampled_from(((), (), (LOANS,), (CARDS, SHORT))))
    def a_calendar_closes(self, closed: tuple[QueueName, ...]) -> None:
        self.world.send(HoursChanged(closed=closed))

    @precondition(lambda self: self.world.centre.calls())
    @rule(data=st.data())
    def a_caller_leaves(self, data: st.DataObject) -> None:
        here = [status.call for status in self.world.centre.calls()]
        self.world.send(CallerLeft(call=data.draw(st.sampled_from(here))))

    @precondition(lambda self: self.world.centre.calls())
    @rule(data=st.data())
    def a_caller_presses_a_key_that_leaves(self, data: st.DataObject) -> None:
        here = [status.call for status in self.world.centre.calls()]
        self.world.send(FlowedOut(call=data.draw(st.sampled_from(here))))

    @precondition(lambda self: self.ringing)
    @rule(data=st.data(), word=st.sampled_from((OfferAnswered, OfferAnswered, OfferRinging, OfferPickedUp)))
    def an_agent_picks_up(self, data: st.DataObject, word: Callable[..., Stimulus]) -> None:
        self.world.send(word(offer=data.draw(st.sampled_from(self.ringing))))

    @precondition(lambda self: self.ringing)
    @rule(data=st.data(), outcome=st.sampled_from(2 * FREEING + FAILURES))
    def a_telephone_fails(self, data: st.DataObject, outcome: OfferOutcome) -> None:
        offer = data.draw(st.sampled_from(self.ringing))
        self.world.send(OfferFailed(offer=offer, outcome=outcome, cause="486"))

    @precondition(lambda self: self.world.ledger.talking)
    @rule(data=st.data(), by=st.sampled_from((EndedBy.AGENT, EndedBy.CALLER)))
    def a_conversation_ends(self, data: st.DataObject, by: EndedBy) -> None:
        call = data.draw(st.sampled_from(sorted(self.world.ledger.talking)))
        self.world.send(ConversationOver(call=call, ended_by=by, talked=Millis(1_000)))

    @precondition(lambda self: self.world.ledger.talking)
    @rule(data=st.data(), queue=st.sampled_from((None, LOANS, SHORT)), colleague=st.none() | agents)
    def an_agent_passes_a_caller_on(self, data: st.DataObject, queue: QueueName | None, colleague: AgentId | None) -> None:
        call = data.draw(st.sampled_from(sorted(self.world.ledger.talking)))
        agent = self.world.ledger.talking[call]
        self.world.send(Transfer(agent=agent, talked=Millis(1_000), queue=queue, colleague=colleague, call=call))

    @precondition(lambda self: self.world.ledger.in_line)
    @rule(data=st.data())
    def a_line_breaks(self, data: st.DataObject) -> None:
        self.world.send(LineLost(call=data.draw(st.sampled_from(sorted(self.world.ledger.in_line)))))

    @precondition(lambda self: self.world.ledger.away)
    @rule(data=st.data())
    def a_line_is_back(self, data: st.DataObject) -> None:
        self.world.line_is_back(data.draw(st.sampled_from(sorted(self.world.ledger.away))))

    @rule(data=st.data(), agent=agents)
    def the_switch_joined_two(self, data: st.DataObject, agent: AgentId) -> None:
        here = [CallId(f"x{len(self.world.history)}"), *sorted(status.call for status in self.world.centre.calls())]
        self.world.send(JoinedElsewhere(call=data.draw(st.sampled_from(here)), agent=agent))

    @precondition(lambda self: self.world.ledger.in_line)
    @rule(data=st.data(), queue=st.sampled_from(QUEUES_OF_ALL), priority=st.sampled_from((None, 0, 3, 5)))
    def a_supervisor_moves_a_caller(self, data: st.DataObject, queue: QueueName, priority: int | None) -> None:
        call = data.draw(st.sampled_from(sorted(self.world.ledger.in_line)))
        move = MoveCaller(call=call, queue=queue)
        self.world.send(move if priority is None else SetPriority(call=call, priority=priority))

    @precondition(lambda self: self.world.ledger.talking)
    @rule(data=st.data(), colleague=agents)
    def an_agent_asks_a_colleague(self, data: st.DataObject, colleague: AgentId) -> None:
        call = data.draw(st.sampled_from(sorted(self.world.ledger.talking)))
        self.world.send(Consult(agent=self.world.ledger.talking[call], colleague=colleague, call=call))

    @precondition(lambda self: self.world.ledger.asked)
    @rule(data=st.data(), word=st.sampled_from(WORDS_OF_A_COLLEAGUE))
    def something_comes_of_asking(self, data: st.DataObject, word: Callable[[CallId], Stimulus]) -> None:
        self.world.send(word(data.draw(st.sampled_from(sorted(self.world.ledger.asked)))))

    @precondition(lambda self: self.world.ledger.unsettled)
    @rule(data=st.data(), outcome=st.sampled_from((None, None, OfferOutcome.NO_ANSWER, OfferOutcome.CALLER_GONE)))
    def a_lapsed_offer_is_settled(self, data: st.DataObject, outcome: OfferOutcome | None) -> None:
        self.world.settles(data.draw(st.sampled_from(sorted(self.world.ledger.unsettled))), outcome)

    @precondition(lambda self: self.world.settled())
    @rule(
        data=st.data(),
        word=st.sampled_from(
            (
                lambda offer: OfferAnswered(offer=offer),
                lambda offer: OfferRinging(offer=offer),
                lambda offer: OfferPickedUp(offer=offer),
                *(lambda offer, each=each: OfferFailed(offer=offer, outcome=each) for each in FAILURES),
            )
        ),
    )
    def late_word_about_an_offer_changes_nothing(self, data: st.DataObject, word: Callable[[OfferId], Stimulus]) -> None:
        self.nothing_comes_of(word(data.draw(st.sampled_from(self.world.settled()))))

    @precondition(lambda self: self.world.calls > len(self.world.centre.calls()))
    @rule(data=st.data(), left=st.booleans())
    def late_word_about_a_call_changes_nothing(self, data: st.DataObject, left: bool) -> None:
        here = {status.call for status in self.world.centre.calls()}
        gone = [call for call in (CallId(f"c{number + 1}") for number in range(self.world.calls)) if call not in here]
        call = data.draw(st.sampled_from(gone))
        over = ConversationOver(call=call, ended_by=EndedBy.SWITCH, talked=Millis(0))
        self.nothing_comes_of(CallerLeft(call=call) if left else over)

    @precondition(lambda self: self.world.waiting())
    @rule(data=st.data())
    def a_waiting_caller_who_enters_again_changes_nothing(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.world.waiting()))
        self.nothing_comes_of(CallEntered(call=call, queue=LOANS, needs=(), priority=99, language=ZH))

    @precondition(lambda self: self.ringing)
    @rule(data=st.data())
    def a_line_enters_again_while_a_telephone_rings(self, data: st.DataObject) -> None:
        self.world.enters_again(self.world.ledger.offers[data.draw(st.sampled_from(self.ringing))].call)

    def nothing_comes_of(self, stimulus: Stimulus) -> None:
        before = self.world.centre.snapshot()
        decision = self.world.send(stimulus)
        assert decision is not None
        assert (decision.events, decision.effects) == ((), ())
        assert self.world.centre.snapshot() == before

    @rule(span=st.sampled_from((1, 900, 900, 3_000, 4_999, 5_000, 17_000)), punctual=st.booleans())
    def time_goes_by(self, span: int, punctual: bool) -> None:
        if punctual:
            self.world.goes_by(span)
        else:
            self.world.time_is(Instant(self.world.now + span))

    @precondition(lambda self: self.world.centre.next_alarm is not None)
    @rule(short=st.sampled_from((0, 1)))
    def the_alarm_rings(self, short: int) -> None:
        alarm = self.world.centre.next_alarm
        assert alarm is not None
        self.world.time_is(Instant(max(self.world.now, alarm - short)))

    def teardown(self) -> None:
        self.world.ends()
        self.world.happens_again()


TestDay = Day.TestCase
TestDay.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


@pytest.mark.parametrize("stimulus", [OfferAnswered(offer=OfferId("x")), CallerLeft(call=CallId("x")), TimePassed()])
def test_word_about_what_never_was_changes_nothing(stimulus: Stimulus) -> None:
    centre = World().centre
    before = centre.snapshot()
    decision = centre.handle(stimulus, Instant(5))
    assert (decision.events, decision.effects, decision.next_alarm) == ((), (), None)
    assert centre.snapshot() == before
