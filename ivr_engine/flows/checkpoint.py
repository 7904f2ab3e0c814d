"""What of a session may be stored while its call goes on, and how a call goes on from what was stored.

No secret is ever stored. Secrets that nothing on the way can read any more are left out. A call that still needs one has
no checkpoint of its own: the one before stands, taken where the caller was asked for the first of them, so that after a
loss of the engine its entry begins again. From the first queue on a caller's place is worth more than an entry: what is
secret is left out, and a node that reads it later goes the way of `failed`; so does one to which the key `back` led, and
which needs what was left out. Keys typed ahead are not stored either, for
nobody knows yet what they are for.

    stored = Checkpoints(definition).of(session)         # None: keep the one before
    turn = go_on(definition, from_plain(stored), now)    # None: nothing of it exists any more; begin anew
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

from ivr_engine.core.events.flow import FlowResumed
from ivr_engine.core.ids import FlowName, Instant, NodeName
from ivr_engine.flows.definition import CentreDefinition, Node
from ivr_engine.flows.engine import enter_again
from ivr_engine.flows.session import Frame, Session, Turn
from ivr_engine.flows.session_codec import Plain, to_plain
from ivr_engine.flows.still_needed import still_needed
from ivr_engine.flows.utterances import Prompt
from ivr_engine.flows.waits import KeysWait, PlayWait, QueueWait, RecordWait, RequestWait, VerifyWait
from ivr_engine.flows.walk import ONE_MOMENT


class Checkpoints:
    """What may be stored of the sessions of one version."""

    def __init__(self, definition: CentreDefinition) -> None:
        self._definition = definition
        self._needed: dict[FlowName, Mapping[NodeName, frozenset[str]]] = {}

    def of(self, session: Session) -> Plain | None:
        """The session as it may be stored at its wait; None while it holds a secret that it needs, and at its end."""
        wait = session.wait
        if wait is None or isinstance(wait, VerifyWait) or (isinstance(wait, RequestWait) and wait.secret):
            return None
        node = _node(self._definition, session.flow, session.node)
        if session.memo and node is not None and not node.spec.secret_memo.isdisjoint(session.memo):
            return None
        if not isinstance(wait, QueueWait):
            said = node is not None and not node.facts.reads.isdisjoint(session.secrets)
            if said or ("queue" not in session.given and self._holds_needed(session)):
                return None
        return _without_secrets(session)

    def _holds_needed(self, session: Session) -> bool:
        if self._is_needed(session.flow, session.node, session.secrets):
            return True
        return any(self._is_needed(frame.flow, frame.node, frame.secrets) for frame in session.stack)

    def _is_needed(self, flow: FlowName, node: NodeName, secrets: Set[str]) -> bool:
        return bool(secrets) and not secrets.isdisjoint(self._needed_at(flow, node, secrets))

    def _needed_at(self, flow: FlowName, node: NodeName, unknown: Set[str]) -> Set[str]:
        if flow not in self._needed:
            known = self._definition.flows.get(flow)
            self._needed[flow] = still_needed(known) if known is not None else {}
        return self._needed[flow].get(node, unknown)


def go_on(definition: CentreDefinition, session: Session, now: Instant) -> Turn | None:
    """The turn with which a call goes on where its stored session stood; changes the session in place.

    The caller hears the prompt `one_moment`, and what was being said or asked again. In another version than the stored one
    the node is entered anew; None: this version has no such node, or no such flow.
    """
    previous, session.version = session.version, definition.version
    places = [(session.flow, session.node), *((frame.flow, frame.node) for frame in session.stack)]
    if any(_node(definition, flow, node) is None for flow, node in places):
        return None
    resumed = FlowResumed(
        call=session.facts.call,
        flow=session.flow,
        node=session.node,
        version=session.version,
        previous=previous,
    )
    turn = Turn(session=session, events=(), effects=(), wait=session.wait)
    if previous != definition.version:
        turn = enter_again(definition, session, now)
    _say_one_moment(definition, turn.session)
    return replace(turn, events=(resumed, *turn.events), wait=turn.session.wait)


def _node(definition: CentreDefinition, flow: FlowName, node: NodeName) -> Node | None:
    known = definition.flows.get(flow)
    return known.nodes.get(node) if known is not None else None


def _say_one_moment(definition: CentreDefinition, session: Session) -> None:
    wait, words = session.wait, Prompt(ONE_MOMENT)
    if not isinstance(wait, PlayWait | KeysWait | RecordWait) or words in wait.prompts[:1]:
        return
    if ONE_MOMENT in definition.prompts.get(session.language, {}):
        session.wait = replace(wait, prompts=(words, *wait.prompts))


def _without_secrets(session: Session) -> Plain:
    stripped = replace(
        session,
        variables={name: value for name, value in session.variables.items() if name not in session.secrets},
        secrets=set(),
        typed_ahead="",
        stack=[_frame_without_secrets(frame) for frame in session.stack],
    )
    if isinstance(stripped.wait, KeysWait) and stripped.wait.typed_ahead:
        stripped.wait = replace(stripped.wait, typed_ahead="")
    return to_plain(stripped)


def _frame_without_secrets(frame: Frame) -> Frame:
    kept = {name: value for name, value in frame.variables.items() if name not in frame.secrets}
    return replace(frame, variables=kept, secrets=frozenset())
