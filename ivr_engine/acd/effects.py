"""What the centre instructs the outside to do."""

from __future__ import annotations

from ivr_engine.acd.estimates import Wait
from ivr_engine.core.events import Event
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, OfferId
from ivr_engine.core.outcomes import QueueOutcome


@frozen
class RingAgent:
    """Ring the agent's telephone for this caller, at most `ring` long, and join them when it is answered."""

    call: CallId
    agent: AgentId
    offer: OfferId
    ring: Millis


@frozen
class ReleaseCall:
    """The visit to the queue is over without a conversation (timeout, full, ...): the flow goes on."""

    call: CallId
    outcome: QueueOutcome


@frozen
class Announce:
    """Say something to the waiting caller; an offer interrupts it at once.

    `position` counts from 1; `wait` is how long it will still take; `comfort` names a prompt. What is empty is not said.
    """

    call: CallId
    position: int | None = None
    wait: Wait | None = None
    comfort: str = ""


@frozen
class StopRinging:
    """The switch said nothing by the deadline: stop ringing. A conversation that has begun is left alone.

    Until OfferAnswered or OfferFailed tells what became of the offer, no other agent is rung for this call.
    """

    call: CallId
    agent: AgentId
    offer: OfferId


CentreEffect = RingAgent | StopRinging | ReleaseCall | Announce


@frozen
class Decision:
    """What one stimulus brought. `next_alarm`: the instant at which time alone would change something, or None."""

    events: tuple[Event, ...]
    effects: tuple[CentreEffect, ...]
    next_alarm: Instant | None
