"""The event catalogue: every fact the engine records, by its stable type name."""

from __future__ import annotations

from ivr_engine.core.events.acd import (
    CallLeftQueue,
    CallQueued,
    Candidate,
    ConversationBegan,
    ConversationEnded,
    Exclusion,
    NobodyOffered,
    OfferEnded,
    OfferMade,
    SkillNeed,
)
from ivr_engine.core.events.agent import AgentPresenceChanged, WrapUpBegan, WrapUpEnded
from ivr_engine.core.events.base import Event, Recorded, agent_of, call_of
from ivr_engine.core.events.call import CallArrived, CallEnded, CallRefused, CallResumed
from ivr_engine.core.events.engine import EngineStarted, EngineStopped, SwitchLost, SwitchReached
from ivr_engine.core.events.flow import (
    AnswerGiven,
    AuthorFault,
    FlowFailed,
    FlowFinished,
    FlowStarted,
    KeysReceived,
    LanguageChosen,
    NodeEntered,
    PromptsPlayed,
    RequestAnswered,
)

CATALOGUE: dict[str, type[Event]] = {
    kind.TYPE: kind
    for kind in (
        CallArrived,
        CallRefused,
        CallResumed,
        CallEnded,
        FlowStarted,
        NodeEntered,
        PromptsPlayed,
        KeysReceived,
        LanguageChosen,
        RequestAnswered,
        AnswerGiven,
        AuthorFault,
        FlowFinished,
        FlowFailed,
        CallQueued,
        OfferMade,
        NobodyOffered,
        OfferEnded,
        ConversationBegan,
        ConversationEnded,
        CallLeftQueue,
        AgentPresenceChanged,
        WrapUpBegan,
        WrapUpEnded,
        EngineStarted,
        EngineStopped,
        SwitchLost,
        SwitchReached,
    )
}

__all__ = [
    "CATALOGUE",
    "AgentPresenceChanged",
    "AnswerGiven",
    "AuthorFault",
    "CallArrived",
    "CallEnded",
    "CallLeftQueue",
    "CallQueued",
    "CallRefused",
    "CallResumed",
    "Candidate",
    "ConversationBegan",
    "ConversationEnded",
    "EngineStarted",
    "EngineStopped",
    "Event",
    "Exclusion",
    "FlowFailed",
    "FlowFinished",
    "FlowStarted",
    "KeysReceived",
    "LanguageChosen",
    "NobodyOffered",
    "NodeEntered",
    "OfferEnded",
    "OfferMade",
    "PromptsPlayed",
    "Recorded",
    "RequestAnswered",
    "SkillNeed",
    "SwitchLost",
    "SwitchReached",
    "WrapUpBegan",
    "WrapUpEnded",
    "agent_of",
    "call_of",
]
