"""Verification of callers: locked identities are not even asked for, and refusals count at once, for every call.

The id leaves this module for the service alone: elsewhere it is a digest, keyed so that a journal tells no card number.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager

from ivr_engine.core.ids import Instant
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.flows import limits
from ivr_engine.flows.lockouts import FACTS, Lockouts
from ivr_engine.flows.waits import Verified, VerifyWait
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.lookup import Lookup

DIGEST_CHARS = 32
FORGET_EVERY = 1_000  # verifications between two sweeps of old counts


class Verifier:
    """Answers `VerifyWait`."""

    def __init__(self, *, key: bytes, lookup: Lookup, clock: Clock) -> None:
        self._key = key
        self._lookup = lookup
        self._clock = clock
        self._lockouts = Lockouts()
        self._asking: dict[str, int] = {}
        self._asked = 0

    def recover(self, journal: Journal) -> None:
        """Count what earlier runs recorded, as far back as a lock may look."""
        since = Instant(self._clock.now() - limits.LOCK_WITHIN)
        for recorded in journal.read(types=tuple(fact.TYPE for fact in FACTS)):
            if recorded.at >= since:
                self._lockouts.apply(recorded)

    async def verify(self, wait: VerifyWait) -> Verified:
        """Ask the service, unless the identity is locked. A question that is still open counts as a refusal meanwhile."""
        subject = self._digest(f"{wait.service}:{wait.subject}")
        if self._is_locked(subject, wait):
            return Verified(subject=subject, locked=True, answer=None)
        with self._question(subject):
            answer = await self._lookup.ask(
                service=wait.service,
                operation=wait.operation,
                send={"id": wait.subject, "pin": wait.pin},
                limit=wait.timeout,
            )
        if answer.outcome is RequestOutcome.REFUSED:
            self._lockouts.note_refused(subject, self._clock.now())
        elif answer.outcome is RequestOutcome.OK:
            self._lockouts.note_confirmed(subject)
        self._sweep()
        return Verified(subject=subject, locked=self._is_locked(subject, wait), answer=answer)

    def _is_locked(self, subject: str, wait: VerifyWait) -> bool:
        return self._lockouts.is_locked(subject, wait.lock, self._clock.now(), open_questions=self._asking.get(subject, 0))

    @contextmanager
    def _question(self, subject: str) -> Iterator[None]:
        """A question about this identity is open while the block runs."""
        self._asking[subject] = self._asking.get(subject, 0) + 1
        try:
            yield
        finally:
            self._asking[subject] -= 1
            if not self._asking[subject]:
                del self._asking[subject]

    def _sweep(self) -> None:
        self._asked += 1
        if self._asked % FORGET_EVERY == 0:
            self._lockouts.forget(self._clock.now())

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:DIGEST_CHARS]
