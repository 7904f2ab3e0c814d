"""Everything the centre knows at an instant, and the one stimulus being handled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ivr_engine.acd.agents import Agent, AgentProfile
from ivr_engine.acd.call_choice import CALL_RULES
from ivr_engine.acd.demands import Demands
from ivr_engine.acd.effects import CentreEffect
from ivr_engine.acd.estimates import Meter, Meters
from ivr_engine.acd.lanes import Lane
from ivr_engine.acd.queues import Line, QueuePolicy, WaitingCall
from ivr_engine.acd.ranking import STRATEGIES
from ivr_engine.acd.rules import CentreRules
from ivr_engine.acd.staff import Staff
from ivr_engine.acd.timers import Timers
from ivr_engine.acd.transitions import PRESENCE, ActivityStep, CallPhase, CallStep, PresenceStep, advance
from ivr_engine.acd.waiting import Waiting
from ivr_engine.core.events import AgentPresenceChanged, Event
from ivr_engine.core.ids import VOICE, AgentId, CallId, Instant, OfferId, QueueName, SkillName, WorkKind
from ivr_engine.core.outcomes import Presence
from ivr_engine.errors import CommandRefused, DefinitionError

_PLAIN = CentreRules()


@dataclass(slots=True, kw_only=True)
class CentreState:
    """The state of a centre. `calls` holds waiting, offered and talking calls; `lines` those not yet answered.

    `offers` maps each offer that is not settled, open or lapsed, to its call. `staff` and `waiting` are who is free and what
    could be offered: they follow from agents and calls. `closed`: the queues whose calendars say so. `brief`: decisions are
    the same, but say less of the reasons.
    """

    queues: dict[QueueName, QueuePolicy]
    agents: dict[AgentId, Agent]
    members: dict[QueueName, tuple[Agent, ...]]
    offer_prefix: str
    rules: CentreRules = field(default_factory=CentreRules)
    staff: Staff
    waiting: Waiting = field(default_factory=Waiting)
    demands: Demands = field(default_factory=Demands)
    closed: frozenset[QueueName] = frozenset()
    brief: bool = False
    calls: dict[CallId, WaitingCall] = field(default_factory=dict)
    lines: dict[QueueName, Line] = field(default_factory=dict)
    offers: dict[OfferId, CallId] = field(default_factory=dict)
    timers: Timers = field(default_factory=Timers)
    meters: Meters = field(default_factory=dict)
    entered: int = 0
    offered: int = 0

    def next_sequence(self) -> int:
        """The number of the next visit."""
        self.entered += 1
        return self.entered

    def next_offer(self) -> OfferId:
        """The id of the next offer."""
        self.offered += 1
        return OfferId(f"{self.offer_prefix}-{self.offered}")


def new_state(
    queues: Iterable[QueuePolicy], agents: Iterable[AgentProfile], offer_prefix: str, rules: CentreRules = _PLAIN
) -> CentreState:
    """An empty centre: nobody logged in, nobody waiting.

    Raises:
        DefinitionError: a rule or a strategy is unknown, or a queue that is named.
    """
    policies = {policy.name: policy for policy in queues}
    profiles = sorted(agents, key=lambda profile: profile.agent)
    check_names(policies, profiles, rules)
    staff = {profile.agent: Agent(profile=profile, configured=profile) for profile in profiles}
    kinds = other_kinds(policies)
    for agent in staff.values():
        furnish(agent, kinds.values(), rules)
    lines = {name: Line() for name in policies}
    members = members_of(policies, staff)
    return CentreState(
        queues=policies,
        agents=staff,
        members=members,
        lines=lines,
        offer_prefix=offer_prefix,
        rules=rules,
        staff=Staff(staff.values(), rules.reserve, kinds),
        meters={name: Meter() for name in policies},
    )


def check_names(policies: Mapping[QueueName, QueuePolicy], profiles: Iterable[AgentProfile], rules: CentreRules) -> None:
    """Whether all that is named is there.

    Raises:
        DefinitionError: a rule or a strategy is unknown, or a queue that is named, or a queue leads to one of another kind.
    """
    profiles = tuple(profiles)
    problems = [*_unknown_rules(policies, rules), *_unknown_queues(policies, profiles), *_mixed_kinds(policies, profiles)]
    if problems:
        raise DefinitionError(tuple(problems))


def other_kinds(policies: Mapping[QueueName, QueuePolicy]) -> dict[QueueName, WorkKind]:
    """The kind of work of the queues that are not of calls."""
    return {name: policy.kind for name, policy in policies.items() if policy.kind != VOICE}


def furnish(agent: Agent, kinds: Collection[WorkKind], rules: CentreRules) -> None:
    """Give the agent a lane for each kind of work, with as much room as the profile says; one of voice there always is."""
    for kind in sorted(set(kinds)) if kinds else ():
        lane = agent.lanes.setdefault(kind, Lane(agent=agent.agent, kind=kind))
        lane.room = agent.profile.capacity.get(kind, 1)
        lane.beside_voice = kind in rules.beside_voice


def members_of(queues: Iterable[QueueName], staff: dict[AgentId, Agent]) -> dict[QueueName, tuple[Agent, ...]]:
    """Who serves each queue, by id."""
    found: dict[QueueName, list[Agent]] = {name: [] for name in queues}
    for agent in staff.values():
        for name in dict.fromkeys(agent.profile.queues):
            found[name].append(agent)
    return {name: tuple(agents) for name, agents in found.items()}


def _unknown_rules(policies: Mapping[QueueName, QueuePolicy], rules: CentreRules) -> list[str]:
    known = ", ".join(sorted(CALL_RULES))
    unknown = [] if rules.call_rule in CALL_RULES else [f"unknown call rule {rules.call_rule!r}; known: {known}"]
    return unknown + [
        f"queue {policy.name}: unknown strategy {policy.strategy!r}; known: {', '.join(sorted(STRATEGIES))}"
        for policy in policies.values()
        if policy.strategy not in STRATEGIES
    ]


def _led_to(policies: Mapping[QueueName, QueuePolicy]) -> Iterator[tuple[QueueName, QueueName]]:
    """The queues whose agents a queue asks for help, or into which it overflows."""
    for policy in policies.values():
        for other in (*(also for step in policy.relax for also in step.also), *policy.overflow.values()):
            yield policy.name, other


def _mixed_kinds(policies: Mapping[QueueName, QueuePolicy], profiles: Iterable[AgentProfile]) -> Iterator[str]:
    for name, other in _led_to(policies):
        if other in policies and policies[name].kind != policies[other].kind:
            yield f"queue {name} is of the kind {policies[name].kind} and leads to {other}, of {policies[other].kind}"
    for profile in profiles:
        if VOICE in profile.capacity:
            yield f"agent {profile.agent}: there is no capacity for {VOICE}, of which everybody has one at a time"


def _unknown_queues(policies: Mapping[QueueName, QueuePolicy], profiles: Iterable[AgentProfile]) -> list[str]:
    unknown = [f"queue {name}: unknown queue {other!r}" for name, other in _led_to(policies) if other not in policies]
    return unknown + [
        f"agent {profile.agent}: unknown queue {queue!r}"
        for profile in profiles
        for queue in profile.queues
        if queue not in policies
    ]


@dataclass(slots=True, kw_only=True)
class Moment:
    """One stimulus being handled: the state, the instant, and what comes of it.

    `fresh_calls` and `fresh_lanes` are what matching has to look at: calls that began to wait, agents who became free.
    `away`: agents who may have stopped being somebody to wait for. `quiet`: why nobody is offered is not recorded.
    """

    state: CentreState
    now: Instant
    events: list[Event] = field(default_factory=list)
    effects: list[CentreEffect] = field(default_factory=list)
    fresh_calls: set[CallId] = field(default_factory=set)
    fresh_lanes: set[Lane] = field(default_factory=set)
    away: set[AgentId] = field(default_factory=set)
    quiet: bool = False

    def agent(self, agent: AgentId) -> Agent:
        """The agent of a command.

        Raises:
            CommandRefused: no such agent.
        """
        found = self.state.agents.get(agent)
        if found is None:
            raise CommandRefused(f"there is no agent {agent}: agents.yaml names the agents of this centre")
        return found

    def call(self, call: str) -> WaitingCall | None:
        """The call of that id, if it is still in line; a timer may outlast it."""
        found = self.state.calls.get(CallId(call))
        return None if found is None or found.phase is CallPhase.TALKING else found

    def offered_call(self, offer: OfferId) -> WaitingCall | None:
        """The call of an offer that is not settled, or None."""
        call = self.state.offers.get(offer)
        return None if call is None else self.state.calls[call]

    def holder(self, call: WaitingCall) -> Agent:
        """The agent of an offered, unsettled or talking call."""
        assert call.agent is not None  # noqa: S101 - true in these phases, and only asked in them
        return self.state.agents[call.agent]

    def change_presence(self, agent: Agent, step: PresenceStep, *, reason: str, by: str) -> None:
        """Move the agent's presence and record it; saying again what is so records nothing.

        Raises:
            IllegalTransition: not from here; nothing changed.
        """
        previous, previous_reason = agent.presence, agent.reason
        presence = advance(PRESENCE, previous, step)
        if (presence, reason) == (previous, previous_reason):
            return
        agent.change_presence(step, reason=reason, now=self.now)
        self.state.staff.sync(agent)
        if presence is not Presence.READY:
            self.away.add(agent.agent)
        self.events.append(
            AgentPresenceChanged(agent=agent.agent, presence=presence, previous=previous, reason=reason, by=by)
        )

    def change_activity(self, agent: Agent, step: ActivityStep, call: WaitingCall, *, offer: OfferId | None = None) -> None:
        """Move what the agent does with `call`; `offer` is that of the call afterwards.

        Raises:
            IllegalTransition: not from here, or the agent has no room for it; nothing changed.
        """
        agent.change_activity(agent.lanes[call.kind], step, now=self.now, call=call.call, offer=offer)
        self.state.staff.sync(agent)
        if step is ActivityStep.ANSWER and len(agent.lanes) > 1:  # what may be done beside a conversation may come now
            self._look_at(agent.free_lanes())

    def change_phase(self, call: WaitingCall, step: CallStep) -> None:
        """Move the call on.

        Raises:
            IllegalTransition: not from here; nothing changed.
        """
        waited = call.phase is CallPhase.WAITING
        call.change_phase(step)
        if waited:
            self.state.waiting.remove(call)
            self.fresh_calls.discard(call.call)
        elif call.phase is CallPhase.WAITING:
            self.state.waiting.add(call)

    def began_to_wait(self, call: WaitingCall) -> None:
        """Let matching look at the call."""
        if call.phase is CallPhase.WAITING:
            self.fresh_calls.add(call.call)

    def release(self, agent: Agent, lane: Lane, call: CallId, *, keeps_turn: bool = False) -> None:
        """The agent has `call` in hand no longer, and is free if ready. `keeps_turn`: as in `became_free`.

        Raises:
            IllegalTransition: there is nothing to release; nothing changed.
        """
        agent.change_activity(lane, ActivityStep.RELEASE, now=self.now, call=call)
        self.became_free(agent, keeps_turn=keeps_turn)

    def became_free(self, agent: Agent, *, keeps_turn: bool = False) -> None:
        """Let matching look at the agent if free. `keeps_turn`: idle time goes on as if nothing had happened."""
        free = agent.free_lanes()
        if free:
            if not keeps_turn:
                agent.free_since = self.now
            self.state.staff.sync(agent)
            self._look_at(free)

    def _look_at(self, free: Iterable[Lane]) -> None:
        staff = self.state.staff
        for lane in free:
            self.fresh_lanes.add(lane)
            pool = staff.pool_of(lane)
            for skill in pool.reserved:
                if pool.free_with[skill] == staff.reserve[skill] + 1:  # nobody who has it is kept back any longer
                    self._look_at_all_with(skill, lane.kind)

    def _look_at_all_with(self, skill: SkillName, kind: WorkKind) -> None:
        agents = self.state.agents
        pools = self.state.staff.open_with(skill, kind)
        self.fresh_lanes.update(agents[turn[2]].lanes[kind] for pool in pools for turn in pool.free)
