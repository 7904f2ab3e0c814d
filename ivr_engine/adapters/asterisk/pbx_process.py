"""A process that outlives its starter: its pid file, whether it still is the one we started, and how it is ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ivr_engine.adapters.asterisk.pbx_secrets import write_private
from ivr_engine.errors import SetupError

GRACE_S = 10.0
PROBE_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxRecord:
    """The pid file's contents.

    `born` (clock ticks since boot, proc(5) stat field 22) tells our process from a later one with the same id. `argv` starts
    the program without options, `sip` is address:port.
    """

    pid: int
    born: int
    version: str
    kind: str
    sip: str
    ami_port: int
    argv: tuple[str, ...]


def keep_record(path: Path, record: PbxRecord) -> None:
    """Write the pid file."""
    write_private(path, json.dumps(asdict(record)) + "\n")


def living_record(path: Path) -> PbxRecord | None:
    """The record of a process that still lives and is still ours; None if the file is absent, damaged or out of date."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        record = PbxRecord(**{**values, "argv": tuple(values["argv"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return record if is_alive(record) else None


def spawn(argv: tuple[str, ...], output: Path) -> tuple[int, int]:
    """Start a program in a session of its own, its output in a file. Returns its process id and birth.

    posix_spawn and not Popen: no object of the starter is to own, wait for or warn about the process.

    Raises:
        SetupError: it cannot be started, or ended at once.
    """
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    try:
        pid = os.posix_spawn(argv[0], argv, bare_environment(), file_actions=files, setsid=True)
    except OSError as error:
        raise SetupError(f"{argv[0]}: cannot be started: {error.strerror}") from error
    return pid, _state(pid)[1]


def end(record: PbxRecord) -> None:
    """End the process: asked first, then forced. Returns when it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        _send(record, number)
        if until(lambda: not is_alive(record), GRACE_S):
            return


def is_alive(record: PbxRecord) -> bool:
    """Whether the very process we started lives; a finished child of ours is collected on the way."""
    state, born = _state(record.pid)
    if born != record.born:
        return False
    if state not in "ZX" or _other_threads(record.pid):
        return True
    with contextlib.suppress(ChildProcessError):  # another process started it
        os.waitpid(record.pid, os.WNOHANG)
    return False


def until(done: Callable[[], bool], limit_s: float) -> bool:
    """Ask again and again; False if it was never so within the limit."""
    deadline = time.monotonic() + limit_s
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(PROBE_S)
    return True


def bare_environment() -> dict[str, str]:
    """Nothing of the starter's environment is the PBX's business."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", "TERM": "dumb"}


def _state(pid: int) -> tuple[str, int]:
    """A process's state letter and start time, fields 3 and 22 of proc(5) stat; ("X", 0) for none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "X", 0
    fields = stat.rpartition(") ")[2].split()  # the name before it may hold anything
    return fields[0], int(fields[19])


def _other_threads(pid: int) -> bool:
    """Whether threads still end after the first one did; they hold the ports as long."""
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except OSError:
        return False


def _send(record: PbxRecord, number: signal.Signals) -> None:
    """Signal through a handle, opened before the process is checked, so that a reused id is never hit."""
    try:
        handle = os.pidfd_open(record.pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(record):
            signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
