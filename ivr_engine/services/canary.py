"""A version on trial: which new calls get it, and when it has failed too often. Pure: both can be told beforehand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.ids import CallId
from ivr_engine.core.outcomes import Disposition

WHOLE: Final = 100  # percent


@dataclass(frozen=True, slots=True)
class Limit:
    """After `calls` calls have ended on trial, its failure rate may be higher than the other's by `excess`, not more."""

    calls: int
    excess: float


LIMITS: Final = (Limit(calls=5, excess=0.5), Limit(calls=20, excess=0.05))
"""A version that fails most of its callers is gone after five of them; a small difference needs twenty to be believed."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls that ended on one version, and how many of them failed."""

    calls: int = 0
    failed: int = 0

    def with_call(self, *, failed: bool) -> Tally:
        """One more."""
        return Tally(self.calls + 1, self.failed + failed)

    @property
    def rate(self) -> float:
        """Failed calls per call; none yet is no failure."""
        return self.failed / self.calls if self.calls else 0.0


def is_chosen(call: CallId, version: str, share: int) -> bool:
    """Whether this call is among the `share` percent. The same call is always answered alike; each version anew."""
    digest = hashlib.sha256(f"{version}:{call}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % WHOLE < share


def has_failed(record: CallRecord) -> bool:
    """Whether a call counts against its version: it ended by a fault of ours, or its flow was at fault on the way."""
    return record.disposition is Disposition.FAILED_SYSTEM or bool(record.faults)


def is_worse(trial: Tally, other: Tally) -> bool:
    """Whether the version on trial must go: any of `LIMITS` is passed."""
    return any(trial.calls >= limit.calls and trial.rate - other.rate > limit.excess for limit in LIMITS)
