"""Short hands for tests that walk a call by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ivr_engine.core.events import Event
from ivr_engine.core.outcomes import GatherEnd, RequestOutcome
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.engine import begin, resume
from ivr_engine.flows.session import Turn
from ivr_engine.flows.waits import Json, Keyed, Reply, Responded
from ivr_engine.testing.builders import MAIN, call_facts, centre, prompts
from ivr_engine.testing.clock import START

E = TypeVar("E", bound=Event)

END: dict[str, Any] = {"end": {"hangup": {}}, "lost": {"play": ["sorry"], "next": "end"}}
ENGINE_PROMPTS = prompts(["ask", "hello", "sorry", "invalid_key", "no_input"])


class Walked:
    """A call after `begin` and some replies, with every event so far."""

    def __init__(self, definition: CentreDefinition, *replies: Reply, caller: str = "13800138000") -> None:
        self.definition = definition
        self.turn: Turn = begin(definition, call_facts(caller=caller), MAIN, START)
        self.events: list[Event] = list(self.turn.events)
        for reply in replies:
            self.reply(reply)

    def reply(self, reply: Reply) -> Turn:
        self.turn = resume(self.definition, self.turn.session, reply, START)
        self.events += self.turn.events
        return self.turn

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def one(self, kind: type[E]) -> E:
        (event,) = self.all(kind)
        return event


def walk(
    nodes: Mapping[str, Any],
    *replies: Reply,
    caller: str = "13800138000",
    **parts: Any,  # noqa: ANN401 - fields of CentreDefinition
) -> Walked:
    """Walk a flow of these nodes (plus `end` and `lost`) with these replies."""
    return Walked(centre({**nodes, **END}, **parts), *replies, caller=caller)


def keyed(keys: str, ended: GatherEnd = GatherEnd.COMPLETE) -> Keyed:
    return Keyed(keys=keys, ended=ended)


def silence() -> Keyed:
    return Keyed(keys="", ended=GatherEnd.TIMEOUT)


def answered(body: Json) -> Responded:
    return Responded(outcome=RequestOutcome.OK, body=body)


def refused(result: str) -> Responded:
    return Responded(outcome=RequestOutcome.REFUSED, result=result)
