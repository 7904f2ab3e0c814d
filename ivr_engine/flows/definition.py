"""A contact centre as its files define it: frozen, checked, and independent of any file format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr_engine.core.ids import VOICE, AgentId, FlowName, Language, Millis, NodeName, QueueName, SkillName, WorkKind
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.flows.calendars import Calendar
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec
from ivr_engine.flows.tree import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step of a flow. `exits` maps outcome -> node and includes `next` and `failed` where they are given."""

    name: NodeName
    spec: NodeSpec
    exits: Mapping[str, NodeName]
    at: Position
    facts: NodeFacts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", self.spec.facts())  # asked for many times by the checks, and never changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A named graph of nodes."""

    name: FlowName
    start: NodeName
    nodes: Mapping[NodeName, Node]
    at: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptText:
    """One prompt in one language: the words, and the recorded file (relative to the centre's folder) if there is one.

    `kind` is empty for most; `advert` marks what the norms keep from certain places.
    """

    text: str
    file: str | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDefinition:
    """How the queue's callbacks are made. `hours`: a calendar, empty: any time. `agent_first`: before the customer."""

    attempts: int = 3
    gap: Millis = Millis(600_000)
    expiry: Millis = Millis(24 * 3_600_000)
    ring: Millis = Millis(30_000)
    hours: str = ""
    agent_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDefinition:
    """What those who wait in a queue are told, and how those who rather hang up are called back. None: never."""

    announce_wait: Millis | None = None
    comfort_every: Millis | None = None
    comfort: tuple[str, ...] = ()
    callback: CallbackDefinition = CallbackDefinition()


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxDefinition:
    """What a caller who has waited for `after` asks for from then on.

    `lower`: levels of skills; `drop`: skills and languages; `also`: queues whose agents may take the call too.
    """

    after: Millis
    lower: Mapping[SkillName, int] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    also: tuple[QueueName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingDefinition:
    """What holds for all queues: how calls are chosen, agents kept for a skill, and the reasons that a pause may have.

    `capacity`: how much work of a kind an agent takes at a time; `beside_voice`: what may be offered to who talks.
    """

    call_rule: str = "place"
    reserve: Mapping[SkillName, int] = field(default_factory=dict)
    pause_reasons: tuple[str, ...] = ()
    capacity: Mapping[WorkKind, int] = field(default_factory=dict)
    beside_voice: tuple[WorkKind, ...] = ()


PLAIN_ROUTING = RoutingDefinition()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDefinition:
    """A queue as written in centre.yaml. Spans in milliseconds; None: no limit. See `flows.queue_reader`."""

    name: QueueName
    ring: Millis = Millis(15_000)
    wrap_up: Millis = Millis(10_000)
    max_wait: Millis | None = None
    max_length: int | None = None
    strategy: str = "most_idle"
    music: str = "default"
    announce_position: Millis | None = Millis(30_000)  # how often; None: never
    waiting: WaitingDefinition = WaitingDefinition()
    whisper: tuple[str, ...] = ()  # prompts that the agent hears before the caller
    code: str = ""  # what agents dial for the queue
    wrap_up_most: Millis | None = None
    priority_worth: Millis | None = Millis(30_000)  # of one point; None: strict
    rate: int = 1
    share: int = 0
    calendar: str = ""
    staffed_only: bool = False
    leave_unstaffed: bool = False
    leave_closed: bool = False
    relax: tuple[RelaxDefinition, ...] = ()
    overflow: Mapping[QueueOutcome, QueueName] = field(default_factory=dict)
    kind: WorkKind = VOICE  # of all the work of the queue


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDefinition:
    """An outside service: HTTP with JSON bodies. `POST <url>/<operation>`."""

    name: str
    url: str
    timeout: Millis = Millis(3_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptDefinition:
    """A script that may take callers over: `run` is a file's name or the address of a server."""

    name: str
    run: str
    timeout: Millis = Millis(60_000)


_NO_FLOW = FlowName("")


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalKeys:
    """Keys that mean the same everywhere; empty: there is no such key. `agent` enters the flow `agent_flow`."""

    repeat: str = ""
    back: str = ""
    agent: str = ""
    agent_flow: FlowName = _NO_FLOW

    def meanings(self) -> dict[str, str]:
        """Key -> what it means."""
        return {key: name for name in ("repeat", "back", "agent") if (key := getattr(self, name))}


NO_KEYS = GlobalKeys()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDefinition:
    """A person of agents.yaml. `phone` is the SIP account's name; skills have levels 1 (lowest) to 10.

    `talk`: how long a conversation of theirs lasts on average, for the strategy `fastest`. `capacity`: how much work of a
    kind they take at a time, where it differs from what holds for all.
    """

    agent: AgentId
    name: str
    phone: str
    skills: Mapping[SkillName, int]
    queues: tuple[QueueName, ...]
    languages: tuple[Language, ...] = ()
    talk: Millis | None = None
    capacity: Mapping[WorkKind, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreDefinition:
    """One folder: everything a running call needs. `version` is the content hash of all its files."""

    name: str
    version: str
    folder: str
    languages: tuple[Language, ...]  # the first is the default
    numbers: Mapping[str, FlowName]
    flows: Mapping[FlowName, Flow]
    queues: Mapping[QueueName, QueueDefinition]
    services: Mapping[str, ServiceDefinition]
    skills: tuple[SkillName, ...]
    agents: Mapping[AgentId, AgentDefinition]
    prompts: Mapping[Language, Mapping[str, PromptText]]
    answers: tuple[str, ...] = field(default=())  # variables kept in the call record
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    transfers: Mapping[str, str] = field(default_factory=dict)  # name -> number that may be dialled
    agent_flows: Mapping[FlowName, str] = field(default_factory=dict)  # into which agents pass callers -> what they dial
    scripts: Mapping[str, ScriptDefinition] = field(default_factory=dict)
    keys: GlobalKeys = NO_KEYS
    outbound: tuple[str, ...] = ()  # numbers that callbacks may call begin with one of these
    routing: RoutingDefinition = PLAIN_ROUTING
