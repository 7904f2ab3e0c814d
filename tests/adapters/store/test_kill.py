"""A store whose process is killed at any moment loses nothing it acknowledged, leaves no gap and doubles nothing."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from ivr_engine.adapters.store import SqlStore, open_reader
from ivr_engine.core.events import SwitchLost
from ivr_engine.core.ids import Instant


def _acknowledged_before_kill(database: Path, lines: int, instants: int) -> int:
    """The last sequence acknowledged by an appender that is killed some CPU work after its `lines`-th acknowledgement."""
    command = [sys.executable, "-m", "tests.adapters.store.appender", str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as process:
        assert process.stdout is not None
        seen = [int(process.stdout.readline()) for _ in range(lines)]
        sum(range(instants))  # not a sleep: the kill falls at any point of the appender's cycle
        process.kill()
        seen += [int(line) for line in process.stdout if line.endswith("\n")]
    return seen[-1]


async def kill_again_and_again(database: Path, *, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(kills):
        acknowledged = _acknowledged_before_kill(database, rng.randint(1, 40), rng.randint(0, 100_000))
        with open_reader(database) as reader:
            sequences = [recorded.sequence for recorded in reader.read()]
        assert sequences == list(range(1, len(sequences) + 1))
        assert len(sequences) >= acknowledged
        assert len(sequences) % 3 == 0, "the events of one append stand or fall together"
    async with SqlStore(database) as store:
        assert store.append([SwitchLost(reason="after")], Instant(2))[0].sequence == len(sequences) + 1


async def test_killed_at_random_moments_the_journal_keeps_all_that_was_acknowledged(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path / "engine.sqlite3", kills=4, seed=20260302)
