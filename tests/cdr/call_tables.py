"""Reads the tables in `calls/`: a call's events as lines, and the whole record they must give."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr_engine.cdr.record import CallRecord, Leg
from ivr_engine.core.events import CATALOGUE, Event, Recorded
from ivr_engine.core.events.codec import from_plain
from ivr_engine.core.ids import Instant

FOLDER = Path(__file__).with_name("calls")

# What a line need not say.
_USUAL: dict[str, Any] = {
    "call": "c1",
    "number": "95500",
    "caller": "13800138000",
    "flow": "main",
    "version": "v1",
    "language": "zh",
    "kind": "play",
    "queue": "cards",
    "priority": 0,
    "needs": [],
    "position": 1,
    "agent": "1001",
    "offer": "o1",
    "rule": "longest_idle",
    "candidates": [],
    "excluded": [],
    "waited": 0,
    "deadline": 0,
    "message": "said to the author",
    "prompts": [],
    "centre": "sample-bank",
    "engine": "0.1.0",
    "limit": 0,
    "took": 0,
}


@dataclass(frozen=True, slots=True)
class CallTable:
    """One file: its events and the text of its record."""

    events: tuple[Recorded, ...]
    record: str


def read_table(path: Path) -> CallTable:
    """The table in a file. `#` begins a comment; `=>` stands between events and record."""
    lines = [line.split("#")[0].rstrip() for line in path.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line]
    middle = lines.index("=>")
    events = tuple(
        Recorded(sequence=number, at=Instant(int(line.split()[0])), event=_event(line.split()[1:]))
        for number, line in enumerate(lines[:middle], start=1)
    )
    return CallTable(events, "\n".join(lines[middle + 1 :]))


def render(record: CallRecord) -> str:
    """The record in the form of the tables: every field, a line each."""
    lines = []
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if field.name == "legs":
            lines += [_leg_line(leg) for leg in value]
        elif field.name == "answers":
            lines += [f"answer {name}={text}" for name, text in value]
        elif isinstance(value, tuple):
            lines.append(f"{field.name} {','.join(value) or '-'}")
        else:
            lines.append(f"{field.name} {'-' if value in (None, '') else value}")
    return "\n".join(lines)


def _leg_line(leg: Leg) -> str:
    facts = {
        "queue": leg.queue,
        "agent": leg.agent,
        "outcome": leg.outcome,
        "offers": leg.offers,
        "talked": leg.talked,
        "to": leg.to,
    }
    return " ".join(
        [f"leg {leg.kind} {leg.began}..{leg.ended}", *(f"{name}={value}" for name, value in facts.items() if value)]
    )


def _event(words: list[str]) -> Event:
    kind = CATALOGUE[words[0]]
    given: dict[str, Any] = dict(word.split("=", 1) for word in words[1:])
    names = {field.name: field for field in dataclasses.fields(kind)}
    usual = {n: _USUAL[n] for n, f in names.items() if f.default is dataclasses.MISSING and n in _USUAL}
    numbers = {name for name in given if name in names and str(names[name].type) in {"int", "Millis", "Instant"}}
    return from_plain({"type": words[0], **usual, **{n: int(v) if n in numbers else v for n, v in given.items()}})
