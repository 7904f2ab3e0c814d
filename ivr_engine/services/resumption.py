"""Where each call stands, kept for the engine that takes it over; and the first turn of a call that was taken over."""

from __future__ import annotations

from typing import Any

from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.ids import CallId
from ivr_engine.errors import StoreError
from ivr_engine.flows.checkpoint import Checkpoints, go_on
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.session import Session, Turn
from ivr_engine.flows.session_codec import from_plain
from ivr_engine.flows.waits import Reply, ScriptOver, ScriptWait, TransferOver, TransferWait, Wait
from ivr_engine.ports.checkpoints import CheckpointStore
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.inbound import Rang
from ivr_engine.ports.log import Log
from ivr_engine.services.recorder import Recorder

VERSIONS_KNOWN = 16


class Resumption:
    """Owns the checkpoints of open calls."""

    def __init__(self, *, store: CheckpointStore, recorder: Recorder, clock: Clock, log: Log) -> None:
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._log = log
        self._standing: dict[CallId, dict[str, Any]] = {}
        self._rules: dict[str, Checkpoints] = {}
        recorder.on_finished(self._finished)

    def recover(self) -> None:
        """Take up what an earlier run kept."""
        self._standing = {call: plain for call, plain in self._store.kept().items() if self._recorder.is_open(call)}

    def note(self, definition: CentreDefinition, session: Session) -> None:
        """The session has come to a wait: keep it, unless it holds a secret that it still needs."""
        plain = self._rules_of(definition).of(session)
        if plain is not None:
            self._standing[session.facts.call] = plain
            self._store.keep(session.facts.call, plain)

    def turn(self, definition: CentreDefinition, call: CallId) -> Turn | None:
        """The turn with which a call goes on where it stood; None: nothing is known, so it begins anew."""
        plain = self._standing.get(call)
        if plain is None:
            return None
        try:
            return go_on(definition, from_plain(plain), self._clock.now())
        except StoreError as error:  # another version of ivr-engine wrote it
            self._log.warning("checkpoint_unreadable", call=call, error=str(error))
            return None

    def _rules_of(self, definition: CentreDefinition) -> Checkpoints:
        rules = self._rules.get(definition.version)
        if rules is None:
            if len(self._rules) >= VERSIONS_KNOWN:
                del self._rules[next(iter(self._rules))]
            rules = self._rules[definition.version] = Checkpoints(definition)
        return rules

    def _finished(self, record: CallRecord) -> None:
        self._standing.pop(record.call, None)


def answer_of(wait: Wait | None, rang: Rang | None) -> Reply | None:
    """What became of a wait while the call was away, where that is known or must not be tried twice; None: do it again.

    A script is not run a second time: nobody knows how far it had come.
    """
    if isinstance(wait, ScriptWait):
        return ScriptOver(done=False, values={})
    if isinstance(wait, TransferWait) and rang is not None:
        return TransferOver(to=wait.to, outcome=rang.outcome)
    return None
