"""What agents ask for. A command that is impossible now is refused with a sentence and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.conversations import end_wrap_up
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import LogIn, LogOut, Pause, SetReady
from ivr_engine.acd.transitions import IllegalTransition, PresenceStep
from ivr_engine.core.outcomes import Activity, Presence
from ivr_engine.errors import CommandRefused

LOGIN_REASON = "login"

REFUSALS: Mapping[PresenceStep, str] = MappingProxyType(
    {
        PresenceStep.LOG_IN: "agent {agent} is logged in already",
        PresenceStep.SET_READY: "agent {agent} is not logged in; log in first",
        PresenceStep.PAUSE: "agent {agent} is not logged in; log in first",
        PresenceStep.LOG_OUT: "agent {agent} is not logged in",
    }
)


def log_in(moment: Moment, command: LogIn) -> None:
    """Start work, paused: nobody is rung before saying ready."""
    agent = moment.agent(command.agent)
    _command(moment, agent, PresenceStep.LOG_IN, reason=LOGIN_REASON)


def set_ready(moment: Moment, command: SetReady) -> None:
    """Take calls. Ends a wrap-up; during a call it counts from the end of the call; said twice it changes nothing."""
    agent = moment.agent(command.agent)
    returns = agent.presence is Presence.PAUSED
    _command(moment, agent, PresenceStep.SET_READY)
    agent.failed_calls.clear()
    if returns:
        agent.free_since = moment.now  # also while a telephone rings: a pause ends idle time
    if agent.activity is Activity.WRAP_UP:
        end_wrap_up(moment, agent)
    elif returns:
        moment.became_free(agent)


def pause(moment: Moment, command: Pause) -> None:
    """Take no new calls. A call in progress, a telephone that rings already and a wrap-up go on."""
    _command(moment, moment.agent(command.agent), PresenceStep.PAUSE, reason=command.reason)


def log_out(moment: Moment, command: LogOut) -> None:
    """Stop work. A call in progress goes on and is not followed by a wrap-up; a wrap-up ends now."""
    agent = moment.agent(command.agent)
    _command(moment, agent, PresenceStep.LOG_OUT)
    if agent.activity is Activity.WRAP_UP:
        end_wrap_up(moment, agent)


def _command(moment: Moment, agent: Agent, step: PresenceStep, *, reason: str = "") -> None:
    try:
        moment.change_presence(agent, step, reason=reason, by="agent")
    except IllegalTransition as error:
        raise CommandRefused(REFUSALS[step].format(agent=agent.agent)) from error
