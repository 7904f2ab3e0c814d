"""Backup and restore: one file with all that an installation cannot make anew.

A gzipped tar of the database, the keys and secrets, what callers recorded, and the versions of the centre's files. The
database in it is a consistent copy taken while the engine writes. A database on a server is the server's to back up; its
backup and this file belong together.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ivr_engine.adapters.store.database import explained
from ivr_engine.adapters.store.lock import WriterLock
from ivr_engine.adapters.store.reader import open_reader
from ivr_engine.errors import StoreError

DATABASE = "engine.sqlite3"
SPOOL = "engine.spool"
KEPT = (SPOOL, DATABASE, "identity.key", "pbx/secrets.json", "recordings", "versions")
"""What a backup holds, by its name below the state folder; what is not there is left out. The spool comes before the
database: what moves from the one to the other meanwhile is then in both, which does no harm."""

SIDE_FILES = (f"{DATABASE}-wal", f"{DATABASE}-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an archive holds. `events`: the highest number in its journal, 0 without a database."""

    names: tuple[str, ...]
    events: int


def back_up(state_dir: Path, archive: Path) -> Contents:
    """Write a backup; it appears whole or not at all. The engine may be running.

    Raises:
        StoreError: there is nothing to back up, or the file cannot be written.
    """
    names = tuple(name for name in KEPT if (state_dir / name).exists())
    if not names:
        raise StoreError(f"{state_dir} holds nothing to back up; IVR_ENGINE_STATE_DIR says where to look")
    with _written_whole(archive) as partial, tempfile.TemporaryDirectory(dir=partial.parent) as scratch:
        copy = Path(scratch) / DATABASE
        with tarfile.open(partial, "w:gz", compresslevel=1) as tar:
            for name in names:
                if name == DATABASE:
                    _copy_database(state_dir / name, copy)
                tar.add(copy if name == DATABASE else state_dir / name, arcname=name)
        return Contents(names=names, events=_last_event(copy))


def restore(archive: Path, state_dir: Path) -> tuple[Contents, Path | None]:
    """Put a backup in place of what is there. What was there is moved aside, not lost.

    Returns:
        what the archive held, and the folder with what was replaced, None when there was nothing.

    Raises:
        StoreError: an engine is running, or the file is no whole backup; nothing was changed.
    """
    lock = WriterLock(state_dir / DATABASE)
    lock.take()
    try:
        with tempfile.TemporaryDirectory(dir=state_dir, prefix=".restore-") as scratch:
            fresh = Path(scratch)
            names = _unpack(archive, fresh)
            contents = Contents(names=names, events=_checked(fresh / DATABASE))
            return contents, _exchange(fresh, names, state_dir)
    finally:
        lock.release()


def _copy_database(database: Path, copy: Path) -> None:
    with (
        explained(str(database)),
        contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target, pages=1000)
    copy.chmod(0o600)


def _last_event(database: Path) -> int:
    if not database.exists():
        return 0
    with open_reader(database) as reader:
        return reader.last_sequence()


@contextlib.contextmanager
def _written_whole(archive: Path) -> Iterator[Path]:
    partial = archive.with_name(f".{archive.name}.partial")
    try:
        partial.touch(mode=0o600)
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(archive)
    except OSError as error:
        raise StoreError(f"{archive} cannot be written ({error.strerror}); is there space, and may this user?") from error
    finally:
        partial.unlink(missing_ok=True)


def _unpack(archive: Path, into: Path) -> tuple[str, ...]:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = [member for member in tar if _of(member.name) is not None]
            tar.extractall(into, members, filter="data")
    except FileNotFoundError as error:
        raise StoreError(f"{archive}: there is no such file") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise StoreError(f"{archive} is no whole backup of ivr-engine; nothing was changed") from error
    for path in into.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    names = tuple(name for name in KEPT if (into / name).exists())
    if not names:
        raise StoreError(f"{archive} is no backup of ivr-engine: it holds none of {', '.join(KEPT)}; nothing was changed")
    return names


def _of(member: str) -> str | None:
    """The kept name that a member of an archive belongs to."""
    return next((name for name in KEPT if member == name or member.startswith(f"{name}/")), None)


def _checked(database: Path) -> int:
    """The last event of a sound database.

    Raises:
        StoreError: it is damaged, or of another version.
    """
    if not database.exists():
        return 0
    name = "the database of the backup"
    with explained(name), contextlib.closing(sqlite3.connect(database)) as opened:
        (said,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise StoreError(f"{name} is damaged ({said}); nothing was changed")
    return _last_event(database)


def _exchange(fresh: Path, names: tuple[str, ...], state_dir: Path) -> Path | None:
    aside = Path(tempfile.mkdtemp(dir=state_dir, prefix="replaced-"))
    for name in (*KEPT, *SIDE_FILES):
        if (name in names or name in SIDE_FILES) and (state_dir / name).exists():
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            (state_dir / name).rename(aside / name)
    for name in names:
        (state_dir / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.move(fresh / name, state_dir / name)
    if any(aside.iterdir()):
        return aside
    aside.rmdir()
    return None
