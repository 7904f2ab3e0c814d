"""The call record as a fold over the events of one call.

Total: events may be missing, come twice or come too late, and there is still one record. What the journal hands out is in
order of sequence, so an event not above the last one folded is a repetition and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ivr_engine.cdr.disposition import Facts, disposition
from ivr_engine.cdr.legs import IN_FLOW, Stretch, cut, without_empty
from ivr_engine.cdr.record import CallRecord, LegKind
from ivr_engine.core.events import (
    AnswerGiven,
    AuthorFault,
    CallArrived,
    CallbackBooked,
    CallbackPlaced,
    CallEnded,
    CallLeftQueue,
    CallQueued,
    CallRefused,
    CallResumed,
    CallTransferred,
    ConversationBegan,
    ConversationEnded,
    Event,
    FlowFailed,
    FlowFinished,
    FlowStarted,
    HoldBegan,
    HoldEnded,
    LanguageChosen,
    NodeEntered,
    OfferEnded,
    OfferMade,
    OutsideParted,
    Recorded,
    TransferEnded,
    call_of,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, QueueName
from ivr_engine.core.outcomes import Disposition, EndedBy, OfferOutcome, QueueOutcome, TransferGoal

_TRANSFER = "transfer"  # the kind of node that passes the caller on to a number outside
_STILL_WAITING = frozenset({QueueOutcome.ANSWERED, QueueOutcome.ABANDONED})  # the agent leg, or the end, closes the leg


_PASSED_TO = {TransferGoal.OUTSIDE: LegKind.OUTSIDE, TransferGoal.FLOW: LegKind.SURVEY}


class Assembler:
    """The record of one call in the making."""

    def __init__(self, call: CallId, at: Instant) -> None:
        """Begin at `at`: the arrival, or the first thing known of the call."""
        self.call = call
        self._arrived = at
        self._now = at
        self._sequence = 0
        self._legs: list[Stretch] = []
        self._leg = Stretch(kind=LegKind.IVR, began=at)
        self._arrival: CallArrived | None = None
        self._flow: FlowStarted | None = None
        self._language: Language | None = None
        self._last_node: str | None = None
        self._queue: QueueName | None = None
        self._agent: AgentId | None = None
        self._queue_outcome: QueueOutcome | None = None
        self._ringing = self._failed = self._finished = self._booked = self._outside = False
        self._answers: dict[str, str] = {}
        self._faults: list[str] = []
        self._resumed = 0
        self._holds_since: Instant | None = None
        self._refused = ""
        self._end: CallEnded | None = None
        self._ended: Instant | None = None

    @property
    def ended(self) -> bool:
        """Whether the call's end was folded; nothing after it counts."""
        return self._end is not None

    def apply(self, recorded: Recorded) -> None:
        """Fold one event of this call. Events of other calls, repetitions and what comes after the end change nothing."""
        event = recorded.event
        if self._end is not None or recorded.sequence <= self._sequence or call_of(event) != self.call:
            return
        self._sequence = recorded.sequence
        step = self._STEPS.get(type(event))
        if step is not None:
            self._now = max(self._now, recorded.at)
            step(self, event)
            if isinstance(event, CallEnded):
                self._ended = max(self._arrived, recorded.at)

    def record(self) -> CallRecord:
        """The record as the events so far have it; before the end it is as if the call ended now, nobody knows how.

        An end that is dated before facts that were learnt earlier cuts them short: it is known better than they were.
        """
        ended, flow, arrival = self._ended_at, self._flow, self._arrival
        legs = [each.leg(self._now) for each in (*self._legs, self._leg)]
        kept = without_empty(cut(legs, ended) if ended < self._now else legs)
        return CallRecord(
            call=self.call,
            number=arrival.number if arrival else "",
            caller=arrival.caller if arrival else "",
            caller_name=arrival.caller_name if arrival else "",
            arrived=self._arrived,
            ended=ended,
            disposition=self._disposition(),
            ended_by=self._ended_by,
            language=self._language,
            flow=flow.flow if flow else None,
            version=flow.version if flow else None,
            last_node=self._last_node,
            queue=self._queue,
            agent=self._agent,
            waited=Millis(sum(leg.lasted for leg in kept if leg.kind is LegKind.WAITING)),
            talked=Millis(sum(leg.talked for leg in kept if leg.kind is LegKind.AGENT)),
            legs=kept,
            answers=tuple(self._answers.items()),
            faults=tuple(self._faults),
            resumed=self._resumed,
            refused=self._refused,
        )

    @property
    def _ended_at(self) -> Instant:
        return self._now if self._ended is None else self._ended

    @property
    def _ended_by(self) -> EndedBy:
        return self._end.ended_by if self._end else EndedBy.UNKNOWN

    def _disposition(self) -> Disposition:
        return disposition(
            Facts(
                forced=self._end.forced if self._end else None,
                refused=self._refused,
                joined=self._agent is not None,
                booked=self._booked,
                outside=self._outside,
                failed=self._failed,
                finished=self._finished,
                doing=self._leg.kind,
                ringing=self._ringing,
                queue_outcome=self._queue_outcome,
                ended_by=self._ended_by,
            )
        )

    def _go_to(self, kind: LegKind, *, queue: QueueName | None = None, agent: AgentId | None = None) -> None:
        """Close the present leg at this instant and begin another."""
        self._leg.ended = self._now
        self._legs.append(self._leg)
        self._leg = Stretch(kind=kind, began=self._now, queue=queue, agent=agent)

    def _back_to_flow(self) -> None:
        if self._leg.kind not in IN_FLOW:
            self._go_to(LegKind.SURVEY if self._agent is not None else LegKind.IVR)

    def _on_arrived(self, event: CallArrived) -> None:
        self._arrival = event

    def _on_refused(self, event: CallRefused) -> None:
        self._refused = event.reason or "unknown"

    def _on_resumed(self, _event: CallResumed) -> None:
        self._resumed += 1

    def _on_ended(self, event: CallEnded) -> None:
        self._end = event

    def _on_flow_started(self, event: FlowStarted) -> None:
        self._flow = self._flow or event
        self._language = event.language
        self._finished = False

    def _on_node_entered(self, event: NodeEntered) -> None:
        self._last_node = event.node
        self._finished = False
        if event.kind == _TRANSFER:
            self._go_to(LegKind.OUTSIDE)
        else:
            self._back_to_flow()

    def _on_language(self, event: LanguageChosen) -> None:
        self._language = event.language

    def _on_answer(self, event: AnswerGiven) -> None:
        self._answers[event.name] = event.value

    def _on_author_fault(self, event: AuthorFault) -> None:
        self._faults.append(event.code)

    def _on_flow_failed(self, event: FlowFailed) -> None:
        self._faults.append(event.code)
        self._failed = True
        self._last_node = event.node or self._last_node  # a fault of the engine itself knows no node

    def _on_flow_finished(self, event: FlowFinished) -> None:
        self._finished = True
        self._last_node = event.node

    def _on_queued(self, event: CallQueued) -> None:
        self._queue = event.queue
        self._queue_outcome = None
        self._ringing = False
        self._go_to(LegKind.WAITING, queue=event.queue)

    def _on_callback_booked(self, _event: CallbackBooked) -> None:
        self._booked = True

    def _on_callback_placed(self, event: CallbackPlaced) -> None:
        """The record of an attempt begins here; that its agent was found before is no part of it."""
        self._arrived, self._legs, self._ringing = self._now, [], False
        self._leg = Stretch(kind=LegKind.WAITING, began=self._now, queue=event.queue)
        self._arrival = CallArrived(call=event.call, number=event.shown, caller=event.number)
        self._queue, self._queue_outcome, self._language = event.queue, None, event.language
        self._answers |= {"callback_of": event.booked_by, "callback_attempt": str(event.attempt)}

    def _on_offer_made(self, _event: OfferMade) -> None:
        self._leg.offers += 1
        self._ringing = True

    def _on_offer_ended(self, event: OfferEnded) -> None:
        self._ringing = event.outcome is OfferOutcome.CALLER_GONE

    def _on_left_queue(self, event: CallLeftQueue) -> None:
        self._queue_outcome = event.outcome
        self._note(LegKind.WAITING, str(event.outcome))
        if self._leg.kind is LegKind.WAITING and event.outcome not in _STILL_WAITING:
            self._ringing = False
            self._back_to_flow()

    def _on_conversation_began(self, event: ConversationBegan) -> None:
        self._ringing = False
        self._note(LegKind.WAITING, str(QueueOutcome.ANSWERED))
        self._agent = event.agent
        self._queue = event.queue
        self._go_to(LegKind.AGENT, queue=event.queue, agent=event.agent)

    def _on_conversation_ended(self, event: ConversationEnded) -> None:
        self._end_hold()
        self._agent = event.agent
        self._note(LegKind.AGENT, str(event.ended_by), talked=Millis(max(0, event.talked)))
        if event.ended_by is EndedBy.AGENT:  # else the caller is gone too, however late the end of the call is known
            self._back_to_flow()

    def _on_transferred(self, event: CallTransferred) -> None:
        kind = _PASSED_TO.get(event.goal)
        if kind is not None:
            self._go_to(kind)
            self._leg.to = event.to

    def _on_outside_parted(self, event: OutsideParted) -> None:
        self._note(LegKind.OUTSIDE, str(event.outcome))

    def _on_hold_began(self, _event: HoldBegan) -> None:
        self._holds_since = self._now

    def _on_hold_ended(self, _event: HoldEnded) -> None:
        self._end_hold()

    def _end_hold(self) -> None:
        since, self._holds_since = self._holds_since, None
        if since is not None and self._leg.kind is LegKind.AGENT:
            self._leg.held = Millis(self._leg.held + self._now - since)

    def _on_transfer_ended(self, event: TransferEnded) -> None:
        talked = Millis(max(0, event.talked))
        self._outside = self._outside or event.outcome is OfferOutcome.ANSWERED
        self._note(LegKind.OUTSIDE, str(event.outcome), talked=talked, to=event.to)

    def _note(self, kind: LegKind, outcome: str, *, talked: Millis | None = None, to: str | None = None) -> None:
        """Write on the latest leg of `kind`, present or past, how it ended, unless that is known already."""
        for stretch in (self._leg, *reversed(self._legs)):
            if stretch.kind is kind:
                stretch.note(outcome, talked, to)
                return

    _STEPS: ClassVar[dict[type[Event], Callable[[Assembler, Any], None]]] = {
        CallArrived: _on_arrived,
        CallRefused: _on_refused,
        CallResumed: _on_resumed,
        CallEnded: _on_ended,
        FlowStarted: _on_flow_started,
        NodeEntered: _on_node_entered,
        LanguageChosen: _on_language,
        AnswerGiven: _on_answer,
        AuthorFault: _on_author_fault,
        FlowFailed: _on_flow_failed,
        FlowFinished: _on_flow_finished,
        CallQueued: _on_queued,
        CallbackBooked: _on_callback_booked,
        CallbackPlaced: _on_callback_placed,
        OfferMade: _on_offer_made,
        OfferEnded: _on_offer_ended,
        CallLeftQueue: _on_left_queue,
        ConversationBegan: _on_conversation_began,
        ConversationEnded: _on_conversation_ended,
        CallTransferred: _on_transferred,
        OutsideParted: _on_outside_parted,
        HoldBegan: _on_hold_began,
        HoldEnded: _on_hold_ended,
        TransferEnded: _on_transfer_ended,
    }

    FOLDED: ClassVar[frozenset[type[Event]]] = frozenset(_STEPS)
    """The events that say something of a record; all others can be passed over unread."""
