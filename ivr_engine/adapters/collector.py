"""Looks through all memory for garbage at a steady pace.

Python does so by itself after so many objects that calls, which leave no circles, may not come to them in a day. Until then
a circle that a failure left stays, and so do the tuples that Python keeps for the next time, up to 2,000 of each length:
some hundred kilobytes that no call needs. A centre's definition is not looked through, nor is anything while one is read
(`flow_files.live`), so a look takes a quiet engine a millisecond or two.
"""

from __future__ import annotations

import asyncio
import gc

EVERY_S = 60.0


async def collect_garbage(every_s: float = EVERY_S) -> None:
    """For as long as the engine runs."""
    while True:
        await asyncio.sleep(every_s)
        if gc.isenabled():
            gc.collect()
