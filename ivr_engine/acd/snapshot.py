"""The centre's state <-> JSON-ready values. Configuration is not in it: it comes from the centre's files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ivr_engine.acd.agents import Agent
from ivr_engine.acd.queues import Line, WaitingCall
from ivr_engine.acd.state import CentreState
from ivr_engine.acd.timers import Timer, TimerKind, Timers
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import AgentId, Instant, QueueName, SkillName
from ivr_engine.core.outcomes import Activity, Presence
from ivr_engine.errors import StoreError

VERSION = 1
_AGENT_FIELDS = (
    "presence",
    "presence_since",
    "reason",
    "activity",
    "activity_since",
    "free_since",
    "call",
    "offer",
)
_CALL_FIELDS = (
    "call",
    "queue",
    "priority",
    "language",
    "arrived",
    "sequence",
    "phase",
    "agent",
    "offer",
    "answered",
    "overdue",
    "second",
)


def save(state: CentreState) -> dict[str, Any]:
    """All that `load` needs; the same state always gives the same values in the same order."""
    return {
        "version": VERSION,
        "entered": state.entered,
        "offered": state.offered,
        "agents": {agent.agent: _save_agent(agent) for agent in state.agents.values()},
        "calls": [_save_call(call) for call in sorted(state.calls.values(), key=lambda call: call.sequence)],
        "timers": [[timer.kind.name, timer.subject, timer.other, at] for timer, at in state.timers.armed()],
    }


def _plain(item: object, names: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in names}
    return {
        name: value.value if isinstance(value, Presence | Activity | CallPhase) else value for name, value in values.items()
    }


def _save_agent(agent: Agent) -> dict[str, Any]:
    return _plain(agent, _AGENT_FIELDS) | {"failed_calls": list(agent.failed_calls)}


def _save_call(call: WaitingCall) -> dict[str, Any]:
    needs = [[need.skill, need.level] for need in call.needs]
    return _plain(call, _CALL_FIELDS) | {"needs": needs, "tried": sorted(call.tried)}


def load(fresh: CentreState, saved: Mapping[str, Any]) -> CentreState:
    """The saved state under the configuration of `fresh`. Idle agents who are no longer configured are forgotten.

    Raises:
        StoreError: not a snapshot, or a call needs a queue or an agent that is not configured.
    """
    if saved.get("version") != VERSION:
        raise StoreError(f"this is not a snapshot of version {VERSION}: version {saved.get('version')!r}")
    try:
        return _load(fresh, saved)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"the snapshot cannot be read: {type(error).__name__} {error}") from error


def _load(fresh: CentreState, saved: Mapping[str, Any]) -> CentreState:
    agents = {name: _load_agent(agent, saved["agents"].get(name)) for name, agent in fresh.agents.items()}
    calls = {call.call: call for call in map(_load_call, saved["calls"])}
    for call in calls.values():
        _check_configured(fresh, call)
    return replace(
        fresh,
        agents=agents,
        members={queue: tuple(agents[agent.agent] for agent in staff) for queue, staff in fresh.members.items()},
        calls=calls,
        lines=_lines(fresh, calls.values()),
        offers={call.offer: call.call for call in calls.values() if call.offer is not None},
        timers=_timers(saved["timers"], agents),
        entered=saved["entered"],
        offered=saved["offered"],
    )


def _load_agent(fresh: Agent, saved: Mapping[str, Any] | None) -> Agent:
    if saved is None:
        return fresh
    values = {name: saved[name] for name in _AGENT_FIELDS}
    values |= {"presence": Presence(values["presence"]), "activity": Activity(values["activity"])}
    return Agent(profile=fresh.profile, failed_calls=list(saved["failed_calls"]), **values)


def _load_call(saved: Mapping[str, Any]) -> WaitingCall:
    values = {name: saved[name] for name in _CALL_FIELDS}
    values["phase"] = CallPhase(values["phase"])
    needs = tuple(SkillNeed(skill=SkillName(skill), level=level) for skill, level in saved["needs"])
    return WaitingCall(needs=needs, tried={AgentId(agent) for agent in saved["tried"]}, **values)


def _check_configured(fresh: CentreState, call: WaitingCall) -> None:
    if call.queue not in fresh.queues:
        raise StoreError(f"call {call.call} is in queue {call.queue}, which centre.yaml no longer has")
    if call.agent is not None and call.agent not in fresh.agents:
        raise StoreError(f"call {call.call} is with agent {call.agent}, whom agents.yaml no longer has")


def _lines(fresh: CentreState, calls: Iterable[WaitingCall]) -> dict[QueueName, Line]:
    lines = {queue: Line() for queue in fresh.queues}
    for call in calls:
        if call.phase is not CallPhase.TALKING:
            lines[call.queue].add(call)
    return lines


def _timers(saved: Iterable[tuple[str, str, str, int]], agents: Mapping[AgentId, Agent]) -> Timers:
    timers = [(Timer(TimerKind[kind], subject, other), Instant(at)) for kind, subject, other, at in saved]
    return Timers((timer, at) for timer, at in timers if timer.kind is not TimerKind.WRAP_UP or timer.subject in agents)
