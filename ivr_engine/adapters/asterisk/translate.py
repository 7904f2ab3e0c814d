"""From AMI messages to facts of ours. A table; an event that is not in it is counted and ignored.

Fields of an event come partly from outside. Only the fields named here are read, a message that repeats one of them is
refused, and a fact that would hurt (a call is over) is confirmed by the call's own AGI session before it counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ivr_engine.adapters.asterisk.ami_codec import AmiMessage
from ivr_engine.core.ids import CallId
from ivr_engine.ports.inbound import LineState, LiveLine


@dataclass(frozen=True, slots=True)
class AgentAnswered:
    """A telephone that was rung for this caller has been picked up."""

    call: CallId
    phone: str


@dataclass(frozen=True, slots=True)
class TelephoneRung:
    """A telephone is rung for this line: `other` is its channel, `leg` its id. `phone`: outside, the carrier's endpoint."""

    call: CallId
    other: str
    leg: CallId
    phone: str


@dataclass(frozen=True, slots=True)
class HoldPressed:
    """A telephone put its other side on hold, or took it back."""

    leg: CallId
    holds: bool


@dataclass(frozen=True, slots=True)
class HangupAsked:
    """The other side of this channel asked for its end: the caller put the telephone down."""

    call: CallId


@dataclass(frozen=True, slots=True)
class ChannelEnded:
    """A caller's channel is no more. `cause` is the Q.850 number as text."""

    call: CallId
    cause: str


Fact = TelephoneRung | AgentAnswered | HoldPressed | HangupAsked | ChannelEnded


OUTGOING = "cb"
"""How the ids of calls that the engine makes begin; those of callers begin with a digit."""

_LEG = re.compile(r"PJSIP/([A-Za-z0-9_-]{1,32})-[0-9a-f]{8}")


class Translator:
    """Translates and counts. `trunk` is the name of the endpoint on which callers arrive."""

    def __init__(self, *, trunk: str) -> None:
        self._prefix = f"PJSIP/{trunk}-"
        self.ignored = 0
        self.refused = 0

    def fact(self, message: AmiMessage) -> Fact | None:
        """What the event says about one of our callers, if anything."""
        row = _TABLE.get(message.event)
        if row is None:
            self.ignored += 1
            return None
        fields, make = row
        names = ("Channel", "Uniqueid", *fields)
        found = [header for header in message.headers if header[0] in names]  # in one pass: a message has some thirty
        values = dict(found)
        if not len(found) == len(values) == len(names):
            self.refused += 1
            return None
        channel, call, *rest = (values[name] for name in names)
        ours = message.event in _OF_ANY_TELEPHONE or self._ours(channel, call)
        return make(CallId(call), rest) if ours else None

    def _ours(self, channel: str, call: str) -> bool:
        """A caller's channel, or one of a call that we made: the ids of those are ours, nobody outside chooses one."""
        return channel.startswith(self._prefix) or call.startswith(OUTGOING)

    def live_calls(self, messages: Sequence[AmiMessage]) -> frozenset[CallId]:
        """The callers among the channels of a Status list."""
        found = (message for message in messages if message.event == "Status")
        return frozenset(
            CallId(message.get("Uniqueid"))
            for message in found
            if self._ours(message.get("Channel"), message.get("Uniqueid"))
        )


RINGING = frozenset({"4", "5"})
"""ChannelState of a telephone that is being rung (include/asterisk/channelstate.h: Ring, Ringing)."""

_HELD_IN = "fallback"
_ENGINE_APPLICATION = "AGI"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A caller's line and the channel that it is on."""

    line: LiveLine
    channel: str


def listed_lines(messages: Sequence[AmiMessage], *, trunk: str, ours: str) -> tuple[Listed, ...]:
    """The callers of a Status list. `ours`: how the data of an AGI application begin that talks to this engine.

    A caller's channel is the first of its call (Uniqueid is Linkedid): what was dialled for the call, on whatever endpoint,
    is not.
    """
    rows = [message for message in messages if message.event == "Status"]
    legs = [(row, found[1]) for row in rows if (found := _LEG.fullmatch(row.get("Channel"))) and found[1] != trunk]
    callers = [row for row in rows if row.get("Channel").startswith(f"PJSIP/{trunk}-")]
    return tuple(
        Listed(line=_line(row, legs, ours), channel=row.get("Channel"))
        for row in callers
        if row.get("Uniqueid") == row.get("Linkedid")
    )


def _line(row: AmiMessage, legs: Sequence[tuple[AmiMessage, str]], ours: str) -> LiveLine:
    call, bridge = row.get("Uniqueid"), row.get("BridgeID")
    for leg, phone in legs:
        if bridge and leg.get("BridgeID") == bridge:
            return LiveLine(call=CallId(call), state=LineState.TALKING, phone=phone)
    for leg, phone in legs:
        if leg.get("Linkedid") == call and leg.get("ChannelState") in RINGING:
            return LiveLine(call=CallId(call), state=LineState.RINGING, phone=phone)
    return LiveLine(call=CallId(call), state=_alone(row, ours))


def _alone(row: AmiMessage, ours: str) -> LineState:
    """The state of a line with no other party."""
    if row.get("Context") == _HELD_IN:
        return LineState.HELD
    if row.get("Application") == _ENGINE_APPLICATION and row.get("Data").startswith(ours):
        return LineState.STRAY
    return LineState.SERVED


def _rung(call: CallId, rest: list[str]) -> Fact | None:
    other, leg = rest
    phone = _LEG.fullmatch(other)
    return TelephoneRung(call, other, CallId(leg), phone[1]) if phone else None


def _answered(call: CallId, rest: list[str]) -> Fact | None:
    status, leg = rest
    phone = _LEG.fullmatch(leg)
    return AgentAnswered(call, phone[1]) if status == "ANSWER" and phone else None


def _hangup_asked(call: CallId, rest: list[str]) -> Fact:
    del rest
    return HangupAsked(call)


def _ended(call: CallId, rest: list[str]) -> Fact:
    return ChannelEnded(call, rest[0] if rest[0].isdecimal() else "")


# Event name -> the fields it must have once each beside Channel and Uniqueid, and what they make.
_TABLE: dict[str, tuple[tuple[str, ...], Callable[[CallId, list[str]], Fact | None]]] = {
    "DialBegin": (("DestChannel", "DestUniqueid"), _rung),
    "Hold": ((), lambda leg, _: HoldPressed(leg, holds=True)),
    "Unhold": ((), lambda leg, _: HoldPressed(leg, holds=False)),
    "DialEnd": (("DialStatus", "DestChannel"), _answered),
    "HangupRequest": ((), _hangup_asked),
    "Hangup": (("Cause",), _ended),
}
# Told of agents' telephones too; whoever hears it knows whether it is one of a conversation.
_OF_ANY_TELEPHONE = frozenset({"DialBegin", "DialEnd", "Hold", "Unhold"})
