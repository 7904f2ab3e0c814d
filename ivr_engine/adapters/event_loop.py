"""The event loop that the engine runs on: uvloop where it is installed (extra `fast`), else asyncio's own.

Measured by benchmarks/ivr_rate; benchmarks/README.md has the figures. Nothing but speed depends on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def fastest_loop() -> LoopFactory | None:
    """For `asyncio.Runner(loop_factory=...)`; None means asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - absent without the extra
    except ImportError:
        return None
    return uvloop.new_event_loop
