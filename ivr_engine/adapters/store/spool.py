"""What the database would not take, kept on the local disk until it does.

A file of fixed size, laid out in full when it is made, so that a disk that has filled up since cannot stop it. Batches are
appended, each with its length and a checksum, and are on disk when `add` returns; `clear` starts the file anew. Each start
has a number of its own that every batch repeats: what an earlier filling left behind is never taken for a batch.

Layout, little-endian: at 0 the magic word and the number of the filling; from 16 on, for each batch, the number of the
filling, the length of the text and its CRC-32, then the text: JSON, UTF-8.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ivr_engine.adapters.store.rows import to_json
from ivr_engine.errors import StoreError

MAGIC = b"IVRSPOOL"
_HEAD = struct.Struct("<8sQ")
_BATCH = struct.Struct("<QII")


class Spool:
    """One file, used by one thread at a time. `size`: bytes it takes on the disk, full or empty."""

    def __init__(self, path: Path, *, size: int) -> None:
        self._path = path
        self._size = size
        self._handle = -1
        self._filling = 0
        self._end = _HEAD.size

    def open(self) -> None:
        """Open or make the file, and find where its last whole batch ends.

        Raises:
            StoreError: the file cannot be had, or is no spool.
        """
        try:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if os.fstat(self._handle).st_size < self._size:
                os.posix_fallocate(self._handle, 0, self._size)
            head = os.pread(self._handle, _HEAD.size, 0)
        except OSError as error:
            self.close()
            raise StoreError(
                f"{self._path}: {self._size // 1_048_576} MiB cannot be had for what the database may not take at once "
                f"({error.strerror}); free some space, or set spool_mb lower"
            ) from error
        magic, self._filling = _HEAD.unpack(head)
        if magic == MAGIC:
            self._end = max(end for _, end in self._whole()) if self._any() else _HEAD.size
        elif any(head):
            self.close()
            raise StoreError(f"{self._path} is no spool of ivr-engine; move it away")
        else:
            self.clear()

    def close(self) -> None:
        """Close the file; what is in it stays."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    @property
    def empty(self) -> bool:
        """Whether it holds no batch."""
        return self._end == _HEAD.size

    def add(self, batch: object) -> bool:
        """Put a batch of JSON-ready values on disk; False, taking nothing, when there is no room left.

        Raises:
            StoreError: the disk reports an error.
        """
        text = to_json(batch).encode()
        entry = _BATCH.pack(self._filling, len(text), zlib.crc32(text)) + text
        if self._end + len(entry) > self._size:
            return False
        self._write(entry, self._end)
        self._end += len(entry)
        return True

    def batches(self) -> Iterator[Any]:
        """Every batch in it, in the order added."""
        for text, _ in self._whole():
            yield json.loads(text)

    def clear(self) -> None:
        """Forget every batch.

        Raises:
            StoreError: the disk reports an error.
        """
        self._filling += 1
        self._write(_HEAD.pack(MAGIC, self._filling), 0)
        self._end = _HEAD.size

    def _any(self) -> bool:
        return next(self._whole(), None) is not None

    def _whole(self) -> Iterator[tuple[bytes, int]]:
        """The text of each whole batch, and where it ends."""
        place = _HEAD.size
        while len(head := os.pread(self._handle, _BATCH.size, place)) == _BATCH.size:
            filling, length, checksum = _BATCH.unpack(head)
            text = os.pread(self._handle, length, place + _BATCH.size)
            if filling != self._filling or len(text) != length or zlib.crc32(text) != checksum:
                return
            place += _BATCH.size + length
            yield text, place

    def _write(self, content: bytes, place: int) -> None:
        try:
            while content:
                written = os.pwrite(self._handle, content, place)
                content, place = content[written:], place + written
            os.fdatasync(self._handle)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written ({error.strerror}); check the disk") from error


@contextlib.contextmanager
def spooling(path: Path, *, size: int) -> Iterator[Spool]:
    """A spool that is open while the block runs."""
    spool = Spool(path, size=size)
    spool.open()
    try:
        yield spool
    finally:
        spool.close()
