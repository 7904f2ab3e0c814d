"""One offer carried out: the agent's telephone rings, the agent hears who it is, the two talk, and its end is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ivr_engine.acd.effects import RingAgent
from ivr_engine.acd.stimuli import CallEntered, ConversationOver, OfferAnswered, OfferFailed
from ivr_engine.acd.views import CallStatus
from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, QueueOutcome
from ivr_engine.errors import PromptError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Prompt
from ivr_engine.flows.waits import CallerGone, QueueLeft, QueueWait
from ivr_engine.ports.log import Log
from ivr_engine.ports.prompts import PromptLibrary
from ivr_engine.ports.switch import CallControl, Joined, Sound
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.conversation import RING_COLLEAGUE, Conversation
from ivr_engine.services.conversations import Conversations

Left = QueueLeft | CallerGone | None
"""None: the caller waits on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every offer of a call is carried out with."""

    definition: CentreDefinition
    centre: CentreRunner
    conversations: Conversations
    prompts: PromptLibrary
    phone_of: Callable[[AgentId], str]
    log: Log


class OfferRun:
    """For one offer of the call that waits by `wait`; `line` is its caller's."""

    def __init__(self, effect: RingAgent, *, wait: QueueWait, line: CallControl, music: str, desk: Desk) -> None:
        self._effect = effect
        self._wait = wait
        self._line = line
        self._music = music
        self._desk = desk
        self._conversation: Conversation | None = None

    async def run(self) -> Left:
        """Until the caller is parted from the agent, and from whomever the agent passed them on to."""
        status = self._desk.centre.centre.call(self._effect.call)
        if status is None:
            return None
        try:
            joined = await self._ring(await self._whisper(status))
            return await self._after(joined, status)
        finally:
            self._desk.conversations.forget(self._effect.call)

    async def _ring(self, whisper: Sequence[Sound]) -> Joined:
        effect = self._effect
        phone = self._desk.phone_of(effect.agent)  # of now: the call's own version may be older than the agent

        def answered() -> None:
            self._conversation = self._begin(phone)

        return await self._line.join(
            agent=effect.agent, phone=phone, ring=effect.ring, music=self._music, on_answer=answered, whisper=whisper
        )

    def _begin(self, phone: str) -> Conversation:
        conversation = self._desk.conversations.begin(
            self._effect.call,
            self._effect.agent,
            phone=phone,
            line=self._line,
            music=self._music,
            flows=self._desk.definition.agent_flows,
        )
        self._desk.centre.handle(OfferAnswered(offer=self._effect.offer))
        return conversation

    async def apart_from_the_start(self, phone: str, *, tell: Callable[[Conversation], None]) -> Left:
        """The agent has picked up already, as a line of their own: let the two hear each other, as `run` from there."""
        status = self._desk.centre.centre.call(self._effect.call)
        if status is None:
            return None
        try:
            conversation = self._begin(phone)
            conversation.apart = True
            tell(conversation)
            joined = Joined(outcome=OfferOutcome.ANSWERED, cause="", talked=Millis(0), caller_gone=False)
            return await self._apart(conversation, joined, status)
        finally:
            self._desk.conversations.forget(self._effect.call)

    async def _after(self, joined: Joined, status: CallStatus) -> Left:
        effect, conversation = self._effect, self._conversation
        if joined.outcome is OfferOutcome.ANSWERED:
            if conversation is None:  # the switch's early word was lost
                self._desk.centre.handle(OfferAnswered(offer=effect.offer))
            elif conversation.apart or conversation.goes_on_elsewhere:
                return await self._apart(conversation, joined, status)
            self._over(joined, EndedBy.CALLER if joined.caller_gone else EndedBy.AGENT)
            return CallerGone() if joined.caller_gone else QueueLeft(outcome=QueueOutcome.ANSWERED, agent=effect.agent)
        if conversation is not None:  # the switch said answered, and at the end knew nothing of it
            self._over(joined, EndedBy.SWITCH)
            return CallerGone() if joined.caller_gone else QueueLeft(outcome=QueueOutcome.FAILED)
        if joined.caller_gone:
            return CallerGone()
        self._desk.centre.handle(OfferFailed(offer=effect.offer, outcome=joined.outcome, cause=joined.cause))
        return None

    def _over(self, joined: Joined, ended_by: EndedBy) -> None:
        talked = joined.talked if self._conversation is None else self._conversation.over(joined)
        self._desk.centre.handle(ConversationOver(call=self._effect.call, ended_by=ended_by, talked=talked))

    async def _apart(self, conversation: Conversation, joined: Joined, status: CallStatus) -> Left:
        """The conversation was taken apart, or the caller passed on."""
        if joined.caller_gone:
            conversation.end(EndedBy.CALLER)
        if conversation.apart:
            await conversation.keep_caller()
        conversation.close()
        if joined.caller_gone or conversation.ended_by is EndedBy.CALLER:
            return CallerGone()
        if conversation.outside is not None:
            return await self._connect_outside(conversation, conversation.outside.number, status)
        if conversation.waits_on:
            return None
        agent = conversation.holder.agent or self._effect.agent
        return QueueLeft(outcome=QueueOutcome.ANSWERED, agent=agent, flow=conversation.flow or "")

    async def _connect_outside(self, conversation: Conversation, number: str, status: CallStatus) -> Left:
        """A number that does not answer gives the caller back to the head of the line."""
        joined = await self._line.transfer(number, ring=RING_COLLEAGUE, music=self._music)
        conversation.outside_over(joined)
        if joined.caller_gone:
            return CallerGone()
        if joined.outcome is OfferOutcome.ANSWERED:
            return QueueLeft(outcome=QueueOutcome.ANSWERED, agent=self._effect.agent)
        self._desk.centre.handle(
            CallEntered(
                call=status.call,
                queue=status.queue,
                needs=self._wait.needs if status.queue == self._wait.queue else (),
                priority=status.priority,
                language=self._wait.language,
                arrived=status.arrived,
            )
        )
        return None

    async def _whisper(self, status: CallStatus) -> list[Sound]:
        """What the agent hears first, in the agent's language; silence where it cannot be spoken."""
        definition = self._desk.definition
        names = definition.queues[status.queue].whisper if status.queue in definition.queues else ()
        agent = definition.agents.get(self._effect.agent)
        spoken = [each for each in agent.languages if each in definition.languages] if agent else []
        language = spoken[0] if spoken else definition.languages[0]
        try:
            return [await self._desk.prompts.sound(Prompt(name), language) for name in names]
        except PromptError as error:
            self._desk.log.error("whisper_unspoken", queue=status.queue, error=str(error))
            return []
