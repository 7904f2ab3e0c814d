"""SIPp's log of short messages: what a telephone sent and received, and when."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Message:
    """One SIP message. `moment`: seconds since 1970; `call`: its Call-ID; `line`: its first line."""

    moment: float
    sent: bool
    call: str
    line: str


def messages(path: Path) -> list[Message]:
    """The messages of a log, in its order."""
    return [_message(line) for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line]


def _message(text: str) -> Message:
    """Tabs between date, time, seconds since 1970, S or R, Call-ID, CSeq, first line."""
    _date, _time, moment, direction, call, _sequence, line = text.split("\t")
    return Message(moment=float(moment), sent=direction == "S", call=call, line=line)
