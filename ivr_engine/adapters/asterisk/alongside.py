"""One piece of work beside another, with the lifetime of a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager


@asynccontextmanager
async def alongside(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Run `work` while the block runs and cancel it at its end; what the block raises comes out as it is, in no group."""
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            try:
                yield
            finally:
                task.cancel()
    except BaseExceptionGroup as raised:
        raise raised.exceptions[0] from raised.exceptions[0].__cause__
