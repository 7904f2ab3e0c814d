"""What a call meets before its flow: the emergency broadcasts of the number, and the flow that takes the call."""

from __future__ import annotations

from dataclasses import dataclass

from ivr_engine.core.events import BroadcastPlayed, BroadcastSet, CallRerouted
from ivr_engine.core.ids import CallId, FlowName
from ivr_engine.errors import PromptError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.emergency import spoken
from ivr_engine.flows.waits import CallerGone, Played
from ivr_engine.ports.inbound import Arrival
from ivr_engine.ports.log import Log
from ivr_engine.ports.prompts import PromptLibrary
from ivr_engine.ports.switch import CallControl
from ivr_engine.services.emergency import EmergencyDesk
from ivr_engine.services.recorder import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where the call begins. `key`: the one that ended a broadcast early, kept for the flow as any key typed ahead."""

    flow: FlowName
    key: str = ""


class Entrance:
    """Asked once for every call that is served."""

    def __init__(self, *, emergency: EmergencyDesk, recorder: Recorder, log: Log) -> None:
        self._emergency = emergency
        self._recorder = recorder
        self._log = log

    async def enter(
        self, arrival: Arrival, *, definition: CentreDefinition, prompts: PromptLibrary, control: CallControl
    ) -> Way | None:
        """Play what stands for the number, one of `definition`, and say where the call begins; None: the caller left."""
        key = ""
        for broadcast in self._emergency.met_by(arrival.number, definition.languages):
            if key and broadcast.skippable:
                continue
            played = await self._play(arrival.call, broadcast, prompts, control)
            if isinstance(played, CallerGone):
                return None
            key = key or played.key
        return Way(flow=self._flow(arrival, definition), key=key)

    async def _play(
        self, call: CallId, broadcast: BroadcastSet, prompts: PromptLibrary, control: CallControl
    ) -> Played | CallerGone:
        """A broadcast that cannot be had is reported and passed over: the service itself still answers."""
        try:
            sound = await prompts.sound(spoken(broadcast), broadcast.language)
        except PromptError as error:
            self._log.error("broadcast_silent", call=call, number=broadcast.number, error=str(error))
            return Played()
        played = await control.play([sound], barge_in=broadcast.skippable)
        self._recorder.record(
            BroadcastPlayed(
                call=call,
                language=broadcast.language,
                prompt=broadcast.prompt,
                text=broadcast.text,
                interrupted=isinstance(played, CallerGone) or bool(played.key),
            )
        )
        return played

    def _flow(self, arrival: Arrival, definition: CentreDefinition) -> FlowName:
        own = definition.numbers[arrival.number]
        reroute = self._emergency.reroute_of(arrival.number)
        if reroute is None:
            return own
        if reroute.flow not in definition.flows:
            self._log.error("reroute_impossible", call=arrival.call, number=arrival.number, flow=reroute.flow)
            return own
        self._recorder.record(CallRerouted(call=arrival.call, flow=reroute.flow, instead_of=own))
        return reroute.flow
