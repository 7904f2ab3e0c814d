"""Who was at work and who was talking when the engine ended, read from the journal and the open calls."""

from __future__ import annotations

from collections.abc import Iterator

from ivr_engine.acd.standing import StandingConversation, StandingPresence
from ivr_engine.cdr.record import Leg, LegKind
from ivr_engine.core.events import AgentPresenceChanged, CallLeftQueue, CallQueued, OfferMade, Recorded, WaitEstimated
from ivr_engine.core.ids import CallId
from ivr_engine.ports.journal import Journal
from ivr_engine.services.recorder import Recorder

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


def standing_conversations(recorder: Recorder) -> Iterator[StandingConversation]:
    """The conversations of open calls; whether they still go on is known once the switch is reached."""
    for call in sorted(recorder.open_calls()):
        leg = conversation_of(recorder, call)
        if leg is not None and leg.agent is not None and leg.queue is not None:
            yield StandingConversation(call=call, agent=leg.agent, queue=leg.queue, since=leg.began)


def conversation_of(recorder: Recorder, call: CallId) -> Leg | None:
    """The conversation in which an open call is, or None."""
    record = recorder.peek(call)
    return record.legs[-1] if record is not None and record.legs[-1].kind is LegKind.AGENT else None
