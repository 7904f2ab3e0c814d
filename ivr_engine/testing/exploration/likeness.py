"""Which replies come to the same: they lead the same way, and no expression in sight could tell their values apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ivr_engine.core.events import AuthorFault, FlowFailed, NodeEntered
from ivr_engine.core.ids import FlowName
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
        return walked, faults, type(turn.wait), stayed, tried, tuple(self._seen(session)) if told else ()

    def _seen(self, session: Session) -> Iterator[object]:
        """For each expression in the flows that the call is in: the sort of value that it has now."""
        given = {"identity": NOBODY, **session.given}
        levels: list[tuple[FlowName, Mapping[str, Json]]] = [(frame.flow, frame.variables) for frame in session.stack]
        for flow, variables in (*levels, (session.flow, session.variables)):
            yield from _sorts(self._relevance.expressions(flow), {**variables, **given})
        if "identity" in session.given:
            yield from _sorts(self._relevance.about_identity, given)


def _brings_values(session: Session) -> bool:
    """Whether replies to the wait differ by more than the way they lead."""
    wait = session.wait
    return not isinstance(wait, PlayWait) and not (isinstance(wait, KeysWait) and wait.most == 1)


def _sorts(expressions: Iterable[Evaluated], names: Mapping[str, Json]) -> Iterator[object]:
    for each in expressions:
        if names.keys() & each.names:
            yield _sort(each, names)


def _sort(expression: Evaluated, names: Mapping[str, Json]) -> object:
    try:
        value = expression.evaluate(names)
    except ExpressionFault as fault:
        return fault.code
    if isinstance(value, str):
        return "text", bool(value), value.replace(".", "", 1).isdecimal()
    return type(value).__name__, bool(value)
