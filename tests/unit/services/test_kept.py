"""A person is told that a command is done when it would outlive the engine; a sick disk keeps nobody waiting."""

from __future__ import annotations

import asyncio

import pytest

from ivr_engine.core.events import SwitchLost
from ivr_engine.errors import StoreError
from ivr_engine.services import recorder
from ivr_engine.services.recorder import Recorder
from ivr_engine.testing.clock import ManualClock
from ivr_engine.testing.memory import MemoryStore


class Disk(MemoryStore):
    """Has everything once it `spins`; a `full` one has nothing, and says so."""

    def __init__(self) -> None:
        super().__init__()
        self.spins, self.full = asyncio.Event(), False

    async def flush(self) -> None:
        if self.full:
            raise StoreError("the disk is full")
        await self.spins.wait()


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def facts(disk: Disk) -> Recorder:
    facts = Recorder(journal=disk, records=disk, clock=ManualClock())
    facts.record(SwitchLost(reason="test"))
    return facts


async def test_what_was_recorded_is_kept_once_the_disk_has_it(disk: Disk, facts: Recorder) -> None:
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(facts.kept())
        done, _ = await asyncio.wait([keeping], timeout=0.05)
        assert not done
        disk.spins.set()


@pytest.mark.parametrize("full", [False, True], ids=["a disk that does not answer", "a full disk"])
async def test_a_disk_that_fails_keeps_nobody_waiting(
    disk: Disk, facts: Recorder, full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "KEPT_WITHIN_S", 0.05)
    disk.full = full
    await asyncio.wait_for(facts.kept(), 5)
