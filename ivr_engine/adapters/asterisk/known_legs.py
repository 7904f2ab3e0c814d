"""Telephones that are rung for callers: from the ringing on it is known to which conversation each belongs.

The switch does not tell us of their ends; its list of channels does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr_engine.adapters.asterisk.ami_codec import AmiMessage
from ivr_engine.core.ids import CallId


@dataclass(frozen=True, slots=True)
class Leg:
    """A telephone that is rung, or talks, in a conversation: whose, and its name; empty: outside."""

    call: CallId
    phone: str


class KnownLegs:
    """The legs that there are. One that a list has not is kept until the next: it may have come while that was made."""

    def __init__(self) -> None:
        self._legs: dict[CallId, Leg] = {}
        self._doubtful = frozenset[CallId]()

    def note(self, leg: CallId, *, rung_for: CallId, phone: str) -> None:
        """`leg` is rung for `rung_for`, which may be a leg of a conversation itself."""
        root = self._legs.get(rung_for)
        self._legs[leg] = Leg(rung_for if root is None else root.call, phone)

    def get(self, leg: CallId) -> Leg | None:
        """The leg, if it is one."""
        return self._legs.get(leg)

    def listed(self, channels: Sequence[AmiMessage]) -> None:
        """Forget the legs that neither this list of all channels has nor the one before it."""
        missing = self._legs.keys() - {row.get("Uniqueid") for row in channels}
        over = missing & self._doubtful
        for leg in over:
            del self._legs[leg]
        self._doubtful = frozenset(missing - over)
