"""Which replies come to the same: they lead the same way, and no expression in sight could tell their values apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivr_engine.core.events import AuthorFault, FlowFailed, NodeEntered
from ivr_engine.flows.expressions import Expression, ExpressionFault, Template
from ivr_engine.flows.session import Session, Turn
from ivr_engine.flows.waits import Json, KeysWait, PlayWait
from ivr_engine.flows.walk import NOBODY
from ivr_engine.testing.exploration.choices import Choice
from ivr_engine.testing.exploration.graph import State
from ivr_engine.testing.exploration.relevance import Relevance

Evaluated = Expression | Template


class Likeness:
    """What distinguishes one reply from another."""

    def __init__(self, relevance: Relevance) -> None:
        self._relevance = relevance

    def of(self, state: State, choice: Choice, turn: Turn) -> tuple[object, ...]:
        """Where it leads, by which exits, whether it was silence, and what expressions make of what came with it."""
        session = turn.session
        walked = tuple((event.flow, event.by, event.node) for event in turn.events if isinstance(event, NodeEntered))
        faults = tuple(event.code for event in turn.events if isinstance(event, AuthorFault | FlowFailed))
        stayed = not walked and choice.stays
        tried = session.attempt - state.session.attempt
        told = turn.wait is not None and _brings_values(state.session)
        return walked, faults, type(turn.wait), stayed, tried, self._seen(state.session, session) if told else ()

    def _seen(self, before: Session, after: Session) -> tuple[object, ...]:
        """What expressions in the flows that the call is in, and those about its caller, make of what is new."""
        known = [(frame.flow, frame.variables) for frame in before.stack]
        known.append((before.flow, before.variables))
        now = [(frame.flow, frame.variables) for frame in after.stack]
        now.append((after.flow, after.variables))
        found: list[object] = []
        for level, (flow, variables) in enumerate(now):
            same = level < len(known) and known[level][0] == flow
            old = {**(known[level][1] if same else {}), **_given(before)}
            found.append(_differences(self._relevance.expressions(flow), old, {**variables, **_given(after)}))
        found.append(_differences(self._relevance.about_identity, _given(before), _given(after)))
        return tuple(found)


def _given(session: Session) -> Mapping[str, Json]:
    return {"identity": NOBODY, **session.given}


def _brings_values(session: Session) -> bool:
    """Whether replies to the wait differ by more than the way they lead."""
    wait = session.wait
    return not isinstance(wait, PlayWait) and not (isinstance(wait, KeysWait) and wait.most == 1)


def _differences(
    expressions: Sequence[Evaluated], before: Mapping[str, Json], after: Mapping[str, Json]
) -> tuple[object, ...]:
    """The sort of value that each expression has now, of those to which it is of another sort than before.

    Of two replies in one state, what neither has changed tells nothing: only expressions that read something new are asked.
    """
    new = {name for name, value in after.items() if name not in before or before[name] != value}
    asked = [(place, each) for place, each in enumerate(expressions) if not new.isdisjoint(each.names)]
    now = ((place, each, _sort(each, after)) for place, each in asked)
    return tuple((place, sort) for place, each, sort in now if sort != _sort(each, before))


def _sort(expression: Evaluated, names: Mapping[str, Json]) -> object:
    try:
        value = expression.evaluate(names)
    except ExpressionFault as fault:
        return fault.code
    if isinstance(value, str):
        return "text", bool(value), value.replace(".", "", 1).isdecimal()
    return type(value).__name__, bool(value)
