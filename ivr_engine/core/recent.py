"""What was heard of lately: kept for a span, then forgotten, so that a memory of calls does not grow with their number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """A value for each key that was noted within the last `span`; times are in the unit of the span, and never go back."""

    def __init__(self, *, span: float) -> None:
        self._span = span
        self._noted = OrderedDict[Key, tuple[float, Value]]()  # a dict looks for its first key past all that were deleted

    def note(self, key: Key, value: Value, now: float) -> None:
        """Keep `value` from now on, and forget what is older than the span."""
        self._noted.pop(key, None)
        self._noted[key] = now, value
        oldest = next(iter(self._noted))
        while self._noted[oldest][0] < now - self._span:
            del self._noted[oldest]
            oldest = next(iter(self._noted))

    def get(self, key: Key) -> Value | None:
        """What was noted last; None: nothing, or too long ago."""
        found = self._noted.get(key)
        return None if found is None else found[1]

    def forget(self, key: Key) -> None:
        """It is of no interest any more."""
        self._noted.pop(key, None)

    def __contains__(self, key: Key) -> bool:
        return key in self._noted

    def __len__(self) -> int:
        return len(self._noted)
