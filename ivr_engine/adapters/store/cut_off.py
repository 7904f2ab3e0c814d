"""The last resort against a database server that hangs: its own limits do not help, and its side still acknowledges."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

from sqlalchemy import Connection


@contextlib.contextmanager
def cut_off_after(connection: Connection, limit_s: float) -> Iterator[None]:
    """Shut the line to a server when the block takes longer; whoever waits for its answer gets an error.

    A file has no line: its locks have limits that hold.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    line = socket.socket(fileno=os.dup(connection.connection.driver_connection.fileno()))  # type: ignore[union-attr]
    cut = threading.Timer(limit_s, _cut, [line])
    cut.start()
    try:
        yield
    finally:
        cut.cancel()
        cut.join()
        line.close()


def _cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):  # gone already
        line.shutdown(socket.SHUT_RDWR)
