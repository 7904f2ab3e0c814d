"""`ivr-engine flow` as people use it: a real control socket, a real folder, the real command line; no PBX."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr_engine.adapters.control import ControlServer
from ivr_engine.adapters.flow_files import KeptVersions, LiveFolder
from tests.small_centre import NUMBER, write_small_centre
from tests.unit.services.office import Office

Said = tuple[int, str, str]


@dataclass
class Desk:
    """A running engine's versions behind its control socket, and a terminal."""

    folder: Path
    state: Path
    office: Office

    async def types(self, *arguments: str) -> Said:
        return await typed(self.state, *arguments)

    def edit(self, old: str, new: str) -> None:
        path = self.folder / "main.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


async def typed(state: Path, *arguments: str) -> Said:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ivr_engine", "flow", *arguments,
        env={"IVR_ENGINE_STATE_DIR": str(state), "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def at_the_desk(tmp_path: Path, story: Callable[[Desk], Awaitable[None]]) -> None:
    asyncio.run(_at_the_desk(tmp_path, story))


async def _at_the_desk(tmp_path: Path, story: Callable[[Desk], Awaitable[None]]) -> None:
    folder, state = write_small_centre(tmp_path), tmp_path / "var"
    live = LiveFolder(folder, KeptVersions(state / "versions"))
    first = (await live.load()).definition
    assert first is not None
    office = Office(definition=first, files=live)
    socket = state / "control.sock"
    control = ControlServer(
        path=socket,
        agents=office.desk,
        versions=office.versions,
        emergency=office.emergency,
        callbacks=office.callbacks,
        drain=office.drain,
        recorder=office.recorder,
        status=dict,
        log=office.log,
    )
    async with control.serving():
        await story(Desk(folder, state, office))


def test_a_good_edit_is_loaded_and_told_in_words(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        before = desk.office.versions.current.version
        desk.edit("next: ask", "next: bye")
        code, out, _ = await desk.types("reload")
        after = desk.office.versions.current.version
        assert (code, out) == (
            0,
            f"version {after} loaded for all new calls; calls that run stay on theirs (before: {before})\n",
        )
        assert (await desk.types("reload"))[:2] == (0, f"nothing changed; version {after} stays\n")
        assert (await desk.types("status"))[1] == f"version {after} for new calls\n"
        line = "flow main, node greeting: exit next moved from ask to bye"
        assert line in (await desk.types("diff", before, after))[1].splitlines()
        assert line in (await desk.types("history"))[1]
        rows = [json.loads(row) for row in (await desk.types("history", "--json"))[1].splitlines()]
        assert [row["version"] for row in rows] == [after, before]
        back = json.loads((await desk.types("diff", str(desk.folder), before, "--json"))[1])
        assert {"subject": "flow main, node greeting", "what": "exit next moved from bye to ask"} in back

    at_the_desk(tmp_path, story)


def test_a_broken_edit_is_refused_with_its_place_and_changes_nothing(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        before = desk.office.versions.current
        desk.edit("next: ask", "next: nowhere")
        code, out, _ = await desk.types("reload")
        assert code == 1
        assert "main.yaml:" in out
        assert out.endswith(f"not loaded; version {before.version} stays, no call is affected\n")
        assert desk.office.versions.current is before

    at_the_desk(tmp_path, story)


def test_a_trial_from_beginning_to_end(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.edit("next: ask", "next: bye")
        code, out, _ = await desk.types("reload", "--canary", "5", "--number", NUMBER)
        assert (code, "loaded for 5 % of the new calls" in out) == (0, True)
        code, out, _ = await desk.types("status")
        assert f"on trial for 5 % of them, calls to {NUMBER} only" in out
        assert (await desk.types("reload"))[0] == 1
        assert "gets no new calls" in (await desk.types("withdraw"))[1]
        code, _, err = await desk.types("promote")
        assert (code, err) == (1, "ivr-engine: no version is on trial; begin one: ivr-engine flow reload --canary 5\n")
        await desk.types("reload", "--canary", "5")
        assert "is now for all new calls" in (await desk.types("promote"))[1]

    at_the_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("reload",), 1, "no engine answers"),
        (("reload", "--canary", "0"), 2, "--canary"),
        (("diff", "ffff", "eeee"), 1, "no such folder, and no kept version begins with this"),
        (("diff",), 2, "Missing argument"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    said = asyncio.run(typed(tmp_path, *arguments))
    assert said[0] == code
    assert says in said[2]
