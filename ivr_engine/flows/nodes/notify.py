"""Have a service send a message: a text message, as a rule.

    text:
      notify: {service: host, to: "{{ call.caller }}", template: loss_report, values: {reference: "12345"}}
      next: end

The service is asked for `notify` with `to`, `template`, `language`, `values`, and a `key` that is the same when one
message is asked for twice. A message that could not be sent does not hold up the call: it leaves by `failed` only if
that is given. So does one to nobody: where `to` is empty, as when the caller's number is withheld, nothing is asked for.
The values are read by people, so they are never secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.ids import Millis
from ivr_engine.flows.expression_values import ExpressionFault, text_of
from ivr_engine.flows.faults import NodeFault
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.nodes.serving import TROUBLE, note_answer, once, read_sent, read_timeout, shown_values
from ivr_engine.flows.settings import Setting, as_setting, reads
from ivr_engine.flows.waits import Reply, RequestWait, Responded
from ivr_engine.flows.walk import Walk

OPERATION = "notify"
_NUMBER = re.compile(r"\+?[0-9]{3,24}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(NodeSpec):
    """Send `template` with `values` to the number `to`."""

    KIND: ClassVar[str] = "notify"
    service: str
    to: Setting
    template: str
    values: Mapping[str, Setting]
    timeout: Millis | None = None

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`notify: {service, to, template, values, timeout}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(service="", to="", template="", values={})
        spec = cls(
            service=fields.name("service", required=True),
            to=fields.read("to", as_setting, default="", required=True),
            template=fields.name("template", required=True),
            values=read_sent(fields, "values"),
            timeout=read_timeout(fields),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by `next` unless a way for trouble is given."""
        return NodeFacts(
            exits=("next", *TROUBLE, "failed"),
            required=(("next",),),
            services=(self.service,),
            reads=reads((self.to, *self.values.values())),
        )

    def run(self, walk: Walk) -> Step:
        """Ask for it; a message to nobody, or one that cannot even be asked for, holds up nobody either."""
        otherwise = "failed" if "failed" in walk.node.exits else "next"
        try:
            return self._wait(walk) if text_of(walk.open_value(self.to, "a telephone number")) else otherwise
        except (ExpressionFault, NodeFault) as fault:
            if otherwise == "failed":
                raise
            walk.note_fault(fault)
            return otherwise

    def _wait(self, walk: Walk) -> RequestWait:
        return RequestWait(
            service=self.service,
            operation=OPERATION,
            send={
                "to": telephone(walk, self.to),
                "template": self.template,
                "language": walk.session.language,
                "values": shown_values(walk, self.values, "a message"),
                "key": once(walk),
            },
            timeout=self.timeout or walk.service(self.service).timeout,
        )

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Go on, whether it was sent or not."""
        assert isinstance(reply, Responded)  # noqa: S101 - the engine lets no other reply through
        way = note_answer(walk, reply, service=self.service, operation=OPERATION)
        return way if way in walk.node.exits or "failed" in walk.node.exits else "next"


def telephone(walk: Walk, setting: Setting) -> str:
    """A telephone number that people and records may see. Raises NodeFault when the value is none."""
    number = text_of(walk.open_value(setting, "a telephone number"))
    if not _NUMBER.fullmatch(number):
        raise NodeFault(
            "bad_number", "a telephone number has 3 to 24 digits, perhaps after a `+`; the value is something else"
        )
    return number
