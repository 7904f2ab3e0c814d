"""What the kinds share that ask an outside service: what may be sent, how an answer is recorded, which way it leads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr_engine.core.events.flow import RequestAnswered
from ivr_engine.core.ids import CallId, Millis, NodeName
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.flows import limits
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes.base import NodeFacts
from ivr_engine.flows.settings import Setting, as_setting, reads
from ivr_engine.flows.waits import Json, Responded
from ivr_engine.flows.walk import Walk

TROUBLE = (RequestOutcome.TIMEOUT, RequestOutcome.UNAVAILABLE, RequestOutcome.INVALID)
_RESULT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_NOT_RESULTS = frozenset({"next", "failed", *TROUBLE})


def read_sent(fields: Fields, key: str) -> dict[str, Setting]:
    """Names and values under `key`, as many as may be sent."""
    sent = fields.mapping_of(key, as_setting)
    if len(sent) > limits.SENT_VALUES:
        message = Message.of("a $kind sends at most $most values", kind=fields.where, most=limits.SENT_VALUES)
        fields.error("S313", message, at=fields.place(key))
    return sent


def read_timeout(fields: Fields) -> Millis | None:
    """`timeout`: how long the caller waits for the service; None: as long as the service's own says."""
    return fields.span("timeout", default=None, least=Millis(100), most=limits.TIMEOUT)


def facts_of_asking(service: str, sent: Mapping[str, Setting], into: str) -> NodeFacts:
    """What the checks need of a node that asks `service`: any result of the service's own may be an exit."""
    return NodeFacts(
        exits=("next", *TROUBLE, "failed"),
        required=(("next",), ("failed",)),
        open_exits=True,
        services=(service,),
        reads=reads(sent.values()),
        writes=(into,) if into else (),
    )


def answered(call: CallId, node: NodeName, reply: Responded, *, service: str, operation: str) -> RequestAnswered:
    """What the journal says of an answer: never what is in it, and a result only where it looks like a name."""
    return RequestAnswered(
        call=call,
        node=node,
        service=service,
        operation=operation,
        outcome=reply.outcome,
        result=reply.result if _RESULT.fullmatch(reply.result) else "",
        took=reply.took,
    )


def note_answer(walk: Walk, reply: Responded, *, service: str, operation: str) -> str:
    """Record the answer; the exit it leads to: `next` when all is well."""
    session = walk.session
    fact = answered(session.facts.call, session.node, reply, service=service, operation=operation)
    walk.events.append(fact)
    result = fact.result
    if reply.outcome is RequestOutcome.OK:
        return "next"
    if reply.outcome is RequestOutcome.REFUSED:
        return "failed" if result in _NOT_RESULTS or not result else result
    return str(reply.outcome)


def shown_values(walk: Walk, settings: Mapping[str, Setting], use: str) -> dict[str, Json]:
    """The values of settings that people outside will see. Raises NodeFault when one is secret."""
    return {name: walk.open_value(setting, use) for name, setting in settings.items()}


def once(walk: Walk) -> str:
    """A key by which a service can tell the same request sent twice from two requests."""
    return f"{walk.session.facts.call}-{walk.session.node}-{walk.now}"
