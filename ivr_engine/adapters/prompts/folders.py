"""Folders of sound files: atomic writes, a bound, and no trace left where none is wanted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path

from ivr_engine.errors import SetupError


class SoundFolder:
    """One folder of `.sln` files. With `most`, the least recently used ones beyond that number are deleted."""

    def __init__(self, path: Path, *, most: int | None = None) -> None:
        self._path = path
        self._most = most
        self._used: OrderedDict[Path, None] = OrderedDict()

    def open(self) -> None:
        """Make the folder, and clear away what an earlier run left half done. Raises SetupError."""
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            self._delete(".wav", ".part")
        except OSError as error:
            raise SetupError(f"{self._path}: cannot be made: {error.strerror}; sounds need a writable folder") from error

    def path(self, name: str) -> Path:
        """Where the sound of this name is kept."""
        return self._path / f"{name}.sln"

    def use(self, path: Path) -> None:
        """Note a use, and delete what is beyond the bound."""
        self._used[path] = None
        self._used.move_to_end(path)
        while self._most is not None and len(self._used) > self._most:
            oldest, _ = self._used.popitem(last=False)
            oldest.unlink(missing_ok=True)

    def empty(self) -> None:
        """Delete every sound, finished or not."""
        self._delete(".sln", ".wav", ".part")
        self._used.clear()

    def keep_only(self, wanted: Collection[Path]) -> None:
        """Delete every finished sound that is not wanted."""
        for path in self._path.glob("*.sln"):
            if path not in wanted:
                path.unlink(missing_ok=True)

    def _delete(self, *suffixes: str) -> None:
        for path in self._path.iterdir():
            if path.suffix in suffixes:
                path.unlink(missing_ok=True)

    @staticmethod
    def write(path: Path, data: bytes) -> None:
        """Write a whole file or none: a player never sees half a sound. Raises OSError."""
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
