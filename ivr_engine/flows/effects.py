"""What a flow instructs the outside to do, beyond waiting."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call from our side."""


Effect = HangUp
