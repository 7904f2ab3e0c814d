"""The states found so far: each once, without what cannot matter any more, and no more of one flow than the bound."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ivr_engine.core.ids import FlowName, Instant, Language
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.session import Frame, Session
from ivr_engine.flows.session_codec import to_plain
from ivr_engine.flows.waits import Json, KeysWait, PlayWait, QueueWait, RecordWait
from ivr_engine.testing.exploration.graph import CALLER, Call, Doing, State
from ivr_engine.testing.exploration.relevance import Relevance

_NOWHERE: Final = Call("", Instant(0))


class States:
    """See the module. `on_new` hears of each state that was not known before."""

    def __init__(
        self,
        centre: CentreDefinition,
        *,
        relevance: Relevance,
        moments: tuple[Instant, ...],
        most: int,
        on_new: Callable[[State], None],
    ) -> None:
        self._centre = centre
        self._relevance = relevance
        self._moments = moments
        self._most = most
        self._on_new = on_new
        self._known: dict[str, State] = {}
        self._calls: dict[tuple[FlowName, Call, bool], Call] = {}
        self._numbers: dict[State, int] = {}
        self._in_flow: Counter[FlowName] = Counter()
        self.stopped: Counter[FlowName] = Counter()

    def at(self, session: Session, call: Call, doing: Doing, *, stays: str = "", entry: State | None = None) -> State | None:
        """The state; None when its flow has as many as it may."""
        call = self.essential_call(session.flow, call, first=not session.stack)
        essence = self._essence(session, call, doing)
        plain = to_plain(essence) | {"stays": stays, "doing": doing, "entry": self._numbers[entry] if entry else None}
        key = json.dumps(plain, sort_keys=True, default=_plain)
        if key not in self._known and self._in_flow[session.flow] >= self._most:
            self.stopped[session.flow] += 1
            return None
        return self._kept(key, State(session=essence, call=call, doing=doing, stays=stays, entry=entry))

    def left(self, session: Session) -> State:
        """The state of a call that goes back to the flow before: nothing but what is common to all flows of the call."""
        facts = replace(session.facts, number="", caller="", arrived=Instant(0))
        wait = PlayWait(prompts=(), language=self._language(session))
        essence = replace(
            session,
            facts=facts,
            language=self._language(session),
            given=self._given(session),
            stray=self._stray(session),
            place={},  # told to queues and call backs, and leads nowhere else
            wait=wait,
            steps=0,
            attempt=0,
        )
        key = json.dumps(to_plain(essence), sort_keys=True, default=_plain)
        return self._kept(key, State(session=essence, call=_NOWHERE, doing=Doing.LEFT))

    def essential_call(self, flow: FlowName, call: Call, *, first: bool = False) -> Call:
        """The first call that is the same to the flow; `first`: the flow is the call's first one."""
        key = flow, call, first
        if key not in self._calls:
            self._calls[key] = self._first_alike(flow, call, first=first)
        return self._calls[key]

    def _first_alike(self, flow: FlowName, call: Call, *, first: bool) -> Call:
        hours = self._relevance.hours(flow, call.moment)
        moment = next(each for each in self._moments if self._relevance.hours(flow, each) == hours)
        caller = call.caller if self._relevance.asks_caller(flow) else CALLER
        if self._relevance.asks_number(flow) or (first and call.reroute):
            return Call(call.number, moment, call.reroute if first else None, caller)
        numbers = self._centre.numbers.items()
        same = next(number for number, leads_to in numbers if not first or leads_to == flow)
        return Call(same, moment, caller=caller)

    def _kept(self, key: str, state: State) -> State:
        known = self._known.setdefault(key, state)
        if known is state:
            self._numbers[state] = len(self._numbers)
            self._in_flow[state.session.flow] += 1
            self._on_new(state)
        return known

    def _essence(self, session: Session, call: Call, doing: Doing) -> Session:
        facts = replace(session.facts, number=call.number, caller=call.caller, arrived=call.moment)
        if doing is Doing.OVER:
            return Session(facts=facts, flow=session.flow, version="", node=session.node, language=session.language)
        menus = session.menus if self._relevance.keeps_menus else []
        kept = self._relevance.variables(session.flow, session.node, menus, after=doing is Doing.ENTERED)
        language, wait = self._language(session), session.wait
        if isinstance(wait, PlayWait | KeysWait | RecordWait | QueueWait):
            wait = replace(wait, language=language)
        memo = session.memo
        if isinstance(wait, QueueWait):  # what the node remembers is the place
            wait, memo = replace(wait, since=None), {}
        return replace(
            session,
            facts=facts,
            variables={name: value for name, value in session.variables.items() if name in kept},
            secrets=session.secrets & kept,
            given=self._given(session),
            stray=self._stray(session),
            place={},  # told to queues and call backs, and leads nowhere else
            menus=menus,
            language=language,
            memo=memo,
            wait=wait,
            steps=0,
        )

    def _language(self, session: Session) -> Language:
        return session.language if self._relevance.reads_language else self._centre.languages[0]

    def _stray(self, session: Session) -> str:
        """A stray end key is ignored once: whatever a caller does without it, one does after pressing it.

        Only where the key means something everywhere does pressing it once differ from pressing it twice.
        """
        keys = self._centre.keys
        return session.stray if session.stray in (keys.repeat, keys.back, keys.agent) else ""

    def _given(self, session: Session) -> dict[str, Json]:
        reads_queue = self._relevance.reads_queue
        return {name: value for name, value in session.given.items() if name != "queue" or reads_queue}


def put_aside(session: Session, frame: Frame, below: list[Frame]) -> Session:
    """A flow that entered another one, as a session of its own: without what the call will bring back."""
    return Session(
        facts=session.facts,
        flow=frame.flow,
        version=session.version,
        node=frame.node,
        language=session.language,
        variables=frame.variables,
        secrets=set(frame.secrets),
        menus=list(frame.menus),
        memo=frame.memo,
        stack=list(below),
    )


def taken_up(left: Session, above: Session) -> Session:
    """The call that left one flow, about to go on in the flow that was put aside."""
    plain, session = copy_of(above), copy_of(left)
    frame = Frame(
        flow=plain.flow,
        node=plain.node,
        variables=plain.variables,
        secrets=frozenset(plain.secrets),
        menus=tuple(plain.menus),
        memo=plain.memo,
    )
    session.facts = plain.facts
    session.stack = [*plain.stack, frame]
    return session


def copy_of(session: Session) -> Session:
    """The same session, to be walked on without harm to this one."""
    return replace(
        session,
        variables=dict(session.variables),
        secrets=set(session.secrets),
        stack=list(session.stack),
        menus=list(session.menus),
        given=dict(session.given),
        memo=dict(session.memo),
    )


def _plain(value: object) -> object:
    slots: tuple[str, ...] = getattr(value, "__slots__", ())
    return {name: getattr(value, name) for name in slots} if slots else str(value)
