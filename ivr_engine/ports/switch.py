"""One caller on the line, as the services see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, CallId, Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.flows.waits import (
    CallerGone,
    Keyed,
    KeysWait,
    Played,
    RecordWait,
    ScriptOver,
    ScriptWait,
    VoiceTaken,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sound:
    """A playable file, 8 kHz mono signed linear; `words` is what it says."""

    path: Path
    words: str


@frozen
class Joined:
    """How an attempt to join caller and agent ended, after the conversation if there was one.

    `outcome` ANSWERED: they talked for `talked` and the agent left, the caller is still on the line, unless
    `caller_gone`. Any other outcome: no conversation; with CALLER_GONE the caller left while it rang.
    """

    outcome: OfferOutcome
    cause: str
    talked: Millis
    caller_gone: bool


@frozen
class OutgoingCall:
    """A call that we make: to `number` outside, or to the agent's telephone `phone`. `shown` is the number they see.

    `reason` says why it is made: no outgoing call is without one.
    """

    call: CallId
    number: str = field(default="", repr=False)
    phone: str = ""
    shown: str
    ring: Millis
    reason: str


@frozen
class Unreached:
    """Nobody answered an outgoing call. `cause` is the switch's own word."""

    outcome: OfferOutcome
    cause: str


class Dialler(Protocol):
    """Makes calls."""

    @property
    def can_dial(self) -> bool:
        """Whether numbers outside can be called at all at this moment."""
        ...

    def outgoing(self, order: OutgoingCall) -> AbstractAsyncContextManager[CallControl | Unreached]:
        """Ring, and give the line of whoever answered; it is theirs while the block runs, and the call ends with it."""
        ...


class Joints(Protocol):
    """What a line is joined with, and how that is taken apart and put together in another way.

    Raises SwitchError from any method when the switch does not do it.
    """

    async def confer(self, room: str, *, leads: bool) -> CallerGone | None:
        """Talk with whoever is in the room; None: out of it, and still on the line.

        Who does not lead is put out when the last who leads has left; until the first one comes they hear music.
        """
        ...

    async def leave_room(self) -> None:
        """Come out of the room: `confer` returns."""
        ...

    async def part(self) -> None:
        """Take the telephone that this line is joined with out of it, as a line of its own (`inbound.LegHandler`)."""
        ...

    async def drop(self) -> None:
        """Hang up the telephone that this line rings or is joined with: `join` or `transfer` returns."""
        ...


class CallControl(Joints, Protocol):
    """One live caller. A caller who leaves is a reply (`CallerGone`), never an exception.

    Raises SwitchError from any method when the connection to the switch fails in another way.
    """

    async def play(self, sounds: Sequence[Sound], *, barge_in: bool) -> Played | CallerGone:
        """Play the sounds in order; with `barge_in` any key stops them and is in the reply."""
        ...

    async def gather(self, sounds: Sequence[Sound], wait: KeysWait) -> Keyed | CallerGone:
        """Play the sounds and take keys by the rules of `wait`: its prompts are the sounds."""
        ...

    async def listen_during(self, work: Awaitable[T]) -> tuple[T, str] | CallerGone:
        """The value of `work`, and the keys pressed while it took its time; at once when the caller leaves, without a value.

        Work that is a future stays its owner's; anything else ends then.
        """
        ...

    async def hold(
        self, until: Awaitable[T], *, sounds: Sequence[Sound], music: str, keys: str = ""
    ) -> T | Played | CallerGone:
        """Play the sounds, then music, until `until` gives its value; one that comes during a sound stops it at once.

        One of `keys` ends it too, as `Played(key)`; a value that is there by then comes first. Without `music` it ends with
        the sounds, as `Played()`; without either it is silent until the value is there.
        """
        ...

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
        """Ring the agent's telephone at most `ring`, the caller hearing music; join them; return when that is over.

        Without `music` the line hears the ringing. Who picks up hears `whisper` first, alone: hanging up in it is DECLINED,
        and a caller who leaves in it is CALLER_GONE. `on_answer` is called at most once, as soon as the switch says that
        the two are joined. That word can be wrong; the outcome is what counts.
        """
        ...

    async def record(self, sounds: Sequence[Sound], wait: RecordWait, target: Path) -> VoiceTaken | CallerGone:
        """Play the sounds, then record to `target` (WAV) by the rules of `wait`. CallerGone: nothing was recorded."""
        ...

    async def transfer(
        self, number: str, *, ring: Millis, music: str, on_answer: Callable[[], None] = lambda: None
    ) -> Joined:
        """Ring a number outside at most `ring`, else as `join`."""
        ...

    async def run_script(self, wait: ScriptWait) -> ScriptOver | CallerGone:
        """Let the script take the caller over; return when it is done with them."""
        ...

    async def hang_up(self) -> None:
        """End the call; harmless when it is over."""
        ...
