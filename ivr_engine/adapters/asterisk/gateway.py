"""Asterisk as one thing to enter: callers come in over FastAGI, facts over AMI, and both end here as calls of our ports.

Calls are served while AMI is down; what is lost then is the instant of the agent's answer and the reason of a hang-up,
and on the way back up the switch is asked which calls are alive.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType

from ivr_engine.adapters.asterisk.agi_line import Over, now, over_of
from ivr_engine.adapters.asterisk.agi_server import SESSIONS_LIMIT, AgiServer, Route
from ivr_engine.adapters.asterisk.agi_session import AgiSession
from ivr_engine.adapters.asterisk.ami_client import AmiClient
from ivr_engine.adapters.asterisk.ami_codec import AmiMessage
from ivr_engine.adapters.asterisk.arrivals import arguments, arrival_of, attempts_of, call_id
from ivr_engine.adapters.asterisk.call_control import AgiCallControl
from ivr_engine.adapters.asterisk.deaf_lines import DeafLines
from ivr_engine.adapters.asterisk.feature_codes import FeatureCodes
from ivr_engine.adapters.asterisk.known_legs import KnownLegs
from ivr_engine.adapters.asterisk.outgoing import OutgoingCalls
from ivr_engine.adapters.asterisk.translate import (
    AgentAnswered,
    ChannelEnded,
    HangupAsked,
    HoldPressed,
    TelephoneRung,
    Translator,
    listed_lines,
)
from ivr_engine.core.ids import CallId, Millis
from ivr_engine.core.outcomes import EndedBy
from ivr_engine.core.recent import Recent
from ivr_engine.errors import CommandRefused, SwitchError, WireError
from ivr_engine.ports.inbound import (
    CallHandler,
    LegHandler,
    LineState,
    SwitchListener,
)
from ivr_engine.ports.switch import Sound

ENDER_MEMORY_S = 60.0
"""So long it is known who asked for an end that nobody has reported: a silent event stream is given up much sooner."""

READY_LIMIT_S = 2.0
BACK_TO_AN_ENGINE = "again"  # a context of dialplans/inbound.conf


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmations:
    """What an agent's telephone hears after a feature code."""

    done: Sound
    refused: Sound


class AsteriskGateway:
    """Serves callers and agents' feature codes while it is entered.

    `call_limit` is the longest call that the dialplan allows. `trunk` is the endpoint on which callers arrive.
    """

    def __init__(  # noqa: PLR0913 - plain settings and ports, all by keyword
        self,
        *,
        bind: str,
        agi_port: int,
        agi_secret: str,
        ami_port: int,
        ami_secret: str,
        call_limit: Millis,
        calls: CallHandler,
        listener: SwitchListener,
        codes: FeatureCodes,
        legs: LegHandler,
        confirmations: Confirmations,
        ami_user: str = "ivr-engine",
        trunk: str = "trunk",
        carrier: str = "",
        calls_limit: int = SESSIONS_LIMIT,
    ) -> None:
        self._calls = calls
        self._listener = listener
        self._codes = codes
        self._handler = legs
        self._confirmations = confirmations
        self._call_limit = call_limit
        self._trunk, self._carrier = trunk, carrier
        self._agi_url = f"agi://{bind}:{agi_port}"
        self._translator = Translator(trunk=trunk)
        self._live, self._legs = dict[CallId, AgiCallControl](), dict[CallId, AgiCallControl]()
        self._known = KnownLegs()
        self._enders = Recent[CallId, EndedBy](span=ENDER_MEMORY_S)
        self._channels: dict[CallId, str] = {}
        self._fetching: set[CallId] = set()
        self._deaf = DeafLines(now)
        self._group = asyncio.TaskGroup()
        self._stack = AsyncExitStack()
        self._server = self._listening(bind, agi_port, agi_secret, calls_limit)
        self._ami = self._reaching(bind, ami_port, ami_user, ami_secret)
        self.dialler = OutgoingCalls(ami=self._ami, outside=(trunk, carrier))

    def _listening(self, bind: str, port: int, secret: str, calls_limit: int) -> AgiServer:
        return AgiServer(
            host=bind,
            port=port,
            secret=secret,
            routes=self._routes(),
            sessions_limit=calls_limit,
        )

    def _reaching(self, host: str, port: int, user: str, secret: str) -> AmiClient:
        return AmiClient(
            host=host,
            port=port,
            username=user,
            secret=secret,
            on_reached=self._reconcile,
            on_lost=self._listener.switch_lost,
            on_event=self._hear_event,
            on_listed=self._see_lines,
        )

    def _routes(self) -> Mapping[str, Route]:
        """What the dialplan asks for, by the path of its address."""
        return {
            "call": self._serve_caller,
            "callback": self._serve_callback,
            "over": self._hear_over,
            "agent": self._serve_agent,
            "desk": self._serve_leg,
            "ready": self._say_ready,
        }

    @property
    def agi_port(self) -> int:
        """The port on which it listens for calls."""
        return self._server.port

    async def reached(self, limit: float) -> None:
        """Return once the event stream is up.

        Raises:
            SwitchError: it is not within `limit` seconds, or Asterisk refused our name and password.
        """
        await self._ami.reached(limit)

    async def __aenter__(self) -> AsteriskGateway:
        """Listen for calls and start reaching for the event stream; see `reached` to wait for it."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._group)
            await stack.enter_async_context(self._ami)
            await stack.enter_async_context(self._server)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give every call back to the dialplan and let go of the switch."""
        await self._stack.aclose()

    async def _serve_caller(self, session: AgiSession) -> None:
        arrival = arrival_of(session)
        if arrival.call in self._live:
            raise WireError("this call is being served already")
        if self._calls.has_ended(arrival.call):  # the switch never uses an id twice: somebody repeats what they overheard
            raise WireError("this call is over")
        outside = (self._trunk, self._carrier)
        control = AgiCallControl(session, signals=self._ami, talk_limit=self._call_limit, outside=outside)
        self._live[arrival.call] = control
        try:
            if self._calls.declines(arrival):
                await control.decline()
                return
            await control.answer()
            await control.take_over(again=attempts_of(session) > 1)
            await self._calls.handle_call(arrival, control)
        finally:
            if control.ended_by_us and not self._calls.has_ended(arrival.call):
                self._remember_ender(arrival.call, EndedBy.ENGINE)
            del self._live[arrival.call]

    async def _serve_callback(self, session: AgiSession) -> None:
        call = call_id(session)
        if call in self._live:
            raise WireError("this call is being served already")
        outside = (self._trunk, self._carrier)
        control = AgiCallControl(session, signals=self._ami, talk_limit=self._call_limit, outside=outside)
        self._live[call] = control
        try:
            await self.dialler.serve(call, control)
        finally:
            del self._live[call]

    async def _serve_leg(self, session: AgiSession) -> None:
        leg = call_id(session)
        known = self._known.get(leg)
        outside = (self._trunk, self._carrier)
        control = AgiCallControl(session, signals=self._ami, talk_limit=self._call_limit, outside=outside, stays=True)
        self._legs[leg] = control
        try:
            if known is None:
                _log.warning("a telephone came on its own, and nobody knows from which conversation")
            else:
                await self._handler.handle_leg(known.call, known.phone, control)
            await control.hang_up()
        finally:
            del self._legs[leg]

    async def _say_ready(self, session: AgiSession) -> None:
        ready = "1" if self._ami.up and self._calls.takes_calls else "0"
        await session.command("SET VARIABLE", "READY", ready, limit=READY_LIMIT_S)

    async def _hear_over(self, session: AgiSession) -> None:
        call = call_id(session)
        status, answered, cause = arguments(session, 3)
        over = over_of(f"{status}|{cause}|{answered}")
        if call in self._live:
            self._live[call].note_over(over)
        if not self._ami.up:  # else the event stream says the same in a moment, and who ended the call
            self._call_over(call, over)

    async def _serve_agent(self, session: AgiSession) -> None:
        phone, verb, reason = arguments(session, 3)
        control = AgiCallControl(session, signals=self._ami, talk_limit=self._call_limit)
        try:
            await self._codes.carry_out(phone, verb, reason)
        except CommandRefused as refusal:
            _log.info("feature code %s refused: %s", verb, refusal)
            answer = self._confirmations.refused
        else:
            answer = self._confirmations.done
        await control.answer()
        await control.play([answer], barge_in=False)
        await control.mark_done()

    def look_soon(self) -> None:
        """See ports.inbound.Lines."""
        self._ami.list_soon()

    def fetch(self, call: CallId) -> None:
        """See ports.inbound.Lines."""
        channel = self._channels.get(call)
        if channel is not None and call not in self._live and call not in self._fetching:
            self._fetching.add(call)
            self._group.create_task(self._fetch(call, channel))

    async def _fetch(self, call: CallId, channel: str) -> None:
        try:
            await self._ami.redirect(channel, BACK_TO_AN_ENGINE)
        except SwitchError as error:
            _log.info("call %s could not be fetched: %s", call, error)
        finally:
            self._fetching.discard(call)

    def _reconcile(self, channels: Sequence[AmiMessage]) -> None:
        self._listener.switch_reached(self._translator.live_calls(channels))
        self._see_lines(channels)

    def _see_lines(self, channels: Sequence[AmiMessage]) -> None:
        listed = listed_lines(channels, trunk=self._trunk, ours=f"{self._agi_url}/")
        self._channels = {each.line.call: each.channel for each in listed}
        self._known.listed(channels)
        self._deaf.look(channels, {**self._live, **self._legs})
        for line in (each.line for each in listed):
            if line.state is LineState.TALKING and line.call in self._live:
                self._note_answered(line.call, line.phone)  # in case the event that said so was lost
        self._listener.lines_seen([each.line for each in listed])

    def _hear_event(self, message: AmiMessage) -> None:
        match self._translator.fact(message):
            case TelephoneRung(call=call, other=other, leg=leg, phone=phone):
                self._note_ringing(call, other, leg=leg, phone=phone)
            case AgentAnswered(call=call, phone=phone):
                self._note_answered(call, phone)
                if call not in self._live:
                    self.look_soon()  # a line that nobody here serves: the list says whether it is so
            case HoldPressed(leg=leg, holds=holds):
                self._note_hold(leg, holds=holds)
            case HangupAsked(call=call):
                self._remember_ender(call, EndedBy.CALLER)
            case ChannelEnded(call=call, cause=cause):
                self.dialler.note_ended(call, cause)
                self._call_over(call, Over(cause=cause))
            case None:
                pass

    def _note_answered(self, call: CallId, phone: str) -> None:
        line = self._live.get(call) or self._legs.get(call)
        if line is not None:
            line.note_answered(phone)

    def _note_hold(self, leg: CallId, *, holds: bool) -> None:
        known = self._known.get(leg)
        if known is not None:
            self._handler.phone_holds(known.call, known.phone, holds=holds)

    def _note_ringing(self, call: CallId, other: str, *, leg: CallId, phone: str) -> None:
        """From here on the rung telephone is known to belong to the conversation of the caller it is rung for."""
        line = self._live.get(call) or self._legs.get(call)
        if line is None:
            return
        line.note_ringing(other)
        self._known.note(leg, rung_for=call, phone="" if phone == self._trunk else phone)

    def _remember_ender(self, call: CallId, ender: EndedBy) -> None:
        if call not in self._enders:
            self._enders.note(call, ender, now())

    def _call_over(self, call: CallId, over: Over) -> None:
        """Report the end; while the call's own session lives, only once that is over too."""
        control = self._live.get(call)
        if control is None or control.gone.done():
            self._report(call, control, over)
        else:
            control.gone.add_done_callback(lambda _: self._report(call, control, over))

    def _report(self, call: CallId, control: AgiCallControl | None, over: Over) -> None:
        talked = None
        if control is not None:
            talked = control.talking
            control.note_over(over)
        ended_by, certain = self._ended_by(call, control), control is not None or not self._ami.up
        if self._calls.call_over(call, ended_by=ended_by, talked=talked, cause=over.cause, certain=certain):
            self.look_soon()
            return
        self._enders.forget(call)

    def _ended_by(self, call: CallId, control: AgiCallControl | None) -> EndedBy:
        known = self._enders.get(call)
        if known is not None:
            return known
        if control is not None and control.ended_by_us:
            return EndedBy.ENGINE
        return EndedBy.SWITCH if self._ami.up else EndedBy.UNKNOWN
