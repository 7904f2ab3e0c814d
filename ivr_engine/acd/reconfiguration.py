"""Other queues and people while callers wait and agents talk: applied as a whole, or refused with every reason."""

from __future__ import annotations

from collections.abc import Iterator

from ivr_engine.acd import foresight
from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import Line
from ivr_engine.acd.state import CentreState, Moment, members_of, new_state
from ivr_engine.acd.stimuli import Reconfigure
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
    planned = new_state(command.queues, command.agents, state.offer_prefix)
    reasons = (*_queues_gone(state, planned), *_agents_gone(state, planned))
    if reasons:
        raise CommandRefused("\n".join(reasons))
    state.agents = {name: _kept(state, agent) for name, agent in planned.agents.items()}
    state.queues = planned.queues
    state.lines = {name: state.lines.get(name, Line()) for name in planned.queues}
    state.members = members_of(planned.queues, state.agents)
    foresight.reconfigure(state, moment.now)
    for agent in state.agents.values():
        moment.became_free(agent, keeps_turn=True)


def _kept(state: CentreState, planned: Agent) -> Agent:
    """The agent as they are, with the new profile; somebody new is logged out."""
    agent = state.agents.get(planned.agent, planned)
    agent.profile = planned.profile
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
