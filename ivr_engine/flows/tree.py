"""A parsed file as positioned values: what a reader of definitions works on, free of any YAML library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Position(NamedTuple):
    """Where a value stands; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf. `value` is str, int, float, bool or None as YAML 1.2's core schema reads it; `text` is what was written."""

    at: Position
    value: str | int | float | bool | None
    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    at: Position
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value; keys are always text, as written."""

    key: str
    key_at: Position
    value: Tree

    @property
    def name(self) -> Scalar:
        """The key as a value, for keys that must have a shape too."""
        return Scalar(self.key_at, self.key, self.key)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys in the order of the file; a duplicate key never gets here, the loader refuses it."""

    at: Position
    entries: tuple[Entry, ...]

    def get(self, key: str) -> Tree | None:
        """The value under `key`, or None."""
        return next((entry.value for entry in self.entries if entry.key == key), None)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)


Tree = Scalar | Sequence | Mapping
