"""Kept versions: a copy of the files of each version that was loaded, so that what a call was served by can be looked at."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KEPT: Final = 30
_NAME: Final = "centre"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVersion:
    """One version: its hash, when it was loaded first (seconds since 1970), the folder with its files."""

    version: str
    loaded: float
    folder: Path


class KeptVersions:
    """The folder of the copies. At most `most` stay; the one whose loading is longest ago goes first."""

    def __init__(self, folder: Path, *, most: int = KEPT) -> None:
        self._folder = folder
        self._most = most

    def keep(self, version: str, source: Path, digests: Mapping[str, str]) -> Path | None:
        """Copy the version's files; None when they are not what was read any more. Raises OSError.

        Args:
            version: the content hash.
            source: the centre's folder.
            digests: name within the folder -> SHA-256 of the bytes that were read.
        """
        kept = self._folder / version
        if not kept.is_dir():
            part = self._folder / f".{version}.{os.getpid()}"
            shutil.rmtree(part, ignore_errors=True)
            if not all(_copied(source / name, part / _NAME / name, digest) for name, digest in digests.items()):
                shutil.rmtree(part)
                return None
            part.rename(kept)
        os.utime(kept)
        self._thin_out()
        return kept / _NAME

    def versions(self) -> list[KeptVersion]:
        """Every kept version, the latest first."""
        found = [path for path in self._folder.glob("*") if path.is_dir() and not path.name.startswith(".")]
        kept = [KeptVersion(version=path.name, loaded=path.stat().st_mtime, folder=path / _NAME) for path in found]
        return sorted(kept, key=lambda each: each.loaded, reverse=True)

    def _thin_out(self) -> None:
        for old in self.versions()[self._most :]:
            shutil.rmtree(old.folder.parent, ignore_errors=True)


def _copied(source: Path, target: Path, digest: str) -> bool:
    data = source.read_bytes()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return hashlib.sha256(data).hexdigest() == digest
