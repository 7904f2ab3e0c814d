"""A callback in which the agent is called before the customer: who picks up hears who it is, then the customer is rung.

The customer is never called without an agent on the line. The two are lines of their own from the beginning, as after a
conversation was taken apart, so whatever an agent may do with a caller is the same here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ivr_engine.core.ids import AgentId, Language, QueueName
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.errors import SwitchError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Digits, Prompt, Utterance
from ivr_engine.flows.waits import Played
from ivr_engine.ports.switch import CallControl, Dialler, OutgoingCall, Sound, Unreached
from ivr_engine.services.conversation import Conversation
from ivr_engine.services.offer_run import Left, OfferRun

FOR_AGENT = "callback_for_you"
"""What the agent hears before the number, where the centre has it."""

Talk = Callable[[CallControl], Awaitable[Left]]
"""What happens with the line of a customer who answered."""

AGENT_GONE = Unreached(outcome=OfferOutcome.FAILED, cause="agent_gone")
"""The agent hung up before the customer answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLine:
    """The line of the agent who picked up, and of which telephone it is."""

    control: CallControl
    phone: str
    music: str


def words_for(
    definition: CentreDefinition, agent: AgentId, *, queue: QueueName, number: str
) -> tuple[Language, list[Utterance]]:
    """What the agent hears first, in a language of theirs: the queue's whisper, that it is a callback, the number."""
    known = definition.agents.get(agent)
    spoken = [each for each in known.languages if each in definition.languages] if known else []
    language = spoken[0] if spoken else definition.languages[0]
    whisper = definition.queues[queue].whisper if queue in definition.queues else ()
    names = [*whisper, *([FOR_AGENT] if FOR_AGENT in definition.prompts.get(language, {}) else [])]
    return language, [*map(Prompt, names), Digits(number.lstrip("+"))]


class AgentFirst:
    """One attempt, from the moment at which the agent has picked up."""

    def __init__(self, agent: AgentLine) -> None:
        self._agent = agent
        self._joined: asyncio.Future[Conversation | None] = asyncio.get_running_loop().create_future()

    async def told(self, sounds: Sequence[Sound]) -> bool:
        """Say to the agent who it is; False: they hung up in it."""
        return isinstance(await self._agent.control.play(sounds, barge_in=False), Played)

    async def ring_customer(self, dialler: Dialler, order: OutgoingCall, talk: Talk) -> Unreached | Left:
        """Ring the customer and let the two talk; what the caller's part came to, None: they wait on.

        An agent who hangs up while it rings ends the ringing.
        """
        async with asyncio.TaskGroup() as tasks:
            customer = tasks.create_task(self._customer(dialler, order, talk))
            agent = tasks.create_task(self._serve_agent())
            await asyncio.wait((customer, agent), return_when=asyncio.FIRST_COMPLETED)
            if not self._joined.done():
                customer.cancel()
        return AGENT_GONE if customer.cancelled() else customer.result()

    async def _customer(self, dialler: Dialler, order: OutgoingCall, talk: Talk) -> Unreached | Left:
        try:
            async with dialler.outgoing(order) as reached:
                return reached if isinstance(reached, Unreached) else await talk(reached)
        except SwitchError:
            return Unreached(outcome=OfferOutcome.FAILED, cause="line_broke")
        finally:
            if not self._joined.done():
                self._joined.set_result(None)

    async def talk(self, run: OfferRun) -> Left:
        """Caller and agent hear each other from now on."""
        return await run.apart_from_the_start(self._agent.phone, tell=self._joined.set_result)

    async def _serve_agent(self) -> None:
        control = self._agent.control
        with suppress(SwitchError):
            conversation = await control.hold(self._joined, sounds=(), music=self._agent.music)
            if isinstance(conversation, Conversation):
                await conversation.serve_line(self._agent.phone, control)
            await control.hang_up()
