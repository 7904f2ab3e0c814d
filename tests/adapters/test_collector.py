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
def _never_by_itself() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(0)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_never_by_itself")
async def test_a_circle_goes_at_the_next_look() -> None:
    left = weakref.ref(Circle())
    assert left() is not None
    await _look()
    assert left() is None


@pytest.mark.usefixtures("_never_by_itself")
async def test_nothing_is_looked_at_while_a_definition_is_read() -> None:
    left = weakref.ref(Circle())
    gc.disable()  # as flow_files.live does
    await _look()
    gc.enable()
    assert left() is not None


async def _look() -> None:
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(collect_garbage(every_s=0))
        for _ in range(3):
            await asyncio.sleep(0)
        looking.cancel()
