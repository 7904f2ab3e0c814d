"""What can be said to a caller. The engine names it; a prompt library turns it into sound, a reading into words.

A `masked` value comes from a secret. No value shows in `repr`, which is where logs and tracebacks get their words from.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Prompt:
    """A named prompt of `prompts/<language>.yaml`."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """Free text, spoken as it stands."""

    text: str = field(repr=False)
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Money:
    """An amount: decimal text such as `1234.50`, and an ISO 4217 code."""

    amount: str = field(repr=False)
    currency: str = "CNY"
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Digits:
    """Digits spoken one by one: card and telephone numbers, references."""

    digits: str = field(repr=False)
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A quantity read as a number: integer or decimal text."""

    number: str = field(repr=False)
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Date:
    """A civil date, ISO `2026-03-02`."""

    date: str = field(repr=False)
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day, ISO `14:05`."""

    time: str = field(repr=False)
    masked: bool = False


Utterance = Prompt | Text | Money | Digits | Number | Date | Time


def label(utterance: Utterance) -> str:
    """How events name it: a prompt by name, a value by its kind only, so that no customer's figure reaches an event."""
    if isinstance(utterance, Prompt):
        return utterance.name
    return "{" + type(utterance).__name__.lower() + "}"
