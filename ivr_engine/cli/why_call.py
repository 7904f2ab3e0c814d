"""Why a call went where it went: each decision about it, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ivr_engine.cli.cdr_text import local
from ivr_engine.cli.why_words import (
    chosen_words,
    excluded_words,
    needs_words,
    passed_over_words,
    seconds,
    skill_words,
    step_words,
    wait_end_words,
)
from ivr_engine.core.events import (
    AgentPresenceChanged,
    AgentQueuesChanged,
    AgentSkillsChanged,
    AgentWaitEnded,
    CallbackAttempted,
    CallbackBooked,
    CallbackPlaced,
    CallLeftQueue,
    CallQueued,
    CallRelaxed,
    ConversationBegan,
    ConversationEnded,
    Event,
    NobodyOffered,
    OfferEnded,
    OfferMade,
    Recorded,
    WaitEstimated,
    WrapUpExtended,
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
    wishes = f"; would like {skill_words(event.prefers)}" if event.prefers else ""
    wants = f"; wants {event.wanted}, for {seconds(event.wanted_for)} nobody else" if event.wanted else ""
    needs = needs_words(event.needs, event.language)
    return f"entered {event.queue} at position {event.position}{priority}; needs {needs}{wishes}{wants}"


def _estimated(event: WaitEstimated) -> str:
    halves = f"half of such callers at most {seconds(event.p50)}, nine in ten at most {seconds(event.p90)}"
    return f"estimated to wait {seconds(event.mean)} on average; {halves}"


def _relaxed(event: CallRelaxed) -> str:
    needs = skill_words(event.needs) or "no skill"
    wishes = f"; would like {skill_words(event.prefers)}" if event.prefers else ""
    return f"asks for less from now on, step {event.step}: needs {needs}{wishes}; of the agents of {', '.join(event.queues)}"


def _wait_ended(event: AgentWaitEnded) -> str:
    return f"waits no longer for {event.agent} alone: {wait_end_words(event.reason)}"


def _nobody(event: NobodyOffered) -> tuple[str, tuple[str, ...]]:
    if not event.excluded:
        return f"nobody can be offered{step_words(event.step)}: no agent serves {event.queue}", ()
    sentence = f"nobody of {event.queue} can be offered{step_words(event.step)} ({event.rule})"
    return sentence, tuple(excluded_words(event.excluded))


def _offered(event: OfferMade) -> tuple[str, tuple[str, ...]]:
    sentence = f"offered to {event.agent}{step_words(event.step)} {chosen_words(event.rule, event.candidates)}"
    passed_over = passed_over_words(event.agent, event.call_rule, event.passed_over)
    return sentence, (*passed_over, *excluded_words(event.excluded))


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


def _queues_changed(event: AgentQueuesChanged) -> str:
    return f"{event.agent} serves {_listed(event.queues)}, before {_listed(event.previous)}; set by {event.by}"


def _skills_changed(event: AgentSkillsChanged) -> str:
    now, before = (_listed(f"{each.skill} {each.level}" for each in had) for had in (event.skills, event.previous))
    return f"{event.agent} has the skills {now}, before {before}; set by {event.by}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _wrap_up_extended(event: WrapUpExtended) -> str:
    return f"{event.agent} has {seconds(event.limit)} for the wrap-up, set by {event.by}"


def _callback_booked(event: CallbackBooked) -> str:
    window = f", {event.window}" if event.window else ""
    return f"booked a call back by {event.queue}{window}; needs {needs_words(event.needs, event.language)}"


def _callback_placed(event: CallbackPlaced) -> str:
    return f"called back for {event.booked_by}, attempt {event.attempt}: {event.agent} of {event.queue} is kept for it"


def _callback_attempted(event: CallbackAttempted) -> str:
    cause = f" (the switch says {event.cause})" if event.cause else ""
    again = "no further attempt" if event.again is None else f"again from {local(event.again)}"
    return f"called back: {event.outcome.value.replace('_', ' ')}{cause}; {again}"


TELLERS: Mapping[type[Event], Callable[[Any], str | tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        CallQueued: _queued,
        WaitEstimated: _estimated,
        CallRelaxed: _relaxed,
        AgentWaitEnded: _wait_ended,
        NobodyOffered: _nobody,
        OfferMade: _offered,
        OfferEnded: _offer_ended,
        CallLeftQueue: _left,
        ConversationBegan: _began,
        ConversationEnded: _ended,
        AgentPresenceChanged: _presence,
        AgentQueuesChanged: _queues_changed,
        AgentSkillsChanged: _skills_changed,
        WrapUpExtended: _wrap_up_extended,
        CallbackBooked: _callback_booked,
        CallbackPlaced: _callback_placed,
        CallbackAttempted: _callback_attempted,
    }
)
"""How each decision is told: a sentence, or a sentence and what stands under it."""
