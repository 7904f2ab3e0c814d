"""Which of the waiting calls a freed agent takes: a call rule is one function that gives a key; the lowest wins.

Compared are the heads of the lines that the agent may serve. Within a line, and between equal keys, the order is that of
places: arrival less priority (see `queues.Place`), so no rule can change the order of two callers who ask for the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.queues import QueuePolicy, WaitingCall
from ivr_engine.core.ids import Instant, QueueName, between


class Scene(NamedTuple):
    """What there is beside the call and the agent: the rules of the queues, and how many wait in each and in all."""

    policies: Mapping[QueueName, QueuePolicy]
    waiting: Mapping[QueueName, int]
    in_all: int
    now: Instant


CallRule = Callable[[WaitingCall, AgentProfile, Scene], int]


def place(call: WaitingCall, _profile: AgentProfile, _scene: Scene) -> int:
    """Earliest arrival, moved forward by `priority_worth` for each point of priority."""
    return call.place[0]


def accumulating(call: WaitingCall, _profile: AgentProfile, scene: Scene) -> int:
    """Longest wait times the queue's `rate`: callers of a queue with rate 4 wait a quarter as long as those with rate 1."""
    return -scene.policies[call.queue].rate * between(call.arrived, scene.now)


def share(call: WaitingCall, _profile: AgentProfile, scene: Scene) -> int:
    """The queue that most exceeds its `share` (percent) of all who wait (Gurvich and Whitt's queue ratio)."""
    return scene.policies[call.queue].share * scene.in_all - 100 * scene.waiting[call.queue]


def level(call: WaitingCall, profile: AgentProfile, _scene: Scene) -> int:
    """What the agent is best at: the levels in the skills that the caller came for, added up."""
    return -sum(profile.skills.get(need.skill, 0) for need in (*call.needs, *call.prefers))


CALL_RULES: Mapping[str, CallRule] = MappingProxyType(
    {"place": place, "accumulating": accumulating, "share": share, "level": level}
)
