"""Open a ticket in the bank's own system, for people to follow up.

    complain:
      ticket: {service: host, type: complaint, data: {caller: "{{ call.caller }}"}, into: ticket}
      next: say
      failed: end
    say: {play: [welcome, {digits: "{{ ticket.number }}"}], next: end, failed: end}

The service is asked for `ticket` with `type`, `call`, `language`, `data`, and a `key` that is the same when one ticket
is asked for twice. Its answer must hold the ticket's `number`; the whole answer is kept in `into`. The data are read by
people, so they are never secret. Exits are those of `request`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from ivr_engine.core.events.flow import TicketOpened
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.nodes.serving import facts_of_asking, note_answer, once, read_sent, read_timeout, shown_values
from ivr_engine.flows.settings import Setting, as_target
from ivr_engine.flows.waits import Json, Reply, RequestWait, Responded
from ivr_engine.flows.walk import Walk

OPERATION = "ticket"
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket(NodeSpec):
    """Open a ticket of `type` with `data`."""

    KIND: ClassVar[str] = "ticket"
    service: str
    type: str
    data: Mapping[str, Setting]
    into: str = ""
    timeout: Millis | None = None

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`ticket: {service, type, data, into, timeout}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(service="", type="", data={})
        spec = cls(
            service=fields.name("service", required=True),
            type=fields.name("type", required=True),
            data=read_sent(fields, "data"),
            into=fields.read("into", as_target, default=""),
            timeout=read_timeout(fields),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by `next`, `failed`, or any result of the service's own."""
        return replace(facts_of_asking(self.service, self.data, self.into), ticket=True)

    def run(self, walk: Walk) -> Step:
        """Ask for it."""
        return RequestWait(
            service=self.service,
            operation=OPERATION,
            send={
                "type": self.type,
                "call": walk.session.facts.call,
                "language": walk.session.language,
                "data": shown_values(walk, self.data, "a ticket"),
                "key": once(walk),
            },
            timeout=self.timeout or walk.service(self.service).timeout,
        )

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Keep the number."""
        assert isinstance(reply, Responded)  # noqa: S101 - the engine lets no other reply through
        number = _number(reply.body)
        if reply.outcome is RequestOutcome.OK and not number:
            reply = Responded(outcome=RequestOutcome.INVALID, took=reply.took)
        way = note_answer(walk, reply, service=self.service, operation=OPERATION)
        if reply.outcome is RequestOutcome.OK:
            session = walk.session
            walk.events.append(
                TicketOpened(call=session.facts.call, node=session.node, kind=self.type, number=number),
            )
            if self.into:
                walk.assign(self.into, reply.body, secret=False)
        return way


def _number(body: Json) -> str:
    number = body.get("number") if isinstance(body, dict) else None
    text = str(number) if isinstance(number, str | int) and not isinstance(number, bool) else ""
    return text if _NUMBER.fullmatch(text) else ""
