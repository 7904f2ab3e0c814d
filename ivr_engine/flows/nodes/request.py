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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.nodes.serving import facts_of_asking, note_answer, read_sent, read_timeout
from ivr_engine.flows.settings import Setting, as_target
from ivr_engine.flows.waits import Reply, RequestWait, Responded
from ivr_engine.flows.walk import Walk


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
        spec = cls(
            service=fields.name("service", required=True),
            operation=fields.name("operation", required=True),
            send=read_sent(fields, "send"),
            into=fields.read("into", as_target, default=""),
            timeout=read_timeout(fields),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by `next`, `failed`, or any result of the service's own."""
        return facts_of_asking(self.service, self.send, self.into)

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
        way = note_answer(walk, reply, service=self.service, operation=self.operation)
        if reply.outcome is RequestOutcome.OK and self.into:
            walk.assign(self.into, reply.body, secret=False)
        return way
