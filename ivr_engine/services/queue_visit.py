"""One caller's visit to a queue: music and announcements, offers as the centre makes them, the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ivr_engine.acd.effects import Announce, CentreEffect, ReleaseCall, RingAgent
from ivr_engine.core.events import PromptsPlayed
from ivr_engine.core.ids import AgentId, CallId, Language, NodeName
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.errors import PromptError, SwitchError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Utterance, label
from ivr_engine.flows.waits import CallerGone, Played, QueueLeft, QueueWait
from ivr_engine.ports.inbound import Rang
from ivr_engine.ports.log import Log
from ivr_engine.ports.prompts import PromptLibrary
from ivr_engine.ports.switch import CallControl, Sound
from ivr_engine.services.announcing import says as announced
from ivr_engine.services.announcing import together
from ivr_engine.services.centre_runner import CentreRunner, Mailbox
from ivr_engine.services.conversations import Conversations
from ivr_engine.services.offer_run import Desk, OfferRun
from ivr_engine.services.recorder import Recorder


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
        self.desk = Desk(
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
        self._unsaid: Announce | None = None

    async def run(self, call: CallId, node: NodeName, wait: QueueWait, rang: Rang | None = None) -> QueueLeft | CallerGone:
        """Wait, talk, and say how it ended. The centre forgets the call whatever happens, unless the line breaks.

        `rang`: what became of the telephone that rang for the call while its line was away.
        """
        mailbox = self._centre.enter(call, wait, rang=rang)
        try:
            return await self.stay(call, node, wait, mailbox)
        except SwitchError:
            self._centre.lose(call)
            raise
        finally:
            self._centre.leave(call)

    async def stay(self, call: CallId, node: NodeName, wait: QueueWait, mailbox: Mailbox) -> QueueLeft | CallerGone:
        """The same for a call that is in its queue already; whoever put it there has the centre forget it."""
        says: Sequence[Utterance] = ()
        while True:
            news = await self._listen(mailbox, says, node, wait=wait, call=call)
            says = ()
            if isinstance(news, CallerGone):
                return news
            if isinstance(news, Announce):
                says = announced(news, self._definition.prompts[wait.language])
                continue
            left = self._pressed(call, news) if isinstance(news, Played) else await self._carry_out(news, wait)
            if left is not None:
                return left

    def _pressed(self, call: CallId, played: Played) -> QueueLeft | None:
        """Let go who pressed a key that leads elsewhere; one that came when an agent was reserved does nothing."""
        if played.key and self._centre.flow_out(call):
            return QueueLeft(outcome=QueueOutcome.FLOWOUT, key=played.key)
        return None

    async def _listen(
        self, mailbox: Mailbox, says: Sequence[Utterance], node: NodeName, *, wait: QueueWait, call: CallId
    ) -> CentreEffect | Played | CallerGone:
        """Say it, then play music until there is news. An offer or a key cuts the words short, other words do not."""
        sounds = await self._made(mailbox, says, wait) if says else ()
        if not isinstance(sounds, Sequence):
            return sounds
        if sounds:
            heard = await self._control.hold(self._urgent(mailbox), sounds=sounds, music="", keys=wait.keys)
            self._record_words(call, node, wait.language, says=says, interrupted=heard != Played())
            if heard != Played():
                return heard
        if self._unsaid is not None or not mailbox.empty():  # an agent was free: no music for a moment, a command less
            return await self._any(mailbox)
        music = self._definition.queues[wait.queue].music
        return await self._control.hold(self._any(mailbox), sounds=(), music=music, keys=wait.keys)

    async def _made(
        self, mailbox: Mailbox, says: Sequence[Utterance], wait: QueueWait
    ) -> Sequence[Sound] | CentreEffect | Played | CallerGone:
        """The sounds; while the voice still makes one the caller hears music, and what cannot wait comes first."""
        try:
            async with asyncio.timeout(0):  # most are there; what is not goes on being made
                return await self._sounds(says, wait.language)
        except TimeoutError:
            music = self._definition.queues[wait.queue].music
            making = self._sounds_or_news(mailbox, says, wait.language)
            return await self._control.hold(making, sounds=(), music=music, keys=wait.keys)

    async def _sounds_or_news(
        self, mailbox: Mailbox, says: Sequence[Utterance], language: Language
    ) -> Sequence[Sound] | CentreEffect:
        async with asyncio.TaskGroup() as tasks:
            making = tasks.create_task(self._sounds(says, language))
            news = tasks.create_task(self._urgent(mailbox))
            await asyncio.wait((making, news), return_when=asyncio.FIRST_COMPLETED)
            making.cancel()
            news.cancel()  # cancelled before it has news it leaves them in the mailbox
        return making.result() if news.cancelled() else news.result()

    async def _urgent(self, mailbox: Mailbox) -> CentreEffect:
        """The next news that cannot wait; announcements are kept for afterwards."""
        while isinstance(news := await mailbox.get(), Announce):
            self._unsaid = news if self._unsaid is None else together(self._unsaid, news)
        return news

    async def _any(self, mailbox: Mailbox) -> CentreEffect:
        unsaid, self._unsaid = self._unsaid, None
        return unsaid or await mailbox.get()

    async def _carry_out(self, effect: CentreEffect, wait: QueueWait) -> QueueLeft | CallerGone | None:
        """None: the visit goes on."""
        if isinstance(effect, RingAgent):
            music = self._definition.queues[wait.queue].music
            return await OfferRun(effect, wait=wait, line=self._control, music=music, desk=self.desk).run()
        if isinstance(effect, ReleaseCall):
            return QueueLeft(outcome=effect.outcome)
        return None

    def _record_words(
        self, call: CallId, node: NodeName, language: Language, *, says: Sequence[Utterance], interrupted: bool
    ) -> None:
        prompts = tuple(map(label, says))
        words = PromptsPlayed(call=call, node=node, prompts=prompts, language=language, interrupted=interrupted)
        self._recorder.record(words)

    async def _sounds(self, says: Sequence[Utterance], language: Language) -> list[Sound]:
        """The announcement; silence where it cannot be spoken."""
        try:
            return [await self._prompts.sound(each, language) for each in says]
        except PromptError as error:
            self._log.error("announcement_unspoken", error=str(error))
            return []
