"""A scripted caller on a fake line: implements ports.switch.CallControl without a telephone.

The script says what the caller does at each point where the engine waits for the telephone; `heard` and `rung` keep what the
engine did. When the script is used up the caller listens in silence and hangs up nothing. One suite of cases is put to this
line and to a real switch: tests/contracts/test_call_control.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ivr_engine.core.ids import AgentId, Millis, later
from ivr_engine.core.outcomes import GatherEnd, OfferOutcome
from ivr_engine.errors import SwitchError
from ivr_engine.flows.waits import CallerGone, Keyed, KeysWait, Played, RecordWait, ScriptOver, ScriptWait, VoiceTaken
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.switch import Joined, Sound
from ivr_engine.testing.callers import take

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listen:
    """Hear the prompt out. Where the engine takes keys, the act after this one says which are pressed then."""


@dataclass(frozen=True, slots=True)
class Press:
    """Press these keys at the next point where the engine takes keys: into its sounds if a key may stop them."""

    keys: str


@dataclass(frozen=True, slots=True)
class HangUpNow:
    """Hang up at the next point where the engine waits for the telephone, whatever it is."""


@dataclass(frozen=True, slots=True)
class LineBreaks:
    """The connection to the switch fails at the next point."""


@dataclass(frozen=True, slots=True)
class AgentDoes:
    """How the rung telephone behaves; `talked` only with ANSWERED. `said_answered`: the switch says so first, wrongly."""

    outcome: OfferOutcome
    talked: Millis = Millis(0)
    caller_gone: bool = False
    said_answered: bool = False


@dataclass(frozen=True, slots=True)
class Speak:
    """Say something for so long when the engine records."""

    lasting: Millis


@dataclass(frozen=True, slots=True)
class PressMeanwhile:
    """Press keys while the engine asks a service, or makes a prompt."""

    keys: str


Act = Listen | Press | PressMeanwhile | Speak | HangUpNow | LineBreaks | AgentDoes


class ScriptedLine:
    """See the module. With a `clock` the caller's silence lasts as long as the engine listens; without, no time at all."""

    def __init__(self, *script: Act, clock: Clock | None = None) -> None:
        self._script = list(script)
        self._clock = clock
        self._keys = ""
        self._gone = asyncio.Event()
        self.heard: list[str] = []
        self.rung: list[AgentId] = []
        self.whispered: list[str] = []
        self.rooms: list[str] = []
        self._out = asyncio.Event()
        self.hung_up = False

    def caller_hangs_up(self) -> None:
        """From outside, at any moment: the caller leaves."""
        self._gone.set()

    async def play(self, sounds: Sequence[Sound], *, barge_in: bool) -> Played | CallerGone:
        """Hear the sounds, or stop them with the first key of a `Press`; its other keys are for the next `gather`."""
        if self._left():
            return CallerGone()
        if sounds and barge_in and self._presses():
            self._hear(sounds[:1])
            key, self._keys = self._keys[:1], self._keys[1:]
            return Played(key=key)
        self._hear(sounds)
        self._take(Listen)
        return Played()

    async def gather(self, sounds: Sequence[Sound], wait: KeysWait) -> Keyed | CallerGone:
        """Take the next `Press` of the script by the rules of `wait`; the keys it leaves are for the next `gather`."""
        if self._left():
            return CallerGone()
        heard_out = self._take(Listen) is not None
        pressed = self._presses()
        into_sounds = bool(sounds) and pressed and wait.barge_in and not heard_out
        if not wait.typed_ahead:
            self._hear(sounds[:1] if into_sounds else sounds)
        interrupted = bool(wait.typed_ahead) or into_sounds
        keyed, self._keys = take(wait, wait.typed_ahead + self._keys, interrupted=interrupted)
        if keyed.ended is GatherEnd.TIMEOUT:
            if self._left():
                return CallerGone()
            await self._silence(wait.next_timeout if keyed.keys else wait.first_timeout)
        return CallerGone() if self._gone.is_set() else keyed

    async def listen_during(self, work: Awaitable[T]) -> tuple[T, str] | CallerGone:
        """Press a `PressMeanwhile` of the script while the work is done, or leave before it is."""
        async with _begun(work) as awaited:
            value = await self._unless_gone(awaited)
        press = self._take(PressMeanwhile)
        keys = press.keys if isinstance(press, PressMeanwhile) else ""
        return value if isinstance(value, CallerGone) else (value, keys)

    async def hold(
        self, until: Awaitable[T], *, sounds: Sequence[Sound], music: str, keys: str = ""
    ) -> T | Played | CallerGone:
        """Wait for `until`, or for the caller to leave or press a key. An `until` that is a future stays its owner's."""
        self._hear(sounds)
        async with _begun(until) as awaited:
            self._left()
            await asyncio.sleep(0)  # a value that is there comes before a key
            goes_on = bool(music) or not sounds
            if (
                not awaited.done()
                and not self._gone.is_set()
                and (over := self._key_or_end(keys, goes_on=goes_on)) is not None
            ):
                return over
            return await self._unless_gone(awaited)

    async def _unless_gone(self, awaited: asyncio.Future[T]) -> T | CallerGone:
        async with _begun(self._gone.wait()) as gone:
            await asyncio.wait((awaited, gone), return_when=asyncio.FIRST_COMPLETED)
        return CallerGone() if self._gone.is_set() else awaited.result()

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
        """Let the agent do what the script says; without a word of it the telephone rings out."""
        del phone, music
        self.whispered.extend(sound.words for sound in whisper)
        if self._gone.is_set():
            return _left_while_ringing()
        self.rung.append(agent)
        if self._left():
            return _left_while_ringing()
        act = self._take(AgentDoes)
        if not isinstance(act, AgentDoes):
            await self._silence(ring)
            return Joined(outcome=OfferOutcome.NO_ANSWER, cause="", talked=Millis(0), caller_gone=False)
        if act.outcome is OfferOutcome.ANSWERED or act.said_answered:
            on_answer()
        if act.caller_gone:
            self._gone.set()
        return Joined(outcome=act.outcome, cause="", talked=act.talked, caller_gone=act.caller_gone)

    async def record(self, sounds: Sequence[Sound], wait: RecordWait, target: Path) -> VoiceTaken | CallerGone:
        """Speak as long as the script's next `Speak` says, or not at all."""
        del target
        if self._left():
            return CallerGone()
        self.heard.extend(sound.words for sound in sounds)
        spoke = self._take(Speak)
        return VoiceTaken(name=wait.name, lasted=spoke.lasting if isinstance(spoke, Speak) else Millis(0))

    async def transfer(
        self, number: str, *, ring: Millis, music: str, on_answer: Callable[[], None] = lambda: None
    ) -> Joined:
        """Let whoever is rung do what the script says, as in `join`."""
        return await self.join(agent=AgentId(number), phone="", ring=ring, music=music, on_answer=on_answer)

    async def confer(self, room: str, *, leads: bool) -> CallerGone | None:
        """Stay in the room until put out, or until the script has the caller hang up."""
        del leads
        self.rooms.append(room)
        self._out.clear()
        out = await self.hold(self._out.wait(), sounds=(), music="")
        return out if isinstance(out, CallerGone) else None

    async def leave_room(self) -> None:
        """Come out of the room."""
        self._out.set()

    async def part(self) -> None:
        """This line's other side is nobody who could go anywhere."""
        raise SwitchError("a scripted line has no telephone to take out")

    async def drop(self) -> None:
        """As `part`."""
        raise SwitchError("a scripted line has no telephone to hang up")

    async def run_script(self, wait: ScriptWait) -> ScriptOver | CallerGone:
        """The script sets every variable to its own name."""
        return CallerGone() if self._left() else ScriptOver(done=True, values={name: name for name in wait.read})

    async def hang_up(self) -> None:
        """The engine ends the call."""
        self.hung_up = True
        self._gone.set()

    def _key_or_end(self, keys: str, *, goes_on: bool) -> Played | None:
        """The key that ends a `hold`, or, where nothing goes on after them, the end of its sounds. Other keys are lost."""
        while keys and self._presses():
            key, self._keys = self._keys[:1], self._keys[1:]
            if key in keys:
                return Played(key=key)
        return None if goes_on else Played()

    def _hear(self, sounds: Sequence[Sound]) -> None:
        self.heard.extend(sound.words for sound in sounds)

    def _presses(self) -> bool:
        """Whether there are keys for whoever takes them now."""
        press = None if self._keys else self._take(Press)
        if isinstance(press, Press):
            self._keys = press.keys
        return bool(self._keys)

    async def _silence(self, span: Millis) -> None:
        """The time that passes while nobody does anything, unless the caller leaves in it."""
        if self._clock is None:
            return
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(self._clock.sleep_until(later(self._clock.now(), span)))
            leaving = tasks.create_task(self._gone.wait())
            await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            leaving.cancel()

    def _left(self) -> bool:
        if self._take(LineBreaks) is not None:
            raise SwitchError("the scripted line broke")
        if self._take(HangUpNow) is not None:
            self._gone.set()
        return self._gone.is_set()

    def _take(self, kind: type[Act]) -> Act | None:
        if self._script and isinstance(self._script[0], kind):
            return self._script.pop(0)
        return None


@asynccontextmanager
async def _begun(until: Awaitable[T]) -> AsyncIterator[asyncio.Future[T]]:
    """As a future to race against; one that is a future already stays its owner's, anything else ends with the block."""
    future = asyncio.ensure_future(until)  # noqa: TID251 - owned to its end by this block
    try:
        yield future
    finally:
        if future is not until:
            future.cancel()


def _left_while_ringing() -> Joined:
    return Joined(outcome=OfferOutcome.CALLER_GONE, cause="", talked=Millis(0), caller_gone=True)
