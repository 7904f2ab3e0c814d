"""Recording and scripts on a real Asterisk, with a caller played by SIPp."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import pytest

from ivr_engine.core.ids import Language, Millis
from ivr_engine.flows.waits import RecordWait, ScriptOver, ScriptWait, VoiceTaken
from ivr_engine.ports.switch import CallControl
from tests.system import sipp
from tests.system.office import open_office, sound
from tests.system.pbx_fixtures import RunningPbx
from tests.system.test_call_control import caller

pytestmark = pytest.mark.system


def recording(longest: int) -> RecordWait:
    return RecordWait(
        prompts=(), language=Language("en"), name="r", longest=Millis(longest), silence=Millis(20_000), end_key="#"
    )


@pytest.mark.parametrize(
    "steps", [(sipp.hear(2500), sipp.press("#"), sipp.far_hang_up()), (sipp.hear(2500), sipp.hang_up())]
)
async def test_a_recording_ends_with_its_key_and_with_the_caller(
    running_pbx: RunningPbx, tmp_path: Path, steps: tuple[str, ...]
) -> None:
    target = tmp_path / "recordings" / "r.wav"
    target.parent.mkdir()

    async def serve(control: CallControl) -> object:
        taken = await control.record([sound(tmp_path, 0.3)], recording(25_000), target)
        await control.play([sound(tmp_path, 2)], barge_in=False)  # SIPp is still busy with its last key
        return taken

    async with open_office(running_pbx, tmp_path, serve) as office, asyncio.timeout(30):
        await caller(running_pbx, tmp_path, *steps)
        assert isinstance(await office.results.get(), VoiceTaken)
    with wave.open(str(target)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)


async def serve_script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A script of the old kind: reads what it was told, sets a variable, is done."""
    environment = await reader.readuntil(b"\n\n")
    argument = next(line for line in environment.splitlines() if line.startswith(b"agi_arg_1:")).split()[1]
    writer.write(b'SET VARIABLE POINTS "7%s"\n' % argument)
    await reader.readline()
    writer.close()


async def test_a_script_takes_the_caller_over_and_gives_them_back(running_pbx: RunningPbx, tmp_path: Path) -> None:
    server = await asyncio.start_server(serve_script, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wait = ScriptWait(
        script="points",
        run=f"agi://127.0.0.1:{port}/points",
        arguments=("138",),
        read=("POINTS", "NOTHING"),
        timeout=Millis(9_000),
    )
    missing = ScriptWait(script="x", run="no-such-script.py", arguments=(), read=("POINTS",), timeout=Millis(9_000))

    async def serve(control: CallControl) -> object:
        return [await control.run_script(wait), await control.run_script(missing)]

    async with server, open_office(running_pbx, tmp_path, serve) as office, asyncio.timeout(30):
        await caller(running_pbx, tmp_path, sipp.hear(500), sipp.far_hang_up())
        assert await office.results.get() == [
            ScriptOver(done=True, values={"POINTS": "7138", "NOTHING": ""}),
            ScriptOver(done=False, values={}),
        ]
