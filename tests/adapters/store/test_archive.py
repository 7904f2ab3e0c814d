"""Backup and restore as an operator in trouble does them: real files, real store, real command line."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from ivr_engine.adapters.store import SqlStore, open_reader
from ivr_engine.core.events import SwitchLost
from ivr_engine.core.ids import Instant
from tests.command_line import Run, Said, command_line


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of an installation with two events, a key and a recording."""
    folder = tmp_path / "var"
    monkeypatch.setenv("IVR_ENGINE_STATE_DIR", str(folder))
    _append(folder, 2)
    (folder / "identity.key").write_text("ab" * 32)
    (folder / "recordings").mkdir()
    (folder / "recordings" / "one.wav").write_bytes(b"RIFF")
    return folder


@pytest.fixture
def run(state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(monkeypatch, capsys)


def _append(folder: Path, count: int) -> None:
    async def append() -> None:
        async with SqlStore(folder / "engine.sqlite3") as store:
            store.append([SwitchLost(reason="x")] * count, Instant(1))

    asyncio.run(append())


def _events(folder: Path) -> int:
    with open_reader(folder / "engine.sqlite3") as reader:
        return reader.last_sequence()


def test_what_was_backed_up_is_there_after_a_restore_and_what_was_replaced_is_kept(
    run: Run, state: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "safe.tar.gz"
    assert "journal up to event 2" in run("backup", str(archive)).out
    _append(state, 5)
    (state / "recordings" / "two.wav").write_bytes(b"RIFF")
    said = run("restore", str(archive))
    assert said.code == 0
    assert _events(state) == 2
    assert [path.name for path in (state / "recordings").iterdir()] == ["one.wav"]
    (aside,) = state.glob("replaced-*")
    assert str(aside) in said.out
    assert _events(aside) == 7
    assert {path.name for path in (aside / "recordings").iterdir()} == {"one.wav", "two.wav"}


def test_a_backup_is_taken_while_the_engine_writes_and_only_the_owner_may_read_it(
    run: Run, state: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "safe.tar.gz"

    async def while_running() -> int:
        async with SqlStore(state / "engine.sqlite3") as store:
            store.append([SwitchLost(reason="x")] * 10, Instant(1))
            await store.flush()
            said = await asyncio.to_thread(run, "backup", str(archive), "--json")
            return int(json.loads(said.out)["events"])

    assert asyncio.run(while_running()) == 12
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def test_a_restore_makes_a_folder_that_was_lost(run: Run, state: Path, tmp_path: Path) -> None:
    archive = tmp_path / "safe.tar.gz"
    run("backup", str(archive))
    state.rename(tmp_path / "lost")
    assert run("restore", str(archive)).code == 0
    assert _events(state) == 2
    assert not list(state.glob("replaced-*"))
    assert stat.S_IMODE((state / "identity.key").stat().st_mode) == 0o600


def test_a_restore_is_refused_while_an_engine_runs(run: Run, state: Path, tmp_path: Path) -> None:
    archive = tmp_path / "safe.tar.gz"
    run("backup", str(archive))

    async def while_running() -> Said:
        async with SqlStore(state / "engine.sqlite3"):
            return await asyncio.to_thread(run, "restore", str(archive))

    said = asyncio.run(while_running())
    assert said.code == 1
    assert "held by another engine; stop that one first" in said.err
    assert _events(state) == 2


def _no_archive(path: Path) -> None:
    path.write_bytes(b"Dear customer, " * 100)


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _of_something_else(path: Path) -> None:
    _archive(path, {"../../escape": b"x", "readme.txt": b"x"})


def _with_a_damaged_database(path: Path) -> None:
    scratch = path.with_name("scratch.sqlite3")
    sqlite3.connect(scratch).execute("CREATE TABLE t (x)").connection.close()
    content = bytearray(scratch.read_bytes())
    content[100:300] = b"\xff" * 200
    _archive(path, {"engine.sqlite3": bytes(content)})


def _archive(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_archive, "is no whole backup of ivr-engine; nothing was changed"),
        (_cut_short, "is no whole backup of ivr-engine; nothing was changed"),
        (_of_something_else, "is no backup of ivr-engine: it holds none of"),
        (_with_a_damaged_database, "is damaged"),
        (Path.unlink, "there is no such file"),
    ],
)
def test_a_file_that_is_no_backup_changes_nothing(
    run: Run, state: Path, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    archive = tmp_path / "safe.tar.gz"
    run("backup", str(archive))
    spoil(archive)
    result = run("restore", str(archive))
    assert result.code == 1
    assert said in result.err
    assert _events(state) == 2
    assert not list(state.glob("replaced-*"))
    assert not list(tmp_path.rglob("escape"))


def test_nothing_to_back_up_and_a_place_that_cannot_be_written_are_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cannot be written" in run("backup", str(tmp_path / "nowhere" / "b.tar.gz")).err
    monkeypatch.setenv("IVR_ENGINE_STATE_DIR", str(tmp_path / "empty"))
    assert "holds nothing to back up" in run("backup", str(tmp_path / "b.tar.gz")).err
    assert not (tmp_path / "b.tar.gz").exists()
