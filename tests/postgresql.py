"""A PostgreSQL of the tests' own: the distribution's server on a free loopback port, its files in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_port

_VERSIONS = Path("/usr/lib/postgresql")
_LIMIT_S = 60


@dataclass(slots=True)
class Server:
    """One server. It stops, stalls and comes back as a test says; `url` names a database that is there."""

    folder: Path
    port: int
    databases: int = field(default=0)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Up, and ready to answer."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        _run(
            [
                "pg_ctl",
                "-D",
                str(self._data),
                "-w",
                "-t",
                str(_LIMIT_S),
                "-l",
                str(self.folder / "log"),
                "-o",
                options,
                "start",
            ]
        )

    def stop(self, mode: str = "immediate") -> None:
        """Down. `immediate`: as if killed; `fast`: with a word to those connected."""
        _run(["pg_ctl", "-D", str(self._data), "-w", "-t", str(_LIMIT_S), "-m", mode, "stop"])

    def new_database(self) -> str:
        """The URL of an empty database."""
        self.databases += 1
        name = f"centre{self.databases}"
        _run(["createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "ivr", name])
        return f"postgresql://ivr@127.0.0.1:{self.port}/{name}"

    @contextlib.contextmanager
    def stalled(self) -> Iterator[None]:
        """While the block runs nothing the server is made of does anything."""
        processes = self._processes()
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def _processes(self) -> list[int]:
        """The server and the processes it has begun."""
        first = int((self._data / "postmaster.pid").read_text(encoding="ascii").partition("\n")[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
        return [first, *map(int, children.split())]


@contextlib.contextmanager
def gone(server: Server) -> Iterator[None]:
    """While the block runs there is no server."""
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server that is up while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="ivr-pg-"))
    server = Server(folder, free_port(socket.SOCK_STREAM))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _owner())
        _run(["initdb", "-D", str(folder / "data"), "-U", "ivr", "-A", "trust", "-E", "UTF8", "--locale=C"])
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> str:
    """Whom the server runs as when we are root, as whom it refuses to run."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


def _run(command: Sequence[str]) -> None:
    as_user = {"user": _owner(), "group": pwd.getpwnam(_owner()).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    program = _program(command[0])
    done = subprocess.run(
        [program, *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        timeout=2 * _LIMIT_S,
        check=False,
        text=True,
        **as_user,  # type: ignore[call-overload]
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout}"


def _program(name: str) -> str:
    newest = sorted(_VERSIONS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = shutil.which(name) or (str(newest[-1]) if newest else None)
    assert found, f"{name} is missing. As root: apt-get install postgresql"
    return found
