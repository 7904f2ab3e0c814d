"""What every node kind is made of.

A kind is one module: a docstring with a complete YAML example (a test executes it), a frozen spec, `read` (shape), `facts`
(what the checker wants to know), `run` and `resume`. Kinds are listed by hand in `nodes/__init__.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from ivr_engine.core.ids import FlowName, NodeName
from ivr_engine.flows.expressions import Expression
from ivr_engine.flows.faults import NodeFault
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.saying import Line
from ivr_engine.flows.waits import Json, Reply, Wait
from ivr_engine.flows.walk import Walk


@dataclass(frozen=True, slots=True)
class Over:
    """The flow ends at this node."""


OVER = Over()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """Walk another flow, which begins with these variables alone; its `Leave` comes back to this node."""

    flow: FlowName
    variables: dict[str, Json] = field(repr=False)
    secrets: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Go back to the flow that entered this one, with a result by name and values; `secret` when one of them is tainted."""

    result: str
    values: dict[str, Json] = field(repr=False)
    secret: bool


@dataclass(frozen=True, slots=True)
class Back:
    """Go back to the menu before this one."""


BACK = Back()

Step = Wait | str | Over | Back | Enter | Leave | NodeFault
"""What a node did: it waits, leaves by the exit of this name, the call is over, another flow's turn, or no way on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """What can be known about a node without running it.

    `exits`: the outcomes it can leave by; with `open_exits` also any name of an outside service's own. `required`: groups of
    exits, of each at least one must be given. `ends`: it has no way out. `waits`: the call stops here for the outside.
    `reads` and `writes` are variables; `secrets` those of `writes` that become tainted; `made_from` pairs a written variable
    with a name that its value reads, for a value made from a secret is secret. `keys`: exits taken by one key of the
    caller's. `claims`: keys that mean something of the node's own here, whatever they mean elsewhere. `attempts`: how
    often the caller is asked, 0 when not at all. `lines`: what is said, in order, with free texts. `to_agent`: the call
    may come to a person here. `flow` is the flow it enters; `result` the one by which it goes back to the flow before,
    and `gives` the variables that what it gives back reads. `conditions`: exits that are there only when this holds.
    `level`: how well the caller is identified who leaves by `next`. `ticket`: it opens one, and keeps it in `writes`.
    """

    exits: tuple[str, ...]
    required: tuple[tuple[str, ...], ...] = ()
    open_exits: bool = False
    ends: bool = False
    waits: bool = True
    prompts: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    transfers: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    reads: frozenset[str] = frozenset()
    writes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    made_from: tuple[tuple[str, str], ...] = ()
    keys: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    attempts: int = 0
    lines: tuple[Line, ...] = ()
    to_agent: bool = False
    flow: str = ""
    result: str = ""
    gives: frozenset[str] = frozenset()
    conditions: Mapping[str, Expression] = field(default_factory=dict)
    level: int = 0
    ticket: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """Base of every kind's settings; `KIND` is the key that names the kind in a flow file."""

    KIND: ClassVar[str]
    secret_memo: ClassVar[frozenset[str]] = frozenset()
    """Names under which the kind remembers secrets between its waits (`Session.memo`)."""

    @classmethod
    def read(cls, node: Fields) -> Self:
        """The settings under the kind's key of a node; problems are reported to the fields' issues."""
        raise NotImplementedError

    def facts(self) -> NodeFacts:
        """What the checker wants to know."""
        raise NotImplementedError

    def own_exits(self) -> Mapping[str, NodeName]:
        """Exits written inside the settings themselves, such as the keys of a menu."""
        return {}

    def takes(self, key: str) -> bool:
        """Whether an answer to the question asked here can begin with a key that was pressed before it."""
        del key
        return False

    def run(self, walk: Walk) -> Step:
        """Do what the node does until it waits, leaves or ends."""
        raise NotImplementedError

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Go on with the reply to the wait that `run` or `resume` gave."""
        raise NotImplementedError

    def returned(self, walk: Walk, leave: Leave) -> Step:
        """Go on after the flow that `run` entered."""
        raise NotImplementedError
