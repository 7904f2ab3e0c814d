"""Commands to an engine that hangs leave nothing open."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr_engine.adapters import control
from ivr_engine.adapters.control import NoEngine


async def test_who_asks_an_engine_that_says_nothing_hangs_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "ANSWER_WITHIN_S", 0.05)
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        ended.set()
        writer.close()

    async with await asyncio.start_unix_server(silent, tmp_path / "control.sock"):
        with pytest.raises(NoEngine) as raised:
            await control.ask(tmp_path / "control.sock", "status")
        await asyncio.wait_for(ended.wait(), 10)
    assert raised.value.__cause__ is not None  # and with it every frame: nobody but `ask` itself can have hung up
