"""One line over a FastAGI session: whom it is joined with, by a call or in a room, and how that is taken apart."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from ivr_engine.adapters.asterisk.agi_codec import Reply
from ivr_engine.adapters.asterisk.agi_session import AgiSession, Gone
from ivr_engine.adapters.asterisk.ami_client import DESK
from ivr_engine.adapters.asterisk.causes import cause_text, offer_outcome
from ivr_engine.adapters.asterisk.targets import outside_target, phone_target
from ivr_engine.adapters.asterisk.whisper import whisper_file
from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.errors import SwitchError
from ivr_engine.flows.waits import CallerGone
from ivr_engine.ports.switch import Joined, Sound

COMMAND_LIMIT_S = 5.0
DIAL_SLACK_S = 30.0
OVER_LIMIT_S = 1.0
FAREWELL_LIMIT_S = 0.1  # measured: the session ends 1 to 45 ms after the result
RING_SLACK_MS = 500
MUSIC = re.compile(r"[A-Za-z0-9_-]{1,64}")

_log = logging.getLogger(__name__)

_ROOM = re.compile(r"[A-Za-z0-9_.-]{1,150}")
_ENDING = re.compile(r"([A-Z]*)\|([0-9]*)(?:\|([0-9]*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """What the dialplan's farewell or the event stream says of a call that is over; empty where it does not know.

    `joined` False: whoever picked up never heard the other side. There is no talk time in it: ANSWEREDTIME counts from when
    the caller's channel was answered (measured), IVR and queue included. The control measures the conversation itself.
    """

    status: str = ""
    cause: str = ""
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Running:
    """An application of the switch that was begun at this second of the loop's time."""

    application: str
    since: float


class Signals(Protocol):
    """What reaches a channel past its own AGI session. May raise SwitchError: then it did not."""

    @property
    def up(self) -> bool:
        """Whether signals arrive at this moment."""
        ...

    async def send_key(self, channel: str, key: str) -> None:
        """Have the channel receive `key` as if its caller had typed it."""
        ...

    async def hang_up(self, channel: str) -> None:
        """End the channel."""
        ...

    async def send_to_desk(self, channel: str) -> None:
        """Take the channel out of whatever it is in; it asks for the engine anew, as a telephone on its own."""
        ...

    async def kick(self, channel: str, room: str) -> None:
        """Put the channel out of the room."""
        ...


class AgiLine:
    """See ports.switch.Joints, and `join` and `transfer` of CallControl.

    `talk_limit` is the longest conversation that the switch allows, in milliseconds; `outside` the endpoint and the address
    for calls to numbers outside, empty when none can be made. `stays`: whoever this line is joined with does not end with
    it, but asks for the engine.
    """

    def __init__(
        self,
        session: AgiSession,
        *,
        signals: Signals,
        talk_limit: Millis,
        outside: tuple[str, str] = ("", ""),
        stays: bool = False,
    ) -> None:
        self._session = session
        self._signals = signals
        self._outside = outside
        self._stays = stays
        self._other = self._room = ""
        self._has_dialled = False
        self._talk_limit_s = talk_limit / 1000
        self._music = ""
        self._on_answer: Callable[[], None] | None = None
        self._answered_at: float | None = None
        self._joining = ""
        self._runs: Running | None = None
        self.over: asyncio.Future[Over] = asyncio.get_running_loop().create_future()
        self.ended_by_us = False

    @property
    def gone(self) -> asyncio.Future[Gone]:
        """Done once the caller is known to have left or the session is over."""
        return self._session.gone

    @property
    def runs(self) -> Running | None:
        """The application that joins this line with others at this moment, as far as the session knows."""
        return self._runs

    def give_up(self, reason: str) -> None:
        """Break the session off: what it waits for is over, and the connection does not say so."""
        self._session.give_up(reason)

    @property
    def talking(self) -> Millis | None:
        """How long caller and agent have been talking by now; None when they are not."""
        return millis(now() - self._answered_at) if self._joining and self._answered_at is not None else None

    def note_ringing(self, other: str) -> None:
        """The event stream says that this channel rings for the line."""
        self._other = other

    def note_answered(self, phone: str) -> None:
        """The event stream says that this telephone was picked up. Harmless when it comes twice, late or for another one."""
        if self._on_answer is not None and phone == self._joining:
            heard, self._on_answer = self._on_answer, None
            self._answered_at = now()
            heard()

    def note_over(self, over: Over) -> None:
        """The dialplan's farewell or the event stream says that the call is over. The first one counts."""
        if not self.over.done():
            self.over.set_result(over)

    async def join(
        self,
        *,
        agent: AgentId,
        phone: str,
        ring: Millis,
        music: str,
        on_answer: Callable[[], None],
        whisper: Sequence[Sound] = (),
    ) -> Joined:
        """See the port.

        Raises:
            SwitchError: also when the telephone's or the music's name is not one; nothing is dialled then.
        """
        del agent
        target, heard = phone_target(phone), whisper_file(whisper)
        _check_music(music)
        return await self._dial(target, phone, ring=ring, music=music, on_answer=on_answer, whisper=heard)

    async def transfer(
        self, number: str, *, ring: Millis, music: str, on_answer: Callable[[], None] = lambda: None
    ) -> Joined:
        """See the port."""
        target = outside_target(self._outside, number)
        _check_music(music)
        if not target:
            return Joined(outcome=OfferOutcome.FAILED, cause="no carrier is set", talked=Millis(0), caller_gone=False)
        return await self._dial(target, self._outside[0], ring=ring, music=music, on_answer=on_answer)

    async def confer(self, room: str, *, leads: bool) -> CallerGone | None:
        """See the port."""
        if not _ROOM.fullmatch(room):
            raise SwitchError("a room may be named by letters, digits, _ . and - only")
        if isinstance(await self._music_off(), Gone):
            return CallerGone()
        self._room, self._runs = room, Running("ConfBridge", now())
        arguments = f"{room},room,{'agent' if leads else 'caller'}"
        try:
            left = await self._session.command("EXEC", "ConfBridge", arguments, limit=self._talk_limit_s + DIAL_SLACK_S)
        finally:
            self._room, self._runs = "", None
        if isinstance(left, Reply) and left.result == "-2":
            raise SwitchError("the switch has no ConfBridge application; its module list is not ours")
        return CallerGone() if await self.leaves() else None

    async def leave_room(self) -> None:
        """See the port."""
        if self._room:
            await self._signals.kick(self._session.environment.channel, self._room)

    async def part(self) -> None:
        """See the port."""
        await self._signals.send_to_desk(self._joined_with())

    async def drop(self) -> None:
        """See the port."""
        await self._signals.hang_up(self._joined_with())

    def _joined_with(self) -> str:
        if not self._other:
            raise SwitchError("the event stream has not told which telephone this line is joined with")
        return self._other

    async def _dial(
        self,
        target: str,
        phone: str,
        *,
        ring: Millis,
        music: str,
        on_answer: Callable[[], None],
        whisper: str = "",
    ) -> Joined:
        self._session.raise_if_broken()
        if self.gone.done():
            return Joined(outcome=OfferOutcome.CALLER_GONE, cause=cause_text("", ""), talked=Millis(0), caller_gone=True)
        self._on_answer, self._answered_at, self._music, self._joining = on_answer, None, "", phone
        self._has_dialled = True
        began = now()
        self._runs = Running("Dial", began)
        limit = ring / 1000 + self._talk_limit_s + DIAL_SLACK_S
        arguments = f"{target},{max(1, round(ring / 1000))},{self._dial_options(music, whisper)}"
        try:
            dialled = await self._session.command("EXEC", "Dial", arguments, limit=limit)
            ended = now()
            ending = await self._ending(dialled, whispered=bool(whisper))
            return self._joined(ending, began=began, ended=ended, ring=ring)
        finally:
            self._on_answer, self._joining, self._other, self._runs = None, "", "", None

    def _dial_options(self, music: str, whisper: str) -> str:
        """`g`: the line goes on here when the other side has hung up. `m`: music while it rings. `r`: ringing.

        `A`: what whoever picks up hears first; the music goes on until then, and DialEnd comes after it (both measured).
        `F`: the other side goes on when this line has hung up.
        """
        heard = f"m({music})" if music else "r"
        return f"g{heard}{f'A({whisper})' if whisper else ''}{f'F({DESK}^s^1)' if self._stays else ''}"

    async def _ending(self, dialled: Reply | Gone, *, whispered: bool) -> Over:
        """How the dialling ended: asked for in one round trip, or from the farewell when the caller has left.

        An agent who hangs up while hearing the whisper gives the result -1 too, and the caller is still there (measured).
        """
        if isinstance(dialled, Reply) and dialled.code == 200 and dialled.result == "-2":
            raise SwitchError("the switch has no Dial application; its module list is not ours")
        wanted = "${DIALSTATUS}|${HANGUPCAUSE}" + ("|${ANSWEREDTIME}" if whispered else "")
        asked = await self._session.command("GET FULL VARIABLE", wanted, limit=COMMAND_LIMIT_S)
        if isinstance(dialled, Reply) and dialled.result == "-1" and not (whispered and not await self.leaves()):
            self._session.note_gone()
        if isinstance(asked, Reply):
            return over_of(asked.data)
        with suppress(TimeoutError):
            async with asyncio.timeout(OVER_LIMIT_S):
                return await asyncio.shield(self.over)
        return Over()

    def _joined(self, ending: Over, *, began: float, ended: float, ring: Millis) -> Joined:
        gone, talked = self.gone.done(), Millis(0)
        rang_out = millis(ended - began) >= ring - RING_SLACK_MS
        outcome = OfferOutcome.CALLER_GONE if gone else offer_outcome(ending.status, ending.cause, rang_out=rang_out)
        if not ending.joined and self._answered_at is None:
            outcome = OfferOutcome.CALLER_GONE if gone else OfferOutcome.DECLINED
        elif ending.status == "ANSWER" or (self._answered_at is not None and not ending.status):
            outcome = OfferOutcome.ANSWERED
            # Without the event of the answer the ringing is counted in: a little too much is better than nothing.
            talked = millis(ended - (began if self._answered_at is None else self._answered_at))
            self.note_answered(self._joining)
        elif self._answered_at is not None:
            _log.warning("the event stream told of an answer of which the call itself knows nothing (%s)", ending.status)
        return Joined(outcome=outcome, cause=cause_text(ending.status, ending.cause), talked=talked, caller_gone=gone)

    async def leaves(self) -> bool:
        """Whether the caller is gone. A sound that is missing has the same result, but no end of the session follows it."""
        await asyncio.wait({self.gone}, timeout=FAREWELL_LIMIT_S)
        return self.gone.done()

    async def _music_off(self) -> Reply | Gone | None:
        if not self._music:
            return None
        self._music = ""
        return await self._session.command("SET MUSIC", "OFF", limit=COMMAND_LIMIT_S)


def over_of(text: str) -> Over:
    """`DIALSTATUS|HANGUPCAUSE`, perhaps with `|ANSWEREDTIME`, as the switch writes it; anything else says nothing."""
    match = _ENDING.fullmatch(text[:64])
    if match is None:
        return Over()
    return Over(status=match[1], cause=match[2], joined=match[3] != "")


def millis(seconds: float) -> Millis:
    """Seconds as the engine counts."""
    return Millis(round(seconds * 1000))


def now() -> float:
    """The loop's own time, in seconds."""
    return asyncio.get_running_loop().time()


def _check_music(music: str) -> None:
    if not MUSIC.fullmatch(music or "none"):
        raise SwitchError("music may be named by letters, digits, _ and - only")
