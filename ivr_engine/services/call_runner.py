"""One live call: turn, instructions, wait for the reply, next turn. Who answers a wait decides where it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never, cast

from ivr_engine.core.events import (
    AuthorFault,
    CallArrived,
    CallEnded,
    CallRefused,
    CallResumed,
    FlowFailed,
    TransferEnded,
)
from ivr_engine.core.ids import AgentId, CallId, FlowName, Millis, NodeName
from ivr_engine.core.outcomes import EndedBy
from ivr_engine.errors import PromptError, SwitchError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.effects import HangUp
from ivr_engine.flows.engine import begin, resume
from ivr_engine.flows.session import CallFacts, Session, Turn
from ivr_engine.flows.utterances import Prompt, Utterance
from ivr_engine.flows.waits import (
    CallerGone,
    KeysWait,
    Played,
    PlayWait,
    QueueLeft,
    QueueWait,
    RecordWait,
    Reply,
    RequestWait,
    ScriptWait,
    TransferOver,
    TransferWait,
    VerifyWait,
    Wait,
)
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.inbound import Arrival, Rang
from ivr_engine.ports.log import Log
from ivr_engine.ports.lookup import Lookup
from ivr_engine.ports.prompts import PromptLibrary
from ivr_engine.ports.switch import CallControl, Sound
from ivr_engine.services.admission import Admission
from ivr_engine.services.asking import Asking
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.conversations import Conversations
from ivr_engine.services.entrance import Entrance
from ivr_engine.services.queue_visit import QueueVisit
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.resumption import Resumption, answer_of
from ivr_engine.services.unserved import Over, Unserved
from ivr_engine.services.verifier import Verifier

# Prompts a centre may define for what no flow says; where one is absent the engine stays silent.
NUMBER_NOT_SERVED = "number_not_served"
SYSTEM_FAULT = "system_fault"
TRANSFER_MUSIC = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a call reaches besides the telephone and the agents: services, and the folder of recordings."""

    lookup: Lookup
    verifier: Verifier
    recordings: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CallVersions:
    """What calls are served by: the version each begins with and stays on, its words, and who has which telephone now."""

    definition: Callable[[Arrival], CentreDefinition]
    prompts: Callable[[CentreDefinition], PromptLibrary]
    phone_of: Callable[[AgentId], str]


_LineWait = PlayWait | KeysWait | RecordWait | TransferWait | ScriptWait | QueueWait
"""What needs the line to itself; with the others the caller may go on typing."""


class CallRunner:
    """Serves every caller (ports.inbound.CallHandler)."""

    def __init__(  # noqa: PLR0913 - every part by name
        self,
        *,
        versions: CallVersions,
        admission: Admission,
        entrance: Entrance,
        centre: CentreRunner,
        conversations: Conversations,
        recorder: Recorder,
        unserved: Unserved,
        resumption: Resumption,
        outside: Outside,
        clock: Clock,
        log: Log,
    ) -> None:
        self._versions = versions
        self._admission = admission
        self._entrance = entrance
        self._centre = centre
        self._conversations = conversations
        self._recorder = recorder
        self._unserved = unserved
        self._resumption = resumption
        self._recordings = outside.recordings
        self._asking = Asking(lookup=outside.lookup, verifier=outside.verifier, recorder=recorder)
        self._clock = clock
        self._log = log
        self._served: dict[CallId, Over | None] = {}

    @property
    def takes_calls(self) -> bool:
        """See the port."""
        return self._admission.over(len(self._served)) is None

    def declines(self, arrival: Arrival) -> bool:
        """See the port. A call in progress that comes back is never declined; one that is over, `handle_call` refuses."""
        if self._recorder.is_open(arrival.call) or self._recorder.has_ended(arrival.call):
            return False
        refused = self._admission.refusal(arrival.call, serving=len(self._served))
        if refused is not None:
            self._recorder.record(_arrived(arrival), refused, CallEnded(call=arrival.call, ended_by=EndedBy.ENGINE))
        return refused is not None

    def has_ended(self, call: CallId) -> bool:
        """See the port."""
        return self._recorder.has_ended(call)

    async def handle_call(self, arrival: Arrival, control: CallControl) -> None:
        """Serve one call to its end. A connection for a call that is being served, or is over, is refused.

        The end of a call that comes back after a restart may be told while its connection is still being answered.
        """
        call = arrival.call
        if call in self._served or self._recorder.has_ended(call):
            self._log.warning("call_already_served", call=call)
            return
        self._served[call] = None
        try:
            ended_by = await self._serve_guarded(arrival, control)
        except SwitchError as error:
            self._line_broke(call, error, self._served.pop(call))
        else:
            self._ended(call, ended_by)
        finally:
            self._served.pop(call, None)

    def _ended(self, call: CallId, ended_by: EndedBy) -> None:
        """Said again when what the call asked for is through, too; once is enough."""
        self._served.pop(call, None)
        if not self._recorder.has_ended(call):
            self._recorder.record(CallEnded(call=call, ended_by=ended_by))

    def call_over(self, call: CallId, *, ended_by: EndedBy, talked: Millis | None, cause: str, certain: bool) -> bool:
        """The switch says the call is gone; see the port. True: the list of live lines has to confirm it."""
        over = Over(ended_by=ended_by, talked=talked, cause=cause, at=self._clock.now())
        if call in self._served:
            self._served[call] = over  # counts if its own line turns out to have broken
        elif certain and self._recorder.is_open(call):
            self._unserved.close(call, over)
        elif self._recorder.is_open(call):
            self._unserved.said_over(call, over)
            return True
        return False

    def _line_broke(self, call: CallId, error: SwitchError, over: Over | None) -> None:
        """Two sources say the same when the switch reported the call's end, too."""
        self._unserved.line_broke(call, error)
        if over is not None:
            self._unserved.close(call, over)

    @property
    def served(self) -> frozenset[CallId]:
        """Calls being served at this moment."""
        return frozenset(self._served)

    @contextmanager
    def elsewhere(self, call: CallId) -> Iterator[None]:
        """The call is served by somebody else while the block runs, who records its end."""
        self._served[call] = None
        try:
            yield
        finally:
            self._served.pop(call, None)

    async def _serve_guarded(self, arrival: Arrival, control: CallControl) -> EndedBy:
        """The boundary that keeps one bad call from every other."""
        try:
            return await self._serve(arrival, control)
        except SwitchError:
            raise
        except Exception as error:  # noqa: BLE001 - see above; it is logged, recorded, and the caller hears of it
            self._fault(arrival, error)
            await self._apologise(arrival, control)
            return EndedBy.ENGINE
        finally:
            self._centre.leave(arrival.call)

    async def _serve(self, arrival: Arrival, control: CallControl) -> EndedBy:
        left = self._record_arrival(arrival)
        definition = self._versions.definition(arrival)  # once: the call stays on it
        if arrival.number not in definition.numbers:
            return await self._refuse(definition, arrival, control)
        turn = self._resumption.turn(definition, arrival.call)
        if turn is not None:
            turn = await self._gone_on(definition, turn, arrival, control, left=left)
        else:
            way = await self._entrance.enter(
                arrival, definition=definition, prompts=self._versions.prompts(definition), control=control
            )
            if way is None:
                return EndedBy.CALLER
            turn = begin(definition, self._facts(arrival), way.flow, self._clock.now(), typed_ahead=way.key)
        return await self._walk(definition, turn, control)

    async def _gone_on(
        self, definition: CentreDefinition, turn: Turn, arrival: Arrival, control: CallControl, *, left: QueueLeft | None
    ) -> Turn:
        """The turn after the wait in which the call changed engines, where that wait is not simply begun again."""
        self._keep(definition, turn)
        wait, reply = turn.wait, cast("Reply | None", left)
        if not isinstance(wait, QueueWait):
            self._centre.let_go(arrival.call)  # it stood in a queue of which the flow knows nothing any more
            reply = answer_of(wait, arrival.rang)
        elif reply is None:
            reply = await self._visit(definition, turn.session, wait, control, rang=arrival.rang)
        if reply is None:
            return replace(turn, events=())
        return resume(definition, turn.session, reply, self._clock.now())

    def _keep(self, definition: CentreDefinition, turn: Turn) -> None:
        """Make a turn known, and where the call stands after it."""
        self._recorder.record(*turn.events)
        self._resumption.note(definition, turn.session)

    async def _walk(self, definition: CentreDefinition, turn: Turn, control: CallControl) -> EndedBy:
        while True:
            self._keep(definition, turn)
            if any(isinstance(effect, HangUp) for effect in turn.effects):
                await control.hang_up()
            if turn.wait is None:
                return EndedBy.ENGINE if turn.effects else EndedBy.CALLER
            turn = await self._next_turn(definition, turn, turn.wait, control)

    async def _next_turn(self, definition: CentreDefinition, turn: Turn, wait: Wait, control: CallControl) -> Turn:
        if isinstance(wait, RequestWait | VerifyWait):
            call = turn.session.facts.call
            answer, keys = await self._asking.ask(
                wait, turn.session, control, left=lambda: self._ended(call, EndedBy.CALLER)
            )
            return resume(definition, turn.session, answer, self._clock.now(), typed_ahead=keys)
        reply = await self._reply(definition, turn.session, wait, control)
        return resume(definition, turn.session, reply, self._clock.now())

    async def _reply(self, definition: CentreDefinition, session: Session, wait: _LineWait, control: CallControl) -> Reply:
        match wait:
            case PlayWait() | KeysWait() | RecordWait():
                return await self._heard(definition, session, wait, control)
            case TransferWait() | ScriptWait():
                return await self._handed_over(session, wait, control)
            case QueueWait():
                return await self._visit(definition, session, wait, control)
        assert_never(wait)

    async def _visit(
        self,
        definition: CentreDefinition,
        session: Session,
        wait: QueueWait,
        control: CallControl,
        *,
        rang: Rang | None = None,
    ) -> QueueLeft | CallerGone:
        visit = QueueVisit(
            definition=definition,
            centre=self._centre,
            conversations=self._conversations,
            prompts=self._versions.prompts(definition),
            phone_of=self._versions.phone_of,
            control=control,
            recorder=self._recorder,
            log=self._log,
        )
        return await visit.run(session.facts.call, session.node, wait, rang)

    async def _heard(
        self, definition: CentreDefinition, session: Session, wait: PlayWait | KeysWait | RecordWait, control: CallControl
    ) -> Reply:
        library = self._versions.prompts(definition)
        ready, keys = [library.ready(each, session.language) for each in wait.prompts], ""
        sounds = [sound for sound in ready if sound is not None]
        if len(sounds) < len(ready):
            made = await control.listen_during(self._sounds(library, session, wait.prompts))
            if isinstance(made, CallerGone):
                return made
            sounds, keys = made
        match wait:
            case PlayWait():
                return Played(key=keys) if keys and wait.barge_in else await control.play(sounds, barge_in=wait.barge_in)
            case KeysWait():
                typed = "" if wait.secret or not wait.barge_in else keys
                return await control.gather(sounds, replace(wait, typed_ahead=wait.typed_ahead + typed))
            case RecordWait():
                return await control.record(sounds, wait, self._recordings / f"{wait.name}.wav")
        assert_never(wait)

    async def _handed_over(self, session: Session, wait: TransferWait | ScriptWait, control: CallControl) -> Reply:
        if isinstance(wait, ScriptWait):
            return await control.run_script(wait)
        joined = await control.transfer(wait.number, ring=wait.ring, music=TRANSFER_MUSIC)
        if joined.caller_gone:  # nobody resumes the flow, which would record it
            over = TransferEnded(
                call=session.facts.call, node=session.node, to=wait.to, outcome=joined.outcome, talked=joined.talked
            )
            self._recorder.record(over)
            return CallerGone()
        return TransferOver(to=wait.to, outcome=joined.outcome, talked=joined.talked)

    async def _sounds(self, prompts: PromptLibrary, session: Session, utterances: Sequence[Utterance]) -> list[Sound]:
        """The playable ones; a prompt that cannot be had is skipped and recorded, the call goes on."""
        sounds: list[Sound] = []
        for utterance in utterances:
            try:
                sounds.append(await prompts.sound(utterance, session.language))
            except PromptError as error:
                self._log.error("prompt_missing", call=session.facts.call, node=session.node, error=str(error))
                self._recorder.record(
                    AuthorFault(
                        call=session.facts.call,
                        flow=session.flow,
                        node=session.node,
                        code="prompt_missing",
                        message=str(error),
                    )
                )
        return sounds

    def _record_arrival(self, arrival: Arrival) -> QueueLeft | None:
        """How a visit to a queue ended while the call was away, if one did."""
        if self._recorder.is_open(arrival.call):
            left = self._unserved.returns(arrival)
            self._recorder.record(CallResumed(call=arrival.call))
            self._log.info("call_resumed", call=arrival.call, number=arrival.number)
            return left
        self._recorder.record(_arrived(arrival))
        self._log.info("call_arrived", call=arrival.call, number=arrival.number)
        return None

    def _facts(self, arrival: Arrival) -> CallFacts:
        return CallFacts(
            call=arrival.call,
            number=arrival.number,
            caller=arrival.caller,
            caller_name=arrival.caller_name,
            arrived=self._clock.now(),
        )

    async def _refuse(self, definition: CentreDefinition, arrival: Arrival, control: CallControl) -> EndedBy:
        self._recorder.record(CallRefused(call=arrival.call, reason="unknown_number"))
        for language in definition.languages:
            if NUMBER_NOT_SERVED in definition.prompts[language]:
                sound = await self._versions.prompts(definition).sound(Prompt(NUMBER_NOT_SERVED), language)
                if isinstance(await control.play([sound], barge_in=False), CallerGone):
                    return EndedBy.CALLER
        await control.hang_up()
        return EndedBy.ENGINE

    def _fault(self, arrival: Arrival, error: Exception) -> None:
        self._log.error("call_fault", call=arrival.call, error=repr(error), exc_info=error)
        fault = FlowFailed(
            call=arrival.call, flow=FlowName(""), node=NodeName(""), code="engine_fault", message=type(error).__name__
        )
        self._recorder.record(fault)

    async def _apologise(self, arrival: Arrival, control: CallControl) -> None:
        """Tell the caller in each language that we failed, as far as that still works."""
        definition = self._versions.definition(arrival)
        try:
            for language in definition.languages:
                if SYSTEM_FAULT in definition.prompts[language]:
                    sound = await self._versions.prompts(definition).sound(Prompt(SYSTEM_FAULT), language)
                    await control.play([sound], barge_in=False)
            await control.hang_up()
        except (PromptError, SwitchError) as error:
            self._log.error("apology_failed", error=str(error))


def _arrived(arrival: Arrival) -> CallArrived:
    return CallArrived(call=arrival.call, number=arrival.number, caller=arrival.caller, caller_name=arrival.caller_name)
