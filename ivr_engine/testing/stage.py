"""A whole centre in one thread: flow engine, distribution and call records under a clock that only moves when told.

    stage = Stage(definition)
    turn = stage.arrive(CallId("1"), number="80000")
    turn = stage.reply(turn.session, Played())
    stage.advance(Millis(30_000))            # alarms of the centre ring on the way

There is no switch, no event loop and no randomness: the same commands give the same journal. Rehearsed conversations run on
it, and any number of calls at once may.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import CentreEffect
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.stimuli import Stimulus, TimePassed
from ivr_engine.cdr.open_calls import OpenCalls
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import CallArrived, CallEnded, CallRerouted, Event, Recorded
from ivr_engine.core.ids import CallId, FlowName, Instant, Millis, QueueName, later
from ivr_engine.core.outcomes import EndedBy
from ivr_engine.errors import EngineError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.engine import begin, resume
from ivr_engine.flows.session import CallFacts, Session, Turn
from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.waits import CallerGone, Reply
from ivr_engine.services.centre_config import policies_of, profiles_of
from ivr_engine.testing.clock import START


class NumberNotServed(EngineError):
    """The centre has no flow for the number."""


class Stage:
    """The centre, its journal and its finished records.

    With `round_trip` every session goes through JSON and back after each turn, which shows that the call could have changed
    controllers there.
    """

    def __init__(self, definition: CentreDefinition, *, now: Instant = START, round_trip: bool = True) -> None:
        self.definition = definition
        self.now = now
        self.journal: list[Recorded] = []
        self.records: dict[CallId, CallRecord] = {}
        self._round_trip = round_trip
        self._open = OpenCalls()
        self._centres = 0
        self.centre = self._new_centre(policies_of(definition))

    def record(self, *events: Event) -> None:
        """Put facts into the journal and the records, dated now."""
        for event in events:
            recorded = Recorded(sequence=len(self.journal) + 1, at=self.now, event=event)
            self.journal.append(recorded)
            finished = self._open.apply(recorded)
            if finished is not None:
                self.records[finished.call] = finished

    def decide(self, stimulus: Stimulus) -> tuple[CentreEffect, ...]:
        """Let the centre decide. Raises CommandRefused for a command that may not be done."""
        decision = self.centre.handle(stimulus, self.now)
        self.record(*decision.events)
        return decision.effects

    def advance(self, span: Millis) -> tuple[CentreEffect, ...]:
        """Let time pass, each alarm of the centre at its instant."""
        until = later(self.now, span)
        effects: list[CentreEffect] = []
        while (alarm := self.centre.next_alarm) is not None and alarm <= until:
            self.now = max(self.now, alarm)
            effects += self.decide(TimePassed())
        self.now = until
        return tuple(effects)

    def arrive(self, call: CallId, *, number: str, caller: str = "", caller_name: str = "", reroute: str = "") -> Turn:
        """A call arrives and begins its flow, or the one that the number is rerouted to.

        Raises:
            NumberNotServed: no flow has this number.
        """
        flow = self.definition.numbers.get(number)
        if flow is None:
            known = ", ".join(self.definition.numbers) or "none"
            raise NumberNotServed(f"number {number} is not served by {self.definition.name}; served: {known}")
        self.record(CallArrived(call=call, number=number, caller=caller, caller_name=caller_name))
        if reroute:
            self.record(CallRerouted(call=call, flow=FlowName(reroute), instead_of=flow))
            flow = FlowName(reroute)
        facts = CallFacts(call=call, number=number, caller=caller, caller_name=caller_name, arrived=self.now)
        return self._kept(begin(self.definition, facts, flow, self.now), EndedBy.ENGINE)

    def reply(self, session: Session, reply: Reply) -> Turn:
        """The flow goes on with the reply to its wait; when that ends the flow, the call ends."""
        ended_by = EndedBy.CALLER if isinstance(reply, CallerGone) else EndedBy.ENGINE
        return self._kept(resume(self.definition, session, reply, self.now), ended_by)

    def change_queue(self, queue: QueueName, **rules: Any) -> None:  # noqa: ANN401 - the fields of QueuePolicy
        """Go on with other rules for one queue; without `rules`, with those of the files. Nobody waiting loses anything."""
        policies = [replace(each, **rules) if each.name == queue else each for each in policies_of(self.definition)]
        self._go_on_with(policies)

    def remove_queue(self, queue: QueueName) -> None:
        """Go on without a queue in which nobody waits."""
        self._go_on_with([each for each in policies_of(self.definition) if each.name != queue])

    def _go_on_with(self, policies: list[QueuePolicy]) -> None:
        saved = self.centre.snapshot()
        self.centre = self._new_centre(policies)
        self.centre.restore(saved)

    def _new_centre(self, policies: list[QueuePolicy]) -> Centre:
        """No two centres of a stage share a prefix, so no two offers of a journal share a name."""
        self._centres += 1
        known = {policy.name for policy in policies}
        agents = [
            replace(each, queues=tuple(name for name in each.queues if name in known))
            for each in profiles_of(self.definition)
        ]
        return Centre(queues=policies, agents=agents, offer_prefix=f"offer-{self._centres}")

    def _kept(self, turn: Turn, ended_by: EndedBy) -> Turn:
        self.record(*turn.events)
        if turn.wait is None:
            self.record(CallEnded(call=turn.session.facts.call, ended_by=ended_by))
        if not self._round_trip:
            return turn
        session = from_plain(json.loads(json.dumps(to_plain(turn.session))))
        if session != turn.session:
            raise EngineError(f"the session at node {turn.session.node} does not survive storage")
        return Turn(session=session, events=turn.events, effects=turn.effects, wait=session.wait)
