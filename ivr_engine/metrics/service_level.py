"""Service level: which share of callers was answered in time.

There are several, and they differ by ten points on one day's data, so every figure is published with its definition and
its threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Definition(StrEnum):
    """What becomes of callers who gave up. `threshold`: T; answered or gave up "within" T means after at most T."""

    ABANDONED_COUNT_AGAINST = "abandoned_count_against"
    """Answered within T / (answered + abandoned). Cisco "negative". The strictest, and the default."""
    EARLY_ABANDONED_LEFT_OUT = "early_abandoned_left_out"
    """Answered within T / (answered + abandoned - abandoned within T). Cisco "ignore"."""
    EARLY_ABANDONED_COUNT_FOR = "early_abandoned_count_for"
    """(Answered within T + abandoned within T) / (answered + abandoned). Cisco "positive", Asterisk ServicelevelPerf2."""
    ANSWERED_ONLY = "answered_only"
    """Answered within T / answered. Asterisk ServicelevelPerf."""
    SHORT_ABANDONED_LEFT_OUT = "short_abandoned_left_out"
    """Answered within T / (answered + abandoned - abandoned within a few seconds). Genesys Cloud, short abandons off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCounts:
    """What every definition needs. `*_in_time`: within the threshold; `short`: those who gave up within a few seconds."""

    answered: int
    abandoned: int
    answered_in_time: int
    abandoned_in_time: int
    short: int = 0


_SHARES: Mapping[Definition, Callable[[ServiceCounts], tuple[int, int]]] = MappingProxyType(
    {
        Definition.ABANDONED_COUNT_AGAINST: lambda n: (n.answered_in_time, n.answered + n.abandoned),
        Definition.EARLY_ABANDONED_LEFT_OUT: lambda n: (
            n.answered_in_time,
            n.answered + n.abandoned - n.abandoned_in_time,
        ),
        Definition.EARLY_ABANDONED_COUNT_FOR: lambda n: (
            n.answered_in_time + n.abandoned_in_time,
            n.answered + n.abandoned,
        ),
        Definition.ANSWERED_ONLY: lambda n: (n.answered_in_time, n.answered),
        Definition.SHORT_ABANDONED_LEFT_OUT: lambda n: (n.answered_in_time, n.answered + n.abandoned - n.short),
    }
)


def service_level(counts: ServiceCounts, definition: Definition = Definition.ABANDONED_COUNT_AGAINST) -> float | None:
    """The share, 0 to 1; None when nobody called, which is neither good nor bad."""
    share, whole = _SHARES[definition](counts)
    return share / whole if whole else None
