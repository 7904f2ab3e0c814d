"""What a call record holds."""

from __future__ import annotations

from enum import StrEnum

from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, CallId, FlowName, Instant, Language, Millis, QueueName
from ivr_engine.core.outcomes import Disposition, EndedBy


class LegKind(StrEnum):
    """What the caller was doing. SURVEY: in a flow again after talking to an agent. OUTSIDE: passed on to a number."""

    IVR = "ivr"
    WAITING = "waiting"
    AGENT = "agent"
    SURVEY = "survey"
    OUTSIDE = "outside"


@frozen
class Leg:
    """One stretch of the call; legs follow each other without gap or overlap.

    `outcome`: for WAITING a QueueOutcome, for AGENT an EndedBy, for OUTSIDE an OfferOutcome, else empty; empty too when the
    fact never came. `offers`: how many agents were rung. `talked`: for AGENT the switch's measure, the leg's length where it
    gave none; for OUTSIDE the switch's measure, 0 where it gave none. `held`: how long of it the caller heard music. `to`:
    the number outside, by its name in the files.
    """

    kind: LegKind
    began: Instant
    ended: Instant
    queue: QueueName | None = None
    agent: AgentId | None = None
    outcome: str = ""
    offers: int = 0
    talked: Millis = Millis(0)
    held: Millis = Millis(0)
    to: str = ""

    @property
    def lasted(self) -> Millis:
        """Its length."""
        return Millis(max(0, self.ended - self.began))


@frozen
class CallRecord:
    """One call: one row, one terminal disposition. `waited` sums the waiting legs, `talked` what the agent legs talked.

    `flow` and `version` are those the call began with; `queue` is the last one visited, `agent` the last one talked to.
    """

    call: CallId
    number: str
    caller: str
    caller_name: str
    arrived: Instant
    ended: Instant
    disposition: Disposition
    ended_by: EndedBy
    language: Language | None
    flow: FlowName | None
    version: str | None
    last_node: str | None
    queue: QueueName | None
    agent: AgentId | None
    waited: Millis
    talked: Millis
    legs: tuple[Leg, ...]
    answers: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]  # codes of author faults and flow failures, in order
    resumed: int = 0  # how often the call was taken over from a controller that was gone
    refused: str = ""  # why the call was not served, a code; empty when it was

    @property
    def lasted(self) -> Millis:
        """From arrival to end."""
        return Millis(max(0, self.ended - self.arrived))

    @property
    def held(self) -> Millis:
        """How long callers heard music in conversations."""
        return Millis(sum(leg.held for leg in self.legs))

    @property
    def offers(self) -> int:
        """How many agents were rung for the call."""
        return sum(leg.offers for leg in self.legs)
