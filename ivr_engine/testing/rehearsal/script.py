"""A conversation test as its file says it: frozen, checked, and free of any file format.

| step       | what happens                                                                                    |
|------------|-------------------------------------------------------------------------------------------------|
| Hears      | the call goes on until these have been said, one directly after the other                       |
| Presses    | keys at the next question; what it does not take is pressed at the one after                    |
| Interrupts | one key while a prompt plays                                                                    |
| Waits      | nothing is pressed until the question gives up; in a queue, time passes                         |
| HangsUp    | the caller leaves, wherever the call is                                                         |
| AgentActs  | an agent's telephone rings, and this is what the agent does                                     |
| Talks      | caller and agent talk so long, then the agent hangs up                                          |
| QueueEnds  | the visit to the queue ends so: the agents, the line and the clock are arranged for it          |
| Speaks     | the caller speaks while being recorded                                                          |
| Transfers  | the number that the call is transferred to is rung, and this comes of it                        |
| ScriptEnds | the script that took the caller over is done, with these values, or failed                      |
| Expects    | nothing happens; what is known of the call is looked at                                         |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr_engine.core.ids import AgentId, Instant, Millis
from ivr_engine.core.outcomes import Disposition, OfferOutcome, QueueOutcome
from ivr_engine.flows.tree import Position
from ivr_engine.flows.waits import Json

RINGS = "rings"  # the telephone rings and nothing else happens yet


@dataclass(frozen=True, slots=True)
class Words:
    """What must be said: a prompt by name, or a value by its kind. An empty currency fits any."""

    kind: str  # prompt, text, money, digits, number, date, time
    value: str
    currency: str = ""

    def __str__(self) -> str:
        return self.value if self.kind == "prompt" else f"{{{self.kind}: {self.value}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hears:
    """See the module."""

    at: Position
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presses:
    """See the module."""

    at: Position
    keys: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupts:
    """See the module."""

    at: Position
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """See the module. `span` None: until the question gives up."""

    at: Position
    span: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HangsUp:
    """See the module."""

    at: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentActs:
    """See the module. `outcome` None: rings on. `who`: the one it must be; `after`: how long it rings before."""

    at: Position
    outcome: OfferOutcome | None
    who: AgentId | None = None
    after: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Talks:
    """See the module."""

    at: Position
    span: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEnds:
    """See the module."""

    at: Position
    outcome: QueueOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Expects:
    """See the module. Only what is given is looked at."""

    at: Position
    node: str = ""
    language: str = ""
    variables: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaks:
    """See the module."""

    at: Position
    span: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers:
    """See the module."""

    at: Position
    outcome: OfferOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptEnds:
    """See the module. `values` None: it failed."""

    at: Position
    values: Mapping[str, str] | None


Outside = Speaks | Transfers | ScriptEnds
"""What answers a wait of its own."""

Step = Hears | Presses | Interrupts | Waits | HangsUp | AgentActs | Talks | QueueEnds | Outside | Expects


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How the call must end; only what is given is looked at, except faults: there must be none but those listed."""

    at: Position
    node: str = ""
    disposition: Disposition | None = None
    language: str = ""
    queue: str = ""
    agent: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service answers, or what comes of a recording, a transfer or a script; `always`: as often as it is asked."""

    at: Position
    body: Json = field(repr=False)
    always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationTest:
    """One test. `ends` None: the caller hangs up after the last step, whatever the call does then.

    `reroute`: the flow that operations send the number to for the time of the test; empty: its own.
    `answers` of services by `service.operation`, and of what else is outside as in `outside.line_of`.
    """

    name: str
    at: Position
    number: str
    caller: str
    reroute: str = ""
    instant: Instant
    answers: Mapping[str, tuple[Answer, ...]]
    steps: tuple[Step, ...]
    ends: Ends | None = None
