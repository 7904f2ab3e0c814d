"""The centre at work: stimuli in, facts to the recorder, instructions to the calls they are for, an alarm when time is due.

The centre itself is synchronous, so a decision is atomic on the event loop: no lock, no inbox, no delay between a free agent
and the offer.
"""

from __future__ import annotations

import asyncio

from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import CentreEffect, Decision
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    FlowedOut,
    HoursChanged,
    LineLost,
    OfferFailed,
    Stimulus,
    TimePassed,
)
from ivr_engine.core.events import CallLeftQueue
from ivr_engine.core.ids import CallId, Instant, QueueName
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.waits import QueueWait
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.inbound import Rang
from ivr_engine.services.centre_config import closed_queues
from ivr_engine.services.recorder import Recorder

Mailbox = asyncio.Queue[CentreEffect]
_NO_FAILURE = frozenset({OfferOutcome.ANSWERED, OfferOutcome.CALLER_GONE})  # the caller is here, so nobody left


class CentreRunner:
    """Sole owner of the centre."""

    def __init__(self, *, centre: Centre, recorder: Recorder, clock: Clock) -> None:
        self._centre = centre
        self._recorder = recorder
        self._clock = clock
        self._mailboxes: dict[CallId, Mailbox] = {}
        self._closed: tuple[QueueName, ...] = ()
        self._alarm: Instant | None = None
        self._alarm_moved = asyncio.Event()

    @property
    def centre(self) -> Centre:
        """For reading only."""
        return self._centre

    def handle(self, stimulus: Stimulus) -> Decision:
        """Let the centre decide and carry it out. Raises CommandRefused for a command that may not be done."""
        now = self._clock.now()
        decision = self._centre.handle(stimulus, now)
        self._recorder.record(*decision.events, at=now)
        for effect in decision.effects:
            mailbox = self._mailboxes.get(effect.call)
            if mailbox is not None:
                mailbox.put_nowait(effect)
        if decision.next_alarm != self._alarm:
            self._alarm = decision.next_alarm
            self._alarm_moved.set()
        return decision

    def enter(self, call: CallId, wait: QueueWait, *, rang: Rang | None = None) -> Mailbox:
        """Put a call into its queue; what the centre decides for it comes to the mailbox until `leave`.

        A call that is in line already is back at its place. `rang`: what became of the telephone that rang meanwhile.
        """
        mailbox = self._mailboxes[call] = Mailbox()
        status = self._centre.call(call)
        if rang is not None and rang.outcome not in _NO_FAILURE and status is not None and status.offer is not None:
            self.handle(OfferFailed(offer=status.offer, outcome=rang.outcome, cause=rang.cause))
            return mailbox
        self.handle(
            CallEntered(
                call=call,
                queue=wait.queue,
                needs=wait.needs,
                prefers=wait.prefers,
                priority=wait.priority,
                language=wait.language,
                agent=wait.agent,
                agent_wait=wait.agent_wait,
                arrived=wait.since,
            )
        )
        return mailbox

    def enter_absent(self, entry: CallEntered) -> Mailbox:
        """The same for somebody who is not on the line and is called once an agent is reserved."""
        mailbox = self._mailboxes[entry.call] = Mailbox()
        self.handle(entry)
        return mailbox

    def flow_out(self, call: CallId) -> bool:
        """The waiting caller wants to leave the queue for another way. False: too late, an agent is rung for them."""
        return any(isinstance(event, CallLeftQueue) for event in self.handle(FlowedOut(call=call)).events)

    def note_hours(self, definition: CentreDefinition) -> None:
        """Let the centre know which queues are closed now."""
        closed = closed_queues(definition, self._clock.now())
        if closed != self._closed:
            self._closed = closed
            self.handle(HoursChanged(closed=closed))

    def leave(self, call: CallId) -> None:
        """The call has no more business with the centre; harmless when it had none."""
        if self._mailboxes.pop(call, None) is not None:
            self.handle(CallerLeft(call=call))

    def lose(self, call: CallId) -> None:
        """The call's line broke: it keeps its place until it is back (`enter`), or over (`let_go`)."""
        if self._mailboxes.pop(call, None) is not None:
            self.handle(LineLost(call=call))

    def let_go(self, call: CallId) -> None:
        """A call without a line here is over, or has no more business with the centre."""
        if self._centre.call(call) is not None:
            self.handle(CallerLeft(call=call))

    def let_calls_go_on(self) -> None:
        """The engine stops, its calls do not: from here on leaving says nothing, who waits waits and who talks talks."""
        self._mailboxes.clear()

    async def keep_time(self) -> None:
        """Wake the centre whenever time alone changes something. Runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._alarm_moved.clear()
                timer = tasks.create_task(self._wake_at(self._alarm)) if self._alarm is not None else None
                await self._alarm_moved.wait()
                if timer is not None:
                    timer.cancel()

    async def _wake_at(self, alarm: Instant) -> None:
        await self._clock.sleep_until(alarm)
        self.handle(TimePassed())
        self._alarm_moved.set()
