"""Other queues and people while callers wait and agents talk: applied as a whole, or refused with every reason.

Only what changed is looked at: callers of queues that relax otherwise now, and agents with another profile. For everybody
else the answer is the same as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr_engine.acd import foresight, relaxation, visits
from ivr_engine.acd.agents import Agent, AgentProfile
from ivr_engine.acd.queues import Line, QueuePolicy
from ivr_engine.acd.staff import Staff
from ivr_engine.acd.state import CentreState, Moment, check_names, furnish, members_of, other_kinds
from ivr_engine.acd.stimuli import Reconfigure
from ivr_engine.core.ids import AgentId, QueueName
from ivr_engine.core.outcomes import Presence
from ivr_engine.errors import CommandRefused

Policies = Mapping[QueueName, QueuePolicy]


def reconfigure(moment: Moment, command: Reconfigure) -> None:
    """Take the new rules over. Spans that run already (a wait, a wrap-up, an offer) end as they were begun.

    Raises:
        CommandRefused: a queue is gone or takes work of another kind, or an agent is gone who is at work; nothing changed.
        DefinitionError: a queue names an unknown strategy, or an agent an unknown queue; nothing changed.
    """
    state = moment.state
    policies = {policy.name: policy for policy in command.queues}
    profiles = {profile.agent: profile for profile in sorted(command.agents, key=lambda profile: profile.agent)}
    check_names(policies, profiles.values(), command.rules)
    reasons = (*_queues_gone(state, policies), *_queues_changed(state, policies), *_agents_gone(state, profiles))
    if reasons:
        raise CommandRefused("\n".join(reasons))
    before, kinds_before = state.rules, state.staff.kinds
    state.rules = command.rules
    _take_over_queues(moment, policies)
    _take_over_agents(moment, profiles)
    foresight.reconfigure(state, moment.now)
    as_before = (before.reserve, before.beside_voice, kinds_before)
    if (command.rules.reserve, command.rules.beside_voice, other_kinds(policies)) != as_before:
        _look_at_everybody(moment)
    visits.release_closed(moment)
    moment.quiet = True  # thousands of reasons at once would tell nobody anything


def _take_over_queues(moment: Moment, policies: dict[QueueName, QueuePolicy]) -> None:
    """Callers of queues that relax otherwise ask for something else at their step."""
    state = moment.state
    asking_anew = [name for name, queue in state.queues.items() if queue.relax != policies[name].relax]
    state.queues = policies
    state.lines = {name: state.lines.get(name, Line()) for name in policies}
    for name in asking_anew:
        for call in [state.calls[place[-1]] for place in state.lines[name]]:
            relaxation.take_up_again(state, call, moment.now)
            moment.began_to_wait(call)


def _take_over_agents(moment: Moment, profiles: Mapping[AgentId, AgentProfile]) -> None:
    """Those who stay keep what they do; somebody new is logged out."""
    state, before = moment.state, moment.state.agents
    gone = before.keys() - profiles.keys()
    for name in gone:
        state.staff.leave(before[name])
    state.agents = {
        name: before[name] if name in before else Agent(profile=profile, configured=profile)
        for name, profile in profiles.items()
    }
    for name, agent in state.agents.items():
        if name not in before:
            _place(moment, agent)
        elif agent.configured != profiles[name]:  # else what a supervisor has changed since stays
            _change(moment, agent, profiles[name])
    state.members = members_of(state.queues, state.agents)
    moment.away.update(state.agents, state.waiting.for_one)  # the latter may be gone from the files


def _change(moment: Moment, agent: Agent, profile: AgentProfile) -> None:
    agent.profile = agent.configured = profile
    _place(moment, agent)
    moment.became_free(agent, keeps_turn=True)


def _place(moment: Moment, agent: Agent) -> None:
    furnish(agent, moment.state.staff.kinds.values(), moment.state.rules)
    moment.state.staff.place(agent)


def _look_at_everybody(moment: Moment) -> None:
    """Other agents are kept for rare skills now, or there is other work, so everybody who is free may fit other calls."""
    state = moment.state
    kinds = other_kinds(state.queues)
    for agent in state.agents.values():
        furnish(agent, kinds.values(), state.rules)
    state.staff = Staff(state.agents.values(), state.rules.reserve, kinds)
    moment.fresh_lanes.update(lane for agent in state.agents.values() for lane in agent.free_lanes())


def _queues_gone(state: CentreState, planned: Policies) -> Iterator[str]:
    for name in sorted(state.queues.keys() - planned.keys()):
        yield f"queue {name} cannot be taken away while the engine runs: this needs a restart"


def _queues_changed(state: CentreState, planned: Policies) -> Iterator[str]:
    for name, queue in sorted(state.queues.items()):
        if name in planned and planned[name].kind != queue.kind:
            kind = planned[name].kind
            yield f"queue {name} cannot become one of the kind {kind} while the engine runs: this needs a restart"


def _agents_gone(state: CentreState, planned: Mapping[AgentId, AgentProfile]) -> Iterator[str]:
    gone = sorted(state.agents.keys() - planned.keys())
    rung = {call.agent for call in state.calls.values()} if gone else set()
    for name in gone:
        if _at_home(state, name) and name in rung:
            yield f"agent {name} cannot be taken away before the switch says what became of the last offer: try again"
        elif not _at_home(state, name):
            yield f"agent {name} is at work and cannot be taken away; first: ivr-engine agent logout {name}"


def _at_home(state: CentreState, name: AgentId) -> bool:
    agent = state.agents[name]
    return agent.presence is Presence.LOGGED_OUT and not agent.in_hand
