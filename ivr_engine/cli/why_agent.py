"""Why an agent had the calls that came, and why others passed by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ivr_engine.cli.cdr_text import local
from ivr_engine.cli.why_call import TELLERS, Step, steps
from ivr_engine.cli.why_words import reason_words
from ivr_engine.core.events import (
    AgentPresenceChanged,
    CallQueued,
    ColleagueAsked,
    ColleagueReleased,
    Event,
    NobodyOffered,
    OfferMade,
    Recorded,
    agent_of,
)
from ivr_engine.core.ids import AgentId

DECISIONS = frozenset(event.TYPE for event in TELLERS)
"""The types of event that an account is made of."""


@dataclass(slots=True, kw_only=True)
class Account:
    """What a span of the journal says of one agent.

    `passed_over`: how often the agent was looked at and not eligible, by reason code. `outranked`: how often eligible when
    another was taken, by rule. `seen`: decisions in which the agent was looked at. `presence`: the last change of it.
    """

    agent: AgentId
    presence: Recorded | None
    steps: list[Step] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    outranked: Counter[str] = field(default_factory=Counter)
    seen: int = 0

    @property
    def standing(self) -> str:
        """The agent's choice as it last was."""
        if self.presence is None or not isinstance(self.presence.event, AgentPresenceChanged):
            return "never logged in"
        change = self.presence.event
        reason = f" ({change.reason})" if change.reason else ""
        return f"{change.presence.value.replace('_', ' ')}{reason} since {local(self.presence.at)}, set by {change.by}"

    def lines(self) -> list[str]:
        """The counts in words, the most common first."""
        over = [f"{_times(count)} {reason_words(code)}" for code, count in self.passed_over.most_common()]
        ranked = [f"{_times(count)} eligible, but after another by {rule}" for rule, count in self.outranked.most_common()]
        return over + ranked

    def plain(self) -> dict[str, Any]:
        """The counts as JSON-ready values."""
        counts = {"passed_over": dict(self.passed_over), "outranked": dict(self.outranked)}
        return {"agent": self.agent, "standing": self.standing, "seen": self.seen, **counts}


def account(agent: AgentId, journal: Iterable[Recorded], presences: Iterable[Recorded]) -> Account | None:
    """What the events say of an agent; None: they do not know one of that name.

    Args:
        agent: whom to look for.
        journal: the span to look at, in order.
        presences: the last change of presence of every agent.
    """
    told = Account(agent=agent, presence=next((each for each in presences if agent_of(each.event) == agent), None))
    own: list[Recorded] = []
    for recorded in journal:
        _look(told, recorded)
        if agent in (agent_of(recorded.event), _also_about(recorded.event)):
            own.append(recorded)
    told.steps = steps(own)
    return told if own or told.seen or told.presence else None


def _also_about(event: Event) -> AgentId | None:
    """The agent for whom alone a call begins to wait, or the colleague who is asked."""
    if isinstance(event, CallQueued):
        return event.wanted
    return event.colleague if isinstance(event, ColleagueAsked | ColleagueReleased) else None


def _look(told: Account, recorded: Recorded) -> None:
    event = recorded.event
    if not isinstance(event, OfferMade | NobodyOffered):
        return
    reason = next((each.reason for each in event.excluded if each.agent == told.agent), None)
    if reason is not None:
        told.passed_over[reason] += 1
    elif isinstance(event, OfferMade) and any(each.agent == told.agent for each in event.candidates):
        if event.agent != told.agent:
            told.outranked[event.rule] += 1
    else:
        return
    told.seen += 1


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
