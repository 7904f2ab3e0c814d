"""Callbacks at work: bookings stand in line for their callers, and are called when an agent is reserved.

The book (acd.callbacks) is a fold of what is recorded, so a restart takes each booking up where it stood: its place, its
attempts, its gap. An attempt is a call of its own, with a record of its own that names the call that booked it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from ivr_engine.acd.callbacks import LOOK_AGAIN, Booking, CallbackBook, CallbackRules, Phase, may_call
from ivr_engine.acd.effects import RingAgent, StopRinging
from ivr_engine.acd.stimuli import CallEntered, OfferFailed
from ivr_engine.core.events import (
    CallbackAttempted,
    CallbackBooked,
    CallbackEnded,
    CallbackPlaced,
    CallEnded,
    ConversationBegan,
    Recorded,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, NodeName, QueueName, later
from ivr_engine.core.outcomes import Disposition, EndedBy, Hours, OfferOutcome
from ivr_engine.errors import CommandRefused, PromptError, SwitchError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Prompt
from ivr_engine.flows.waits import CallerGone, QueueLeft, QueueWait
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.log import Log
from ivr_engine.ports.prompts import PromptLibrary
from ivr_engine.ports.switch import CallControl, Dialler, OutgoingCall, Sound, Unreached
from ivr_engine.services.agent_first import AGENT_GONE, AgentFirst, AgentLine, words_for
from ivr_engine.services.call_runner import CallRunner
from ivr_engine.services.centre_runner import CentreRunner, Mailbox
from ivr_engine.services.conversations import Conversations
from ivr_engine.services.offer_run import OfferRun
from ivr_engine.services.queue_visit import QueueVisit
from ivr_engine.services.recorder import Recorder

GREETING = "callback_greeting"
"""What the customer hears on answering, where the centre has it."""

WORDS_WITHIN = Millis(15_000)
"""How long an agent who is called first may hear who it is."""

REASON = "callback"
CALENDARS_TRIED = 50
_FACTS = (CallbackBooked, CallbackPlaced, CallbackAttempted, CallbackEnded)


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreNow:
    """The files as they are now: callbacks follow them, not the version of the call that booked."""

    definition: Callable[[], CentreDefinition]
    prompts: Callable[[CentreDefinition], PromptLibrary]
    phone_of: Callable[[AgentId], str]


class CallbackDesk:
    """Sole keeper of the bookings. `keep_calling` must run for anybody to be called."""

    def __init__(
        self,
        *,
        files: CentreNow,
        centre: CentreRunner,
        calls: CallRunner,
        conversations: Conversations,
        recorder: Recorder,
        clock: Clock,
        log: Log,
    ) -> None:
        self._files = files
        self._conversations = conversations
        self._centre = centre
        self._calls = calls
        self._recorder = recorder
        self._clock = clock
        self._log = log
        self._book = CallbackBook()
        self._new: deque[str] = deque()
        self._met: deque[str] = deque()
        self._calling: dict[CallId, str] = {}
        self._joined: set[CallId] = set()
        self._in_line: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        recorder.on_recorded(self._hear)

    def recover(self, journal: Journal) -> None:
        """Take up what earlier runs booked."""
        for recorded in journal.read(types=tuple(fact.TYPE for fact in _FACTS)):
            self._book.apply(recorded)

    def live(self) -> tuple[Booking, ...]:
        """Every live booking, by place."""
        return tuple(sorted(self._book, key=lambda each: (each.since, each.id)))

    def cancel(self, booking: str, by: str) -> Booking:
        """Take a booking back.

        Raises:
            CommandRefused: there is none of that id, or it is being called at this moment; nothing changed.
        """
        found = self._book.get(booking)
        if found is None:
            raise CommandRefused(f"there is no callback {booking}; those that stand: ivr-engine callback list")
        if found.phase is Phase.CALLING:
            raise CommandRefused(f"callback {booking} is being called at this moment")
        self._recorder.record(self._book.cancelled(found, by))
        return found

    async def keep_calling(self, dialler: Dialler) -> None:
        """Put bookings in line when they are due, and call them in their turn. Runs until cancelled."""
        self._recorder.record(*self._book.interrupted(self._clock.now(), self._rules))
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._changed.clear()
                self._settle()
                for booking in self._book.due(self._clock.now(), self._opens) if dialler.can_dial else ():
                    self._book.enter(booking)
                    self._in_line[booking.id] = tasks.create_task(self._stand_in_line(booking, dialler))
                timer = tasks.create_task(self._wake())
                await self._changed.wait()
                timer.cancel()

    async def _wake(self) -> None:
        now = self._clock.now()
        look = self._book.next_look(now, opens=self._opens, rules=self._rules)
        await self._clock.sleep_until(min(look or later(now, LOOK_AGAIN), later(now, LOOK_AGAIN)))
        self._changed.set()

    def _hear(self, recorded: Recorded) -> None:
        """Fold it; what follows from it is recorded by the loop, for here nothing may be."""
        event = recorded.event
        self._book.apply(recorded)
        if isinstance(event, CallbackBooked):
            self._new.append(f"cb{recorded.sequence}")
        elif isinstance(event, ConversationBegan) and event.call in self._calling:
            self._joined.add(event.call)
            self._met.append(self._calling[event.call])
        elif not isinstance(event, CallbackEnded):
            return
        self._changed.set()

    def _settle(self) -> None:
        """What is new, joined, too late or out of hours."""
        now = self._clock.now()
        while self._new:
            self._admit(self._new.popleft())
        while self._met:
            self._attempted(self._met.popleft(), OfferOutcome.ANSWERED)
        self._recorder.record(*self._book.expired(now, self._rules))
        closed = {booking.id for booking in self._book.closed(now, self._opens)}
        for booking, task in self._in_line.items():
            if booking in closed or self._book.get(booking) is None:
                task.cancel()

    def _admit(self, booking: str) -> None:
        found = self._book.get(booking)
        if found is not None:
            allowed = may_call(found.number, self._files.definition().outbound)
            self._recorder.record(*self._book.admit(found, allowed=allowed))

    async def _stand_in_line(self, booking: Booking, dialler: Dialler) -> None:
        mailbox = self._centre.enter_absent(self._entry(booking))
        try:
            while not await self._meet(booking, mailbox, dialler):
                pass  # that agent did not pick up: wait for the next who is reserved
        except Exception as error:  # noqa: BLE001 - keeps one callback from every other; logged, and tried again
            self._log.error("callback_fault", booking=booking.id, error=repr(error), exc_info=error)
            self._calling.pop(booking.next_call, None)
            self._attempted(booking.id, OfferOutcome.FAILED, "engine_fault")
        finally:
            self._in_line.pop(booking.id, None)
            self._centre.leave(booking.next_call)
            self._step_back(booking.id)
            self._changed.set()

    async def _meet(self, booking: Booking, mailbox: Mailbox, dialler: Dialler) -> bool:
        """Wait for an agent to be reserved, and make the attempt. False: the agent was to pick up first, and did not."""
        news = await mailbox.get()
        if not isinstance(news, RingAgent):
            return not isinstance(news, StopRinging)
        standing = self._in_line.pop(booking.id)  # from here on it is not cut off
        if not self._agent_first(booking.queue):
            await self._call(booking, news, lambda: self._attempt(booking, news, mailbox, dialler))
            return True
        agents_call = CallId(f"agent-{booking.next_call}")  # the switch takes two ids for one if one begins as the other
        phone = self._files.phone_of(news.agent)
        with self._calls.elsewhere(agents_call):
            async with dialler.outgoing(self._to_agent(booking, news, agents_call, phone)) as reached:
                if not isinstance(reached, Unreached):
                    agent = AgentLine(control=reached, phone=phone, music=self._music_of(booking.queue))
                    await self._call(booking, news, lambda: self._attempt_with(booking, news, mailbox, dialler, agent=agent))
                    return True
        self._in_line[booking.id] = standing
        self._centre.handle(OfferFailed(offer=news.offer, outcome=reached.outcome, cause=reached.cause))
        return False

    def _step_back(self, booking: str) -> None:
        found = self._book.get(booking)
        if found is not None and found.phase is Phase.IN_LINE:
            self._book.step_back(found, due=later(self._clock.now(), LOOK_AGAIN))

    def _entry(self, booking: Booking) -> CallEntered:
        return CallEntered(
            call=booking.next_call,
            queue=booking.queue,
            needs=booking.needs,
            priority=booking.priority,
            language=booking.language,
            arrived=booking.since,
            reach=self._reach(booking.queue),
        )

    async def _call(
        self, booking: Booking, offer: RingAgent, attempt: Callable[[], Awaitable[tuple[Unreached, bool]]]
    ) -> None:
        """The attempt: ring the customer, join them with the agent, and record how it ended."""
        call = booking.next_call
        self._calling[call] = booking.id
        self._recorder.record(self._book.placed(booking, offer.agent))
        with self._calls.elsewhere(call):
            unreached, gone = await attempt()
        self._centre.leave(call)
        del self._calling[call]
        met = call in self._joined
        self._joined.discard(call)
        ended_by = EndedBy.CALLER if gone else EndedBy.ENGINE
        forced = None if met else Disposition.CALLBACK_MISSED
        self._recorder.record(CallEnded(call=call, ended_by=ended_by, forced=forced))
        if not met:
            self._attempted(booking.id, unreached.outcome, unreached.cause)

    async def _attempt(
        self, booking: Booking, offer: RingAgent, mailbox: Mailbox, dialler: Dialler
    ) -> tuple[Unreached, bool]:
        """How it ended if no conversation came of it, and whether the customer hung up."""
        try:
            async with dialler.outgoing(self._order(booking)) as reached:
                if isinstance(reached, Unreached):
                    return reached, False
                left = await self._join(booking, offer, mailbox, reached)
        except SwitchError as error:
            self._log.error("line_to_switch_broke", call=booking.next_call, error=str(error))
            return Unreached(outcome=OfferOutcome.FAILED, cause="line_broke"), False
        return _without_talk(left)

    async def _attempt_with(
        self, booking: Booking, offer: RingAgent, mailbox: Mailbox, dialler: Dialler, *, agent: AgentLine
    ) -> tuple[Unreached, bool]:
        """The same with the agent on the line already, who hears who it is before the customer is rung."""
        attempt = AgentFirst(agent)
        if not await attempt.told(await self._words_for(offer, booking)):
            return self._let_down(offer), False

        async def talk(control: CallControl) -> QueueLeft | CallerGone:
            visit, wait = self._visit(control), self._wait(booking)
            run = OfferRun(offer, wait=wait, line=control, music=agent.music, desk=visit.desk)
            left = await attempt.talk(run)
            return left or await visit.stay(booking.next_call, NodeName(REASON), wait, mailbox)

        left = await attempt.ring_customer(dialler, self._order(booking), talk)
        if left is AGENT_GONE:
            return self._let_down(offer), False
        return (left, False) if isinstance(left, Unreached) else _without_talk(left)

    async def _words_for(self, offer: RingAgent, booking: Booking) -> list[Sound]:
        """What the agent hears first; silence where it cannot be spoken."""
        definition = self._files.definition()
        language, says = words_for(definition, offer.agent, queue=booking.queue, number=booking.number)
        try:
            prompts = self._files.prompts(definition)
            return [await prompts.sound(each, language) for each in says]
        except PromptError as error:
            self._log.error("prompt_missing", call=booking.next_call, node=REASON, error=str(error))
            return []

    def _let_down(self, offer: RingAgent) -> Unreached:
        """The agent hung up before the customer was there, which is to decline."""
        self._centre.handle(OfferFailed(offer=offer.offer, outcome=OfferOutcome.DECLINED, cause=AGENT_GONE.cause))
        return AGENT_GONE

    def _attempted(self, booking: str, outcome: OfferOutcome, cause: str = "") -> None:
        found = self._book.get(booking)
        if found is not None and found.phase is Phase.CALLING:
            rules = self._rules(found.queue)
            self._recorder.record(*self._book.attempted(found, outcome, self._clock.now(), rules=rules, cause=cause))

    def _order(self, booking: Booking) -> OutgoingCall:
        ring = self._rules(booking.queue).reach
        return OutgoingCall(call=booking.next_call, number=booking.number, shown=booking.shown, ring=ring, reason=REASON)

    def _to_agent(self, booking: Booking, offer: RingAgent, call: CallId, phone: str) -> OutgoingCall:
        """The agent sees the customer's number."""
        return OutgoingCall(call=call, phone=phone, shown=booking.number, ring=offer.ring, reason=REASON)

    def _agent_first(self, queue: QueueName) -> bool:
        known = self._files.definition().queues.get(queue)
        return known is not None and known.waiting.callback.agent_first

    def _music_of(self, queue: QueueName) -> str:
        known = self._files.definition().queues.get(queue)
        return known.music if known is not None else "default"

    async def _join(
        self, booking: Booking, offer: RingAgent, mailbox: Mailbox, control: CallControl
    ) -> QueueLeft | CallerGone:
        """The customer is on the line: greet them and ring the agent; if that one does not answer, the next."""
        definition = self._files.definition()
        call, prompts = booking.next_call, self._files.prompts(definition)
        if isinstance(await self._greet(booking, prompts, control), CallerGone):
            return CallerGone()
        visit = self._visit(control)
        if _stopped(mailbox):  # ringing the customer took longer than the agent could be kept
            self._centre.handle(OfferFailed(offer=offer.offer, outcome=OfferOutcome.FAILED, cause="customer_late"))
        else:
            mailbox.put_nowait(offer)
        return await visit.stay(call, NodeName(REASON), self._wait(booking), mailbox)

    def _visit(self, control: CallControl) -> QueueVisit:
        definition = self._files.definition()
        return QueueVisit(
            definition=replace(definition, agent_flows={}),  # this call has no flow to go on in
            centre=self._centre,
            conversations=self._conversations,
            prompts=self._files.prompts(definition),
            phone_of=self._files.phone_of,
            control=control,
            recorder=self._recorder,
            log=self._log,
        )

    def _wait(self, booking: Booking) -> QueueWait:
        return QueueWait(queue=booking.queue, needs=booking.needs, priority=booking.priority, language=booking.language)

    async def _greet(self, booking: Booking, prompts: PromptLibrary, control: CallControl) -> CallerGone | None:
        if GREETING not in self._files.definition().prompts.get(booking.language, {}):
            return None
        try:
            sound = await prompts.sound(Prompt(GREETING), booking.language)
        except PromptError as error:
            self._log.error("prompt_missing", call=booking.next_call, node=REASON, error=str(error))
            return None
        played = await control.play([sound], barge_in=False)
        return played if isinstance(played, CallerGone) else None

    def _opens(self, booking: Booking, now: Instant) -> Instant | None:
        """From when on the booking may be called: the queue's hours, and those that the customer asked for, if any are."""
        calendars = self._files.definition().calendars
        hours = [calendars[name] for name in (self._hours_of(booking.queue), booking.window) if name and name in calendars]
        at = now
        for _ in range(CALENDARS_TRIED):
            closed = next((each for each in hours if each.state(at) is not Hours.OPEN), None)
            if closed is None:
                return at
            opening = closed.next_opening(at)
            if opening is None:
                return None
            at = Instant(round(opening.timestamp() * 1000))
        return None

    def _hours_of(self, queue: QueueName) -> str:
        known = self._files.definition().queues.get(queue)
        return known.waiting.callback.hours if known is not None else ""

    def _reach(self, queue: QueueName) -> Millis:
        """How long an agent may be kept before the two talk: with the agent first, for their own telephone and words too."""
        known = self._files.definition().queues.get(queue)
        own = Millis(known.ring + WORDS_WITHIN) if known is not None and known.waiting.callback.agent_first else Millis(0)
        return Millis(self._rules(queue).reach + own)

    def _rules(self, queue: QueueName) -> CallbackRules:
        known = self._files.definition().queues.get(queue)
        if known is None:
            return CallbackRules()
        rules = known.waiting.callback
        return CallbackRules(attempts=rules.attempts, gap=rules.gap, expiry=rules.expiry, reach=rules.ring)


def _without_talk(left: QueueLeft | CallerGone | None) -> tuple[Unreached, bool]:
    gone = isinstance(left, CallerGone)
    return Unreached(outcome=OfferOutcome.CALLER_GONE if gone else OfferOutcome.FAILED, cause=""), gone


def _stopped(mailbox: Mailbox) -> bool:
    """Whether the offer was taken back meanwhile; empties the mailbox."""
    found = False
    while not mailbox.empty():
        found = isinstance(mailbox.get_nowait(), StopRinging) or found
    return found
