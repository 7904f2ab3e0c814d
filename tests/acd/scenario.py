"""Scenario tables: configuration lines, then `time | what happens | what the centre decides | next alarm`.

A row without time continues the decision of the row above. `->` marks an effect, the other lines are events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import Announce, CentreEffect, Decision, ReleaseCall, RingAgent, StopRinging
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    ConversationOver,
    FlowedOut,
    LogIn,
    LogOut,
    OfferAnswered,
    OfferFailed,
    Pause,
    SetReady,
    Stimulus,
    TimePassed,
)
from ivr_engine.core.events import (
    AgentPresenceChanged,
    CallLeftQueue,
    CallQueued,
    ConversationBegan,
    ConversationEnded,
    Event,
    NobodyOffered,
    OfferEnded,
    OfferMade,
    SkillNeed,
    WaitEstimated,
    WrapUpBegan,
    WrapUpEnded,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, OfferId, QueueName, SkillName
from ivr_engine.core.outcomes import EndedBy, OfferOutcome
from ivr_engine.errors import CommandRefused


@dataclass(frozen=True)
class Row:
    """One thing that happens, with everything it must bring."""

    at: Instant
    stimulus: str
    expected: tuple[str, ...]
    alarm: str


@dataclass(frozen=True)
class Scenario:
    """One table."""

    queues: tuple[QueuePolicy, ...]
    agents: tuple[AgentProfile, ...]
    rows: tuple[Row, ...]

    def centre(self) -> Centre:
        """A centre as the configuration lines say, just opened."""
        return Centre(queues=self.queues, agents=self.agents)


def read(path: Path) -> Scenario:
    """The scenario of a file. Lines that begin with `#` are for the reader."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
    return Scenario(
        queues=tuple(_queue(line) for line in lines if line.startswith("queue ")),
        agents=tuple(_agent(line) for line in lines if line.startswith("agent ")),
        rows=tuple(_rows(line for line in lines if "|" in line)),
    )


def _queue(line: str) -> QueuePolicy:
    name, options = line.removeprefix("queue ").split(":")
    policy = QueuePolicy(name=QueueName(name))
    for option in filter(None, options.split(",")):
        key, value = option.split()
        policy = replace(policy, **{key: _option(value)})  # type: ignore[arg-type] # the option names its own type
    return policy


def _option(value: str) -> object:
    if "+" in value:
        return tuple(filter(None, value.split("+")))
    if value in ("yes", "no"):
        return value == "yes"
    return _millis(value) if value.endswith("s") else int(value)


def _agent(line: str) -> AgentProfile:
    name, options = line.removeprefix("agent ").split(":")
    words = {key: rest for key, *rest in (option.split() for option in options.split(","))}
    skills = words.get("skills", [])
    return AgentProfile(
        agent=AgentId(name),
        queues=tuple(map(QueueName, words["queues"])),
        skills={SkillName(skill): int(level) for skill, level in zip(skills[::2], skills[1::2], strict=True)},
        languages=tuple(map(Language, words.get("languages", []))),
    )


def _rows(lines: Iterator[str]) -> Iterator[Row]:
    row: Row | None = None
    for line in lines:
        at, stimulus, phrase, alarm = (cell.strip() for cell in line.split("|"))
        phrases = (phrase,) if phrase not in ("", "nothing") else ()
        if at:
            if row is not None:
                yield row
            row = Row(Instant(_millis(at)), stimulus, phrases, alarm)
        elif row is not None:
            row = replace(row, expected=row.expected + phrases)
    if row is not None:
        yield row


def _millis(text: str) -> Millis:
    return Millis(round(float(text.removesuffix("s")) * 1000))


def _seconds(millis: int) -> str:
    return f"{millis / 1000:g}s"


def _entered(call: str, queue: str, needs: str | None, priority: str | None, language: str | None) -> CallEntered:
    words = (needs or "").split()
    pairs = zip(words[::2], words[1::2], strict=True)
    return CallEntered(
        call=CallId(call),
        queue=QueueName(queue),
        needs=tuple(SkillNeed(skill=SkillName(skill), level=int(level)) for skill, level in pairs),
        priority=int(priority or 0),
        language=Language(language or "zh"),
    )


STIMULI: dict[str, Callable[..., Stimulus]] = {
    r"(\S+) logs in": lambda agent: LogIn(agent=AgentId(agent)),
    r"(\S+) ready": lambda agent: SetReady(agent=AgentId(agent)),
    r"(\S+) pauses (\S+)": lambda agent, reason: Pause(agent=AgentId(agent), reason=reason),
    r"(\S+) logs out": lambda agent: LogOut(agent=AgentId(agent)),
    r"(\S+) enters (\S+)(?: needing ([^,]+))?(?:, priority (\d+))?(?:, in (\w+))?": _entered,
    r"(\S+) flows out": lambda call: FlowedOut(call=CallId(call)),
    r"(\S+) leaves": lambda call: CallerLeft(call=CallId(call)),
    r"(\S+) answered": lambda offer: OfferAnswered(offer=OfferId(offer)),
    r"(\S+) failed (\w+)(?: \((.*)\))?": lambda offer, outcome, cause: OfferFailed(
        offer=OfferId(offer), outcome=OfferOutcome(outcome), cause=cause or ""
    ),
    r"(\S+) over by (\w+), talked (\S+)": lambda call, by, talked: ConversationOver(
        call=CallId(call), ended_by=EndedBy(by), talked=_millis(talked)
    ),
    r"time passes": TimePassed,
}


def stimulus_of(text: str) -> Stimulus:
    """The stimulus that a cell names."""
    for pattern, build in STIMULI.items():
        found = re.fullmatch(pattern, text)
        if found:
            return build(*found.groups())
    raise ValueError(f"no stimulus is written {text!r}")


def happens(centre: Centre, row: Row) -> tuple[tuple[str, ...], str]:
    """What the row brings, in the words of the table, and the next alarm."""
    try:
        decision = centre.handle(stimulus_of(row.stimulus), row.at)
    except CommandRefused as refusal:
        return (f"refused: {refusal}",), alarm_of(centre.next_alarm)
    return phrases_of(decision), alarm_of(decision.next_alarm)


def alarm_of(alarm: Instant | None) -> str:
    """The last column."""
    return "-" if alarm is None else _seconds(alarm)


def phrases_of(decision: Decision) -> tuple[str, ...]:
    """A decision in the words of the table."""
    return tuple(map(_event, decision.events)) + tuple(f"-> {_effect(effect)}" for effect in decision.effects)


def _event(event: Event) -> str:
    match event:
        case AgentPresenceChanged():
            reason = f":{event.reason}" if event.reason else ""
            return f"{event.agent} {event.previous} to {event.presence}{reason} by {event.by}"
        case CallQueued():
            return f"{event.call} queued for {event.queue}, position {event.position}"
        case OfferMade():
            eligible = " ".join(f"{each.agent}={_seconds(each.key)}" for each in event.candidates)
            until = f"until {_seconds(event.deadline)}, waited {_seconds(event.waited)}"
            return f"{event.offer}: {event.call} to {event.agent} {until}; {event.rule} {eligible}{_excluded(event)}"
        case NobodyOffered():
            return f"nobody for {event.call}{_excluded(event)}"
        case OfferEnded():
            return f"{event.offer} ended {event.outcome}" + (f" ({event.cause})" if event.cause else "")
        case _:
            return _conversation(event)


def _conversation(event: Event) -> str:
    match event:
        case ConversationBegan():
            return f"{event.call} talks with {event.agent}"
        case ConversationEnded():
            return f"{event.call} parted from {event.agent} by {event.ended_by} after {_seconds(event.talked)}"
        case CallLeftQueue():
            return f"{event.call} left {event.queue} {event.outcome} after {_seconds(event.waited)}"
        case WaitEstimated():
            return f"{event.call} may wait {_seconds(event.p50)} to {_seconds(event.p90)}"
        case WrapUpBegan():
            return f"{event.agent} wraps up {event.call}, at most {_seconds(event.limit)}"
        case WrapUpEnded():
            return f"{event.agent} wrapped up {event.call} in {_seconds(event.took)}"
        case _:
            raise ValueError(f"no words for {event}")


def _excluded(event: OfferMade | NobodyOffered) -> str:
    return "; not " + " ".join(f"{each.agent}={each.reason}" for each in event.excluded) if event.excluded else ""


def _effect(effect: CentreEffect) -> str:
    match effect:
        case RingAgent():
            return f"ring {effect.agent} for {effect.call}, at most {_seconds(effect.ring)}"
        case StopRinging():
            return f"stop ringing {effect.agent} for {effect.call}"
        case ReleaseCall():
            return f"release {effect.call} as {effect.outcome}"
        case Announce():
            return f"tell {effect.call} {_told(effect)}"


def _told(effect: Announce) -> str:
    position = None if effect.position is None else f"position {effect.position}"
    wait = None if effect.wait is None else f"{_seconds(effect.wait.p50)} to {_seconds(effect.wait.p90)}"
    return ", ".join(filter(None, (position, wait, effect.comfort)))


def through_json(centre: Centre, scenario: Scenario) -> Centre:
    """Another centre that goes on from this one's snapshot."""
    other = scenario.centre()
    other.restore(json.loads(json.dumps(centre.snapshot())))
    return other
