"""Why a call went where it went: each decision about it, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ivr_engine.cli.why_words import chosen_words, excluded_words, needs_words, seconds
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
    Recorded,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: the fact, a sentence, and what stands under it."""

    recorded: Recorded
    sentence: str
    under: tuple[str, ...] = ()


def steps(journal: Iterable[Recorded]) -> list[Step]:
    """What was decided about a call, from its events; events that are no decision of the centre are left out."""
    return [Step(recorded, *_told(recorded.event)) for recorded in journal if type(recorded.event) in TELLERS]


def _told(event: Event) -> tuple[str, tuple[str, ...]]:
    told = TELLERS[type(event)](event)
    return (told, ()) if isinstance(told, str) else told


def _queued(event: CallQueued) -> str:
    priority = f", priority {event.priority}" if event.priority else ""
    return f"entered {event.queue} at position {event.position}{priority}; needs {needs_words(event.needs, event.language)}"


def _nobody(event: NobodyOffered) -> tuple[str, tuple[str, ...]]:
    if not event.excluded:
        return f"nobody can be offered: no agent serves {event.queue}", ()
    return f"nobody of {event.queue} can be offered ({event.rule})", tuple(excluded_words(event.excluded))


def _offered(event: OfferMade) -> tuple[str, tuple[str, ...]]:
    sentence = f"offered to {event.agent} {chosen_words(event.rule, event.candidates)}"
    return sentence, tuple(excluded_words(event.excluded))


def _offer_ended(event: OfferEnded) -> str:
    cause = f" (the switch says {event.cause})" if event.cause else ""
    return f"{event.agent}: {event.outcome.value.replace('_', ' ')}{cause}"


def _left(event: CallLeftQueue) -> str:
    return f"left {event.queue}: {event.outcome.value} after {seconds(event.waited)}"


def _began(event: ConversationBegan) -> str:
    return f"talks with {event.agent}"


def _ended(event: ConversationEnded) -> str:
    return f"parted from {event.agent} after {seconds(event.talked)}, by the {event.ended_by.value}"


def _presence(event: AgentPresenceChanged) -> str:
    reason = f" ({event.reason})" if event.reason else ""
    return f"{event.agent} is {event.presence.value.replace('_', ' ')}{reason}, set by {event.by}"


TELLERS: Mapping[type[Event], Callable[[Any], str | tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        CallQueued: _queued,
        NobodyOffered: _nobody,
        OfferMade: _offered,
        OfferEnded: _offer_ended,
        CallLeftQueue: _left,
        ConversationBegan: _began,
        ConversationEnded: _ended,
        AgentPresenceChanged: _presence,
    }
)
"""How each decision is told: a sentence, or a sentence and what stands under it."""
