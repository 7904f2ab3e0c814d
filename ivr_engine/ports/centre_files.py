"""The centre's files, wherever they are."""

from __future__ import annotations

from typing import Protocol

from ivr_engine.core.frozen import frozen
from ivr_engine.flows.definition import CentreDefinition


@frozen
class Loaded:
    """What loading brought: the definition, or None and every problem, one line each."""

    definition: CentreDefinition | None
    problems: tuple[str, ...] = ()


class CentreFiles(Protocol):
    """Files that operations staff edit."""

    async def load(self) -> Loaded:
        """Read and check everything, without holding up calls. Nothing that the files hold makes this raise."""
        ...

    async def earlier(self, version: str) -> CentreDefinition | None:
        """A version that was loaded before, from the copy of its files; None when there is none any more."""
        ...

    async def stamp(self) -> str:
        """A text that is another one after any file changed, came or went; cheap enough for every second."""
        ...
