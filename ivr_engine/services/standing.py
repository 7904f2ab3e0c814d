"""How things stood when the engine ended, read from the journal: who was at work, who was talking, who waited for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ivr_engine.acd.standing import StandingConversation, StandingOffer, StandingPresence, StandingVisit
from ivr_engine.acd.stimuli import CallEntered
from ivr_engine.cdr.record import Leg, LegKind
from ivr_engine.core.events import (
    AgentPresenceChanged,
    CallLeftQueue,
    CallQueued,
    ConversationBegan,
    Event,
    NodeEntered,
    OfferEnded,
    OfferMade,
    Recorded,
    WaitEstimated,
    call_of,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, between, later
from ivr_engine.core.outcomes import Presence
from ivr_engine.flows.waits import QueueLeft
from ivr_engine.ports.journal import Journal
from ivr_engine.services.recorder import Recorder

SETTLING = Millis(8_000)
"""How long after a start an offer stands at least: by then the switch's list has told what became of it."""

EXPIRED = "expired"

LEARNT_FROM = 50_000
"""So many facts back an engine looks after a start: some hours of a busy centre, read in about a second."""


def standing_presences(journal: Journal) -> Iterator[StandingPresence]:
    """Each agent's last choice."""
    for recorded in journal.latest_by_agent(AgentPresenceChanged):
        event = recorded.event
        if isinstance(event, AgentPresenceChanged):
            yield StandingPresence(agent=event.agent, presence=event.presence, reason=event.reason, since=recorded.at)


def recent_facts(journal: Journal) -> Iterator[Recorded]:
    """The last facts about queues and presences, from which the centre learns again how fast its queues move."""
    types = tuple(kind.TYPE for kind in (AgentPresenceChanged, CallQueued, OfferMade, CallLeftQueue, WaitEstimated))
    return journal.read(after=max(0, journal.last_sequence() - LEARNT_FROM), types=types)


def in_force(
    recorder: Recorder, presences: Iterable[StandingPresence], *, now: Instant, limit: Millis
) -> list[StandingPresence]:
    """Those not older than `limit`. Who chose longer ago is logged out: they went home, and nobody could be told."""
    fresh = []
    for each in presences:
        if between(each.since, now) <= limit:
            fresh.append(each)
        elif each.presence is not Presence.LOGGED_OUT:
            out = Presence.LOGGED_OUT
            recorder.record(
                AgentPresenceChanged(agent=each.agent, presence=out, previous=each.presence, reason=EXPIRED, by="engine")
            )
    return fresh


def standing_conversations(recorder: Recorder) -> Iterator[StandingConversation]:
    """The conversations of open calls; whether they still go on is known once the switch is reached."""
    for call in sorted(recorder.open_calls()):
        leg = conversation_of(recorder, call)
        if leg is not None and leg.agent is not None and leg.queue is not None:
            yield StandingConversation(call=call, agent=leg.agent, queue=leg.queue, since=leg.began)


def conversation_of(recorder: Recorder, call: CallId) -> Leg | None:
    """The conversation in which an open call is, or None. One that ended has an outcome, and may still be the last leg."""
    record = recorder.peek(call)
    last = record.legs[-1] if record is not None else None
    return last if last is not None and last.kind is LegKind.AGENT and not last.outcome else None


@dataclass(slots=True)
class _Visit:
    """The last visit of a call to a queue, as its facts tell it."""

    queued: CallQueued
    since: Instant
    offer: StandingOffer | None = None
    agent: AgentId | None = None
    left: CallLeftQueue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingQueues:
    """`visits`: who waited; `left`: who had left a queue and whose flow had not gone on yet."""

    visits: tuple[StandingVisit, ...] = ()
    left: Mapping[CallId, QueueLeft] = field(default_factory=dict)


def standing_queues(facts: Iterable[Recorded], *, now: Instant) -> StandingQueues:
    """How the queues stood after these facts of open calls, in order."""
    visits: dict[CallId, _Visit] = {}
    for recorded in facts:
        _follow(visits, recorded.event, recorded.at)
    waiting = [_standing(visit, now) for visit in visits.values() if visit.left is None]
    left = {
        call: QueueLeft(outcome=visit.left.outcome, agent=visit.agent)
        for call, visit in visits.items()
        if visit.left is not None
    }
    return StandingQueues(visits=tuple(waiting), left=left)


def _follow(visits: dict[CallId, _Visit], event: Event, at: Instant) -> None:
    call = call_of(event)
    if call is None:
        return
    if isinstance(event, CallQueued):
        visits[call] = _Visit(queued=event, since=at)
    elif isinstance(event, NodeEntered):
        visits.pop(call, None)  # the flow has gone on since
    elif call in visits:
        _note(visits[call], event, at)


def _note(visit: _Visit, event: Event, at: Instant) -> None:
    match event:
        case OfferMade():
            visit.offer = StandingOffer(offer=event.offer, agent=event.agent, since=at, deadline=event.deadline)
        case OfferEnded():
            visit.offer = None
        case ConversationBegan():
            visit.agent = event.agent
        case CallLeftQueue():
            visit.left = event
        case _:
            pass


def _standing(visit: _Visit, now: Instant) -> StandingVisit:
    queued, offer = visit.queued, visit.offer
    entered = CallEntered(
        call=queued.call,
        queue=queued.queue,
        needs=queued.needs,
        prefers=queued.prefers,
        priority=queued.priority,
        language=queued.language,
        agent=queued.wanted,
        agent_wait=queued.wanted_for,
        arrived=queued.arrived,
        kind=queued.kind,
    )
    if offer is not None:
        offer = replace(offer, deadline=max(offer.deadline, later(now, SETTLING)))
    return StandingVisit(entered=entered, since=visit.since, offer=offer)
