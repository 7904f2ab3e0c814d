"""One live caller over a FastAGI session: the port `CallControl` in Asterisk's words.

Keys typed by the caller exist only in replies and return values: never in a variable, a log line or an exception.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ivr_engine.adapters.asterisk.agi_codec import Reply
from ivr_engine.adapters.asterisk.agi_session import AgiSession, Gone
from ivr_engine.adapters.asterisk.alongside import alongside
from ivr_engine.adapters.asterisk.causes import cause_text, offer_outcome
from ivr_engine.adapters.asterisk.handing_over import record_voice, run_script
from ivr_engine.adapters.asterisk.playing import INTERRUPTION, key_of, play_sound, play_sounds
from ivr_engine.adapters.asterisk.targets import outside_target, phone_target
from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.core.outcomes import GatherEnd, OfferOutcome
from ivr_engine.errors import SwitchError
from ivr_engine.flows.waits import CallerGone, Keyed, KeysWait, Played, RecordWait, ScriptOver, ScriptWait, VoiceTaken
from ivr_engine.ports.switch import Joined, Sound

T = TypeVar("T")

KEYS = "0123456789*#"
INTERRUPT_EVERY_S = 0.1
COMMAND_LIMIT_S = 5.0
UNHEARD_S = 0.01  # Asterisk itself keeps a key that is pressed or released in a pause shorter than the key (measured)
CONGESTION = "34"  # the Q.931 cause that Asterisk's SIP channel turns into 503 for a call that was not answered
DIAL_SLACK_S = 30.0
OVER_LIMIT_S = 1.0
RING_SLACK_MS = 500
LISTEN_S = 10.0  # one wait for a key under music; an offer interrupts it
DEAF_LISTEN_S = 0.5  # ... where nothing can interrupt it, because the event stream is down
LONGEST_WAIT_MS = 600_000

_log = logging.getLogger(__name__)

_MUSIC = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ENDING = re.compile(r"([A-Z]*)\|([0-9]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """What the dialplan's farewell or the event stream says of a call that is over; empty where it does not know.

    There is no talk time in it: ANSWEREDTIME counts from when the caller's channel was answered (measured), IVR and queue
    included. The control measures the conversation itself.
    """

    status: str = ""
    cause: str = ""


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


class AgiCallControl:
    """See ports.switch.CallControl.

    `talk_limit` is the longest conversation that the switch allows, in milliseconds; `outside` the endpoint and the address
    for calls to numbers outside, empty when none can be made.
    """

    def __init__(
        self, session: AgiSession, *, signals: Signals, talk_limit: Millis, outside: tuple[str, str] = ("", "")
    ) -> None:
        self._session = session
        self._signals = signals
        self._outside = outside
        self._talk_limit_s = talk_limit / 1000
        self._music = ""
        self._on_answer: Callable[[], None] | None = None
        self._answered_at: float | None = None
        self._joining = ""
        self.over: asyncio.Future[Over] = asyncio.get_running_loop().create_future()
        self.ended_by_us = False

    @property
    def gone(self) -> asyncio.Future[Gone]:
        """Done once the caller is known to have left or the session is over."""
        return self._session.gone

    @property
    def talking(self) -> Millis | None:
        """How long caller and agent have been talking by now; None when they are not."""
        return _millis(_now() - self._answered_at) if self._joining and self._answered_at is not None else None

    def note_answered(self, phone: str) -> None:
        """The event stream says that this telephone was picked up. Harmless when it comes twice, late or for another one."""
        if self._on_answer is not None and phone == self._joining:
            heard, self._on_answer = self._on_answer, None
            self._answered_at = _now()
            heard()

    def note_over(self, over: Over) -> None:
        """The dialplan's farewell or the event stream says that the call is over. The first one counts."""
        if not self.over.done():
            self.over.set_result(over)

    async def answer(self) -> None:
        """Pick up; harmless when the call is up already."""
        await self._session.command("ANSWER", limit=COMMAND_LIMIT_S)

    async def take_over(self) -> None:
        """Have the call's own time limit count: until an engine says so, the dialplan allows it only the time to say so."""
        await self._session.command(
            "SET VARIABLE", "TIMEOUT(absolute)", str(round(self._talk_limit_s)), limit=COMMAND_LIMIT_S
        )

    async def play(self, sounds: Sequence[Sound], *, barge_in: bool) -> Played | CallerGone:
        """See the port."""
        if isinstance(await self._music_off(), Gone):
            return CallerGone()
        self._music = ""
        key = await play_sounds(self._session, sounds, KEYS if barge_in else "")
        return CallerGone() if isinstance(key, Gone) else Played(key=key)

    async def gather(self, sounds: Sequence[Sound], wait: KeysWait) -> Keyed | CallerGone:
        """See the port. Keys typed ahead make the sounds superfluous: they are not played."""
        if isinstance(await self._music_off(), Gone):
            return CallerGone()
        typed = wait.typed_ahead
        if not typed:
            played = await self.play(sounds, barge_in=wait.barge_in)
            if isinstance(played, CallerGone):
                return played
            typed = played.key
        interrupted = bool(typed)
        keys, ended, left = _take(typed, wait)
        while ended is None:
            key = await self._key(wait.next_timeout if keys else wait.first_timeout)
            if isinstance(key, Gone):
                return CallerGone()
            keys, ended, left = _take(keys + key, wait) if key else (keys, GatherEnd.TIMEOUT, "")
        return Keyed(keys=keys, ended=ended, interrupted=interrupted, left=left)

    async def listen_during(self, work: Awaitable[T]) -> tuple[T, str]:
        """See the port.

        Asterisk throws away the keys that arrive while its session waits for a command (res_agi, run_agi), so there is one.
        A caller who leaves does not end the work: it may be moving money.
        """
        async with _settling(work) as value:
            await asyncio.wait({value}, timeout=UNHEARD_S)
            keys = "" if value.done() else await self._keys_until(value)
            return await value, keys

    async def _keys_until(self, done: asyncio.Future[Any]) -> str:
        keys = ""
        while not done.done():
            reply = await self._session.command_until(
                done, "WAIT FOR DIGIT", str(LONGEST_WAIT_MS), limit=LONGEST_WAIT_MS / 1000 + COMMAND_LIMIT_S
            )
            key = key_of(self._session, reply)
            if isinstance(key, Gone):
                return keys
            keys += key.replace(INTERRUPTION, "")
        return keys

    async def hold(
        self, until: Awaitable[T], *, sounds: Sequence[Sound], music: str, keys: str = ""
    ) -> T | Played | CallerGone:
        """See the port. Without `keys` the session is idle under the music, so whatever comes next starts at once."""
        async with _settling(until) as value:
            key = await self._sounds_until(sounds, value, keys)
            if music and not key and not value.done() and not isinstance(await self._music_on(music), Gone):
                key = await self._music_until(value, keys)
            self._session.raise_if_broken()
            if self.gone.done():
                return CallerGone()
            # From here to the end of the block nothing is awaited: a value that came meanwhile cannot get lost.
            return value.result() if value.done() else Played(key=key)

    async def join(self, *, agent: AgentId, phone: str, ring: Millis, music: str, on_answer: Callable[[], None]) -> Joined:
        """See the port.

        Raises:
            SwitchError: also when the telephone's or the music's name is not one; nothing is dialled then.
        """
        del agent
        if not _MUSIC.fullmatch(music):
            raise SwitchError("music may be named by letters, digits, _ and - only")
        return await self._dial(phone_target(phone), phone, ring=ring, music=music, on_answer=on_answer)

    async def record(self, sounds: Sequence[Sound], wait: RecordWait, target: Path) -> VoiceTaken | CallerGone:
        """See the port."""
        if isinstance(await self.play(sounds, barge_in=False), CallerGone) or self.gone.done():
            return CallerGone()
        return VoiceTaken(name=wait.name, lasted=await record_voice(self._session, wait, target))

    async def transfer(self, number: str, *, ring: Millis, music: str) -> Joined:
        """See the port."""
        target = outside_target(self._outside, number)
        if not _MUSIC.fullmatch(music):
            raise SwitchError("music may be named by letters, digits, _ and - only")
        if not target:
            return Joined(outcome=OfferOutcome.FAILED, cause="no carrier is set", talked=Millis(0), caller_gone=False)
        return await self._dial(target, self._outside[0], ring=ring, music=music, on_answer=lambda: None)

    async def run_script(self, wait: ScriptWait) -> ScriptOver | CallerGone:
        """See the port."""
        if isinstance(await self._music_off(), Gone):
            return CallerGone()
        return await run_script(self._session, wait)

    async def _dial(
        self, target: str, phone: str, *, ring: Millis, music: str, on_answer: Callable[[], None] | None = None
    ) -> Joined:
        self._session.raise_if_broken()
        if self.gone.done():
            return Joined(outcome=OfferOutcome.CALLER_GONE, cause=cause_text("", ""), talked=Millis(0), caller_gone=True)
        self._on_answer, self._answered_at, self._music, self._joining = on_answer, None, "", phone
        began = _now()
        limit = ring / 1000 + self._talk_limit_s + DIAL_SLACK_S
        # `m`: music while it rings; `g`: the caller goes on here when the agent has hung up.
        arguments = f"{target},{max(1, round(ring / 1000))},gm({music})"
        try:
            dialled = await self._session.command("EXEC", "Dial", arguments, limit=limit)
            ended = _now()
            ending = await self._ending(dialled)
            return self._joined(ending, began=began, ended=ended, ring=ring)
        finally:
            self._on_answer, self._joining = None, ""

    async def hang_up(self) -> None:
        """See the port. The dialplan does not go on after it, so it need not be told that this end is meant."""
        if self.gone.done():
            return
        self.ended_by_us = True
        if self._session.busy:  # its own session cannot be asked while it is at something
            await self._signals.hang_up(self._session.environment.channel)
            return
        await self._session.command("HANGUP", limit=COMMAND_LIMIT_S)

    async def decline(self) -> None:
        """End a call that was not answered: the caller's side is told 503, and may try elsewhere."""
        self.ended_by_us = True
        await self._session.command("EXEC", "Hangup", CONGESTION, limit=COMMAND_LIMIT_S)

    async def mark_done(self) -> None:
        """Tell the dialplan that the session ends on purpose."""
        await self._session.command("SET VARIABLE", "IVR_DONE", "1", limit=COMMAND_LIMIT_S)

    async def _sounds_until(self, sounds: Sequence[Sound], value: asyncio.Future[T], keys: str) -> str:
        """Play the sounds until `value` is there or one of `keys` is pressed; that key."""
        for sound in sounds:
            if value.done() or self.gone.done():
                break
            key = await self._stream_until(sound, value, keys)
            if not isinstance(key, Gone) and key and key in keys:
                return key
        return ""

    async def _stream_until(self, sound: Sound, value: asyncio.Future[T], keys: str) -> str | Gone:
        """Play one sound, and stop it when `value` is there; without an event stream it plays to its end."""
        async with alongside(self._interrupt_when(value)):
            self._music = ""
            return await play_sound(self._session, sound, INTERRUPTION + keys)

    async def _music_until(self, value: asyncio.Future[T], keys: str) -> str:
        """Under the music: wait for `value`, for the caller to leave, or for one of `keys`; that key."""
        if not keys:
            await _first(value, self.gone)
            return ""
        async with alongside(self._interrupt_when(value)):
            while not value.done() and not self.gone.done():
                key = await self._digit(LISTEN_S if self._signals.up else DEAF_LISTEN_S)
                if not isinstance(key, Gone) and key and key in keys:
                    return key
        return ""

    async def _interrupt_when(self, value: asyncio.Future[T]) -> None:
        await asyncio.wait({value})
        with suppress(SwitchError):
            while True:  # a key that arrives before the sound has begun is lost, so until the sound is over
                await self._signals.send_key(self._session.environment.channel, INTERRUPTION)
                await asyncio.sleep(INTERRUPT_EVERY_S)

    async def _key(self, within: Millis) -> str | Gone:
        """One key of the caller, or nothing. Our own interruption, come late, is none."""
        deadline = _now() + min(within, LONGEST_WAIT_MS) / 1000
        while (left := deadline - _now()) > 0:
            key = await self._digit(left)
            if key != INTERRUPTION:
                return key
        return ""

    async def _digit(self, within_s: float) -> str | Gone:
        """Whatever key comes within so many seconds, ours included, or nothing."""
        milliseconds = str(max(1, round(within_s * 1000)))
        reply = await self._session.command("WAIT FOR DIGIT", milliseconds, limit=within_s + COMMAND_LIMIT_S)
        return key_of(self._session, reply)

    async def _music_on(self, music: str) -> Reply | Gone | None:
        if self._music == music:
            return None
        if not _MUSIC.fullmatch(music):
            raise SwitchError("music may be named by letters, digits, _ and - only")
        self._music = music
        return await self._session.command("SET MUSIC", "ON", music, limit=COMMAND_LIMIT_S)

    async def _music_off(self) -> Reply | Gone | None:
        if not self._music:
            return None
        self._music = ""
        return await self._session.command("SET MUSIC", "OFF", limit=COMMAND_LIMIT_S)

    async def _ending(self, dialled: Reply | Gone) -> Over:
        """How the dialling ended: asked for in one round trip, or from the farewell when the caller has left."""
        if isinstance(dialled, Reply) and dialled.code == 200 and dialled.result == "-2":
            raise SwitchError("the switch has no Dial application; its module list is not ours")
        asked = await self._session.command("GET FULL VARIABLE", "${DIALSTATUS}|${HANGUPCAUSE}", limit=COMMAND_LIMIT_S)
        if isinstance(dialled, Reply) and dialled.result == "-1":
            self._session.note_gone()
        if isinstance(asked, Reply):
            return over_of(asked.data)
        with suppress(TimeoutError):
            async with asyncio.timeout(OVER_LIMIT_S):
                return await asyncio.shield(self.over)
        return Over()

    def _joined(self, ending: Over, *, began: float, ended: float, ring: Millis) -> Joined:
        gone, talked = self.gone.done(), Millis(0)
        rang_out = _millis(ended - began) >= ring - RING_SLACK_MS
        outcome = OfferOutcome.CALLER_GONE if gone else offer_outcome(ending.status, ending.cause, rang_out=rang_out)
        if ending.status == "ANSWER" or (self._answered_at is not None and not ending.status):
            outcome = OfferOutcome.ANSWERED
            # Without the event of the answer the ringing is counted in: a little too much is better than nothing.
            talked = _millis(ended - (began if self._answered_at is None else self._answered_at))
            self.note_answered(self._joining)
        elif self._answered_at is not None:
            _log.warning("the event stream told of an answer of which the call itself knows nothing (%s)", ending.status)
        return Joined(outcome=outcome, cause=cause_text(ending.status, ending.cause), talked=talked, caller_gone=gone)


def over_of(text: str) -> Over:
    """`DIALSTATUS|HANGUPCAUSE` as the switch writes it; anything else says nothing."""
    match = _ENDING.fullmatch(text[:64])
    if match is None:
        return Over()
    return Over(status=match[1], cause=match[2])


def _take(keys: str, wait: KeysWait) -> tuple[str, GatherEnd | None, str]:
    """The keys that count, what ended the listening if something did, and the keys after that."""
    if keys and keys[0] in wait.alone:
        return keys[0], GatherEnd.COMPLETE, keys[1:]
    before, found, after = keys.partition(wait.end_key) if wait.end_key else (keys, "", "")
    if found and len(before) <= wait.most:
        return before, GatherEnd.END_KEY, after
    if len(before) >= wait.most:
        return keys[: wait.most], GatherEnd.COMPLETE, keys[wait.most :]
    return before, None, ""


async def _first(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


def _millis(seconds: float) -> Millis:
    return Millis(round(seconds * 1000))


def _now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def _settling(until: Awaitable[T]) -> AsyncIterator[asyncio.Future[T]]:
    """`until` as a future. One that is a future already stays its owner's; anything else runs here and ends at exit."""
    if isinstance(until, asyncio.Future):
        yield until
        return
    value: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    async with alongside(_settle(until, value)):
        yield value


async def _settle(until: Awaitable[T], value: asyncio.Future[T]) -> None:
    try:
        value.set_result(await until)
    except Exception as error:  # noqa: BLE001 - handed on unchanged to whoever awaits the value
        value.set_exception(error)
