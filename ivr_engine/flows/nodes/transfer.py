"""Connect the caller with a telephone outside the centre.

    over:
      transfer: {to: fraud_desk, ring: 30s}
      next: end
      exits: {busy: end, no_answer: end}
      failed: end

`to` names an entry of `transfers` in `centre.yaml`: only numbers listed there are ever dialled. It may be an
expression. `next` is taken when they have talked and the other side has hung up. A caller goes to agents by `queue`,
not by `transfer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.events.flow import TransferEnded
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.flows import settings
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.settings import Setting, as_setting
from ivr_engine.flows.waits import Reply, TransferOver, TransferWait
from ivr_engine.flows.walk import Walk

_BUSY, _NO_ANSWER = str(OfferOutcome.BUSY), str(OfferOutcome.NO_ANSWER)
_WAYS = {OfferOutcome.ANSWERED: "next", OfferOutcome.BUSY: _BUSY, OfferOutcome.NO_ANSWER: _NO_ANSWER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(NodeSpec):
    """Ring the number listed as `to` for at most `ring`."""

    KIND: ClassVar[str] = "transfer"
    to: Setting
    ring: Millis = Millis(30_000)

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`transfer: {to, ring}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(to="")
        spec = cls(
            to=fields.read("to", as_setting, default="", required=True),
            ring=fields.span("ring", default=Millis(30_000), least=Millis(1_000), most=Millis(300_000)),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by how it ended."""
        return NodeFacts(
            exits=("next", _BUSY, _NO_ANSWER, "failed"),
            required=(("next",), ("failed",)),
            transfers=(self.to,) if isinstance(self.to, str) else (),
            reads=settings.reads((self.to,)),
        )

    def run(self, walk: Walk) -> Step:
        """Ring; keys typed ahead are forgotten."""
        walk.session.typed_ahead = walk.session.stray = ""
        name = walk.open_value(self.to, "a transfer's goal")
        return TransferWait(to=str(name), number=walk.transfer(name), ring=self.ring)

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Leave by the outcome."""
        assert isinstance(reply, TransferOver)  # noqa: S101 - the engine lets no other reply through
        session = walk.session
        walk.events.append(
            TransferEnded(
                call=session.facts.call, node=session.node, to=reply.to, outcome=reply.outcome, talked=reply.talked
            ),
        )
        return _WAYS.get(reply.outcome, "failed")
