"""Opening the database, and saying in plain words why it cannot be used.

SQLite runs in WAL mode, so that people read while the one writer writes, and with `synchronous=FULL`: only then is a commit
on disk when it returns, which is what `flush` promises (with NORMAL a power cut may take the last commits back). The writer
commits in batches, so the price is one fsync for a batch, not for an event. https://www.sqlite.org/pragma.html#pragma_synchronous
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Engine, event, inspect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, SQLModel, create_engine, select

from ivr_engine.adapters.store.rows import to_json
from ivr_engine.adapters.store.tables import SCHEMA, StoreRow
from ivr_engine.errors import StoreError

# The database's own words -> ours. First hit wins.
_REMEDIES = (
    ("connection refused", "does not answer; is PostgreSQL running there?"),
    ("starting up", "is starting; wait a moment"),
    ("in recovery mode", "is recovering from a crash; wait a moment"),
    ("shutting down", "is being shut down"),
    ("closed the connection", "went away; it is tried again"),
    ("terminating connection", "went away; it is tried again"),
    ("name or service not known", "cannot be found; check the host in database_url"),
    ("password", "refuses the user or the password in database_url"),
    ("does not exist", "does not exist; create it with `createdb`, or check database_url"),
    ("permission denied", "gives this user too few rights; make the user owner of the database"),
    ("no space left", "cannot grow: the disk of the database is full; free some space"),
    ("timeout", "answers too slowly, or another session holds what we need; see pg_stat_activity"),
    ("not a database", "is not an ivr-engine database; move it away or choose another state_dir"),
    ("malformed", "is damaged; stop the engine and restore a backup, or save what is left with `sqlite3 FILE .recover`"),
    ("locked", "is locked by another process; end that process (a backup, a SQL prompt with an open transaction)"),
    ("is full", "cannot grow: the disk is full; free some space"),
    ("readonly", "cannot be written; give this user write permission on the file and its folder"),
    ("unable to open", "cannot be opened; check that the folder exists and that this user may write in it"),
    ("disk i/o", "cannot be read or written: the disk reports errors; check the disk and the system log"),
)


def sqlite_url(path: Path) -> URL:
    """The URL of a database file."""
    return URL.create("sqlite", database=str(path))


def parse_url(text: str) -> URL:
    """A database URL, such as `postgresql://ivr@db.bank.example/ivr`. PostgreSQL is reached through psycopg.

    Raises:
        StoreError: it is no such URL. The text is not repeated: it may hold a password.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError("this is no database URL; write for example postgresql://ivr@db.bank.example/ivr") from error
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def path_of(url: URL) -> Path | None:
    """The database file, where there is one."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def name_of(url: URL) -> str:
    """What to call the database in a message; never with its password."""
    plain = url.set(drivername=url.get_backend_name())
    return str(path_of(url) or plain.render_as_string(hide_password=True))


def connect(url: URL, *, busy_timeout_s: float) -> Engine:
    """An engine that reads and writes."""
    if path_of(url) is None:
        return _server(url, busy_timeout_s=busy_timeout_s)
    return _engine(url, (f"busy_timeout={int(busy_timeout_s * 1000)}", "journal_mode=WAL", "synchronous=FULL"))


def connect_read_only(url: URL, *, busy_timeout_s: float) -> Engine:
    """An engine that cannot write, whoever is writing at the time.

    Raises:
        StoreError: there is no such file.
    """
    path = path_of(url)
    if path is None:
        return _server(url, busy_timeout_s=busy_timeout_s, read_only=True)
    if not path.exists():
        raise StoreError(f"{path}: no database there; `ivr-engine run` makes it, IVR_ENGINE_STATE_DIR says where to look")
    if not path.is_file():
        raise StoreError(f"{path} cannot be opened; check what it is: a database is a file")
    read_only = URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})
    return _engine(read_only, (f"busy_timeout={int(busy_timeout_s * 1000)}", "query_only=ON"))


def create_file(path: Path) -> None:
    """Make an empty database file that its owner alone may read: it holds callers' numbers. One that exists is left alone.

    SQLite gives its side files (-wal, -shm) the same permissions.
    """
    with contextlib.suppress(FileExistsError):
        path.touch(mode=0o600, exist_ok=False)


def create_tables(engine: Engine) -> None:
    """Lay out an empty database; leave one of our schema as it is.

    Raises:
        StoreError: it is somebody else's, or of a newer version.
    """
    known = set(inspect(engine).get_table_names())
    if not known:
        SQLModel.metadata.create_all(engine)
        with Session(engine) as session:
            session.add(StoreRow(schema_number=SCHEMA))
            session.commit()
    check_schema(engine, name_of(engine.url))
    SQLModel.metadata.create_all(engine)  # tables that came later; an older program passes them over


def check_schema(engine: Engine, name: str) -> None:
    """See that the tables are ours.

    Raises:
        StoreError: they are somebody else's, or of another version.
    """
    if StoreRow.__tablename__ not in inspect(engine).get_table_names():
        raise StoreError(f"{name} is a database of another program; move it away or choose another state_dir")
    with Session(engine) as session:
        number = session.exec(select(StoreRow.schema_number)).first()
    if number != SCHEMA:
        raise StoreError(
            f"{name} has schema {number}, this ivr-engine knows {SCHEMA}: it was written by another version; "
            "start that version, or move the file away"
        )


@contextlib.contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn what the database says into a StoreError that names it and the remedy."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise explain(error, name) from error


def explain(error: Exception, name: str) -> StoreError:
    """What is wrong and how to mend it. Never carries the rows that could not be written: they hold personal data."""
    if isinstance(error, NoSuchModuleError):
        return StoreError(f"{name}: no driver for this kind of database is installed; see docs/operations.md, Database")
    said = str(error.orig) if isinstance(error, DBAPIError) and error.orig else type(error).__name__
    said = str(error) if isinstance(error, sqlite3.Error | OSError) else said
    said = said.strip().partition("\n")[0]  # PostgreSQL's further lines may hold the row
    remedy = next((remedy for word, remedy in _REMEDIES if word in said.lower()), "cannot be used")
    return StoreError(f"{name} {remedy} ({said})")


def _server(url: URL, *, busy_timeout_s: float, read_only: bool = False) -> Engine:
    """PostgreSQL, with limits on everything that waits: a server that hangs is as bad as one that is gone."""
    limit = int(busy_timeout_s * 1000)
    options = f"-c statement_timeout={limit} -c lock_timeout={limit}"
    options += " -c default_transaction_read_only=on" if read_only else ""
    # libpq: whole seconds, at least 2, for connecting; milliseconds of unacknowledged data before the line counts as dead
    limits = {"connect_timeout": max(2, int(busy_timeout_s)), "tcp_user_timeout": limit, "options": options}
    return create_engine(url, json_serializer=to_json, connect_args={**limits, "application_name": "ivr-engine"})


def _engine(url: URL, pragmas: tuple[str, ...]) -> Engine:
    engine = create_engine(url, json_serializer=to_json)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _Pragmas(pragmas))
    return engine


class _Pragmas:
    """Sets SQLite's switches on each new connection."""

    def __init__(self, pragmas: tuple[str, ...]) -> None:
        self._pragmas = pragmas

    def __call__(self, connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in self._pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
