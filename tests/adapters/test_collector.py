"""What is left in a circle goes, however little else an engine makes."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from ivr_engine.adapters.collector import collect_garbage


class Circle:
    """Holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def never_by_itself() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


async def test_a_circle_goes_at_the_next_look(never_by_itself: None) -> None:
    left = weakref.ref(Circle())
    assert left() is not None
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(collect_garbage(every_s=0))
        for _ in range(3):
            await asyncio.sleep(0)
        looking.cancel()
    assert left() is None
