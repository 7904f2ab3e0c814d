"""The laws of distribution, checked from the outside: a fold over decisions that shares no code with the centre.

I1 and I2: `held` and `talking` are one to one, within the room that an agent has for each kind of work. I5:
`_nothing_outlasts_its_limit`. I6: `_nobody_waits_needlessly`. I7: `_nobody_is_overtaken`, by places that only a call's own
facts decide. I8: `_offer_ended`. I13: `_books_balance`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.effects import Announce, Decision, ReleaseCall, RingAgent, StopRinging
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.rules import CentreRules
from ivr_engine.core.events import (
    AgentPresenceChanged,
    AgentQueuesChanged,
    AgentSkillsChanged,
    AgentWaitEnded,
    CallerMoved,
    CallLeftQueue,
    CallQueued,
    CallRelaxed,
    CallTransferred,
    ColleagueAsked,
    ColleagueReached,
    ColleagueReleased,
    ConversationBegan,
    ConversationEnded,
    Event,
    NobodyOffered,
    OfferEnded,
    OfferMade,
    PriorityChanged,
    WaitEstimated,
    WrapUpBegan,
    WrapUpEnded,
    WrapUpExtended,
)
from ivr_engine.core.ids import VOICE, AgentId, CallId, Instant, OfferId, QueueName, SkillName, WorkKind
from ivr_engine.core.outcomes import ConsultOutcome, OfferOutcome, Presence, QueueOutcome, TransferGoal

RETRY_AFTER = 5_000
_OUT = Presence.LOGGED_OUT
TAKEN_BACK = ("deadline", "not_ringing", "not_joined", "entered_again")
TRANSFER = "transfer"
OUR_FAULT = ("not_ringing", "not_joined")
NOT_TAKEN = (
    OfferOutcome.NO_ANSWER,
    OfferOutcome.DECLINED,
    OfferOutcome.BUSY,
    OfferOutcome.UNREACHABLE,
    OfferOutcome.UNAVAILABLE,
    OfferOutcome.MISCONFIGURED,
    OfferOutcome.NO_CODEC,
    OfferOutcome.FORWARDED,
    OfferOutcome.WITHDRAWN,
)


@dataclass
class Visit:
    """A call in line: what it came with, and what it asks for now."""

    queued: CallQueued
    entered: Instant
    arrived: Instant
    place: tuple[int, Instant, int]
    needs: dict[str, int]
    language: str
    queues: set[str]
    step: int = 0
    alone_until: Instant | None = None


@dataclass
class Ledger:
    """What the events say so far. Every `assert` is a law.

    `late`: several things fell due before this decision, so what is told of the first is no longer so after the last.
    """

    profiles: dict[AgentId, AgentProfile]
    policies: Mapping[QueueName, QueuePolicy]
    rules: CentreRules
    now: Instant = Instant(0)
    in_line: dict[CallId, Visit] = field(default_factory=dict)
    deadlines: dict[OfferId, Instant] = field(default_factory=dict)
    crowded: set[tuple[CallId, AgentId]] = field(default_factory=set)
    limits: dict[tuple[AgentId, CallId], tuple[Instant, int]] = field(default_factory=dict)
    moving: dict[CallId, Visit] = field(default_factory=dict)
    order: int = 0
    late: bool = False
    closed: frozenset[QueueName] = frozenset()
    offers: dict[OfferId, OfferMade] = field(default_factory=dict)
    ended_offers: set[OfferId] = field(default_factory=set)
    unsettled: dict[CallId, tuple[AgentId, OfferId]] = field(default_factory=dict)
    entering_again: CallId | None = None
    away: set[CallId] = field(default_factory=set)
    joined_elsewhere: tuple[CallId, AgentId] | None = None
    answered: dict[CallId, AgentId] = field(default_factory=dict)
    kinds: dict[CallId, WorkKind] = field(default_factory=dict)
    held: set[tuple[AgentId, CallId]] = field(default_factory=set)
    talking: dict[CallId, AgentId] = field(default_factory=dict)
    asked: dict[CallId, AgentId] = field(default_factory=dict)
    reached: set[CallId] = field(default_factory=set)
    wrapping: set[tuple[AgentId, CallId]] = field(default_factory=set)
    wrapped_up: set[tuple[AgentId, CallId]] = field(default_factory=set)
    presence: dict[AgentId, Presence] = field(default_factory=dict)
    faults: dict[tuple[CallId, AgentId], Instant] = field(default_factory=dict)
    passed_on_by: dict[CallId, AgentId] = field(default_factory=dict)
    moved_from: dict[CallId, Instant] = field(default_factory=dict)
    came: Counter[QueueName] = field(default_factory=Counter)
    left: Counter[QueueName] = field(default_factory=Counter)

    def post(self, decision: Decision, now: Instant) -> None:
        """Take a decision into account and check every law."""
        self.now = now
        for event in decision.events:
            self._take(event)
            self._says_its_kind(event)
        self.passed_on_by.clear()
        self.wrapped_up.clear()
        self._effects_match(decision)
        self._positions_are_true(decision)
        self._who_did_not_take_a_call_is_paused(decision)
        self._who_was_passed_to_a_colleague_rings_there(decision)
        self._nothing_outlasts_its_limit()
        self._books_balance()
        self._nobody_waits_needlessly()
        self._nobody_waits_for_nobody()

    def _take(self, event: Event) -> None:
        match event:
            case CallQueued():
                self._queued(event)
            case CallLeftQueue():
                self._left(event)
            case CallRelaxed():
                self._relaxed(event)
            case AgentWaitEnded():
                self._wait_ended(event)
            case OfferMade():
                self._offer_made(event)
            case OfferEnded():
                self._offer_ended(event)
            case NobodyOffered():
                assert event.call in self.in_line
            case _:
                self._take_agent(event)

    def _queued(self, event: CallQueued) -> None:
        assert event.call not in self.in_line
        self.came[event.queue] += 1
        self.kinds[event.call] = event.kind
        arrived = self.now if event.arrived is None else event.arrived
        assert self.moved_from.pop(event.call, arrived) == arrived, "who is moved by a supervisor keeps the arrival"
        moved = self.moving.pop(event.call, None)
        if moved is None:
            self.order += 1
        else:
            assert arrived == moved.arrived, "who is sent on to another queue keeps the arrival"
        self.faults = {pair: at for pair, at in self.faults.items() if pair[0] != event.call}  # another queue, a new start
        self.crowded = {pair for pair in self.crowded if pair[0] != event.call}
        if event.call in self.passed_on_by:  # not straight back to who passed the caller on
            self.faults[event.call, self.passed_on_by[event.call]] = self.now
        worth = self.policies[event.queue].priority_worth
        visit = self.in_line[event.call] = Visit(
            queued=event,
            entered=self.now,
            arrived=arrived,
            place=(arrived - event.priority * worth, arrived, self.order if moved is None else moved.place[2]),
            needs={need.skill: need.level for need in event.needs},
            language=event.language,
            queues={event.queue},
        )
        self._relax(visit)
        if event.wanted is not None and event.wanted_for > 0 and self._hope(event.wanted, visit):
            visit.alone_until = Instant(self.now + event.wanted_for)

    def _hope(self, agent: AgentId, visit: Visit) -> bool:
        at_work = self.presence.get(agent) is Presence.READY
        return at_work and agent in self.profiles and self._fits(agent, visit)

    def _relax(self, visit: Visit) -> None:
        for step in self.policies[visit.queued.queue].relax[visit.step :]:
            if visit.arrived + step.after <= self.now:
                visit.step += 1
                visit.needs = {
                    skill: min(level, step.lower.get(SkillName(skill), level))
                    for skill, level in visit.needs.items()
                    if skill not in step.drop
                }
                visit.language = "" if visit.language in step.drop else visit.language
                visit.queues |= set(step.also)

    def _relaxed(self, event: CallRelaxed) -> None:
        visit = self.in_line[event.call]
        before = visit.step
        self._relax(visit)
        assert before < event.step == visit.step
        assert {need.skill: need.level for need in event.needs} == visit.needs
        assert set(event.queues) == visit.queues

    def _wait_ended(self, event: AgentWaitEnded) -> None:
        visit = self.in_line[event.call]
        assert event.agent == visit.queued.wanted
        if event.reason == "time":
            assert visit.alone_until is not None
            assert visit.alone_until <= self.now
        else:
            assert not self._hope(event.agent, visit)
        visit.alone_until = None

    def _left(self, event: CallLeftQueue) -> None:
        visit = self.in_line.pop(event.call)
        self.away.discard(event.call)
        self._adopt(event)
        self.left[event.queue] += 1
        assert event.waited == self.now - visit.entered
        assert (event.outcome is QueueOutcome.ANSWERED) == (event.call in self.answered)
        if event.outcome is QueueOutcome.OVERFLOWED:
            self.moving[event.call] = visit

    def settle(self, offer: OfferId) -> None:
        """The switch is about to say what became of an offer that lapsed without an answer."""
        self.unsettled = {call: lapsed for call, lapsed in self.unsettled.items() if lapsed[1] != offer}

    def goes_on(self, offer: OfferId, span: int) -> None:
        """The telephone rings, or was picked up: the offer has another deadline."""
        if offer in self.offers:
            self.deadlines[offer] = Instant(self.now + span)

    def _adopt(self, event: CallLeftQueue) -> None:
        lapsed = self.unsettled.pop(event.call, None)
        joined = self.joined_elsewhere
        if joined is not None and joined[0] == event.call:
            self._joins(*joined)
        elif lapsed is not None and event.outcome is QueueOutcome.ANSWERED:
            self._joins(event.call, lapsed[0])

    def _joins(self, call: CallId, agent: AgentId) -> None:
        """The two talk although no offer is open."""
        assert self.has_room(agent, self.kinds.setdefault(call, VOICE))
        self.held.add((agent, call))
        self.answered[call] = agent

    def _take_agent(self, event: Event) -> None:
        match event:
            case ConversationBegan():
                if event.call not in self.answered and self.joined_elsewhere == (event.call, event.agent):
                    assert event.call not in {call for _, call in self.held}
                    self._joins(event.call, event.agent)  # a caller who stood in no line here
                assert self.answered.pop(event.call) == event.agent
                assert event.call not in self.talking
                self.talking[event.call] = event.agent
            case ConversationEnded():
                assert self.talking.pop(event.call) == event.agent
                self.held.remove((event.agent, event.call))
            case AgentPresenceChanged():
                assert event.previous is self.presence.get(event.agent, Presence.LOGGED_OUT)
                self.presence[event.agent] = event.presence
            case AgentQueuesChanged():
                assert event.previous == self.profiles[event.agent].queues
                self.profiles[event.agent] = replace(self.profiles[event.agent], queues=event.queues)
            case AgentSkillsChanged():
                skills = {need.skill: need.level for need in event.skills}
                self.profiles[event.agent] = replace(self.profiles[event.agent], skills=skills)
            case _:
                self._take_wrap_up(event)

    def _take_wrap_up(self, event: Event) -> None:
        match event:
            case WrapUpBegan():
                pair = event.agent, event.call
                assert pair not in self.held | self.wrapping
                self.wrapping.add(pair)
                self.limits[pair] = self.now, event.limit
            case WrapUpExtended():
                began, limit = self.limits[event.agent, event.call]
                assert event.limit > limit
                self.limits[event.agent, event.call] = began, event.limit
            case WaitEstimated():
                assert event.call in self.in_line
                assert 0 < event.p50 <= event.p90
            case WrapUpEnded():
                self.wrapping.remove((event.agent, event.call))
                self.wrapped_up.add((event.agent, event.call))
                del self.limits[event.agent, event.call]
            case _:
                self._take_colleague(event)

    def _take_colleague(self, event: Event) -> None:
        match event:
            case ColleagueAsked():
                assert event.colleague is not None
                assert self.talking[event.call] == event.agent
                assert self._free(event.colleague, self.kinds[event.call])
                assert event.call not in self.asked
                self.asked[event.call] = event.colleague
                self.held.add((event.colleague, event.call))
            case ColleagueReached():
                assert self.asked[event.call] == event.colleague
                self.reached.add(event.call)
            case ColleagueReleased():
                assert self.asked.pop(event.call) == event.colleague
                self.reached.discard(event.call)
                if event.outcome is ConsultOutcome.TRANSFERRED:
                    self.answered[event.call] = event.colleague
                else:
                    self.held.remove((event.colleague, event.call))
            case CallTransferred():
                self.passed_on_by[event.call] = event.agent
            case CallerMoved():
                visit = self.in_line[event.call]
                assert visit.queued.queue == event.queue
                self.moved_from[event.call] = visit.arrived
            case PriorityChanged():
                visit = self.in_line[event.call]
                assert visit.queued.priority == event.previous
                visit.queued = replace(visit.queued, priority=event.priority)
                worth = self.policies[event.queue].priority_worth
                visit.place = (visit.arrived - event.priority * worth, *visit.place[1:])
            case _:
                raise AssertionError(f"an event the centre does not know: {event}")

    def _offer_made(self, event: OfferMade) -> None:
        assert event.offer not in self.offers
        assert event.offer not in self.ended_offers
        assert event.call not in self._offered_calls()
        visit = self.in_line[event.call]
        assert event.step == visit.step
        assert event.call not in self.away, "a line that is not there is offered to nobody"
        assert event.candidates[0].agent == event.agent
        if event.rule == TRANSFER:  # the agent named the colleague, who needs no more than to be free
            assert self._free(event.agent, visit.queued.kind)
            assert len(event.candidates) == 1
        else:
            self._nobody_is_overtaken(event, visit)
            self._who_has_least_comes_first(event, visit)
            assert all(self._could_take(each.agent, visit) for each in event.candidates)
        assert not any(self._could_take(each.agent, visit) for each in event.excluded)
        self.offers[event.offer] = event
        self.deadlines[event.offer] = event.deadline
        self.held.add((event.agent, event.call))

    def _who_has_least_comes_first(self, event: OfferMade, visit: Visit) -> None:
        for each in event.candidates:
            came_back = (each.agent, event.call) in self.wrapped_up  # the paper work may have ended after the comparison
            assert each.in_hand - sum(each.agent == agent for agent, _ in self.held | self.wrapping) in (0, came_back)
        first = event.candidates[0]
        alike = [each for each in event.candidates if each.preferred == first.preferred]
        assert first.agent == visit.queued.wanted or first.in_hand == min(each.in_hand for each in alike)

    def _nobody_is_overtaken(self, event: OfferMade, visit: Visit) -> None:
        if self.rules.call_rule != "place" or visit.alone_until is not None:
            return
        for other in self._waiting():
            if other is visit or not self._could_take(event.agent, other):
                continue
            if other.queued.kind != visit.queued.kind and VOICE in (other.queued.kind, visit.queued.kind):
                assert visit.queued.kind == VOICE, "a caller waits while other work is offered to who could talk with them"
                continue
            assert other.place > visit.place, f"{event.agent} was offered {event.call} before {other.queued.call}"
            worth = self.policies[visit.queued.queue].priority_worth
            if worth == self.policies[other.queued.queue].priority_worth and visit.arrived > other.arrived:
                lead = visit.queued.priority - other.queued.priority
                assert visit.arrived - other.arrived <= lead * worth, "overtaken beyond the bound"

    def _offer_ended(self, event: OfferEnded) -> None:
        made = self.offers.pop(event.offer)
        assert (made.call, made.agent) == (event.call, event.agent)
        self.ended_offers.add(event.offer)
        del self.deadlines[event.offer]
        if event.outcome is OfferOutcome.ANSWERED:
            self.answered[event.call] = event.agent
            return
        self.held.remove((event.agent, event.call))
        if event.cause in TAKEN_BACK and event.call != self.entering_again:
            self.unsettled[event.call] = (event.agent, event.offer)
        again = (event.call, event.agent) in self.crowded
        if (
            event.outcome is OfferOutcome.FAILED
            or event.cause in OUR_FAULT
            or (event.outcome is OfferOutcome.CONGESTED and again)
        ):
            self.faults[event.call, event.agent] = self.now
        if event.outcome is OfferOutcome.CONGESTED:
            self.crowded.add((event.call, event.agent))

    def _offered_calls(self) -> set[CallId]:
        """Those with an open offer and those whose lapsed offer is not settled: no other agent can be rung for them."""
        return {offer.call for offer in self.offers.values()} | set(self.unsettled)

    def _waiting(self) -> Iterator[Visit]:
        offered = self._offered_calls() | self.away
        return (visit for call, visit in self.in_line.items() if call not in offered)

    def _free(self, agent: AgentId, kind: WorkKind) -> bool:
        if self.presence.get(agent) is not Presence.READY or not self.has_room(agent, kind):
            return False
        calls = [call for call in self._in_hand(agent) if self.kinds[call] == VOICE]
        return kind == VOICE or not calls or (kind in self.rules.beside_voice and self._talks(agent, calls[0]))

    def _talks(self, agent: AgentId, call: CallId) -> bool:
        return self.talking.get(call) == agent or (call in self.reached and self.asked.get(call) == agent)

    def _in_hand(self, agent: AgentId) -> list[CallId]:
        return [call for each, call in (*self.held, *self.wrapping) if each == agent]

    def has_room(self, agent: AgentId, kind: WorkKind) -> bool:
        """Whether the agent has less of this kind in hand than they may."""
        return sum(self.kinds[call] == kind for call in self._in_hand(agent)) < self._room(agent, kind)

    def _room(self, agent: AgentId, kind: WorkKind) -> int:
        return 1 if kind == VOICE else self.profiles[agent].capacity.get(kind, 1)

    def _fits(self, agent: AgentId, visit: Visit) -> bool:
        profile = self.profiles[agent]
        skilled = all(profile.skills.get(SkillName(skill), 0) >= level for skill, level in visit.needs.items())
        speaks = not profile.languages or not visit.language or visit.language in profile.languages
        return skilled and speaks and not visit.queues.isdisjoint(profile.queues)

    def _could_take(self, agent: AgentId, visit: Visit) -> bool:
        if not self._free(agent, visit.queued.kind) or not self._fits(agent, visit):
            return False
        fault = self.faults.get((visit.queued.call, agent))
        if fault is not None and fault + RETRY_AFTER > self.now:
            return False
        if visit.alone_until is not None:
            return agent == visit.queued.wanted
        return not self._kept(agent, visit)

    def _kept(self, agent: AgentId, visit: Visit) -> bool:
        """Whether the agent is one of the last who have a skill that the caller did not come for."""
        asked = {need.skill for need in (*visit.queued.needs, *visit.queued.prefers)}
        kind = visit.queued.kind
        colleagues = [each for each in self.profiles if self._takes(each, kind) and self._free(each, kind)]
        return any(
            sum(skill in self.profiles[each].skills for each in colleagues) <= kept
            for skill, kept in self.rules.reserve.items()
            if skill in self.profiles[agent].skills and skill not in asked
        )

    def _takes(self, agent: AgentId, kind: WorkKind) -> bool:
        """Whether the agent serves a queue of the kind; where there are calls only everybody counts."""
        one_kind = all(policy.kind == VOICE for policy in self.policies.values())
        return one_kind or any(self.policies[queue].kind == kind for queue in self.profiles[agent].queues)

    def _says_its_kind(self, event: Event) -> None:
        if hasattr(event, "kind") and hasattr(event, "call"):
            assert event.kind == self.kinds[event.call]

    def _effects_match(self, decision: Decision) -> None:
        made = [(each.call, each.agent, each.offer) for each in decision.events if isinstance(each, OfferMade)]
        rung = [(each.call, each.agent, each.offer) for each in decision.effects if isinstance(each, RingAgent)]
        assert rung == made
        withdrawn = [each.offer for each in decision.events if isinstance(each, OfferEnded) and each.cause in TAKEN_BACK]
        assert [each.offer for each in decision.effects if isinstance(each, StopRinging)] == withdrawn
        own_way = (
            QueueOutcome.ANSWERED,
            QueueOutcome.ABANDONED,
            QueueOutcome.OVERFLOWED,
            QueueOutcome.FLOWOUT,
            QueueOutcome.MOVED,
        )
        over = [each for each in decision.events if isinstance(each, CallLeftQueue) and each.outcome not in own_way]
        released = [(each.call, each.outcome) for each in decision.effects if isinstance(each, ReleaseCall)]
        assert released == [(each.call, each.outcome) for each in over]

    def _positions_are_true(self, decision: Decision) -> None:
        for effect in () if self.late else decision.effects:
            if isinstance(effect, Announce) and effect.position is not None:
                assert effect.call not in self._offered_calls()
                mine = self.in_line[effect.call]
                same = [each for each in self.in_line.values() if each.queued.queue == mine.queued.queue]
                assert effect.position == sum(each.place < mine.place for each in same) + 1

    def _who_did_not_take_a_call_is_paused(self, decision: Decision) -> None:
        for event in decision.events:
            if isinstance(event, OfferEnded) and event.outcome in NOT_TAKEN and event.cause not in OUR_FAULT:
                assert self.presence[event.agent] is not Presence.READY

    def _who_was_passed_to_a_colleague_rings_there(self, decision: Decision) -> None:
        named = {
            each.call: each.to
            for each in decision.events
            if isinstance(each, CallTransferred) and each.goal is TransferGoal.AGENT
        }
        rung = {each.call: each.agent for each in decision.events if isinstance(each, OfferMade) and each.rule == TRANSFER}
        assert rung == named

    def _nothing_outlasts_its_limit(self) -> None:
        for visit in self._waiting():
            limit = self.policies[visit.queued.queue].max_wait
            assert limit is None or self.now < visit.entered + limit
        for visit in self.in_line.values():
            assert visit.alone_until is None or self.now < visit.alone_until
            due = sum(visit.arrived + step.after <= self.now for step in self.policies[visit.queued.queue].relax)
            assert visit.step == due
        assert all(deadline > self.now for deadline in self.deadlines.values())
        assert all(began + limit > self.now for began, limit in self.limits.values())

    def _books_balance(self) -> None:
        still = Counter(visit.queued.queue for visit in self.in_line.values())
        assert self.came == self.left + still
        assert not self.answered
        assert not self.moving
        held = [call for agent, call in self.held if self.asked.get(call) != agent]
        assert len(set(held)) == len(held), "a call is held by one agent, and by the colleague who is asked"
        assert {offer.call for offer in self.offers.values()} | set(self.talking) == {call for _, call in self.held}
        assert not self.held & self.wrapping, "what is wrapped up is not in hand"
        in_hand = Counter((agent, self.kinds[call]) for agent, call in (*self.held, *self.wrapping))
        assert all(count <= self._room(*lane) for lane, count in in_hand.items()), "more in hand than there is room"

    def _nobody_waits_needlessly(self) -> None:
        free = [agent for agent in self.profiles if self.presence.get(agent) is Presence.READY]
        for visit in self._waiting() if free else ():
            idle = [agent for agent in free if self._could_take(agent, visit)]
            assert not idle, f"{visit.queued} waits while {idle} could take it"

    def _nobody_waits_for_nobody(self) -> None:
        for visit in self._waiting():
            policy = self.policies[visit.queued.queue]
            assert not (policy.leave_closed and policy.name in self.closed), "waits in a queue that lets go when it closes"
            if policy.leave_unstaffed:
                in_the_end = replace(visit, queues=visit.queues.union(*(step.also for step in policy.relax)))
                at_work = [each for each in self.profiles if self.presence.get(each, _OUT) is not _OUT]
                assert any(self._fits(each, in_the_end) for each in at_work), "nobody at work could ever take the call"
            if visit.alone_until is not None and visit.queued.wanted is not None:
                assert self._hope(visit.queued.wanted, visit), "waits alone for somebody who cannot take the call"

    def everything_ended(self) -> None:
        """The laws for the end of the day."""
        assert not self.in_line
        assert not self.offers
        assert not self.unsettled
        assert not self.held
        assert not self.talking
        assert not self.wrapping
        assert self.came == self.left
