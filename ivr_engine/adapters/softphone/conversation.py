"""A whole call by script: dial, listen, press each group of keys when the prompt is over, and tell what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ivr_engine.adapters.softphone.hearing import Heard
from ivr_engine.adapters.softphone.lines import Line, PhoneEvent, PhoneEventKind
from ivr_engine.adapters.softphone.softphones import KEYS, SoftphoneCall, Softphones
from ivr_engine.adapters.softphone.telephone_process import PhoneTimeout
from ivr_engine.core.ids import Millis

PAUSE = "p"
PAUSE_S = 1.0
# Longer groups are card numbers, PINs and the like: they are counted, not shown.
MOST_SHOWN = 2


class Ending(StrEnum):
    """How a call by script ended."""

    CALLER = "caller"  # we hung up
    CENTRE = "centre"  # the called side hung up
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the caller does. `groups` are pressed one per prompt; `p` in a group is a pause of one second.

    A group is pressed when the line has gone quiet after a sound, or after `patience` (music never goes quiet).
    After the last group the caller hangs up `stay` ms later, or, without one, listens until the centre hangs up.
    No call lasts longer than `limit`, counted from the last group.
    """

    number: str
    groups: tuple[str, ...] = ()
    patience: Millis = Millis(15_000)
    stay: Millis | None = None
    limit: Millis = Millis(300_000)
    answer_limit: Millis = Millis(20_000)
    record: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the call's story. `at`: ms since dialling; `text`: for people; `detail`: extra facts for machines."""

    at: Millis
    what: str
    text: str
    detail: dict[str, float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """A call by script when it is over. `pressed` of `groups` groups were sent; `code`, `reason`: the final SIP status."""

    ending: Ending
    code: int
    reason: str
    pressed: int
    groups: int
    heard: Heard
    lasted: Millis

    @property
    def well(self) -> bool:
        """Answered, every key pressed, and ended by a normal hang-up of either side."""
        return self.ending is not Ending.UNANSWERED and self.pressed == self.groups and self.code == 200


def parse_keys(text: str) -> tuple[str, ...]:
    """The groups in `2,1,6222#,p0`.

    Raises:
        ValueError: a group is empty or holds something that is no key.
    """
    groups = tuple(group.strip() for group in text.split(",")) if text.strip() else ()
    for at, group in enumerate(groups, 1):
        if not group or not set(group) <= KEYS | {PAUSE}:
            raise ValueError(f"group {at} must be keys out of 0-9, * and #, or p for a pause of one second")
    return groups


async def converse(line: Line, script: Script, *, bind: str, tell: Callable[[Moment], None]) -> CallReport:
    """Make the call. `tell` is given each moment as it happens."""
    story = Story(script.number, tell)
    async with Softphones(bind=bind, tell=story.note) as phones:
        phone = await phones.connect(line)
        call = await phone.dial(script.number, record=script.record)
        if await _answered(call, script):
            await _press_all(call, script, story)
            await _stay(call, script)
        end = await call.ended()
    answered = story.answered_at is not None
    ending = (Ending.CALLER if end.near else Ending.CENTRE) if answered else Ending.UNANSWERED
    return CallReport(
        ending=ending,
        code=end.code,
        reason=end.reason,
        pressed=story.pressed,
        groups=len(script.groups),
        heard=call.heard,
        lasted=Millis(end.at - (story.answered_at or end.at)),
    )


class Story:
    """Turns events of the telephone into moments."""

    def __init__(self, number: str, tell: Callable[[Moment], None]) -> None:
        self.answered_at: Millis | None = None
        self.pressed = 0
        self.keys = ""
        self._number = number
        self._tell = tell
        self._dialled_at = Millis(0)

    def note(self, event: PhoneEvent) -> None:
        """Take one event; those that mean nothing to a caller are passed over."""
        if event.kind is PhoneEventKind.DIALLED:
            self._dialled_at = event.at
            self._say(event, f"dialled {self._number}")
        elif event.kind is PhoneEventKind.ANSWERED:
            self.answered_at = event.at
            self._say(event, "answered")
        elif event.kind is PhoneEventKind.HEARD:
            facts = {"began": event.began, "lasted": event.lasted, "level": event.level}
            self._say(event, f"heard {event.lasted / 1000:.1f} s of sound", **facts)
        elif event.kind is PhoneEventKind.PRESSED:
            shown = self.keys if len(self.keys) <= MOST_SHOWN else f"{len(self.keys)} keys"
            self._say(event, f"pressed {shown}", keys=shown)

    def _say(self, event: PhoneEvent, text: str, **detail: float | str) -> None:
        self._tell(Moment(at=Millis(event.at - self._dialled_at), what=str(event.kind), text=text, detail=detail))


async def _answered(call: SoftphoneCall, script: Script) -> bool:
    try:
        await call.answered_or_ended(script.answer_limit)
    except PhoneTimeout:
        await call.hang_up()
    return not call.over


async def _press_all(call: SoftphoneCall, script: Script, story: Story) -> None:
    for group in script.groups:
        with suppress(PhoneTimeout):  # music, or silence: a person would press now, too
            await call.quiet(script.patience)
        if call.over:
            return
        await _press_group(call, group, story)


async def _press_group(call: SoftphoneCall, group: str, story: Story) -> None:
    parts = group.split(PAUSE)
    for at, keys in enumerate(parts):
        await asyncio.sleep(PAUSE_S if at else 0)
        story.keys = keys
        if keys and not call.over:
            await call.press(keys)
    story.pressed += not call.over


async def _stay(call: SoftphoneCall, script: Script) -> None:
    try:
        await call.ended(script.limit if script.stay is None else script.stay)
    except PhoneTimeout:
        await call.hang_up()
