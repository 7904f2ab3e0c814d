"""Facts about the emergency switch: what an operator turned on for a number, how it ended, and which calls met it.

What is on at an instant is a fold of the `_set` and `_ended` facts; nothing else remembers it.
"""

from __future__ import annotations

from typing import ClassVar

from ivr_engine.core.events.base import Event
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import CallId, FlowName, Instant, Language
from ivr_engine.core.outcomes import EmergencyEnd


@frozen
class BroadcastSet(Event):
    """From now on to just before `until`, callers of `number` hear this first. Exactly one of `prompt`, `text` is given."""

    TYPE: ClassVar[str] = "emergency.broadcast_set"
    number: str
    language: Language
    prompt: str
    text: str
    skippable: bool
    until: Instant
    by: str
    reason: str


@frozen
class BroadcastEnded(Event):
    """The number's broadcast in a language is no more; exactly one for each BroadcastSet."""

    TYPE: ClassVar[str] = "emergency.broadcast_ended"
    number: str
    language: Language
    ending: EmergencyEnd
    by: str
    reason: str


@frozen
class BroadcastPlayed(Event):
    """The call met a broadcast before its flow, whole or until a key."""

    TYPE: ClassVar[str] = "emergency.broadcast_played"
    call: CallId
    language: Language
    prompt: str
    text: str
    interrupted: bool


@frozen
class RerouteSet(Event):
    """From now on to just before `until`, calls to `number` begin `flow` instead of the one in centre.yaml."""

    TYPE: ClassVar[str] = "emergency.reroute_set"
    number: str
    flow: FlowName
    until: Instant
    by: str
    reason: str


@frozen
class RerouteEnded(Event):
    """The number's calls begin the flow of centre.yaml again; exactly one for each RerouteSet."""

    TYPE: ClassVar[str] = "emergency.reroute_ended"
    number: str
    flow: FlowName
    ending: EmergencyEnd
    by: str
    reason: str


@frozen
class CallRerouted(Event):
    """The call begins `flow` instead of the number's own one."""

    TYPE: ClassVar[str] = "emergency.call_rerouted"
    call: CallId
    flow: FlowName
    instead_of: FlowName
