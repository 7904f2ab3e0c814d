"""A problem found in the centre's files, with a stable code and a place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ivr_engine.flows.messages import ENGLISH, Message, Wordings
from ivr_engine.flows.tree import Position


class Severity(StrEnum):
    """ERROR: the files are not used. WARNING: they are, and somebody should look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One problem. `code` is stable (`F101`); `message` says what is wrong and what to do."""

    at: Position
    severity: Severity
    code: str
    message: Message

    def __str__(self) -> str:
        return self.line(ENGLISH)

    def line(self, wordings: Wordings) -> str:
        """`file:line:column: severity CODE message` in a language."""
        at = self.at
        return f"{at.file}:{at.line}:{at.column}: {self.severity} {self.code} {self.message.worded(wordings)}"
