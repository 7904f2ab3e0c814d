"""The state of one call's walk through a flow: plain values only, so that it survives `json -> session` at every wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ivr_engine.core.events import Event
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import CallId, FlowName, Instant, Language, NodeName
from ivr_engine.flows.effects import Effect
from ivr_engine.flows.waits import Wait


@frozen
class CallFacts:
    """What is known about a call when it arrives; expressions read it as `call.number`, `call.caller`."""

    call: CallId
    number: str
    caller: str
    caller_name: str = ""
    arrived: Instant = Instant(0)


@frozen
class Frame:
    """Where a flow that entered another one waits for its end, with all it knows."""

    flow: FlowName
    node: NodeName
    variables: dict[str, Any] = field(repr=False)
    secrets: frozenset[str]
    menus: tuple[NodeName, ...] = ()
    memo: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(slots=True, kw_only=True)
class Session:
    """One walk. `resume` changes it in place; nothing else does.

    `variables` holds JSON values by name; `secrets` names those that are tainted; `typed_ahead` the keys that interrupted a
    prompt and wait for the next menu; `stray` the end key a caller may still press after an entry that was full without it;
    `attempt` counts tries at the current node; `steps` counts nodes of this turn's walk; `ending`: the flow failed and the
    call hangs up after the current wait; `stack` the flows that entered the present one, outermost first;
    `menus` those of the present flow on the way here; `given` what the engine lets every flow read (`queue`, `identity`);
    `memo` what the present node remembers between its waits; `place` the queue last left unanswered, since when the caller
    had waited there and with what priority. `repr` shows no customer's value.
    """

    facts: CallFacts
    flow: FlowName
    version: str
    node: NodeName
    language: Language
    variables: dict[str, Any] = field(default_factory=dict, repr=False)
    secrets: set[str] = field(default_factory=set)
    typed_ahead: str = field(default="", repr=False)
    stray: str = ""
    attempt: int = 0
    steps: int = 0
    ending: bool = False
    stack: list[Frame] = field(default_factory=list)
    menus: list[NodeName] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict, repr=False)
    memo: dict[str, Any] = field(default_factory=dict, repr=False)
    place: dict[str, Any] = field(default_factory=dict)
    wait: Wait | None = None


@frozen
class Turn:
    """What one `begin` or `resume` brought: facts, instructions, and the next wait (None: the flow is over)."""

    session: Session
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    wait: Wait | None
