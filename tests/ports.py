"""Ports for what a test starts: a block of its own for each test process, so that no two ever choose the same.

A port that the system hands out (`bind` to 0) may be given to somebody else before our server has it, and may lie in the
middle of another server's RTP range. The blocks lie below what the system hands out (`ip_local_port_range`, from 32768),
and whoever holds a block's first port holds the block.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from functools import cache

FIRST, LAST, BLOCK = 12_000, 32_000, 800
ONE_BY_ONE = 300
"""Of a block: its ports given out one by one; the rest is for RTP."""


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A port nobody listens at; not given out again until all others have been."""
    return free_ports(1, kind)


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """The first of `count` ports in a row, even if there are several."""
    singles = _block().singles
    for _ in range(ONE_BY_ONE):
        first = next(singles)
        row = range(first, first + count)
        if (count == 1 or first % 2 == 0) and row[-1] < _block().first + ONE_BY_ONE and all(is_free(p, kind) for p in row):
            for _ in row[1:]:
                next(singles)
            return first
    raise AssertionError(f"no {count} free ports in a row from {_block().first}")


def rtp_range(count: int) -> tuple[int, int]:
    """The first and last of `count` ports apart from all single ones. Asterisk goes to the next if one is taken."""
    return _block().rtp(count)


_HELD: list[socket.socket] = []
"""Marks of further blocks, as long as the process lives."""


@cache
def wide_rtp_range(count: int) -> tuple[int, int]:
    """As `rtp_range`, for more ports than a block has: blocks in a row, the process's own from now on."""
    rows = -(-(count + 2) // BLOCK)
    for first in range(FIRST, LAST - rows * BLOCK, BLOCK):
        marks = [mark for block in range(rows) if (mark := _mark(first + block * BLOCK)) is not None]
        if len(marks) == rows:
            _HELD.extend(marks)
            return first + 2, first + count + 1
        for mark in marks:
            mark.close()
    raise AssertionError(f"no {rows} blocks of ports in a row are free")


def is_free(port: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> bool:
    """Whether somebody could listen there now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class _Block:
    """Held as long as the process lives."""

    def __init__(self, mark: socket.socket) -> None:
        self._mark = mark
        self.first: int = mark.getsockname()[1]
        self.singles: Iterator[int] = itertools.cycle(range(self.first + 1, self.first + ONE_BY_ONE))
        self._next_rtp = self.first + ONE_BY_ONE

    def rtp(self, count: int) -> tuple[int, int]:
        end = self.first + BLOCK
        first = self._next_rtp if self._next_rtp + count <= end else self.first + ONE_BY_ONE
        assert first + count <= end, f"{count} ports are more than a block has for RTP"
        self._next_rtp = first + count
        return first, first + count - 1


def _mark(first: int) -> socket.socket | None:
    """The block's first port, which holds the block; None: another process has it."""
    mark = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        mark.bind(("127.0.0.1", first))
    except OSError:
        mark.close()
        return None
    return mark


@cache
def _block() -> _Block:
    for first in range(FIRST, LAST, BLOCK):
        mark = _mark(first)
        if mark is not None:
            return _Block(mark)
    raise AssertionError(f"all ports of {FIRST}-{LAST} are taken by other test runs; wait for them to end")
