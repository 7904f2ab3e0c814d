"""The folder that operations staff edit while calls run: read in a thread, kept as it was read."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from ivr_engine.adapters.flow_files.folder import load_centre
from ivr_engine.adapters.flow_files.kept import KeptVersions
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.centre_files import Loaded

ATTEMPTS: Final = 3  # to read files that somebody is writing
SWITCH_S: Final = 0.0005  # after which a waiting thread gets its turn; Python's own is ten times as long


@contextmanager
def _calls_first() -> Iterator[None]:
    """Let the thread that serves calls in often, and keep the collector from looking through all that is made here at once.

    A definition holds no cycles, so it goes without the collector when the last call on it is over.
    """
    was_at_work, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.freeze()
        if was_at_work:
            gc.enable()


class LiveFolder:
    """Implements ports.centre_files.CentreFiles."""

    def __init__(self, folder: Path, kept: KeptVersions) -> None:
        self._folder = folder
        self._kept = kept

    async def load(self) -> Loaded:
        """See the port. The definition's `folder` is the kept copy: later edits do not reach it."""
        return await asyncio.to_thread(self._load)

    async def keep(self, definition: CentreDefinition) -> CentreDefinition:
        """The definition as loaded from the kept copy; as it stands when the files are others already."""
        loaded = (await self.load()).definition
        return loaded if loaded is not None and loaded.version == definition.version else definition

    async def earlier(self, version: str) -> CentreDefinition | None:
        """A version that was loaded before, from its copy; None when there is none, or it is sound no more."""
        return await asyncio.to_thread(self._earlier, version)

    async def stamp(self) -> str:
        """See the port: a hash over names, sizes and times of change."""
        return await asyncio.to_thread(self._stamp)

    def _load(self) -> Loaded:
        for _ in range(ATTEMPTS):
            with _calls_first():
                loaded = load_centre(self._folder)
            definition = loaded.definition
            if definition is None:
                return Loaded(definition=None, problems=tuple(str(issue) for issue in loaded.issues))
            try:
                kept = self._kept.keep(definition.version, self._folder, loaded.digests)
            except OSError as error:
                problem = f"{error.filename or self._folder}: version {definition.version} cannot be kept: {error.strerror}"
                return Loaded(definition=None, problems=(problem,))
            if kept is not None:
                return Loaded(definition=replace(definition, folder=str(kept)))
        return Loaded(definition=None, problems=(f"{self._folder}: the files change while they are read; try again",))

    def _earlier(self, version: str) -> CentreDefinition | None:
        kept = next((each for each in self._kept.versions() if each.version == version), None)
        if kept is None:
            return None
        with _calls_first():
            definition = load_centre(kept.folder).definition
        return definition if definition is not None and definition.version == version else None

    def _stamp(self) -> str:
        return hashlib.sha256("\n".join(sorted(self._states())).encode("utf-8", "surrogateescape")).hexdigest()

    def _states(self) -> Iterator[str]:
        for path in self._folder.rglob("*"):
            try:
                state = path.stat()
            except OSError:
                continue  # gone since it was listed: the next look sees the rest
            yield f"{path} {state.st_size} {state.st_mtime_ns}"
