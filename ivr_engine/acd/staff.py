"""Who is free, by profile.

Agents with equal skills, queues and languages form a pool, and only pools with somebody free are ever looked at. So a
decision costs nothing for agents who are busy and queues that are empty.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ivr_engine.acd.agents import Agent, AgentProfile
from ivr_engine.acd.demands import Demand
from ivr_engine.core.ids import AgentId, Instant, QueueName, SkillName
from ivr_engine.core.outcomes import Presence

Turn = tuple[Instant, AgentId]
"""Since when an agent is free, and who it is: who is first here has been idle longest."""


class Fit(NamedTuple):
    """How agents of a profile stand to a demand: why they could never take it, or None; how many preferred skills."""

    unfit: str | None
    preferred: int


@dataclass(slots=True, eq=False)
class Pool:
    """Agents with equal profiles: how many they are and are logged in, who is free, which skills of theirs are reserved.

    `fits`: how they stand to each demand that was held against them.
    """

    profile: AgentProfile
    queues: frozenset[QueueName]
    reserved: tuple[SkillName, ...]
    free: list[Turn] = field(default_factory=list)
    fits: dict[Demand, Fit] = field(default_factory=dict)
    members: int = 0
    at_work: int = 0


class Staff:
    """The agents by pool. Kept right by `sync` after every change of presence, activity or idle time of an agent."""

    def __init__(self, agents: Iterable[Agent], reserve: Mapping[SkillName, int]) -> None:
        self.reserve = dict(reserve)
        self.free_with: Counter[SkillName] = Counter()
        self._pools: dict[object, Pool] = {}
        self._of: dict[AgentId, Pool] = {}
        self._turn: dict[AgentId, Turn] = {}
        self._working: set[AgentId] = set()
        self._by_queue: dict[QueueName, list[Pool]] = {}
        self._open: dict[Pool, None] = {}
        for agent in agents:
            self.place(agent)

    def place(self, agent: Agent) -> None:
        """Put the agent into the pool of the profile they have now."""
        self.leave(agent.agent)
        pool = self._of[agent.agent] = self._pool(agent.profile)
        pool.members += 1
        self.sync(agent)

    def pool_of(self, agent: AgentId) -> Pool:
        """The agent's pool."""
        return self._of[agent]

    def sync(self, agent: Agent) -> None:
        """Take the agent's presence, activity and idle time over."""
        name = agent.agent
        pool, before = self._of[name], self._turn.get(name)
        now = (agent.free_since, name) if agent.free else None
        if now != before:
            if before is not None:
                self._not_free(pool, name, before)
            if now is not None:
                self._free(pool, name, now)
        if (agent.presence is not Presence.LOGGED_OUT) is not (name in self._working):
            self._working ^= {name}
            pool.at_work += 1 if name in self._working else -1

    def _free(self, pool: Pool, name: AgentId, turn: Turn) -> None:
        self._turn[name] = turn
        insort(pool.free, turn)
        self._open[pool] = None
        for skill in pool.reserved:
            self.free_with[skill] += 1

    def _not_free(self, pool: Pool, name: AgentId, turn: Turn) -> None:
        del self._turn[name]
        del pool.free[bisect_left(pool.free, turn)]
        if not pool.free:
            del self._open[pool]
        for skill in pool.reserved:
            self.free_with[skill] -= 1

    def leave(self, name: AgentId) -> None:
        """Forget the agent; the last one takes the pool along."""
        pool = self._of.pop(name, None)
        if pool is None:
            return
        if (turn := self._turn.get(name)) is not None:
            self._not_free(pool, name, turn)
        if name in self._working:
            self._working.discard(name)
            pool.at_work -= 1
        pool.members -= 1
        if not pool.members:
            del self._pools[_key(pool.profile)]
            for queue in pool.queues:
                self._by_queue[queue].remove(pool)

    def _pool(self, profile: AgentProfile) -> Pool:
        key = _key(profile)
        pool = self._pools.get(key)
        if pool is None:
            reserved = tuple(sorted(skill for skill in profile.skills if skill in self.reserve))
            pool = self._pools[key] = Pool(profile, frozenset(profile.queues), reserved)
            for queue in pool.queues:
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
            if skill not in demand.asked and self.free_with[skill] <= self.reserve[skill]:
                return skill
        return None

    def open_with(self, skill: SkillName) -> Iterator[Pool]:
        """The pools with somebody free who has the skill."""
        return (pool for pool in self._open if skill in pool.profile.skills)

    def staffed(self, demand: Demand) -> bool:
        """Whether anybody logged in could ever take it."""
        pools = (pool for queue in demand.queues for pool in self._by_queue.get(queue, ()))
        return any(pool.at_work and self.fit(pool, demand).unfit is None for pool in pools)


def _key(profile: AgentProfile) -> object:
    """What is equal for all of a pool."""
    return frozenset(profile.skills.items()), frozenset(profile.queues), frozenset(profile.languages)


def fit_of(profile: AgentProfile, demand: Demand) -> Fit:
    """How an agent of this profile stands to the demand, the queue left aside."""
    unfit = profile.unfit_for(demand.needs, demand.language)
    preferred = sum(profile.skills.get(need.skill, 0) >= need.level for need in demand.prefers)
    return Fit(unfit, preferred)


def _first_in(queue: QueueName, pool: Pool, demand: Demand) -> bool:
    """Whether this is the first of the demand's queues that the pool serves: each pool is named once."""
    return len(demand.queues) == 1 or next(each for each in demand.queues if each in pool.queues) == queue
