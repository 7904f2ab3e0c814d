"""The start of an engine where another one may have been lost: what it left is taken up before anything is served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ivr_engine.acd.centre import Centre
from ivr_engine.core.events import call_of
from ivr_engine.core.ids import AgentId, Instant, Millis
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.log import Log
from ivr_engine.ports.records import CallRecords
from ivr_engine.ports.switch_notes import SwitchNotes
from ivr_engine.services.noted import NotedCalls
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.standing import (
    StandingQueues,
    in_force,
    standing_conversations,
    standing_presences,
    standing_queues,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was there: the journal and the records, and what the switch wrote down since. `agent_of`: by telephone."""

    journal: Journal
    records: CallRecords
    notes: SwitchNotes
    agent_of: Callable[[str], AgentId | None]
    presence_limit: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What the services go on with."""

    noted: NotedCalls
    queues: StandingQueues


def recover(centre: Centre, recorder: Recorder, before: Before, *, now: Instant, log: Log) -> Recovered:
    """Open calls, those that ended meanwhile, agents, conversations, places in queues: each needs what comes before."""
    facts = recorder.recover()
    noted = NotedCalls(notes=before.notes, recorder=recorder, records=before.records, agent_of=before.agent_of, log=log)
    offers = {each.entered.call: each.offer for each in standing_queues(facts, now=now).visits if each.offer is not None}
    noted.close_before_start(offers)
    queues = standing_queues((each for each in facts if recorder.is_open(call_of(each.event))), now=now)
    presences = tuple(standing_presences(before.journal))
    fresh = in_force(recorder, presences, now=now, limit=before.presence_limit)
    centre.take_up(fresh, standing_conversations(recorder), queues.visits, now=now)
    return Recovered(noted=noted, queues=queues)
