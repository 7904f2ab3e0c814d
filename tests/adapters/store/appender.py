"""Run as a process: appends numbered facts to a store for ever and prints each sequence that `flush` acknowledged."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from ivr_engine.adapters.store import SqlStore
from ivr_engine.core.events import SwitchLost
from ivr_engine.core.ids import Instant


async def _append_for_ever(database: Path) -> None:
    async with SqlStore(database) as store:
        while True:
            recorded = store.append([SwitchLost(reason="a"), SwitchLost(reason="b"), SwitchLost(reason="c")], Instant(1))
            await store.flush()
            print(recorded[-1].sequence, flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    asyncio.run(_append_for_ever(Path(sys.argv[1])))
