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
from ivr_engine.flows.waits import Reply, VoiceTaken
from ivr_engine.flows.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail(Record):
    """A recording for `queue`."""

    KIND: ClassVar[str] = "voicemail"
    queue: str = ""

    @classmethod
    def _read_rest(cls, fields: Fields) -> Self:
        return replace(super(Voicemail, cls)._read_rest(fields), queue=fields.name("queue", required=True))

    def facts(self) -> NodeFacts:
        """As `record`."""
        return replace(super(Voicemail, self).facts(), queues=(self.queue,))

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Leave it with the queue."""
        way = super(Voicemail, self).resume(walk, reply)
        if way == "next" and isinstance(reply, VoiceTaken):
            facts = walk.session.facts
            walk.events.append(
                MessageLeft(
                    call=facts.call,
                    node=walk.session.node,
                    queue=walk.queue(self.queue),
                    recording=reply.name,
                    lasted=reply.lasted,
                    number=facts.caller,
                ),
            )
        return way
