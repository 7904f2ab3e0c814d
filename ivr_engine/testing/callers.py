"""The outside of a rehearsed call: a caller who follows a script, services that answer from a list, agents who pick up.

A caller's script is a list of what they do, one entry each time the flow listens:

| entry    | what the caller does                                                       |
|----------|----------------------------------------------------------------------------|
| `1`      | presses it; keys the flow does not take are pressed at the next question   |
| `6222#`  | presses one after the other                                                |
| `-`      | stays silent                                                               |
| `+1`     | presses it while the next prompt still plays                               |
| `!`      | hangs up                                                                   |
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

from ivr_engine.core.ids import AgentId, Instant
from ivr_engine.core.outcomes import GatherEnd, QueueOutcome, RequestOutcome
from ivr_engine.errors import EngineError
from ivr_engine.flows.lockouts import Lockouts
from ivr_engine.flows.waits import (
    CallerGone,
    Json,
    Keyed,
    KeysWait,
    Played,
    PlayWait,
    QueueLeft,
    QueueWait,
    RequestWait,
    Responded,
    Verified,
    VerifyWait,
)
from ivr_engine.testing.transcript import Passage

SILENCE, HANG_UP, EARLY = "-", "!", "+"
_ENTRY = re.compile(r"[-!]|\+?[0-9*#]+", re.ASCII)


class ScriptError(EngineError):
    """A caller's script has an entry that no caller can do."""


class Caller(Protocol):
    """Whoever is on the line."""

    def listen(self, wait: PlayWait, passage: Passage) -> Played | CallerGone:
        """Hear prompts."""
        ...

    def press(self, wait: KeysWait, passage: Passage) -> Keyed | CallerGone | None:
        """Hear prompts and press keys; None when the caller does not know what to do."""
        ...


class ScriptedCaller:
    """Follows a script; what is left of it is in `left`."""

    def __init__(self, script: Sequence[str]) -> None:
        for entry in script:
            if not _ENTRY.fullmatch(entry):
                raise ScriptError("an entry of a caller's script is keys (0-9 * #), +keys, - for silence, or ! to hang up")
        self.left = deque(script)

    @classmethod
    def parse(cls, text: str) -> ScriptedCaller:
        """A script such as `1,6222020200112233#,-,2`.

        Raises:
            ScriptError: an entry is none.
        """
        return cls([entry.strip() for entry in text.split(",") if entry.strip()])

    def listen(self, wait: PlayWait, passage: Passage) -> Played | CallerGone:
        """Hear the prompts, unless the script interrupts them."""
        del passage
        if self.left and self.left[0] == HANG_UP:
            return CallerGone()
        if not wait.barge_in or not self.left or not self.left[0].startswith(EARLY):
            return Played()
        keys = self.left.popleft()[1:]
        if keys[1:]:
            self.left.appendleft(EARLY + keys[1:])
        return Played(key=keys[:1])

    def press(self, wait: KeysWait, passage: Passage) -> Keyed | CallerGone | None:
        """Press what the script says next."""
        del passage
        if not self.left:
            return None
        entry = self.left.popleft()
        if entry == HANG_UP:
            return CallerGone()
        keys = "" if entry == SILENCE else entry.removeprefix(EARLY)
        keyed, rest = take(wait, wait.typed_ahead + keys, interrupted=entry.startswith(EARLY))
        if rest:
            self.left.appendleft(rest)
        return keyed


def take(wait: KeysWait, keys: str, *, interrupted: bool = False) -> tuple[Keyed, str]:
    """What a listener makes of keys pressed without a pause and then silence, and the keys it leaves."""
    if keys and keys[0] in wait.alone:
        return Keyed(keys=keys[0], ended=GatherEnd.COMPLETE, interrupted=interrupted), keys[1:]
    taken = keys[: wait.most]
    if wait.end_key and wait.end_key in taken:
        length = taken.index(wait.end_key)
        return Keyed(keys=keys[:length], ended=GatherEnd.END_KEY, interrupted=interrupted), keys[length + 1 :]
    ended = GatherEnd.COMPLETE if len(taken) == wait.most else GatherEnd.TIMEOUT
    return Keyed(keys=taken, ended=ended, interrupted=interrupted), keys[wait.most :]


Answer = Json | Responded
"""A body; a service's own result as text (`not_found`); `timeout`, `unavailable`, `invalid`; or the whole reply."""


class ScriptedServices:
    """Answers by `service.operation`; several answers are given in turn, the last one from then on."""

    def __init__(self, answers: Mapping[str, Answer | tuple[Answer, ...]]) -> None:
        self._answers = {name: deque(each if isinstance(each, tuple) else (each,)) for name, each in answers.items()}

    def ask(self, wait: RequestWait | VerifyWait) -> Responded:
        """The next answer; what is not scripted is not available."""
        answers = self._answers.get(f"{wait.service}.{wait.operation}")
        if not answers:
            return Responded(outcome=RequestOutcome.UNAVAILABLE)
        return respond(answers.popleft() if len(answers) > 1 else answers[0])


def respond(answer: Answer) -> Responded:
    """The reply that an answer stands for."""
    if isinstance(answer, Responded):
        return answer
    if not isinstance(answer, str):
        return Responded(outcome=RequestOutcome.OK, body=answer)
    if answer in (RequestOutcome.TIMEOUT, RequestOutcome.UNAVAILABLE, RequestOutcome.INVALID):
        return Responded(outcome=RequestOutcome(answer))
    return Responded(outcome=RequestOutcome.REFUSED, result=answer)


class Asked(Protocol):
    """Services that answer."""

    def ask(self, wait: RequestWait | VerifyWait) -> Responded:
        """The next answer."""
        ...


class ScriptedVerifier:
    """Verifies by the scripted services, and counts refusals for one simulation."""

    def __init__(self, services: Asked) -> None:
        self._services = services
        self._lockouts = Lockouts()

    def verify(self, wait: VerifyWait, now: Instant) -> Verified:
        """The next answer, unless the identity is locked."""
        subject = hashlib.sha256(wait.subject.encode()).hexdigest()[:8]
        if self._lockouts.is_locked(subject, wait.lock, now):
            return Verified(subject=subject, locked=True, answer=None)
        answer = self._services.ask(wait)
        if answer.outcome is RequestOutcome.REFUSED:
            self._lockouts.note_refused(subject, now)
        elif answer.outcome is RequestOutcome.OK:
            self._lockouts.note_confirmed(subject)
        return Verified(subject=subject, locked=self._lockouts.is_locked(subject, wait.lock, now), answer=answer)


class AssumedAgents:
    """Somebody always picks up, except in the queues named with another outcome."""

    def __init__(self, outcomes: Mapping[str, QueueOutcome] | None = None) -> None:
        self._outcomes = dict(outcomes or {})

    def serve(self, wait: QueueWait) -> QueueLeft:
        """How the visit to the queue ends."""
        outcome = self._outcomes.get(wait.queue, QueueOutcome.ANSWERED)
        return QueueLeft(outcome=outcome, agent=AgentId("agent") if outcome is QueueOutcome.ANSWERED else None)
