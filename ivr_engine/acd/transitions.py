"""Every state machine of the centre as a table, and the one function that applies them.

A table maps (state, step) to the next state. A pair that is not in the table is an illegal transition: a typed error, and
nothing changes. docs/acd.md prints these tables; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from ivr_engine.core.outcomes import Activity, OfferOutcome, Presence
from ivr_engine.errors import EngineError

StateT = TypeVar("StateT", bound=StrEnum)
StepT = TypeVar("StepT", bound=StrEnum)


class IllegalTransition(EngineError):
    """A state machine has no such step from where it stands; the state is unchanged."""


class PresenceStep(StrEnum):
    """What moves an agent's presence."""

    LOG_IN = "log_in"
    SET_READY = "set_ready"
    PAUSE = "pause"
    LOG_OUT = "log_out"


class ActivityStep(StrEnum):
    """What moves an agent's activity."""

    RESERVE = "reserve"  # an offer is made
    ANSWER = "answer"
    WRAP_UP = "wrap_up"  # the conversation is over and paper work follows
    RELEASE = "release"  # the offer failed, or the call or the wrap-up is over


class CallPhase(StrEnum):
    """Where a call stands, from entering the queue until caller and agent are parted."""

    WAITING = "waiting"
    AWAY = "away"  # its line to the engine is lost: it keeps its place and is offered to nobody until the line is back
    OFFERED = "offered"
    UNSETTLED = "unsettled"  # the offer lapsed; the switch has not yet said what became of it, so no other agent can ring
    TALKING = "talking"
    GONE = "gone"


class CallStep(StrEnum):
    """What moves a call."""

    LINE_LOST = "line_lost"
    LINE_BACK = "line_back"
    OFFER = "offer"
    OFFER_FAILED = "offer_failed"
    LAPSE = "lapse"
    ANSWER = "answer"
    LEAVE = "leave"


PRESENCE: Mapping[tuple[Presence, PresenceStep], Presence] = MappingProxyType(
    {
        (Presence.LOGGED_OUT, PresenceStep.LOG_IN): Presence.PAUSED,
        (Presence.PAUSED, PresenceStep.SET_READY): Presence.READY,
        (Presence.PAUSED, PresenceStep.PAUSE): Presence.PAUSED,
        (Presence.PAUSED, PresenceStep.LOG_OUT): Presence.LOGGED_OUT,
        (Presence.READY, PresenceStep.SET_READY): Presence.READY,
        (Presence.READY, PresenceStep.PAUSE): Presence.PAUSED,
        (Presence.READY, PresenceStep.LOG_OUT): Presence.LOGGED_OUT,
    }
)

ACTIVITY: Mapping[tuple[Activity, ActivityStep], Activity] = MappingProxyType(
    {
        (Activity.IDLE, ActivityStep.RESERVE): Activity.OFFERED,
        (Activity.OFFERED, ActivityStep.ANSWER): Activity.TALKING,
        (Activity.OFFERED, ActivityStep.RELEASE): Activity.IDLE,
        (Activity.TALKING, ActivityStep.WRAP_UP): Activity.WRAP_UP,
        (Activity.TALKING, ActivityStep.RELEASE): Activity.IDLE,
        (Activity.WRAP_UP, ActivityStep.RELEASE): Activity.IDLE,
    }
)

CALL: Mapping[tuple[CallPhase, CallStep], CallPhase] = MappingProxyType(
    {
        (CallPhase.WAITING, CallStep.LINE_LOST): CallPhase.AWAY,
        (CallPhase.AWAY, CallStep.LINE_BACK): CallPhase.WAITING,
        (CallPhase.AWAY, CallStep.ANSWER): CallPhase.TALKING,
        (CallPhase.AWAY, CallStep.LEAVE): CallPhase.GONE,
        (CallPhase.WAITING, CallStep.OFFER): CallPhase.OFFERED,
        (CallPhase.WAITING, CallStep.ANSWER): CallPhase.TALKING,
        (CallPhase.WAITING, CallStep.LEAVE): CallPhase.GONE,
        (CallPhase.OFFERED, CallStep.OFFER_FAILED): CallPhase.WAITING,
        (CallPhase.OFFERED, CallStep.LAPSE): CallPhase.UNSETTLED,
        (CallPhase.OFFERED, CallStep.ANSWER): CallPhase.TALKING,
        (CallPhase.OFFERED, CallStep.LEAVE): CallPhase.GONE,
        (CallPhase.UNSETTLED, CallStep.OFFER_FAILED): CallPhase.WAITING,
        (CallPhase.UNSETTLED, CallStep.ANSWER): CallPhase.TALKING,
        (CallPhase.UNSETTLED, CallStep.LEAVE): CallPhase.GONE,
        (CallPhase.TALKING, CallStep.LEAVE): CallPhase.GONE,
    }
)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What an offer that brought no conversation means for the agent.

    `pause`: the reason with which the engine pauses the agent, or None: the agent stays ready.
    `at_fault`: the telephone failed; it counts towards the limit after which the agent is paused. `once_more`: the first
    time it is rung for the same caller again at once.
    """

    pause: str | None
    at_fault: bool = False
    once_more: bool = False


AFTERMATH: Mapping[OfferOutcome, Aftermath] = MappingProxyType(
    {
        OfferOutcome.NO_ANSWER: Aftermath("no_answer"),
        OfferOutcome.DECLINED: Aftermath("declined"),
        OfferOutcome.BUSY: Aftermath("busy"),
        OfferOutcome.UNREACHABLE: Aftermath("unreachable"),
        OfferOutcome.UNAVAILABLE: Aftermath("unavailable"),
        OfferOutcome.MISCONFIGURED: Aftermath("misconfigured"),
        OfferOutcome.NO_CODEC: Aftermath("no_codec"),
        OfferOutcome.FORWARDED: Aftermath("forwarded"),
        OfferOutcome.CONGESTED: Aftermath(None, at_fault=True, once_more=True),
        OfferOutcome.FAILED: Aftermath(None, at_fault=True),
        OfferOutcome.CALLER_GONE: Aftermath(None),
        OfferOutcome.WITHDRAWN: Aftermath("no_answer"),
    }
)


def advance(table: Mapping[tuple[StateT, StepT], StateT], state: StateT, step: StepT) -> StateT:
    """The state after `step`.

    Raises:
        IllegalTransition: the table has no such step from `state`.
    """
    try:
        return table[state, step]
    except KeyError as error:
        raise IllegalTransition(f"there is no step {step.value} from {state.value}") from error


def aftermath(outcome: OfferOutcome) -> Aftermath:
    """What a failed offer means for its agent.

    Raises:
        IllegalTransition: `outcome` is ANSWERED, which is no failure.
    """
    try:
        return AFTERMATH[outcome]
    except KeyError as error:
        raise IllegalTransition(f"an offer cannot fail as {outcome.value}") from error
