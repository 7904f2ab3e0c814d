"""How often each identity was refused, as a fold over events: the same count before and after a restart."""

from __future__ import annotations

from collections import deque

from ivr_engine.core.events import Recorded
from ivr_engine.core.events.flow import IdentityConfirmed, IdentityRefused
from ivr_engine.core.ids import Instant
from ivr_engine.flows import limits
from ivr_engine.flows.waits import Lock

FACTS = (IdentityRefused, IdentityConfirmed)
"""The events that the count is made of."""


class Lockouts:
    """Refusals by subject (a digest of service and id). What is older than the longest lock is forgotten."""

    def __init__(self) -> None:
        self._refused: dict[str, deque[Instant]] = {}

    def apply(self, recorded: Recorded) -> None:
        """Fold one event; others change nothing."""
        event = recorded.event
        if isinstance(event, IdentityRefused):
            self.note_refused(event.subject, recorded.at)
        elif isinstance(event, IdentityConfirmed):
            self.note_confirmed(event.subject)

    def note_refused(self, subject: str, at: Instant) -> None:
        """One more refusal."""
        times = self._refused.setdefault(subject, deque(maxlen=limits.LOCK_AFTER))
        times.append(at)

    def note_confirmed(self, subject: str) -> None:
        """The right caller was here: the count begins anew."""
        self._refused.pop(subject, None)

    def is_locked(self, subject: str, lock: Lock, now: Instant, *, open_questions: int = 0) -> bool:
        """Whether so many refusals lie within the lock's time, and questions are open, that no more may be asked."""
        times = self._refused.get(subject, ())
        return sum(now - at < lock.within for at in times) + open_questions >= lock.after

    def forget(self, now: Instant) -> None:
        """Drop what no lock looks at any more."""
        for subject, times in list(self._refused.items()):
            if now - times[-1] >= limits.LOCK_WITHIN:
                del self._refused[subject]
