"""One writer for a database file: a second engine on the same file would number its events over ours."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ivr_engine.errors import StoreError


class WriterLock:
    """An advisory lock on `<database>.lock`, gone with the process that holds it however that ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._handle: int | None = None

    def take(self) -> None:
        """Take it.

        Raises:
            StoreError: another process has it, or the folder cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"{self._path.parent} cannot be written ({error.strerror}); "
                "give this user write permission or choose another state_dir"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise StoreError(
                f"{self._path} is held by another engine; stop that one first, or give this one a state_dir of its own"
            ) from error
        self._handle = handle

    def release(self) -> None:
        """Give it back; harmless when it is not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
