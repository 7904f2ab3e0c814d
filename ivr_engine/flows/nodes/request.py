"""Ask an outside service.

    fetch:
      request: {service: host, operation: balance, send: {caller: "{{ call.caller }}"}, into: account, timeout: 3s}
      next: end
      exits: {not_found: end, timeout: end}
      failed: end

The answer's body goes into the variable `into`. A service may answer with a result of its own (`not_found`, `wrong_pin`): it
leaves by the exit of that name. Trouble leaves by `timeout`, `unavailable` or `invalid` if they are given. Everything else
leaves by `failed`. What is sent may be secret; the answer is not secret because of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.events.flow import RequestAnswered
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.flows import limits, settings
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.settings import Setting, as_setting, as_target
from ivr_engine.flows.waits import Reply, RequestWait, Responded
from ivr_engine.flows.walk import Walk

TROUBLE = (RequestOutcome.TIMEOUT, RequestOutcome.UNAVAILABLE, RequestOutcome.INVALID)
_RESULT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_NOT_RESULTS = frozenset({"next", "failed", *TROUBLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(NodeSpec):
    """Ask `operation` of `service`; `timeout` None: the service's own."""

    KIND: ClassVar[str] = "request"
    service: str
    operation: str
    send: Mapping[str, Setting]
    into: str = ""
    timeout: Millis | None = None

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`request: {service, operation, send, into, timeout}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(service="", operation="", send={})
        send = fields.mapping_of("send", as_setting)
        if len(send) > limits.SENT_VALUES:
            message = Message.of("a request sends at most $most values", most=limits.SENT_VALUES)
            fields.error("S313", message, at=fields.place("send"))
        spec = cls(
            service=fields.name("service", required=True),
            operation=fields.name("operation", required=True),
            send=send,
            into=fields.read("into", as_target, default=""),
            timeout=fields.span("timeout", default=None, least=Millis(100), most=limits.TIMEOUT),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by `next`, `failed`, or any result of the service's own."""
        return NodeFacts(
            exits=("next", *TROUBLE, "failed"),
            required=(("next",), ("failed",)),
            open_exits=True,
            services=(self.service,),
            reads=settings.reads(self.send.values()),
            writes=(self.into,) if self.into else (),
        )

    def run(self, walk: Walk) -> Step:
        """Wait for the answer."""
        service = walk.service(self.service)
        return RequestWait(
            service=self.service,
            operation=self.operation,
            send={name: walk.value(setting) for name, setting in self.send.items()},
            timeout=self.timeout or service.timeout,
            secret=any(map(walk.is_secret, self.send.values())),
        )

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Keep the body, or leave by what went wrong."""
        assert isinstance(reply, Responded)  # noqa: S101 - the engine lets no other reply through
        result = reply.result if _RESULT.fullmatch(reply.result) else ""
        walk.events.append(
            RequestAnswered(
                call=walk.session.facts.call,
                node=walk.session.node,
                service=self.service,
                operation=self.operation,
                outcome=reply.outcome,
                result=result,
                took=reply.took,
            ),
        )
        if reply.outcome is RequestOutcome.OK:
            if self.into:
                walk.assign(self.into, reply.body, secret=False)
            return "next"
        if reply.outcome is RequestOutcome.REFUSED:
            return "failed" if result in _NOT_RESULTS else result
        return str(reply.outcome)
