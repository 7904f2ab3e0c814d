"""What agents ask for. A command that is impossible now is refused with a sentence and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.conversations import end_wrap_up, set_wrap_up_limit
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import ExtendWrapUp, LogIn, LogOut, Pause, SetReady
from ivr_engine.acd.transitions import IllegalTransition, PresenceStep
from ivr_engine.core.events import WrapUpExtended
from ivr_engine.core.ids import Millis, between
from ivr_engine.core.outcomes import Presence
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
    _command(moment, agent, PresenceStep.LOG_IN, reason=LOGIN_REASON, by=command.by)


def set_ready(moment: Moment, command: SetReady) -> None:
    """Take calls. Ends every wrap-up; during a call it counts from the end of the call; said twice it changes nothing."""
    agent = moment.agent(command.agent)
    returns = agent.presence is Presence.PAUSED
    _command(moment, agent, PresenceStep.SET_READY, by=command.by)
    for lane in agent.lanes.values():
        lane.failed_calls.clear()
    if returns:
        agent.free_since = moment.now  # also while a telephone rings: a pause ends idle time
        moment.state.staff.sync(agent)
    _end_wrap_ups(moment, agent)
    if returns:
        moment.became_free(agent)


def pause(moment: Moment, command: Pause) -> None:
    """Take no new calls. A call in progress, a telephone that rings already and a wrap-up go on."""
    agent, known = moment.agent(command.agent), moment.state.rules.pause_reasons
    if known and command.reason not in known:
        raise CommandRefused(f"there is no pause reason {command.reason!r}; choose from {', '.join(known)}")
    _command(moment, agent, PresenceStep.PAUSE, reason=command.reason, by=command.by)


def log_out(moment: Moment, command: LogOut) -> None:
    """Stop work. A call in progress goes on and is not followed by a wrap-up; a wrap-up ends now."""
    agent = moment.agent(command.agent)
    _command(moment, agent, PresenceStep.LOG_OUT, by=command.by)
    _end_wrap_ups(moment, agent)


def _end_wrap_ups(moment: Moment, agent: Agent) -> None:
    for lane, slot in agent.wrap_ups():
        end_wrap_up(moment, agent, lane, slot)


def extend_wrap_up(moment: Moment, command: ExtendWrapUp) -> None:
    """More time for the paper work, up to what the queue allows.

    Raises:
        CommandRefused: there is no wrap-up, or it is as long as it may be; nothing changed.
    """
    agent = moment.agent(command.agent)
    lane, slot = next((each for each in agent.wrap_ups() if command.call in (None, each[1].call)), (None, None))
    if lane is None or slot is None:
        raise CommandRefused(f"agent {agent.agent} is not in wrap-up")
    before = between(slot.since, slot.wrap_up_ends)
    limit = Millis(min(before + command.more, max(before, slot.wrap_up_most)))
    if limit <= before:
        raise CommandRefused(f"the wrap-up of agent {agent.agent} is as long as the queue allows: {before // 1000}s")
    set_wrap_up_limit(moment, lane, slot, limit)
    moment.events.append(WrapUpExtended(agent=agent.agent, call=slot.call, limit=limit, by=command.by))


def _command(moment: Moment, agent: Agent, step: PresenceStep, *, by: str, reason: str = "") -> None:
    try:
        moment.change_presence(agent, step, reason=reason, by=by)
    except IllegalTransition as error:
        raise CommandRefused(REFUSALS[step].format(agent=agent.agent)) from error
