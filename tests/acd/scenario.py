"""Scenario tables: configuration lines, then `time | what happens | what the centre decides | next alarm`.

A row without time continues the decision of the row above. `->` marks an effect, the other lines are events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import Announce, CentreEffect, Decision, ReleaseCall, RingAgent, StopRinging
from ivr_engine.acd.matching import AT_ONCE
from ivr_engine.acd.queues import STRICTLY, QueuePolicy, RelaxStep
from ivr_engine.acd.rules import CentreRules
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    ConversationOver,
    ExtendWrapUp,
    FlowedOut,
    HoursChanged,
    LogIn,
    LogOut,
    MoveAgent,
    OfferAnswered,
    OfferFailed,
    OfferPickedUp,
    OfferRinging,
    Pause,
    SetReady,
    SetSkill,
    Stimulus,
    TimePassed,
)
from ivr_engine.core.events import (
    AgentPresenceChanged,
    AgentQueuesChanged,
    AgentSkillsChanged,
    AgentWaitEnded,
    CallLeftQueue,
    CallQueued,
    CallRelaxed,
    Candidate,
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
    WrapUpExtended,
)
from ivr_engine.core.ids import VOICE, AgentId, CallId, Instant, Language, Millis, OfferId, QueueName, SkillName, WorkKind
from ivr_engine.core.outcomes import EndedBy, OfferOutcome, QueueOutcome
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
    rules: CentreRules
    rows: tuple[Row, ...]

    def centre(self) -> Centre:
        """A centre as the configuration lines say, just opened."""
        return Centre(queues=self.queues, agents=self.agents, rules=self.rules)


def read(path: Path) -> Scenario:
    """The scenario of a file. Lines that begin with `#` are for the reader."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
    return Scenario(
        queues=tuple(_queue(line, lines) for line in lines if line.startswith("queue ")),
        agents=tuple(_agent(line) for line in lines if line.startswith("agent ")),
        rules=_rules(next((line for line in lines if line.startswith("rules: ")), "rules: ")),
        rows=tuple(_rows(line for line in lines if "|" in line)),
    )


def _queue(line: str, lines: list[str]) -> QueuePolicy:
    name, options = line.removeprefix("queue ").split(":")
    policy = QueuePolicy(name=QueueName(name), strategy="longest_idle")  # what it compares can be seen in the table
    for option in filter(None, options.split(",")):
        key, value = option.split()
        policy = replace(policy, **{key: _option(value)})  # type: ignore[arg-type] # the option names its own type
    relax = [each.removeprefix(f"relax {name} ") for each in lines if each.startswith(f"relax {name} ")]
    overflow = next((each for each in lines if each.startswith(f"overflow {name}:")), ":").split(":")[1]
    pairs = [each.split() for each in filter(str.strip, overflow.split(","))]
    return replace(
        policy,
        relax=tuple(map(_step, relax)),
        overflow={QueueOutcome(outcome): QueueName(other) for outcome, other in pairs},
    )


def _option(value: str) -> object:
    if value in ("yes", "no"):
        return value == "yes"
    if value == "strict":
        return STRICTLY
    if re.fullmatch(r"[0-9.]+s", value):
        return _millis(value)
    if "+" in value:
        return tuple(value.split("+"))
    return int(value) if value.isdecimal() else value


def _step(text: str) -> RelaxStep:
    """`after 30s: lower card 2, drop loan en, also general`."""
    after, changes = text.removeprefix("after ").split(":")
    words = {key: rest for key, *rest in (each.split() for each in changes.split(","))}
    lower = words.get("lower", [])
    return RelaxStep(
        after=_millis(after),
        lower={SkillName(skill): int(level) for skill, level in zip(lower[::2], lower[1::2], strict=True)},
        drop=tuple(words.get("drop", ())),
        also=tuple(map(QueueName, words.get("also", ()))),
    )


def _rules(line: str) -> CentreRules:
    """`rules: reserve english 1, call_rule share, start 2s, pause_reasons lunch training`."""
    words = {key: rest for key, *rest in (each.split() for each in line.removeprefix("rules: ").split(",") if each.strip())}
    reserve = words.get("reserve", [])
    return CentreRules(
        call_rule=words.get("call_rule", ["place"])[0],
        reserve={SkillName(skill): int(kept) for skill, kept in zip(reserve[::2], reserve[1::2], strict=True)},
        skills=tuple(map(SkillName, words.get("skills", ()))),
        pause_reasons=tuple(words.get("pause_reasons", ())),
        start=_millis(words["start"][0]) if "start" in words else None,
        beside_voice=tuple(map(WorkKind, words.get("beside_voice", ()))),
    )


def _agent(line: str) -> AgentProfile:
    name, options = line.removeprefix("agent ").split(":")
    words = {key: rest for key, *rest in (option.split() for option in options.split(","))}
    skills = words.get("skills", [])
    return AgentProfile(
        agent=AgentId(name),
        queues=tuple(map(QueueName, words["queues"])),
        skills={SkillName(skill): int(level) for skill, level in zip(skills[::2], skills[1::2], strict=True)},
        languages=tuple(map(Language, words.get("languages", []))),
        rank=int(words.get("rank", ["0"])[0]),
        talk=_millis(words["talk"][0]) if "talk" in words else None,
        capacity={WorkKind(words["capacity"][0]): int(words["capacity"][1])} if "capacity" in words else {},
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


def _entered(call: str, queue: str, wishes: str) -> CallEntered:
    """`needing card 3, preferring loan 1, wanting anna for 20s, priority 5, in en, as message`."""
    words = {key: rest for key, *rest in (each.split() for each in wishes.replace(",", " ,").split(",") if each.strip())}
    wanting = words.get("wanting", [])
    return CallEntered(
        call=CallId(call),
        queue=QueueName(queue),
        needs=_needs(words.get("needing", [])),
        prefers=_needs(words.get("preferring", [])),
        priority=int(words.get("priority", ["0"])[0]),
        language=Language(words.get("in", ["zh"])[0]),
        agent=AgentId(wanting[0]) if wanting else None,
        agent_wait=_millis(wanting[2]) if wanting else Millis(0),
        kind=WorkKind(words.get("as", [VOICE])[0]),
    )


def _needs(words: list[str]) -> tuple[SkillNeed, ...]:
    pairs = zip(words[::2], words[1::2], strict=True)
    return tuple(SkillNeed(skill=SkillName(skill), level=int(level)) for skill, level in pairs)


def _moved(agent: str, into: str | None, out_of: str | None, by: str) -> MoveAgent:
    queues = [tuple(map(QueueName, (words or "").split())) for words in (into, out_of)]
    return MoveAgent(agent=AgentId(agent), into=queues[0], out_of=queues[1], by=by)


STIMULI: dict[str, Callable[..., Stimulus]] = {
    r"(\S+) logs in": lambda agent: LogIn(agent=AgentId(agent)),
    r"(\S+) ready(?: by (\S+))?": lambda agent, by: SetReady(agent=AgentId(agent), by=by or "agent"),
    r"(\S+) pauses (\S+)(?: by (\S+))?": lambda agent, reason, by: Pause(
        agent=AgentId(agent), reason=reason, by=by or "agent"
    ),
    r"(\S+) logs out(?: by (\S+))?": lambda agent, by: LogOut(agent=AgentId(agent), by=by or "agent"),
    r"(\S+) needs (\S+) more": lambda agent, more: ExtendWrapUp(agent=AgentId(agent), more=_millis(more)),
    r"(\S+) moves(?: into ([\w ]+?))?(?: out of ([\w ]+?))? by (\S+)": _moved,
    r"(\S+) has (\w+) (\d+|no more) by (\S+)": lambda agent, skill, level, by: SetSkill(
        agent=AgentId(agent), skill=SkillName(skill), level=int(level) if level.isdecimal() else None, by=by
    ),
    r"(\S+) flows out": lambda call: FlowedOut(call=CallId(call)),
    r"closed:(.*)": lambda queues: HoursChanged(closed=tuple(map(QueueName, queues.split()))),
    r"(\S+) enters ([^\s,]+)(.*)": _entered,
    r"(\S+) rings": lambda offer: OfferRinging(offer=OfferId(offer)),
    r"(\S+) picked up": lambda offer: OfferPickedUp(offer=OfferId(offer)),
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
    return WORDS[type(event)](event)


def _presence(event: AgentPresenceChanged) -> str:
    reason = f":{event.reason}" if event.reason else ""
    return f"{event.agent} {event.previous} to {event.presence}{reason} by {event.by}"


def _offer_made(event: OfferMade) -> str:
    eligible = " ".join(_candidate(event.rule, each) for each in event.candidates)
    until = f"until {_seconds(event.deadline)}, waited {_seconds(event.waited)}"
    step = f", step {event.step}" if event.step else ""
    over = "".join(f"; over {each.call}={_key(event.call_rule, each.key)}" for each in event.passed_over)
    return f"{event.offer}: {event.call} to {event.agent} {until}{step}; {event.rule} {eligible}{_excluded(event)}{over}"


def _skills(needs: tuple[SkillNeed, ...]) -> str:
    return " ".join(f"{need.skill} {need.level}" for need in needs) or "nothing"


WORDS: dict[type[Event], Callable[[Any], str]] = {
    AgentPresenceChanged: _presence,
    CallQueued: lambda e: f"{e.call} queued for {e.queue}, position {e.position}",
    OfferMade: _offer_made,
    WaitEstimated: lambda e: f"{e.call} may wait {_seconds(e.p50)} to {_seconds(e.p90)}",
    NobodyOffered: lambda e: f"nobody for {e.call}{_excluded(e)}",
    OfferEnded: lambda e: f"{e.offer} ended {e.outcome}" + (f" ({e.cause})" if e.cause else ""),
    CallRelaxed: lambda e: f"{e.call} relaxed to step {e.step}: needs {_skills(e.needs)}, of {' '.join(e.queues)}",
    AgentWaitEnded: lambda e: f"{e.call} waits for {e.agent} no longer: {e.reason}",
    ConversationBegan: lambda e: f"{e.call} talks with {e.agent}",
    ConversationEnded: lambda e: f"{e.call} parted from {e.agent} by {e.ended_by} after {_seconds(e.talked)}",
    CallLeftQueue: lambda e: f"{e.call} left {e.queue} {e.outcome} after {_seconds(e.waited)}",
    WrapUpBegan: lambda e: f"{e.agent} wraps up {e.call}, at most {_seconds(e.limit)}",
    WrapUpExtended: lambda e: f"{e.agent} may wrap up {e.call} for {_seconds(e.limit)} by {e.by}",
    WrapUpEnded: lambda e: f"{e.agent} wrapped up {e.call} in {_seconds(e.took)}",
    AgentQueuesChanged: lambda e: f"{e.agent} from {' '.join(e.previous)} to {' '.join(e.queues)} by {e.by}",
    AgentSkillsChanged: lambda e: f"{e.agent} has {_skills(e.skills)} by {e.by}",
}


def _candidate(rule: str, candidate: Candidate) -> str:
    """`anna=5s`, for other rules `anna=3 5s`: what decides where they are equal.

    `anna+1=...`: one preferred skill; `anna(2)=...`: two pieces of work in hand.
    """
    if rule == "longest_idle":
        key = _seconds(candidate.key)
    else:
        key = f"{candidate.key}" + (f"/{_seconds(candidate.idle)}" if candidate.idle else "")
    in_hand = f"({candidate.in_hand})" if candidate.in_hand else ""
    return f"{candidate.agent}{f'+{candidate.preferred}' if candidate.preferred else ''}{in_hand}={key}"


def _key(call_rule: str, key: int) -> str:
    if key == AT_ONCE:
        return "own"
    return _seconds(key) if call_rule == "place" else str(key)


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
