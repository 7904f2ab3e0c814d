"""What happened between caller, agents and colleagues, and at their places, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ivr_engine.cli.why_words import kind_words, seconds
from ivr_engine.core.events import (
    AgentPresenceChanged,
    AgentQueuesChanged,
    AgentSeated,
    AgentSkillsChanged,
    CallTransferred,
    ColleagueAsked,
    ColleagueReached,
    ColleagueReleased,
    ConferenceBegan,
    ConversationBegan,
    ConversationEnded,
    Event,
    HoldBegan,
    HoldEnded,
    OutsideParted,
    WrapUpBegan,
    WrapUpEnded,
    WrapUpExtended,
)
from ivr_engine.core.ids import VOICE, AgentId
from ivr_engine.core.outcomes import ConsultOutcome, OfferOutcome

RELEASES: Mapping[ConsultOutcome, str] = MappingProxyType(
    {
        ConsultOutcome.TRANSFERRED: "{colleague} has the caller now",
        ConsultOutcome.RETURNED: "{agent} is back with the caller",
        ConsultOutcome.LEFT: "{colleague} hung up; {agent} is back with the caller",
        ConsultOutcome.NOT_REACHED: "{colleague} was not reached; {agent} is back with the caller",
        ConsultOutcome.ABANDONED: "{colleague} is not needed any more: the caller or {agent} was gone",
    }
)
"""How the asking of a colleague ended."""


def _began(event: ConversationBegan) -> str:
    return f"talks with {event.agent}" if event.kind == VOICE else f"in hand of {event.agent}{kind_words(event.kind)}"


def _ended(event: ConversationEnded) -> str:
    parted = "parted from" if event.kind == VOICE else "no longer in hand of"
    return f"{parted} {event.agent} after {seconds(event.talked)}, by the {event.ended_by.value}"


def _hold_began(event: HoldBegan) -> str:
    return f"put on hold by {event.agent}"


def _hold_ended(event: HoldEnded) -> str:
    return f"no longer on hold, after {seconds(event.held)}"


def _asked(event: ColleagueAsked) -> str:
    return f"{event.agent} asks {_colleague(event.colleague, event.outside)}"


def _reached(event: ColleagueReached) -> str:
    return f"{_colleague(event.colleague, event.outside)} speaks with {event.agent}; the caller does not hear it"


def _released(event: ColleagueReleased) -> str:
    words = RELEASES[event.outcome]
    return words.format(agent=event.agent, colleague=_colleague(event.colleague, event.outside))


def _conferred(event: ConferenceBegan) -> str:
    return f"caller, {event.agent} and {_colleague(event.colleague, event.outside)} hear each other"


def _colleague(colleague: AgentId | None, outside: str) -> str:
    return colleague or f"{outside} (outside)"


def _transferred(event: CallTransferred) -> str:
    after = ", after having asked" if event.consulted else ""
    return f"passed on by {event.agent} to {event.goal.value} {event.to}{after}"


def _outside_parted(event: OutsideParted) -> str:
    if event.outcome is OfferOutcome.ANSWERED:
        return f"parted from {event.to} (outside) after {seconds(event.talked)}"
    return f"{event.to} (outside): {event.outcome.value.replace('_', ' ')}"


def _presence(event: AgentPresenceChanged) -> str:
    reason = f" ({event.reason})" if event.reason else ""
    return f"{event.agent} is {event.presence.value.replace('_', ' ')}{reason}, set by {event.by}"


def _seated(event: AgentSeated) -> str:
    before = f", before at {event.previous}" if event.previous else ""
    displaced = f"; {event.displaced} sat there and has no telephone now" if event.displaced else ""
    return f"{event.agent} sits at {event.phone}{before}, by {event.source}{displaced}"


def _queues_changed(event: AgentQueuesChanged) -> str:
    return f"{event.agent} serves {_listed(event.queues)}, before {_listed(event.previous)}; set by {event.by}"


def _skills_changed(event: AgentSkillsChanged) -> str:
    now, before = (_listed(f"{each.skill} {each.level}" for each in had) for had in (event.skills, event.previous))
    return f"{event.agent} has the skills {now}, before {before}; set by {event.by}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _wrap_up_began(event: WrapUpBegan) -> str:
    return f"{event.agent} has {seconds(event.limit)} for the wrap-up"


def _wrap_up_extended(event: WrapUpExtended) -> str:
    return f"{event.agent} has {seconds(event.limit)} for the wrap-up, set by {event.by}"


def _wrap_up_ended(event: WrapUpEnded) -> str:
    return f"{event.agent} is done with the wrap-up after {seconds(event.took)}"


PEOPLE: Mapping[type[Event], Callable[[Any], str]] = MappingProxyType(
    {
        ConversationBegan: _began,
        ConversationEnded: _ended,
        HoldBegan: _hold_began,
        HoldEnded: _hold_ended,
        ColleagueAsked: _asked,
        ColleagueReached: _reached,
        ColleagueReleased: _released,
        ConferenceBegan: _conferred,
        CallTransferred: _transferred,
        OutsideParted: _outside_parted,
        AgentPresenceChanged: _presence,
        AgentSeated: _seated,
        AgentQueuesChanged: _queues_changed,
        AgentSkillsChanged: _skills_changed,
        WrapUpBegan: _wrap_up_began,
        WrapUpExtended: _wrap_up_extended,
        WrapUpEnded: _wrap_up_ended,
    }
)
"""How each of these is told."""
