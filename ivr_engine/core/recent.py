"""What was heard of lately: kept for a span, then forgotten, so that a memory of calls does not grow with their number.

There are two halves, a younger and an older one; once a span the younger takes the place of the older, which goes whole.
So nothing but key and value is kept of each, and a clock that leaps ahead, as after a freeze, takes the older half at most.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """A value for each key noted within the last `span` and, unevenly, up to twice that; times are in the span's unit.

    Time passes by notes alone: where none comes, nothing is forgotten.
    """

    def __init__(self, *, span: float) -> None:
        self._span = span
        self._younger: dict[Key, Value] = {}
        self._older: dict[Key, Value] = {}
        self._since: float | None = None

    def note(self, key: Key, value: Value, now: float) -> None:
        """Keep `value` from now on."""
        if self._since is None:
            self._since = now
        elif now - self._since > self._span:
            self._older, self._younger, self._since = self._younger, {}, now
        self._younger[key] = value

    def get(self, key: Key) -> Value | None:
        """What was noted last; None: nothing, or too long ago."""
        return self._younger.get(key, self._older.get(key))

    def forget(self, key: Key) -> None:
        """It is of no interest any more."""
        self._younger.pop(key, None)
        self._older.pop(key, None)

    def __contains__(self, key: Key) -> bool:
        return key in self._younger or key in self._older

    def __len__(self) -> int:
        return len(self._younger.keys() | self._older.keys())
