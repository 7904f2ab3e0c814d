"""The legs of a call record while they are in the making."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ivr_engine.cdr.record import Leg, LegKind
from ivr_engine.core.ids import AgentId, Instant, Millis, QueueName

IN_FLOW = frozenset({LegKind.IVR, LegKind.SURVEY})
_BEFORE_SOMETHING = IN_FLOW | {LegKind.OUTSIDE}


@dataclass(slots=True, kw_only=True)
class Stretch:
    """A leg that may still change; `ended` is None for the one that the call is in. Fields as in `Leg`."""

    kind: LegKind
    began: Instant
    ended: Instant | None = None
    queue: QueueName | None = None
    agent: AgentId | None = None
    outcome: str = ""
    offers: int = 0
    talked: Millis = Millis(0)
    held: Millis = Millis(0)
    to: str = ""

    def note(self, outcome: str, talked: Millis | None = None, to: str | None = None) -> None:
        """Write down how it ended; a leg whose end is known keeps what it has."""
        if self.outcome:
            return
        self.outcome = outcome
        self.talked = self.talked if talked is None else talked
        self.to = self.to if to is None else to

    def leg(self, now: Instant) -> Leg:
        """The leg as it stands at `now`. Who talked unmeasured talked all the time that nobody was on hold."""
        ended = now if self.ended is None else self.ended
        unmeasured = self.kind is LegKind.AGENT and self.outcome == ""
        return Leg(
            kind=self.kind,
            began=self.began,
            ended=ended,
            queue=self.queue,
            agent=self.agent,
            outcome=self.outcome,
            offers=self.offers,
            talked=Millis(max(0, ended - self.began - self.held)) if unmeasured else self.talked,
            held=self.held,
            to=self.to,
        )


def cut(legs: Sequence[Leg], end: Instant) -> list[Leg]:
    """The legs as far as `end`; what was talked is not longer than its leg."""
    kept = [replace(leg, ended=min(leg.ended, end)) for leg in legs if leg.began <= end]
    return [replace(leg, talked=min(leg.talked, leg.lasted)) if leg.ended == end else leg for leg in kept]


def without_empty(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """Drop legs that took no time and were nothing: in a flow, or outside where nobody was rung.

    A call that took none at all keeps its first.
    """
    kept = [leg for leg in legs if leg.lasted > 0 or leg.outcome or leg.kind not in _BEFORE_SOMETHING]
    return tuple(kept or legs[:1])
