"""One caller's visit to a queue: music and announcements, offers as the centre makes them, the conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ivr_engine.acd.effects import AnnouncePosition, CentreEffect, ReleaseCall, RingAgent
from ivr_engine.core.events import PromptsPlayed
from ivr_engine.core.ids import AgentId, CallId, Language, NodeName
from ivr_engine.errors import PromptError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Number, Prompt, Utterance, label
from ivr_engine.flows.waits import CallerGone, QueueLeft, QueueWait
from ivr_engine.ports.log import Log
from ivr_engine.ports.prompts import PromptLibrary
from ivr_engine.ports.switch import CallControl, Sound
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.conversations import Conversations
from ivr_engine.services.offer_run import Desk, OfferRun
from ivr_engine.services.recorder import Recorder

# Prompts of the centre around the number: "you are number" ... "in the queue".
POSITION_BEFORE = "queue_position"
POSITION_AFTER = "queue_position_after"


class QueueVisit:
    """Lives from entering the queue to the flow's next turn."""

    def __init__(
        self,
        *,
        definition: CentreDefinition,
        centre: CentreRunner,
        conversations: Conversations,
        prompts: PromptLibrary,
        phone_of: Callable[[AgentId], str],
        control: CallControl,
        recorder: Recorder,
        log: Log,
    ) -> None:
        self._definition = definition
        self._centre = centre
        self._prompts = prompts
        self._desk = Desk(
            definition=definition,
            centre=centre,
            conversations=conversations,
            prompts=prompts,
            phone_of=phone_of,
            log=log,
        )
        self._control = control
        self._recorder = recorder
        self._log = log

    async def run(self, call: CallId, node: NodeName, wait: QueueWait) -> QueueLeft | CallerGone:
        """Wait, talk, and say how it ended. The centre forgets the call whatever happens."""
        self._centre.note_hours(self._definition)
        mailbox = self._centre.enter(call, wait)
        music = self._definition.queues[wait.queue].music
        sounds: Sequence[Sound] = ()
        try:
            while True:
                effect = await self._control.hold(mailbox.get(), sounds=sounds, music=music)
                if sounds:
                    self._record_announcement(call, node, wait.language)
                sounds = ()
                if isinstance(effect, CallerGone):
                    return effect
                if isinstance(effect, AnnouncePosition):
                    sounds = await self._position(effect.position, wait.language)
                    continue
                left = await self._carry_out(effect, wait, music)
                if left is not None:
                    return left
        finally:
            self._centre.leave(call)

    async def _carry_out(self, effect: CentreEffect, wait: QueueWait, music: str) -> QueueLeft | CallerGone | None:
        """None: the visit goes on."""
        if isinstance(effect, RingAgent):
            return await OfferRun(effect, wait=wait, line=self._control, music=music, desk=self._desk).run()
        if isinstance(effect, ReleaseCall):
            return QueueLeft(outcome=effect.outcome)
        return None

    def _record_announcement(self, call: CallId, node: NodeName, language: Language) -> None:
        prompts = (POSITION_BEFORE, label(Number("")), POSITION_AFTER)
        self._recorder.record(PromptsPlayed(call=call, node=node, prompts=prompts, language=language))

    async def _position(self, position: int, language: Language) -> list[Sound]:
        """The announcement; silence where the centre has no words for it or they cannot be spoken."""
        words = self._definition.prompts[language]
        if POSITION_BEFORE not in words:
            return []
        says: list[Utterance] = [Prompt(POSITION_BEFORE), Number(str(position))]
        if POSITION_AFTER in words:
            says.append(Prompt(POSITION_AFTER))
        try:
            return [await self._prompts.sound(each, language) for each in says]
        except PromptError as error:
            self._log.error("position_unspoken", error=str(error))
            return []
