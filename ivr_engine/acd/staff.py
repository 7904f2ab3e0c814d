"""Who is free, by kind of work and profile.

Lanes of one kind whose agents have equal skills, queues and languages form a pool, and only pools with somebody free are
ever looked at. So a decision costs nothing for agents who are busy and queues that are empty.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ivr_engine.acd.agents import Agent, AgentProfile
from ivr_engine.acd.demands import Demand
from ivr_engine.acd.lanes import Lane
from ivr_engine.core.ids import VOICE, AgentId, Instant, QueueName, SkillName, WorkKind
from ivr_engine.core.outcomes import Presence

Turn = tuple[int, Instant, AgentId]
"""How much an agent has in hand, since when they are free, and who it is: who is first here comes first, all else equal."""


class Fit(NamedTuple):
    """How agents of a profile stand to a demand: why they could never take it, or None; how many preferred skills."""

    unfit: str | None
    preferred: int


@dataclass(slots=True, eq=False)
class Pool:
    """Lanes of agents with equal profiles: how many, of whom logged in, who is free, which skills of theirs are reserved.

    `queues`: those of this kind of work. `free_with`: how many are free with a reserved skill, in all pools of the kind.
    `fits`: how they stand to each demand that was held against them.
    """

    kind: WorkKind
    profile: AgentProfile
    queues: frozenset[QueueName]
    free_with: Counter[SkillName]
    reserved: tuple[SkillName, ...]
    free: list[Turn] = field(default_factory=list)
    fits: dict[Demand, Fit] = field(default_factory=dict)
    members: int = 0
    at_work: int = 0


class Staff:
    """The lanes by pool. Kept right by `sync` after every change of presence, activity or idle time of an agent.

    `kinds`: what kind of work the queues have that are not of calls.
    """

    def __init__(
        self, agents: Iterable[Agent], reserve: Mapping[SkillName, int], kinds: Mapping[QueueName, WorkKind]
    ) -> None:
        self.reserve = dict(reserve)
        self.kinds = kinds
        self._free_with: dict[WorkKind, Counter[SkillName]] = {}
        self._pools: dict[object, Pool] = {}
        self._of: dict[Lane, Pool] = {}
        self._turn: dict[Lane, Turn] = {}
        self._working: set[AgentId] = set()
        self._by_queue: dict[QueueName, list[Pool]] = {}
        self._open: dict[Pool, None] = {}
        for agent in agents:
            self.place(agent)

    def place(self, agent: Agent) -> None:
        """Put the agent's lanes into the pools of the profile they have now."""
        self.leave(agent)
        for lane in agent.lanes.values():
            pool = self._of[lane] = self._pool(agent.profile, lane.kind)
            pool.members += 1
        self.sync(agent)

    def pool_of(self, lane: Lane) -> Pool:
        """The lane's pool."""
        return self._of[lane]

    def sync(self, agent: Agent) -> None:
        """Take the agent's presence, activity and idle time over."""
        lanes = agent.lanes.values()
        for lane in lanes:
            before = self._turn.get(lane)
            now = (agent.in_hand, agent.free_since, lane.agent) if agent.free_for(lane) else None
            if now != before:
                if before is not None:
                    self._not_free(self._of[lane], lane, before)
                if now is not None:
                    self._free(self._of[lane], lane, now)
        at_work, name = agent.presence is not Presence.LOGGED_OUT, agent.agent
        if at_work is not (name in self._working):
            self._working ^= {name}
            for lane in lanes:
                self._of[lane].at_work += 1 if at_work else -1

    def _free(self, pool: Pool, lane: Lane, turn: Turn) -> None:
        self._turn[lane] = turn
        insort(pool.free, turn)
        self._open[pool] = None
        for skill in pool.reserved:
            pool.free_with[skill] += 1

    def _not_free(self, pool: Pool, lane: Lane, turn: Turn) -> None:
        del self._turn[lane]
        del pool.free[bisect_left(pool.free, turn)]
        if not pool.free:
            del self._open[pool]
        for skill in pool.reserved:
            pool.free_with[skill] -= 1

    def leave(self, agent: Agent) -> None:
        """Forget the agent; the last one takes the pool along."""
        for lane in agent.lanes.values():
            pool = self._of.pop(lane, None)
            if pool is not None:
                self._leave(pool, lane)
        self._working.discard(agent.agent)

    def _leave(self, pool: Pool, lane: Lane) -> None:
        if (turn := self._turn.get(lane)) is not None:
            self._not_free(pool, lane, turn)
        if lane.agent in self._working:
            pool.at_work -= 1
        pool.members -= 1
        if not pool.members:
            del self._pools[_key(pool.profile, pool.kind, pool.queues)]
            for queue in pool.queues:
                self._by_queue[queue].remove(pool)

    def _pool(self, profile: AgentProfile, kind: WorkKind) -> Pool:
        queues = frozenset(queue for queue in profile.queues if self.kinds.get(queue, VOICE) == kind)
        key = _key(profile, kind, queues)
        pool = self._pools.get(key)
        if pool is None:
            counted = queues or not self.kinds  # who serves no queue of the kind is nobody to be kept for it
            reserved = tuple(sorted(skill for skill in profile.skills if skill in self.reserve)) if counted else ()
            free_with = self._free_with.setdefault(kind, Counter())
            pool = self._pools[key] = Pool(kind, profile, queues, free_with, reserved)
            for queue in queues:
                self._by_queue.setdefault(queue, []).append(pool)
        return pool

    def fit(self, pool: Pool, demand: Demand) -> Fit:
        """How the pool stands to the demand, worked out once."""
        fit = pool.fits.get(demand)
        if fit is None:
            fit = pool.fits[demand] = fit_of(pool.profile, demand)
        return fit

    def open_pools(self, demand: Demand) -> Iterator[Pool]:
        """The pools with somebody free who could take the demand, the reserve left aside."""
        for queue in demand.queues:
            pools = self._by_queue.get(queue, ())
            found = pools if len(pools) <= len(self._open) else (pool for pool in self._open if queue in pool.queues)
            for pool in found:
                if pool.free and self.fit(pool, demand).unfit is None and _first_in(queue, pool, demand):
                    yield pool

    def kept_for(self, pool: Pool, demand: Demand) -> SkillName | None:
        """The skill for whose sake somebody free of the pool is kept from the demand now, or None."""
        for skill in pool.reserved:
            if skill not in demand.asked and pool.free_with[skill] <= self.reserve[skill]:
                return skill
        return None

    def open_with(self, skill: SkillName, kind: WorkKind) -> Iterator[Pool]:
        """The pools with somebody free for this kind of work who has the skill."""
        return (pool for pool in self._open if pool.kind == kind and skill in pool.profile.skills)

    def staffed(self, demand: Demand) -> bool:
        """Whether anybody logged in could ever take it."""
        pools = (pool for queue in demand.queues for pool in self._by_queue.get(queue, ()))
        return any(pool.at_work and self.fit(pool, demand).unfit is None for pool in pools)


def _key(profile: AgentProfile, kind: WorkKind, queues: frozenset[QueueName]) -> object:
    """What is equal for all of a pool."""
    return kind, frozenset(profile.skills.items()), queues, frozenset(profile.languages)


def fit_of(profile: AgentProfile, demand: Demand) -> Fit:
    """How an agent of this profile stands to the demand, the queue left aside."""
    unfit = profile.unfit_for(demand.needs, demand.language)
    preferred = sum(profile.skills.get(need.skill, 0) >= need.level for need in demand.prefers)
    return Fit(unfit, preferred)


def _first_in(queue: QueueName, pool: Pool, demand: Demand) -> bool:
    """Whether this is the first of the demand's queues that the pool serves: each pool is named once."""
    return len(demand.queues) == 1 or next(each for each in demand.queues if each in pool.queues) == queue
