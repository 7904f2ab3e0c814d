"""Who holds a port on this machine, read from /proc (proc(5)); no outside program."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Literal

Protocol = Literal["udp", "tcp"]
LONGEST_NAME = 120
_KINDS = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}


def port_is_free(address: str, port: int, protocol: Protocol) -> bool:
    """Whether we could listen there now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, _KINDS[protocol]) as probe:
        if protocol == "tcp":  # as servers do: a connection in TIME_WAIT is no obstacle
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def holder_or(error: OSError, port: int) -> str:
    """Who holds a TCP port, when that is why it could not be had; else the system's reason."""
    return f"held by {port_holder(port, 'tcp')}" if error.errno == errno.EADDRINUSE else str(error.strerror)


def is_local(address: str) -> bool:
    """Whether this machine has the address."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def port_holder(port: int, protocol: Protocol) -> str:
    """`name (process 123)`, or `another user's process` where /proc does not tell us more."""
    inodes = {inode for table in (protocol, f"{protocol}6") for inode in _inodes(Path("/proc/net") / table, port, protocol)}
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and inodes & _sockets_of(process):
            return f"{_name(process)} (process {process.name})"
    return "another user's process"


def _inodes(table: Path, port: int, protocol: Protocol) -> list[str]:
    """Inodes of sockets bound to `port`: field 2 is address:port in hex, 4 the state (0A listens), 10 the inode."""
    try:
        rows = [line.split() for line in table.read_text(encoding="ascii").split("\n")[1:] if line]
    except OSError:
        return []
    wanted = f":{port:04X}"
    return [row[9] for row in rows if row[1].endswith(wanted) and (protocol == "udp" or row[3] == "0A")]


def _sockets_of(process: Path) -> set[str]:
    found = set()
    try:
        for handle in (process / "fd").iterdir():
            target = str(handle.readlink())
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:  # not ours to look into, or gone meanwhile
        return found
    return found


def _name(process: Path) -> str:
    """The start of its command line: a program run by a loader or an interpreter is not told by its name alone."""
    try:
        return (process / "cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ").strip()[:LONGEST_NAME]
    except OSError:
        return "a process"
