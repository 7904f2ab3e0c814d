"""Wait for an agent and talk to them.

    to_agent:
      queue: {name: cards, skills: {card: 3}, priority: "{{ 50 if call.language == 'en' else 0 }}"}
      next: end
      exits: {timeout: end, full: end, closed: end}
      # in `queue:`, keys while waiting: {keys: {1: call_me, 2: leave_word}}

With `prefer: {english: 1}` who has the skill comes first. With `agent: "{{ customer.adviser }}"` the call waits for that
agent alone, for `agent_wait` (20 s) at most and only while they are at work; afterwards anybody may take it.

`next` is taken after the conversation. `unstaffed` (nobody is logged in who could ever take the call) goes the way of
`closed` unless it is given. Any other ending without an exit of its own goes the way of `failed`. Afterwards expressions can
read `queue.outcome` and `queue.agent`. A priority that cannot be worked out counts as 0 and is reported.

An agent may pass the caller into one of the centre's `agent_flows`. It knows who the caller is (`identity`) and who talked
with them (`queue.agent`), begins without variables, and with its `return` the call goes on at `next`.

`keys` are those a caller may press while waiting: each leaves the queue, with the outcome `flowout`, and leads to its node.
A `callback` there keeps the caller's place, and whoever comes back to the queue has it again. While an agent's telephone
rings for the caller they do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import AgentId, FlowName, Millis, NodeName, SkillName
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.flows import limits, settings, shapes
from ivr_engine.flows.expressions import ExpressionFault
from ivr_engine.flows.faults import NodeFault
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes.base import Enter, Leave, NodeFacts, NodeSpec, Step
from ivr_engine.flows.settings import Setting, as_setting
from ivr_engine.flows.waits import QueueLeft, QueueWait, Reply
from ivr_engine.flows.walk import KEYS, Walk

AGENT_WAIT = Millis(20_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue(NodeSpec):
    """Wait in the queue `name` for somebody with `needs`."""

    KIND: ClassVar[str] = "queue"
    name: Setting
    needs: tuple[SkillNeed, ...] = ()
    priority: Setting = 0
    prefers: tuple[SkillNeed, ...] = ()
    agent: Setting = ""
    agent_wait: Millis = AGENT_WAIT
    keys: Mapping[str, NodeName] = field(default_factory=dict)

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`queue: {name, skills, prefer, priority, agent, agent_wait, keys}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(name="")
        spec = cls(
            name=fields.read("name", as_setting, default="", required=True),
            needs=read_needs(fields),
            priority=fields.read("priority", as_setting, default=0),
            keys=_read_keys(fields),
            prefers=read_needs(fields, "prefer"),
            agent=fields.read("agent", as_setting, default=""),
            agent_wait=fields.span("agent_wait", default=AGENT_WAIT, most=Millis(3_600_000)),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by how the visit to the queue ended."""
        return NodeFacts(
            exits=(*self.keys, "next", "timeout", "full", "closed", "unstaffed", "failed"),
            keys=tuple(self.keys),
            required=(("next",), ("timeout", "failed"), ("full", "failed"), ("closed", "failed")),
            to_agent=True,
            queues=(self.name,) if isinstance(self.name, str) else (),
            skills=tuple(need.skill for need in (*self.needs, *self.prefers)),
            reads=settings.reads((self.name, self.priority, self.agent)),
        )

    def own_exits(self) -> Mapping[str, NodeName]:
        """Each key is an exit of its own."""
        return self.keys

    def run(self, walk: Walk) -> Step:
        """Wait; keys typed ahead are forgotten."""
        walk.session.typed_ahead = walk.session.stray = ""
        queue = walk.queue(walk.open_value(self.name, "the queue's name"))
        since = walk.comes_back_to(queue)
        wait = QueueWait(
            queue=queue,
            needs=self.needs,
            priority=priority_now(walk, self.priority),
            language=walk.session.language,
            keys="".join(self.keys),
            since=since,
            prefers=self.prefers,
            agent=(wanted := _wanted(walk, self.agent)),
            agent_wait=Millis(0) if wanted is None else self.agent_wait,
        )
        walk.session.memo = {"name": queue, "since": walk.now if since is None else since, "priority": wait.priority}
        return wait

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Leave by the outcome."""
        assert isinstance(reply, QueueLeft)  # noqa: S101 - the engine lets no other reply through
        walk.left_queue(reply.outcome, reply.agent or "")
        if reply.outcome is QueueOutcome.FLOWOUT and reply.key in self.keys:
            return reply.key
        if reply.outcome is QueueOutcome.ANSWERED and reply.flow:
            return Enter(flow=FlowName(reply.flow), variables={}, secrets=frozenset())
        if reply.outcome is QueueOutcome.ANSWERED:
            return "next"
        if reply.outcome is QueueOutcome.UNSTAFFED and "unstaffed" not in walk.node.exits:
            return "closed"
        return str(reply.outcome)

    def returned(self, walk: Walk, leave: Leave) -> Step:
        """The flow into which the agent passed the caller is over: on as after the conversation."""
        del walk, leave
        return "next"


def _read_keys(fields: Fields) -> dict[str, NodeName]:
    for entry in fields.entries("keys"):
        if entry.key not in KEYS or len(entry.key) != 1:
            message = Message.of("`$key` is not a key of a telephone: 0 to 9, `*` or `#` (in quotes)", key=entry.key)
            fields.error("S311", message, at=entry.key_at)
    return {key: NodeName(node) for key, node in fields.mapping_of("keys", shapes.as_name).items()}


def read_needs(fields: Fields, key: str = "skills") -> tuple[SkillNeed, ...]:
    """`skills: {card: 3}`: what an agent must have."""
    levels = fields.mapping_of(key, shapes.whole(1, limits.SKILL_LEVEL))
    return tuple(SkillNeed(skill=SkillName(skill), level=level) for skill, level in levels.items())


def _wanted(walk: Walk, setting: Setting) -> AgentId | None:
    """The agent the caller is to have, or None: nothing that is no name keeps a caller from the queue."""
    if setting == "":
        return None
    try:
        value = walk.open_value(setting, "the agent")
    except (ExpressionFault, NodeFault) as fault:
        walk.note_fault(fault)
        return None
    return AgentId(str(value)) if isinstance(value, str | int) and value != "" and not isinstance(value, bool) else None


def priority_now(walk: Walk, setting: Setting) -> int:
    """The priority, or 0: no caller is turned away because a priority cannot be worked out."""
    try:
        return _priority(walk.open_value(setting, "the priority"))
    except (ExpressionFault, NodeFault) as fault:
        walk.note_fault(fault)
        return 0


def _priority(value: object) -> int:
    if type(value) is int and abs(value) <= limits.PRIORITY:
        return value
    raise NodeFault("bad_priority", f"a priority is a whole number, at most {limits.PRIORITY} either side of 0")
