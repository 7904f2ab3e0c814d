"""The part of a queue that concerns those who wait in it, or are called back instead.

queues:
  cards:
    announce_wait: 60s             # how often the estimated wait is said; `never`, the default, for not at all
    comfort: {every: 40s, prompts: [please_hold, try_the_app]}     # said in turn
    callback:
      attempts: 3
      gap: 10m                     # between attempts
      expiry: 24h                  # counted from the booking
      ring: 30s                    # how long the customer's telephone rings
      hours: agents                # a calendar; any time when left out
      first: customer              # or agent: who is called first

outbound: ["1", "021"]             # numbers that callbacks may call begin with one of these
"""

from __future__ import annotations

import re

from ivr_engine.core.ids import Millis
from ivr_engine.flows.definition import CallbackDefinition, WaitingDefinition
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.shapes import Shape, as_name, matching

CALLED_FIRST = ("customer", "agent")
_PREFIX = re.compile(r"\+?[0-9]{1,15}", re.ASCII)

as_prefix = matching(_PREFIX, "a number: digits, *, # and +, at most 24")


def read_waiting(queue: Fields, *, span_or_never: Shape[Millis | None]) -> WaitingDefinition:
    """What the queue says of waiting; whatever is left out has its default."""
    comfort = queue.fields("comfort")
    every, prompts = (None, ()) if comfort is None else _comfort(comfort)
    return WaitingDefinition(
        announce_wait=queue.read("announce_wait", span_or_never, default=None),
        comfort_every=every,
        comfort=prompts,
        callback=_callback(queue),
    )


def _comfort(fields: Fields) -> tuple[Millis, tuple[str, ...]]:
    every = fields.span("every", default=Millis(40_000), least=Millis(10_000), most=Millis(3_600_000))
    prompts = fields.each("prompts", as_name, required=True)
    fields.finish()
    return every, prompts


def _callback(queue: Fields) -> CallbackDefinition:
    fields = queue.fields("callback")
    if fields is None:
        return CallbackDefinition()
    day = 24 * 3_600_000
    found = CallbackDefinition(
        attempts=fields.integer("attempts", default=3, least=1, most=20),
        gap=fields.span("gap", default=Millis(600_000), least=Millis(1_000), most=Millis(day)),
        expiry=fields.span("expiry", default=Millis(day), least=Millis(1_000), most=Millis(14 * day)),
        ring=fields.span("ring", default=Millis(30_000), least=Millis(5_000), most=Millis(120_000)),
        hours=fields.name("hours"),
        agent_first=fields.choice("first", CALLED_FIRST, default="customer") == "agent",
    )
    fields.finish()
    return found
