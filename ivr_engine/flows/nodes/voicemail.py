"""Take a message for the people of a queue.

    leave_word:
      voicemail: {queue: cards, prompt: welcome, longest: 3m}
      next: end
      failed: end

It is `record`, with the same settings and exits, and the recording stands in the journal as a message for the queue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from ivr_engine.core.events.acd import MessageLeft
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, Step
from ivr_engine.flows.nodes.record import Record
from ivr_engine.flows.settings import Setting, as_setting, reads
from ivr_engine.flows.waits import Reply, VoiceTaken
from ivr_engine.flows.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail(Record):
    """A recording for `queue`."""

    KIND: ClassVar[str] = "voicemail"
    queue: Setting = ""

    @classmethod
    def _read_rest(cls, fields: Fields) -> Self:
        record = super(Voicemail, cls)._read_rest(fields)
        return replace(record, queue=fields.read("queue", as_setting, default="", required=True))

    def facts(self) -> NodeFacts:
        """As `record`."""
        record = super(Voicemail, self).facts()
        return replace(
            record,
            queues=(self.queue,) if isinstance(self.queue, str) else (),
            reads=record.reads | reads((self.queue,)),
        )

    def run(self, walk: Walk) -> Step:
        """Record, once it is known for whom: a queue that there is not must not cost the caller a message."""
        walk.queue(walk.open_value(self.queue, "the queue's name"))
        return super(Voicemail, self).run(walk)

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Leave it with the queue."""
        way = super(Voicemail, self).resume(walk, reply)
        if way == "next" and isinstance(reply, VoiceTaken):
            facts = walk.session.facts
            walk.events.append(
                MessageLeft(
                    call=facts.call,
                    node=walk.session.node,
                    queue=walk.queue(walk.open_value(self.queue, "the queue's name")),
                    recording=reply.name,
                    lasted=reply.lasted,
                    number=facts.caller,
                ),
            )
        return way
