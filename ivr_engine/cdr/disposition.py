"""How a call's terminal disposition follows from its facts: a table, read from the top; the first rule that holds wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ivr_engine.cdr.record import LegKind
from ivr_engine.core.frozen import frozen
from ivr_engine.core.outcomes import Disposition, EndedBy, QueueOutcome

OVERLOAD = "overload"  # the reason of a CallRefused that is a matter of what we can serve now, not of policy

_GAVE_UP = frozenset({QueueOutcome.TIMEOUT, QueueOutcome.FULL, QueueOutcome.CLOSED, QueueOutcome.UNSTAFFED})
_LEFT = frozenset({EndedBy.CALLER, EndedBy.UNKNOWN})  # an ending nobody explained is nearly always a hang-up


@frozen
class Facts:
    """What the disposition depends on, as it stands at the end of the call.

    `doing`: the kind of the last leg. `ringing`: an agent's telephone was ringing for the caller. `queue_outcome`: how the
    last visit to a queue ended, None when there was none or it had not ended. `refused`: the reason, empty when served.
    `booked`: a call back was booked. `outside`: a number that the flow passed the caller on to was answered.
    """

    forced: Disposition | None
    refused: str
    joined: bool
    booked: bool
    outside: bool
    failed: bool
    finished: bool
    doing: LegKind
    ringing: bool
    queue_outcome: QueueOutcome | None
    ended_by: EndedBy

    @property
    def left_waiting(self) -> bool:
        """The caller left from a queue."""
        return self.doing is LegKind.WAITING and self.ended_by in _LEFT


@dataclass(frozen=True, slots=True)
class Rule:
    """When `holds`, the disposition is `gives`; None stands for the forced one. `says` is the rule in words."""

    says: str
    gives: Disposition | None
    holds: Callable[[Facts], bool]


RULES: tuple[Rule, ...] = (
    Rule("the ending forces a disposition (crash, reconciliation)", None, lambda f: f.forced is not None),
    Rule("refused because of load", Disposition.REJECTED_OVERLOAD, lambda f: f.refused == OVERLOAD),
    Rule("refused for another reason", Disposition.REJECTED_POLICY, lambda f: f.refused != ""),
    Rule("talked to an agent, whatever came after", Disposition.ANSWERED_AGENT, lambda f: f.joined),
    Rule("booked a call back, whatever came after", Disposition.CALLBACK_BOOKED, lambda f: f.booked),
    Rule("talked to a number outside, whatever came after", Disposition.SERVED_OUTSIDE, lambda f: f.outside),
    Rule("the flow failed", Disposition.FAILED_SYSTEM, lambda f: f.failed),
    Rule("left while an agent's telephone rang", Disposition.ABANDONED_RINGING, lambda f: f.left_waiting and f.ringing),
    Rule("left while waiting in a queue", Disposition.ABANDONED_QUEUE, lambda f: f.left_waiting),
    Rule("cut off in a queue by the engine or the switch", Disposition.FAILED_SYSTEM, lambda f: f.doing is LegKind.WAITING),
    Rule("the last queue failed", Disposition.FAILED_SYSTEM, lambda f: f.queue_outcome is QueueOutcome.FAILED),
    Rule("the last queue gave the call up", Disposition.OVERFLOWED, lambda f: f.queue_outcome in _GAVE_UP),
    Rule("the flow ran to its end", Disposition.SELF_SERVED, lambda f: f.finished),
    Rule("left while the flow was talking or listening", Disposition.ABANDONED_IVR, lambda f: f.ended_by in _LEFT),
    Rule("cut off in the flow by the engine or the switch", Disposition.FAILED_SYSTEM, lambda _: True),
)


def disposition(facts: Facts) -> Disposition:
    """The one disposition; total, because the last rule always holds."""
    rule = next(rule for rule in RULES if rule.holds(facts))
    return rule.gives or facts.forced or Disposition.FAILED_SYSTEM
