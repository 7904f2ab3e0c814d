"""The laws of distribution, checked from the outside: a fold over decisions that shares no code with the centre."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.effects import Announce, Decision, ReleaseCall, RingAgent, StopRinging
from ivr_engine.core.events import (
    AgentPresenceChanged,
    CallLeftQueue,
    CallQueued,
    ConversationBegan,
    ConversationEnded,
    Event,
    NobodyOffered,
    OfferEnded,
    OfferMade,
    WaitEstimated,
    WrapUpBegan,
    WrapUpEnded,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, OfferId, QueueName
from ivr_engine.core.outcomes import OfferOutcome, Presence, QueueOutcome

RETRY_AFTER = 5_000
TAKEN_BACK = ("deadline", "entered_again")
NOT_TAKEN = (
    OfferOutcome.NO_ANSWER,
    OfferOutcome.DECLINED,
    OfferOutcome.BUSY,
    OfferOutcome.UNREACHABLE,
    OfferOutcome.WITHDRAWN,
)


@dataclass
class Ledger:
    """What the events say so far. Every `assert` is a law."""

    profiles: Mapping[AgentId, AgentProfile]
    max_wait: Mapping[QueueName, Millis]
    now: Instant = Instant(0)
    in_line: dict[CallId, tuple[int, Instant, int, CallQueued]] = field(default_factory=dict)
    offers: dict[OfferId, OfferMade] = field(default_factory=dict)
    ended_offers: set[OfferId] = field(default_factory=set)
    unsettled: dict[CallId, tuple[AgentId, OfferId]] = field(default_factory=dict)
    entering_again: CallId | None = None
    answered: dict[CallId, AgentId] = field(default_factory=dict)
    holding: dict[AgentId, CallId] = field(default_factory=dict)
    talking: dict[CallId, AgentId] = field(default_factory=dict)
    wrapping: dict[AgentId, CallId] = field(default_factory=dict)
    presence: dict[AgentId, Presence] = field(default_factory=dict)
    faults: dict[tuple[CallId, AgentId], Instant] = field(default_factory=dict)
    came: Counter[QueueName] = field(default_factory=Counter)
    left: Counter[QueueName] = field(default_factory=Counter)

    def post(self, decision: Decision, now: Instant) -> None:
        """Take a decision into account and check every law."""
        self.now = now
        for event in decision.events:
            self._take(event)
        self._effects_match(decision)
        self._positions_are_true(decision)
        self._who_did_not_take_a_call_is_paused(decision)
        self._nobody_waits_too_long()
        self._books_balance()
        self._nobody_waits_needlessly()

    def _take(self, event: Event) -> None:
        match event:
            case CallQueued():
                assert event.call not in self.in_line
                self.came[event.queue] += 1
                self.in_line[event.call] = (-event.priority, self.now, sum(self.came.values()), event)
            case CallLeftQueue():
                place = self.in_line.pop(event.call)
                self._adopt(event)
                self.left[event.queue] += 1
                assert event.waited == self.now - place[1]
                assert (event.outcome is QueueOutcome.ANSWERED) == (event.call in self.answered)
            case OfferMade():
                self._offer_made(event)
            case OfferEnded():
                self._offer_ended(event)
            case NobodyOffered():
                assert event.call in self.in_line
            case _:
                self._take_agent(event)

    def settle(self, offer: OfferId) -> None:
        """The switch is about to say what became of an offer that lapsed without an answer."""
        self.unsettled = {call: lapsed for call, lapsed in self.unsettled.items() if lapsed[1] != offer}

    def _adopt(self, event: CallLeftQueue) -> None:
        lapsed = self.unsettled.pop(event.call, None)
        if lapsed is not None and event.outcome is QueueOutcome.ANSWERED:
            assert lapsed[0] not in self.holding
            self.holding[lapsed[0]] = event.call
            self.answered[event.call] = lapsed[0]

    def _take_agent(self, event: Event) -> None:
        match event:
            case ConversationBegan():
                assert self.answered.pop(event.call) == event.agent
                assert event.call not in self.talking
                self.talking[event.call] = event.agent
            case ConversationEnded():
                assert self.talking.pop(event.call) == event.agent
                assert self.holding.pop(event.agent) == event.call
            case AgentPresenceChanged():
                assert event.previous is self.presence.get(event.agent, Presence.LOGGED_OUT)
                self.presence[event.agent] = event.presence
            case WrapUpBegan():
                assert event.agent not in self.holding
                assert event.agent not in self.wrapping
                self.wrapping[event.agent] = event.call
            case WrapUpEnded():
                assert self.wrapping.pop(event.agent) == event.call
            case WaitEstimated():
                assert event.call in self.in_line
                assert 0 < event.p50 <= event.p90
            case _:
                raise AssertionError(f"an event the centre does not know: {event}")

    def _offer_made(self, event: OfferMade) -> None:
        assert event.offer not in self.offers
        assert event.offer not in self.ended_offers
        assert event.call not in self._offered_calls()
        place = self.in_line[event.call]
        assert self._could_take(event.agent, place[3])
        better = [each for each in self._waiting() if each[:3] < place[:3] and self._could_take(event.agent, each[3])]
        assert not better, f"{event.agent} was offered {event.call} before {better}"
        assert event.candidates[0].agent == event.agent
        assert all(self._could_take(each.agent, place[3]) for each in event.candidates)
        assert not any(self._could_take(each.agent, place[3]) for each in event.excluded)
        self.offers[event.offer] = event
        self.holding[event.agent] = event.call

    def _offer_ended(self, event: OfferEnded) -> None:
        made = self.offers.pop(event.offer)
        assert (made.call, made.agent) == (event.call, event.agent)
        self.ended_offers.add(event.offer)
        if event.outcome is OfferOutcome.ANSWERED:
            self.answered[event.call] = event.agent
            return
        assert self.holding.pop(event.agent) == event.call
        if event.cause in TAKEN_BACK and event.call != self.entering_again:
            self.unsettled[event.call] = (event.agent, event.offer)
        if event.outcome is OfferOutcome.FAILED:
            self.faults[event.call, event.agent] = self.now

    def _offered_calls(self) -> set[CallId]:
        """Those with an open offer and those whose lapsed offer is not settled: no other agent can be rung for them."""
        return {offer.call for offer in self.offers.values()} | set(self.unsettled)

    def _waiting(self) -> Iterator[tuple[int, Instant, int, CallQueued]]:
        offered = self._offered_calls()
        return (place for call, place in self.in_line.items() if call not in offered)

    def _could_take(self, agent: AgentId, call: CallQueued) -> bool:
        profile = self.profiles[agent]
        at_work = self.presence.get(agent) is Presence.READY and agent not in self.holding and agent not in self.wrapping
        skilled = all(profile.skills.get(need.skill, 0) >= need.level for need in call.needs)
        speaks = not profile.languages or call.language in profile.languages
        fault = self.faults.get((call.call, agent))
        rested = fault is None or fault + RETRY_AFTER <= self.now
        return at_work and skilled and speaks and rested and call.queue in profile.queues

    def _effects_match(self, decision: Decision) -> None:
        made = [(each.call, each.agent, each.offer) for each in decision.events if isinstance(each, OfferMade)]
        rung = [(each.call, each.agent, each.offer) for each in decision.effects if isinstance(each, RingAgent)]
        assert rung == made
        withdrawn = [each.offer for each in decision.events if isinstance(each, OfferEnded) and each.cause in TAKEN_BACK]
        assert [each.offer for each in decision.effects if isinstance(each, StopRinging)] == withdrawn
        own_way = (QueueOutcome.ANSWERED, QueueOutcome.ABANDONED, QueueOutcome.FLOWOUT)
        over = [each for each in decision.events if isinstance(each, CallLeftQueue) and each.outcome not in own_way]
        released = [(each.call, each.outcome) for each in decision.effects if isinstance(each, ReleaseCall)]
        assert released == [(each.call, each.outcome) for each in over]

    def _positions_are_true(self, decision: Decision) -> None:
        for effect in decision.effects:
            if isinstance(effect, Announce):
                assert effect.call not in self._offered_calls()
                place = self.in_line[effect.call]
                if effect.position is None:
                    continue
                ahead = [each for each in self.in_line.values() if each[3].queue == place[3].queue and each[:3] < place[:3]]
                assert effect.position == len(ahead) + 1

    def _who_did_not_take_a_call_is_paused(self, decision: Decision) -> None:
        for event in decision.events:
            if isinstance(event, OfferEnded) and event.outcome in NOT_TAKEN:
                assert self.presence[event.agent] is not Presence.READY

    def _nobody_waits_too_long(self) -> None:
        for _, arrived, _, call in self._waiting():
            limit = self.max_wait.get(call.queue)
            assert limit is None or self.now < arrived + limit

    def _books_balance(self) -> None:
        still = Counter(place[3].queue for place in self.in_line.values())
        assert self.came == self.left + still
        assert not self.answered
        assert len(set(self.holding.values())) == len(self.holding)
        assert {offer.call for offer in self.offers.values()} | set(self.talking) == set(self.holding.values())

    def _nobody_waits_needlessly(self) -> None:
        for place in self._waiting():
            idle = [agent for agent in self.profiles if self._could_take(agent, place[3])]
            assert not idle, f"{place[3].call} waits while {idle} could take it"

    def everything_ended(self) -> None:
        """The laws for the end of the day."""
        assert not self.in_line
        assert not self.offers
        assert not self.unsettled
        assert not self.holding
        assert not self.talking
        assert not self.wrapping
        assert self.came == self.left
