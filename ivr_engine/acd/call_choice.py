"""Which of the waiting calls a freed agent takes: a call rule is one function that gives a key; the lowest wins.

Compared are the heads of the lines that the agent may serve. Within a line, and between equal keys, the order is that of
places: arrival less priority (see `queues.Place`), so no rule can change the order of two callers who ask for the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.queues import QueuePolicy, WaitingCall
from ivr_engine.core.ids import Instant, between


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A call that an agent could take: the rules of its queue, how many wait there and in the whole centre."""

    call: WaitingCall
    profile: AgentProfile
    policy: QueuePolicy
    waiting: int
    waiting_in_all: int
    now: Instant


CallRule = Callable[[Prospect], int]


def place(prospect: Prospect) -> int:
    """Earliest arrival, moved forward by `priority_worth` for each point of priority."""
    return prospect.call.place[0]


def accumulating(prospect: Prospect) -> int:
    """Longest wait times the queue's `rate`: callers of a queue with rate 4 wait a quarter as long as those with rate 1."""
    return -prospect.policy.rate * between(prospect.call.arrived, prospect.now)


def share(prospect: Prospect) -> int:
    """The queue that most exceeds its `share` (percent) of all who wait (Gurvich and Whitt's queue ratio)."""
    return prospect.policy.share * prospect.waiting_in_all - 100 * prospect.waiting


def level(prospect: Prospect) -> int:
    """What the agent is best at: the levels in the skills that the caller came for, added up."""
    call = prospect.call
    return -sum(prospect.profile.skills.get(need.skill, 0) for need in (*call.needs, *call.prefers))


CALL_RULES: Mapping[str, CallRule] = MappingProxyType(
    {"place": place, "accumulating": accumulating, "share": share, "level": level}
)
