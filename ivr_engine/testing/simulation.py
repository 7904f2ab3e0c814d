"""A whole call without a telephone: the flow engine, a caller, services and agents, and no clock but a manual one.

    call = Simulation(definition, caller=ScriptedCaller.parse("1,2"), services=ScriptedServices({}), agents=AssumedAgents())
    transcript = call.run("95500")

After every turn the session goes through JSON and back, so each rehearsal also shows that the call could have changed
controllers there (`round_trip=False` leaves it out).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, assert_never

from ivr_engine.core.events import Event
from ivr_engine.core.events.flow import FlowFailed, NodeEntered
from ivr_engine.core.ids import CallId, FlowName, Language, Millis, NodeName
from ivr_engine.errors import EngineError, PromptError
from ivr_engine.flows import reading
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.engine import begin, resume
from ivr_engine.flows.session import CallFacts, Turn
from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.utterances import Prompt, Utterance, label
from ivr_engine.flows.waits import (
    CallerGone,
    Keyed,
    KeysWait,
    Played,
    PlayWait,
    QueueLeft,
    QueueWait,
    RecordWait,
    Reply,
    RequestWait,
    Responded,
    ScriptWait,
    TransferWait,
    Verified,
    VerifyWait,
    VoiceTaken,
    Wait,
)
from ivr_engine.testing.callers import AssumedAgents, Caller, ScriptedServices, ScriptedVerifier
from ivr_engine.testing.clock import ManualClock
from ivr_engine.testing.rehearsal.outside import ScriptedOutside
from ivr_engine.testing.transcript import Ending, Passage, Transcript

MOST_TURNS: Final = 1_000
SPOKEN: Final = Millis(10_000)  # how long a simulated caller speaks when recorded
HIDDEN = "***"


class NumberNotServed(EngineError):
    """The centre has no flow for the number."""


class Simulation:
    """One rehearsed call. `passages` plays it step by step; `run` to the end."""

    def __init__(
        self,
        definition: CentreDefinition,
        *,
        caller: Caller,
        services: ScriptedServices,
        agents: AssumedAgents,
        outside: ScriptedOutside | None = None,
        round_trip: bool = True,
    ) -> None:
        self._definition = definition
        self._caller = caller
        self._services = services
        self._agents = agents
        self._outside = outside or ScriptedOutside()
        self._verifier = ScriptedVerifier(services)
        self._round_trip = round_trip
        self._clock = ManualClock()
        self.events: list[Event] = []
        self.ending: Ending | None = None
        self.node = NodeName("")

    def run(self, number: str, caller_number: str = "") -> Transcript:
        """The whole call.

        Raises:
            NumberNotServed: the centre has no flow for `number`.
        """
        passages = tuple(self.passages(number, caller_number))
        assert self.ending is not None  # noqa: S101 - passages end by setting it
        return Transcript(ending=self.ending, node=self.node, passages=passages, events=tuple(self.events))

    def passages(self, number: str, caller_number: str = "") -> Iterator[Passage]:
        """The call, one passage at a time; `ending` is set afterwards.

        Raises:
            NumberNotServed: the centre has no flow for `number`.
        """
        turn = self._kept(begin(self._definition, self._facts(number, caller_number), self._flow(number), self._clock.now()))
        for _ in range(MOST_TURNS):
            nodes = tuple(event.node for event in turn.events if isinstance(event, NodeEntered))
            passage = self._passage(nodes, turn.wait)
            reply = None if turn.wait is None else self._reply(turn.wait, passage)
            yield replace(passage, pressed=_pressed(turn.wait, reply), outcome=_outcome(reply))
            if reply is None:
                self.ending = self._how_ended(turn.wait)
                return
            self._clock.advance(_duration(turn.wait, reply))
            gone = isinstance(reply, CallerGone)
            turn = self._kept(resume(self._definition, turn.session, reply, self._clock.now()))
            if gone:
                self.ending = Ending.CALLER_GONE
                return
        self.ending = Ending.TOO_LONG

    def _facts(self, number: str, caller_number: str) -> CallFacts:
        return CallFacts(call=CallId("simulated"), number=number, caller=caller_number, arrived=self._clock.now())

    def _flow(self, number: str) -> FlowName:
        flow = self._definition.numbers.get(number)
        if flow is None:
            known = ", ".join(self._definition.numbers) or "none"
            raise NumberNotServed(f"number {number} is not served by {self._definition.name}; served: {known}")
        return flow

    def _kept(self, turn: Turn) -> Turn:
        self.events += turn.events
        self.node = turn.session.node
        if not self._round_trip:
            return turn
        session = from_plain(json.loads(json.dumps(to_plain(turn.session))))
        if session != turn.session:
            raise EngineError(f"the session at node {turn.session.node} does not survive storage")
        return Turn(session=session, events=turn.events, effects=turn.effects, wait=session.wait)

    def _reply(self, wait: Wait, passage: Passage) -> Reply | None:
        match wait:
            case RequestWait():
                return self._services.ask(wait)
            case RecordWait() | TransferWait() | ScriptWait():
                return self._outside.reply(wait, self.node)[0]
            case VerifyWait():
                return self._verifier.verify(wait, self._clock.now())
            case QueueWait():
                return self._agents.serve(wait)
            case PlayWait():
                return self._caller.listen(wait, passage)
            case KeysWait():
                return self._caller.press(wait, passage)
            case _ as unreachable:
                assert_never(unreachable)

    def _passage(self, nodes: tuple[NodeName, ...], wait: Wait | None) -> Passage:
        prompts = wait.prompts if isinstance(wait, PlayWait | KeysWait | RecordWait) else ()
        language = wait.language if isinstance(wait, PlayWait | KeysWait | RecordWait) else self._definition.languages[0]
        return Passage(
            nodes=nodes,
            node=self.node,
            said=tuple(map(label, prompts)),
            heard=tuple(words(self._definition, each, language) for each in prompts),
            asked=f"{wait.service}.{wait.operation}" if isinstance(wait, RequestWait | VerifyWait) else "",
            queue=wait.queue if isinstance(wait, QueueWait) else "",
        )

    def _how_ended(self, wait: Wait | None) -> Ending:
        if wait is not None:
            return Ending.SCRIPT_RAN_DRY
        return Ending.FAILED if any(isinstance(event, FlowFailed) for event in self.events) else Ending.FINISHED


def words(definition: CentreDefinition, utterance: Utterance, language: Language) -> str:
    """What a caller hears. Secret values are hidden; a prompt the centre lacks is shown as `[name]`."""
    if isinstance(utterance, Prompt):
        prompt = definition.prompts.get(language, {}).get(utterance.name)
        return prompt.text if prompt else f"[{utterance.name}]"
    if utterance.masked:
        return HIDDEN
    try:
        return reading.read(utterance, language)
    except PromptError as error:
        return f"[{label(utterance)}: {error}]"


def _pressed(wait: Wait | None, reply: Reply | None) -> str | None:
    if isinstance(reply, Played):
        return reply.key or None
    if isinstance(reply, Keyed) and isinstance(wait, KeysWait):
        return HIDDEN if wait.secret and reply.keys else reply.keys
    return None


def _outcome(reply: Reply | None) -> str:
    if isinstance(reply, CallerGone):
        return "caller_gone"
    if isinstance(reply, Verified):
        return "locked" if reply.answer is None else _outcome(reply.answer)
    if isinstance(reply, Responded):
        return reply.result or str(reply.outcome)
    if isinstance(reply, Keyed | QueueLeft):
        return str(reply.ended if isinstance(reply, Keyed) else reply.outcome)
    return ""


def _duration(wait: Wait | None, reply: Reply) -> Millis:
    """A plain guess at how long a wait took: a second a prompt, a second a key, a minute with an agent."""
    if isinstance(wait, KeysWait) and isinstance(reply, Keyed):
        silent = wait.next_timeout if reply.keys else wait.first_timeout
        return Millis(1_000 * (len(wait.prompts) + len(reply.keys)) + silent * (reply.ended == "timeout"))
    if isinstance(reply, VoiceTaken):
        return reply.lasted
    if isinstance(wait, PlayWait):
        return Millis(1_000 * len(wait.prompts))
    return reply.took if isinstance(reply, Responded) else Millis(60_000)
