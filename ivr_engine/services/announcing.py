"""What is said to a waiting caller, in the prompts of the centre. Where a prompt is missing that part is silent."""

from __future__ import annotations

from collections.abc import Collection
from math import ceil
from typing import Final

from ivr_engine.acd.effects import Announce
from ivr_engine.acd.estimates import Wait
from ivr_engine.flows.utterances import Number, Prompt, Utterance

# "You are number" ... "in the queue."
POSITION_BEFORE: Final = "queue_position"
POSITION_AFTER: Final = "queue_position_after"
# "You will wait less than one minute." / "You will wait about" ... "minutes." / "You will wait more than ten minutes."
WAIT_SOON: Final = "queue_wait_soon"
WAIT_BEFORE: Final = "queue_wait"
WAIT_AFTER: Final = "queue_wait_minutes"
WAIT_LONG: Final = "queue_wait_long"
MOST_MINUTES: Final = 10
MINUTE: Final = 60_000


def says(announcement: Announce, known: Collection[str]) -> list[Utterance]:
    """Position, then wait, then comfort; `known` are the prompts of the caller's language."""
    spoken: list[Utterance] = []
    if announcement.position is not None:
        spoken += _around(POSITION_BEFORE, announcement.position, POSITION_AFTER, known)
    if announcement.wait is not None:
        spoken += _wait(announcement.wait, known)
    if announcement.comfort in known:
        spoken.append(Prompt(announcement.comfort))
    return spoken


def together(earlier: Announce, later: Announce) -> Announce:
    """Two announcements as one; where both say the same, what is newer counts."""
    return Announce(
        call=later.call,
        position=earlier.position if later.position is None else later.position,
        wait=later.wait or earlier.wait,
        comfort=later.comfort or earlier.comfort,
    )


def minutes(wait: Wait) -> int:
    """What is called "about N minutes": halfway between P50 and P90, rounded up, so that about three in four wait less."""
    return ceil((wait.p50 + wait.p90) / 2 / MINUTE)


def _wait(wait: Wait, known: Collection[str]) -> list[Utterance]:
    about = minutes(wait)
    if about > MOST_MINUTES:
        return [Prompt(WAIT_LONG)] if WAIT_LONG in known else []
    if about <= 1:
        return [Prompt(WAIT_SOON)] if WAIT_SOON in known else []
    return _around(WAIT_BEFORE, about, WAIT_AFTER, known)


def _around(before: str, number: int, after: str, known: Collection[str]) -> list[Utterance]:
    if before not in known:
        return []
    return [Prompt(before), Number(str(number)), *([Prompt(after)] if after in known else [])]
