"""What is done to an engine, its switch and the lines between them, so many times; and what must hold after."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from statistics import quantiles

from ivr_engine.core.outcomes import Disposition
from tests.nemesis.stand import Callers, Stand

Harm = Callable[[], Awaitable[None]]


async def harm_again_and_again(stand: Stand, harm: Harm, *, times: int, most_s: float = 2.0) -> list[str]:
    """Harm at random moments under the stand's callers, then let everybody go home; every breach of a promise."""
    chance = random.Random(stand.seed)
    async with stand.crowd() as callers:
        for _ in range(times):
            await asyncio.sleep(chance.uniform(0, most_s))  # the moment is the nemesis's choice
            await harm()
        await callers.go_home()
    return breaches(stand, callers)


def breaches(stand: Stand, callers: Callers) -> list[str]:
    return [
        *callers.went_wrong,
        *stand.history().breaches(),
        *stand.order_broken(),
        *stand.unaccounted(callers),
        *_unheard(stand),
    ]


def _unheard(stand: Stand) -> list[str]:
    """While the switch lives the true end of every call is known, whoever was there to hear it, and no flow fails."""
    found = [each.call for each in stand.history().records if each.disposition in _NO_TRUE_END]
    return [f"I3: these have no true end: {found}"] if found else []


_NO_TRUE_END = frozenset({Disposition.UNKNOWN_RECONCILED, Disposition.FAILED_SYSTEM, Disposition.LOST_PBX_CRASH})


def told(stand: Stand) -> str:
    """What a run shows: counts, dispositions, how soon the service was back."""
    history = stand.history()
    kinds: dict[str, int] = {}
    for record in history.records:
        kinds[record.disposition] = kinds.get(record.disposition, 0) + 1
    back = sorted(stand.back_s[1:]) or [0.0]
    p99 = quantiles(back, n=100)[98] if len(back) > 1 else back[0]
    return (
        f"seed={stand.seed} harm={dict(stand.nemesis.counted)} calls={len(history.records)} {kinds}"
        f" events={len(history.journal)} back: median {back[len(back) // 2]:.2f} s, p99 {p99:.2f} s, most {back[-1]:.2f} s"
    )
