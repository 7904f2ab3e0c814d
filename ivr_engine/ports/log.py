"""The operator's log: one event name and structured fields a line; never personal data in the name."""

from __future__ import annotations

from typing import Protocol


class Log(Protocol):
    """What a structured logger offers."""

    def info(self, event: str, /, **fields: object) -> object:
        """Something an operator may want to see."""
        ...

    def warning(self, event: str, /, **fields: object) -> object:
        """Something an operator should look at some time."""
        ...

    def error(self, event: str, /, **fields: object) -> object:
        """Something an operator should look at now."""
        ...
