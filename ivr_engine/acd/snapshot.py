"""The centre's state <-> JSON-ready values. Configuration is not in it: it comes from the centre's files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ivr_engine.acd import estimates
from ivr_engine.acd.agents import Agent
from ivr_engine.acd.lanes import Lane, Slot
from ivr_engine.acd.queues import Line, WaitingCall
from ivr_engine.acd.relaxation import demand_at
from ivr_engine.acd.staff import Staff
from ivr_engine.acd.state import CentreState, furnish, members_of
from ivr_engine.acd.timers import Timer, TimerKind, Timers
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.acd.waiting import Waiting
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import VOICE, AgentId, CallId, Instant, QueueName, SkillName, WorkKind
from ivr_engine.core.outcomes import Activity, Presence
from ivr_engine.errors import StoreError

CALLS_ONLY, VERSION = 2, 3
READABLE = (1, CALLS_ONLY, VERSION)
"""Version 1 lacks what was added since; that has its defaults. 3 is written where queues take other work than calls."""
_AGENT_FIELDS = (
    "presence",
    "presence_since",
    "reason",
    "free_since",
    "worked",
    "available",
    "booked",
    "last_offer",
)
_LANE_COUNTS = ("calls", "talks", "talked")
_SLOT_FIELDS = ("call", "activity", "since", "offer", "wrap_up_ends", "wrap_up_most")
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
    "reach",
    "comforted",
    "second",
    "worth",
    "entered",
    "step",
    "wanted",
    "alone",
    "told",
    "limit",
)
_SINCE_ALWAYS = frozenset(
    {
        *("presence", "presence_since", "reason", "free_since"),
        *("call", "queue", "priority", "language", "arrived", "sequence", "phase", "agent", "offer", "answered", "overdue"),
    }
)
"""What every version has."""
_NO_CALL = CallId("")


def save(state: CentreState) -> dict[str, Any]:
    """All that `load` needs; the same state always gives the same values in the same order."""
    return {
        "version": VERSION if state.staff.kinds else CALLS_ONLY,
        "closed": sorted(state.closed),
        "entered": state.entered,
        "offered": state.offered,
        "agents": {agent.agent: _save_agent(agent) for agent in state.agents.values()},
        "calls": [_save_call(call) for call in sorted(state.calls.values(), key=lambda call: call.sequence)],
        "meters": estimates.save(state.meters),
        "timers": [[timer.kind.name, timer.subject, timer.other, at] for timer, at in state.timers.armed()],
    }


def _plain(item: object, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in names}
    return {
        name: value.value if isinstance(value, Presence | Activity | CallPhase) else value for name, value in values.items()
    }


def _save_agent(agent: Agent) -> dict[str, Any]:
    saved = _plain(agent, _AGENT_FIELDS) | _save_voice(agent.voice)
    if len(agent.lanes) > 1:
        saved["lanes"] = {lane.kind: _save_lane(lane) for lane in agent.lanes.values() if lane is not agent.voice}
    if agent.profile != agent.configured:
        saved |= {"queues": list(agent.profile.queues), "skills": dict(sorted(agent.profile.skills.items()))}
    return saved


def _save_voice(lane: Lane) -> dict[str, Any]:
    """As when there were calls only: what is done with the one call stands with the agent."""
    slot = next(iter(lane.taken.values()), Slot(call=_NO_CALL, activity=Activity.IDLE, since=lane.since))
    told = _plain(slot, _SLOT_FIELDS)
    told["activity_since"] = told.pop("since")
    return told | {"call": slot.call or None} | _save_counts(lane)


def _save_lane(lane: Lane) -> dict[str, Any]:
    slots = [_plain(slot, _SLOT_FIELDS) for slot in lane.taken.values()]
    return {"since": lane.since, "slots": slots} | _save_counts(lane)


def _save_counts(lane: Lane) -> dict[str, Any]:
    return _plain(lane, _LANE_COUNTS) | {"failed_calls": list(lane.failed_calls)}


def _save_call(call: WaitingCall) -> dict[str, Any]:
    kind = {} if call.kind == VOICE else {"kind": call.kind}
    return (
        kind
        | _plain(call, _CALL_FIELDS)
        | {
            "needs": _save_needs(call.needs),
            "prefers": _save_needs(call.prefers),
            "tried": sorted(call.tried),
            "again": sorted(call.again),
        }
    )


def _save_needs(needs: tuple[SkillNeed, ...]) -> list[list[str | int]]:
    return [[need.skill, need.level] for need in needs]


def load(fresh: CentreState, saved: Mapping[str, Any]) -> CentreState:
    """The saved state under the configuration of `fresh`. Idle agents who are no longer configured are forgotten.

    Raises:
        StoreError: not a snapshot, or a call needs a queue or an agent that is not configured.
    """
    if saved.get("version") not in READABLE:
        raise StoreError(f"this is not a snapshot of version {VERSION} or before: version {saved.get('version')!r}")
    try:
        return _load(fresh, saved)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"the snapshot cannot be read: {type(error).__name__} {error}") from error


def _load(fresh: CentreState, saved: Mapping[str, Any]) -> CentreState:
    agents = {name: _load_agent(fresh, agent, saved["agents"].get(name)) for name, agent in fresh.agents.items()}
    calls = {call.call: call for call in map(_load_call, saved["calls"])}
    for call in calls.values():
        _check_configured(fresh, call)
    loaded = replace(
        fresh,
        agents=agents,
        members=members_of(fresh.queues, agents),
        staff=Staff(agents.values(), fresh.rules.reserve, fresh.staff.kinds),
        waiting=Waiting(),
        closed=frozenset(map(QueueName, saved.get("closed", ()))),
        calls=calls,
        lines=_lines(fresh, calls.values()),
        offers={call.offer: call.call for call in calls.values() if call.offer is not None},
        timers=_timers(saved["timers"], agents),
        meters=estimates.load(fresh.queues, saved.get("meters", {})),
        entered=saved["entered"],
        offered=saved["offered"],
    )
    for call in calls.values():
        _put_in_place(loaded, call)
    return loaded


def _put_in_place(loaded: CentreState, call: WaitingCall) -> None:
    """Let the call ask for what it asks for at its step."""
    if call.phase is not CallPhase.TALKING:
        call.demand = demand_at(loaded, call, call.step)
    if call.phase is CallPhase.WAITING:
        loaded.waiting.add(call)


def _load_agent(state: CentreState, fresh: Agent, saved: Mapping[str, Any] | None) -> Agent:
    if saved is None:
        return fresh
    values = {name: saved[name] for name in _AGENT_FIELDS if name in saved or name in _SINCE_ALWAYS}
    values |= {"presence": Presence(values["presence"])}
    profile = fresh.profile
    if "queues" in saved:
        queues = tuple(queue for queue in map(QueueName, saved["queues"]) if queue in state.queues)
        profile = replace(profile, queues=queues, skills={SkillName(name): level for name, level in saved["skills"].items()})
    agent = Agent(profile=profile, configured=fresh.profile, **values)
    furnish(agent, state.staff.kinds.values(), state.rules)
    _load_voice(agent.voice, saved)
    for kind, lane in saved.get("lanes", {}).items():
        if kind in agent.lanes:
            _load_lane(agent.lanes[kind], lane)
        elif lane["slots"]:
            raise StoreError(f"agent {agent.agent} has work of the kind {kind} in hand, which no queue takes any longer")
    agent.in_hand = sum(len(lane.taken) for lane in agent.lanes.values())
    return agent


def _load_voice(lane: Lane, saved: Mapping[str, Any]) -> None:
    """A snapshot of before wrap-ups could be extended lacks when they end; it has the timers."""
    _load_counts(lane, saved)
    lane.since = saved["activity_since"]
    if Activity(saved["activity"]) is not Activity.IDLE:
        told = {name: saved[name] for name in _SLOT_FIELDS if name in saved}
        lane.put(_load_slot(told | {"since": lane.since}))


def _load_lane(lane: Lane, saved: Mapping[str, Any]) -> None:
    _load_counts(lane, saved)
    for slot in saved["slots"]:
        lane.put(_load_slot(slot))
    lane.since = saved["since"]


def _load_slot(saved: Mapping[str, Any]) -> Slot:
    return Slot(**{**saved, "activity": Activity(saved["activity"])})


def _load_counts(lane: Lane, saved: Mapping[str, Any]) -> None:
    lane.failed_calls = list(saved["failed_calls"])
    lane.calls, lane.talks, lane.talked = (saved.get(name, 0) for name in _LANE_COUNTS)


def _load_call(saved: Mapping[str, Any]) -> WaitingCall:
    values = {name: saved[name] for name in _CALL_FIELDS if name in saved or name in _SINCE_ALWAYS}
    values["phase"] = CallPhase(values["phase"])
    values.setdefault("entered", values["arrived"])
    return WaitingCall(
        kind=WorkKind(saved.get("kind", VOICE)),
        needs=_load_needs(saved["needs"]),
        prefers=_load_needs(saved.get("prefers", ())),
        tried={AgentId(agent) for agent in saved["tried"]},
        again={AgentId(agent) for agent in saved.get("again", ())},
        **values,
    )


def _load_needs(saved: Iterable[tuple[str, int]]) -> tuple[SkillNeed, ...]:
    return tuple(SkillNeed(skill=SkillName(skill), level=level) for skill, level in saved)


def _check_configured(fresh: CentreState, call: WaitingCall) -> None:
    if call.queue not in fresh.queues:
        raise StoreError(f"call {call.call} is in queue {call.queue}, which centre.yaml no longer has")
    if call.kind != fresh.queues[call.queue].kind:
        raise StoreError(f"call {call.call} is work of the kind {call.kind}, which queue {call.queue} no longer takes")
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
