"""Everything the centre knows at an instant, and the one stimulus being handled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ivr_engine.acd.agents import Agent, AgentProfile
from ivr_engine.acd.call_choice import CALL_RULES
from ivr_engine.acd.demands import Demands
from ivr_engine.acd.effects import CentreEffect
from ivr_engine.acd.estimates import Meter, Meters
from ivr_engine.acd.queues import Line, QueuePolicy, WaitingCall
from ivr_engine.acd.ranking import STRATEGIES
from ivr_engine.acd.rules import CentreRules
from ivr_engine.acd.staff import Staff
from ivr_engine.acd.timers import Timers
from ivr_engine.acd.transitions import PRESENCE, ActivityStep, CallPhase, CallStep, PresenceStep, advance
from ivr_engine.acd.waiting import Waiting
from ivr_engine.core.events import AgentPresenceChanged, Event
from ivr_engine.core.ids import AgentId, CallId, Instant, OfferId, QueueName
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
    staff = {
        profile.agent: Agent(profile=profile, configured=profile)
        for profile in sorted(agents, key=lambda profile: profile.agent)
    }
    problems = [*_unknown_rules(policies, rules), *_unknown_queues(policies, staff)]
    if problems:
        raise DefinitionError(tuple(problems))
    lines = {name: Line() for name in policies}
    members = members_of(policies, staff)
    return CentreState(
        queues=policies,
        agents=staff,
        members=members,
        lines=lines,
        offer_prefix=offer_prefix,
        rules=rules,
        staff=Staff(staff.values(), rules.reserve),
        meters={name: Meter() for name in policies},
    )


def members_of(queues: Iterable[QueueName], staff: dict[AgentId, Agent]) -> dict[QueueName, tuple[Agent, ...]]:
    """Who serves each queue, by id."""
    found: dict[QueueName, list[Agent]] = {name: [] for name in queues}
    for agent in staff.values():
        for name in dict.fromkeys(agent.profile.queues):
            found[name].append(agent)
    return {name: tuple(agents) for name, agents in found.items()}


def _unknown_rules(policies: dict[QueueName, QueuePolicy], rules: CentreRules) -> list[str]:
    known = ", ".join(sorted(CALL_RULES))
    unknown = [] if rules.call_rule in CALL_RULES else [f"unknown call rule {rules.call_rule!r}; known: {known}"]
    return unknown + [
        f"queue {policy.name}: unknown strategy {policy.strategy!r}; known: {', '.join(sorted(STRATEGIES))}"
        for policy in policies.values()
        if policy.strategy not in STRATEGIES
    ]


def _unknown_queues(policies: dict[QueueName, QueuePolicy], staff: dict[AgentId, Agent]) -> list[str]:
    others = (
        (policy.name, other)
        for policy in policies.values()
        for other in (*(also for step in policy.relax for also in step.also), *policy.overflow.values())
    )
    unknown = [f"queue {name}: unknown queue {other!r}" for name, other in others if other not in policies]
    return unknown + [
        f"agent {agent.agent}: unknown queue {queue!r}"
        for agent in staff.values()
        for queue in agent.profile.queues
        if queue not in policies
    ]


@dataclass(slots=True, kw_only=True)
class Moment:
    """One stimulus being handled: the state, the instant, and what comes of it.

    `fresh_calls` and `fresh_agents` are what matching has to look at: calls that began to wait, agents who became free.
    `away`: agents who may have stopped being somebody to wait for. `quiet`: why nobody is offered is not recorded.
    """

    state: CentreState
    now: Instant
    events: list[Event] = field(default_factory=list)
    effects: list[CentreEffect] = field(default_factory=list)
    fresh_calls: set[CallId] = field(default_factory=set)
    fresh_agents: set[AgentId] = field(default_factory=set)
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

    def change_activity(
        self, agent: Agent, step: ActivityStep, *, call: CallId | None, offer: OfferId | None = None
    ) -> None:
        """Move the agent's activity; `call` and `offer` are what the agent holds afterwards.

        Raises:
            IllegalTransition: not from here; nothing changed.
        """
        agent.change_activity(step, now=self.now, call=call, offer=offer)
        self.state.staff.sync(agent)

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

    def release(self, agent: Agent, *, keeps_turn: bool = False) -> None:
        """The agent holds nothing any more, and is free if ready. `keeps_turn`: as in `became_free`.

        Raises:
            IllegalTransition: there is nothing to release; nothing changed.
        """
        agent.change_activity(ActivityStep.RELEASE, now=self.now, call=None)
        self.became_free(agent, keeps_turn=keeps_turn)

    def became_free(self, agent: Agent, *, keeps_turn: bool = False) -> None:
        """Let matching look at the agent if free. `keeps_turn`: idle time goes on as if nothing had happened."""
        if not agent.free:
            return
        staff = self.state.staff
        if not keeps_turn:
            agent.free_since = self.now
        staff.sync(agent)
        self.fresh_agents.add(agent.agent)
        for skill in staff.pool_of(agent.agent).reserved:
            if staff.free_with[skill] == staff.reserve[skill] + 1:  # nobody who has it is kept back any longer
                self.fresh_agents.update(turn[1] for pool in staff.open_with(skill) for turn in pool.free)
