"""What a flow instructs the outside to do, beyond waiting."""

from __future__ import annotations

from ivr_engine.core.frozen import frozen


@frozen
class HangUp:
    """End the call from our side."""


Effect = HangUp
