"""Other queues and people while callers wait and agents talk: applied as a whole, or refused with every reason."""

from __future__ import annotations

from collections.abc import Iterator

from ivr_engine.acd import foresight, relaxation
from ivr_engine.acd.agents import Agent
from ivr_engine.acd.demands import Demands
from ivr_engine.acd.queues import Line
from ivr_engine.acd.staff import Staff
from ivr_engine.acd.state import CentreState, Moment, members_of, new_state
from ivr_engine.acd.stimuli import Reconfigure
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.acd.waiting import Waiting
from ivr_engine.core.ids import AgentId
from ivr_engine.core.outcomes import Activity, Presence
from ivr_engine.errors import CommandRefused


def reconfigure(moment: Moment, command: Reconfigure) -> None:
    """Take the new rules over. Spans that run already (a wait, a wrap-up, an offer) end as they were begun.

    Raises:
        CommandRefused: a queue is gone, or an agent is gone who is at work; nothing changed.
        DefinitionError: a queue names an unknown strategy, or an agent an unknown queue; nothing changed.
    """
    state = moment.state
    planned = new_state(command.queues, command.agents, state.offer_prefix, command.rules)
    reasons = (*_queues_gone(state, planned), *_agents_gone(state, planned))
    if reasons:
        raise CommandRefused("\n".join(reasons))
    state.agents = {name: _kept(state, agent) for name, agent in planned.agents.items()}
    state.queues, state.rules = planned.queues, planned.rules
    state.lines = {name: state.lines.get(name, Line()) for name in planned.queues}
    state.members = members_of(planned.queues, state.agents)
    foresight.reconfigure(state, moment.now)
    for agent in state.agents.values():
        moment.became_free(agent, keeps_turn=True)
    _look_at_everything(moment)


def _look_at_everything(moment: Moment) -> None:
    """Everybody may fit other calls now, and calls ask for something else at their step."""
    state = moment.state
    state.staff, state.demands, state.waiting = Staff(state.agents.values(), state.rules.reserve), Demands(), Waiting()
    for call in state.calls.values():
        if call.phase is not CallPhase.TALKING:
            relaxation.take_up(state, call, moment.now)
        if call.phase is CallPhase.WAITING:
            state.waiting.add(call)
            moment.began_to_wait(call)
    moment.away.update(state.agents, state.waiting.for_one)  # the latter may be gone from the files
    moment.quiet = True  # thousands of reasons at once would tell nobody anything


def _kept(state: CentreState, planned: Agent) -> Agent:
    """The agent as they are, with the new profile if there is one; somebody new is logged out."""
    agent = state.agents.get(planned.agent, planned)
    if agent.configured != planned.profile:  # else what a supervisor has changed since stays
        agent.profile = agent.configured = planned.profile
    return agent


def _queues_gone(state: CentreState, planned: CentreState) -> Iterator[str]:
    for name in sorted(state.queues.keys() - planned.queues.keys()):
        yield f"queue {name} cannot be taken away while the engine runs: this needs a restart"


def _agents_gone(state: CentreState, planned: CentreState) -> Iterator[str]:
    for name in sorted(state.agents.keys() - planned.agents.keys()):
        if not _at_home(state, name):
            yield f"agent {name} is at work and cannot be taken away; first: ivr-engine agent logout {name}"


def _at_home(state: CentreState, name: AgentId) -> bool:
    agent = state.agents[name]
    return agent.presence is Presence.LOGGED_OUT and agent.activity is Activity.IDLE
