"""One live caller over a FastAGI session: the port `CallControl` in Asterisk's words.

Keys typed by the caller exist only in replies and return values: never in a variable, a log line or an exception.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from ivr_engine.adapters.asterisk.agi_codec import Reply
from ivr_engine.adapters.asterisk.agi_line import COMMAND_LIMIT_S, MUSIC, AgiLine, now
from ivr_engine.adapters.asterisk.agi_session import Gone
from ivr_engine.adapters.asterisk.alongside import alongside
from ivr_engine.adapters.asterisk.handing_over import record_voice, run_script
from ivr_engine.adapters.asterisk.playing import INTERRUPTION, key_of, play_sound, play_sounds
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import GatherEnd
from ivr_engine.errors import SwitchError
from ivr_engine.flows.waits import CallerGone, Keyed, KeysWait, Played, RecordWait, ScriptOver, ScriptWait, VoiceTaken
from ivr_engine.ports.switch import Sound

T = TypeVar("T")

KEYS = "0123456789*#"
INTERRUPT_EVERY_S = 0.1
UNHEARD_S = 0.01  # Asterisk itself keeps a key that is pressed or released in a pause shorter than the key (measured)
DECLINED = "503"  # what dialplans/inbound.conf takes for it
LISTEN_S = 10.0  # one wait for a key under music; an offer interrupts it
DEAF_LISTEN_S = 0.5  # ... where nothing can interrupt it, because the event stream is down
LONGEST_WAIT_MS = 600_000

_log = logging.getLogger(__name__)


class AgiCallControl(AgiLine):
    """See ports.switch.CallControl."""

    async def answer(self) -> None:
        """Pick up; harmless when the call is up already."""
        await self._session.command("ANSWER", limit=COMMAND_LIMIT_S)

    async def take_over(self, *, again: bool = False) -> None:
        """Have the call's own time limit count: until an engine says so, the dialplan allows it only the time to say so.

        `again`: engines were asked in vain for this call; the next time that there is none, it is as patient as the first.
        """
        await self._set("TIMEOUT(absolute)", str(round(self._talk_limit_s)))
        if again:
            await self._set("ATTEMPT", "1")

    async def _set(self, variable: str, value: str) -> None:
        await self._session.command("SET VARIABLE", variable, value, limit=COMMAND_LIMIT_S)

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

    async def listen_during(self, work: Awaitable[T]) -> tuple[T, str] | CallerGone:
        """See the port. A line that broke is no caller who left: the work is done, and then it turns out.

        Asterisk throws away the keys that arrive while its session waits for a command (res_agi, run_agi), so there is one.
        """
        async with _settling(work) as value:
            await _first(value, self.gone, within=UNHEARD_S)
            keys = "" if value.done() or self.gone.done() else await self._keys_until(value)
            return CallerGone() if self._session.left else (await value, keys)

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
            if (music or not sounds) and not key and not value.done():
                begun = await (self._music_on(music) if music else self._music_off())
                key = "" if isinstance(begun, Gone) else await self._music_until(value, keys)
            self._session.raise_if_broken()
            if self.gone.done():
                return CallerGone()
            # From here to the end of the block nothing is awaited: a value that came meanwhile cannot get lost.
            return value.result() if value.done() else Played(key=key)

    async def record(self, sounds: Sequence[Sound], wait: RecordWait, target: Path) -> VoiceTaken | CallerGone:
        """See the port."""
        if isinstance(await self.play(sounds, barge_in=False), CallerGone) or self.gone.done():
            return CallerGone()
        return VoiceTaken(name=wait.name, lasted=await record_voice(self._session, wait, target))

    async def run_script(self, wait: ScriptWait) -> ScriptOver | CallerGone:
        """See the port."""
        if isinstance(await self._music_off(), Gone):
            return CallerGone()
        return await run_script(self._session, wait)

    async def hang_up(self) -> None:
        """See the port. Only of a conversation would the dialplan tell how it ended; it need not."""
        if self.gone.done():
            return
        self.ended_by_us = True
        if self._session.busy:  # its own session cannot be asked while it is at something
            await self._signals.hang_up(self._session.environment.channel)
            return
        if self._has_dialled:
            await self.mark_done()
        await self._session.command("HANGUP", limit=COMMAND_LIMIT_S)

    async def decline(self) -> None:
        """Not to take a call: the dialplan asks the next engine; without one the caller's side is told 503."""
        self.ended_by_us = True
        await self._set("IVR_DONE", DECLINED)

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
        deadline = now() + min(within, LONGEST_WAIT_MS) / 1000
        while (left := deadline - now()) > 0:
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
        if not MUSIC.fullmatch(music):
            raise SwitchError("music may be named by letters, digits, _ and - only")
        self._music = music
        return await self._session.command("SET MUSIC", "ON", music, limit=COMMAND_LIMIT_S)


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


async def _first(*futures: asyncio.Future[Any], within: float | None = None) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED, timeout=within)


@asynccontextmanager
async def _settling(until: Awaitable[T]) -> AsyncIterator[asyncio.Future[T]]:
    """`until` as a future. One that is a future already stays its owner's; anything else runs here and ends at exit."""
    if isinstance(until, asyncio.Future):
        yield until
        return
    value: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    try:
        async with alongside(_settle(until, value)):
            yield value
    finally:
        if isinstance(until, Coroutine):
            until.close()  # a caller who left at once did not let it begin


async def _settle(until: Awaitable[T], value: asyncio.Future[T]) -> None:
    try:
        value.set_result(await until)
    except Exception as error:  # noqa: BLE001 - handed on unchanged to whoever awaits the value
        value.set_exception(error)
