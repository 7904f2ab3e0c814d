"""A scripted caller on a fake line: implements ports.switch.CallControl without a telephone.

The script says what the caller does at each point where the engine waits for the telephone; `heard` and `rung` keep what the
engine did. When the script is used up the caller listens in silence and hangs up nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.core.outcomes import GatherEnd, OfferOutcome
from ivr_engine.errors import SwitchError
from ivr_engine.flows.waits import CallerGone, Keyed, KeysWait, Played, RecordWait, ScriptOver, ScriptWait, VoiceTaken
from ivr_engine.ports.switch import Joined, Sound

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listen:
    """Hear the prompt out and press nothing."""


@dataclass(frozen=True, slots=True)
class Press:
    """Press these keys at the next point where the engine takes keys."""

    keys: str


@dataclass(frozen=True, slots=True)
class HangUpNow:
    """Hang up at the next point where the engine waits for the telephone, whatever it is."""


@dataclass(frozen=True, slots=True)
class LineBreaks:
    """The connection to the switch fails at the next point."""


@dataclass(frozen=True, slots=True)
class AgentDoes:
    """How the rung telephone behaves; `talked` only with ANSWERED."""

    outcome: OfferOutcome
    talked: Millis = Millis(0)
    caller_gone: bool = False


@dataclass(frozen=True, slots=True)
class Speak:
    """Say something for so long when the engine records."""

    lasting: Millis


Act = Listen | Press | Speak | HangUpNow | LineBreaks | AgentDoes


class ScriptedLine:
    """See the module."""

    def __init__(self, *script: Act) -> None:
        self._script = list(script)
        self._gone = asyncio.Event()
        self.heard: list[str] = []
        self.rung: list[AgentId] = []
        self.hung_up = False

    def caller_hangs_up(self) -> None:
        """From outside, at any moment: the caller leaves."""
        self._gone.set()

    async def play(self, sounds: Sequence[Sound], *, barge_in: bool) -> Played | CallerGone:
        """Hear the sounds; a `Press` is kept for the next `gather` (the fake caller does not interrupt)."""
        del barge_in
        if self._left():
            return CallerGone()
        self.heard.extend(sound.words for sound in sounds)
        self._take(Listen)
        return Played()

    async def gather(self, sounds: Sequence[Sound], wait: KeysWait) -> Keyed | CallerGone:
        """Give the next `Press` of the script; nothing comes in time when the next act is another."""
        if self._left():
            return CallerGone()
        self.heard.extend(sound.words for sound in sounds)
        press = self._take(Press)
        keys = wait.typed_ahead + (press.keys if isinstance(press, Press) else "")
        if wait.end_key and wait.end_key in keys:
            return Keyed(keys=keys.split(wait.end_key)[0], ended=GatherEnd.END_KEY)
        ended = GatherEnd.COMPLETE if len(keys) >= wait.most else GatherEnd.TIMEOUT
        return Keyed(keys=keys[: wait.most], ended=ended)

    async def hold(self, until: Awaitable[T], *, sounds: Sequence[Sound], music: str) -> T | CallerGone:
        """Wait for `until`, or for the caller to leave."""
        del music
        self.heard.extend(sound.words for sound in sounds)
        awaited = asyncio.ensure_future(until)  # noqa: TID251 - a future to race against, owned to its end by this block
        if self._left():
            self._gone.set()
        gone = asyncio.ensure_future(self._gone.wait())  # noqa: TID251 - same
        try:
            await asyncio.wait((awaited, gone), return_when=asyncio.FIRST_COMPLETED)
            return CallerGone() if gone.done() else awaited.result()
        finally:
            awaited.cancel()
            gone.cancel()

    async def join(self, *, agent: AgentId, phone: str, ring: Millis, music: str, on_answer: Callable[[], None]) -> Joined:
        """Let the agent do what the script says; without a word of it the telephone rings out."""
        del phone, ring, music
        self.rung.append(agent)
        if self._left():
            return Joined(outcome=OfferOutcome.CALLER_GONE, cause="", talked=Millis(0), caller_gone=True)
        act = self._take(AgentDoes)
        if not isinstance(act, AgentDoes):
            return Joined(outcome=OfferOutcome.NO_ANSWER, cause="", talked=Millis(0), caller_gone=False)
        if act.outcome is OfferOutcome.ANSWERED:
            on_answer()
        return Joined(outcome=act.outcome, cause="", talked=act.talked, caller_gone=act.caller_gone)

    async def record(self, sounds: Sequence[Sound], wait: RecordWait, target: Path) -> VoiceTaken | CallerGone:
        """Speak as long as the script's next `Speak` says, or not at all."""
        del target
        if self._left():
            return CallerGone()
        self.heard.extend(sound.words for sound in sounds)
        spoke = self._take(Speak)
        return VoiceTaken(name=wait.name, lasted=spoke.lasting if isinstance(spoke, Speak) else Millis(0))

    async def transfer(self, number: str, *, ring: Millis, music: str) -> Joined:
        """Let whoever is rung do what the script says, as in `join`."""
        return await self.join(agent=AgentId(number), phone="", ring=ring, music=music, on_answer=lambda: None)

    async def run_script(self, wait: ScriptWait) -> ScriptOver | CallerGone:
        """The script sets every variable to its own name."""
        return CallerGone() if self._left() else ScriptOver(done=True, values={name: name for name in wait.read})

    async def hang_up(self) -> None:
        """The engine ends the call."""
        self.hung_up = True

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
