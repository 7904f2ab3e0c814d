"""What the outside calls: the services implement these, adapters are given them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ivr_engine.core.ids import AgentId, CallId, Millis
from ivr_engine.core.outcomes import EndedBy
from ivr_engine.ports.switch import CallControl


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A call at our door, after the adapter proved that it comes from our own switch. Texts are cleaned and bounded."""

    call: CallId
    number: str
    caller: str
    caller_name: str = ""


class CallHandler(Protocol):
    """Serves callers."""

    async def handle_call(self, arrival: Arrival, control: CallControl) -> None:
        """Serve one call to its end; returns when the call is over or the switch may have it back."""
        ...

    def call_over(self, call: CallId, *, ended_by: EndedBy, talked: Millis | None, cause: str) -> None:
        """The switch says the call is gone. May come twice, late, or for a call we do not know: all harmless."""
        ...


class SwitchListener(Protocol):
    """Hears of the event stream's own state."""

    def switch_lost(self, reason: str) -> None:
        """The stream broke: events may be missed from here on."""
        ...

    def switch_reached(self, live: frozenset[CallId]) -> None:
        """The stream is up; `live` are all calls of ours that the switch has now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """One agent as a list shows it."""

    agent: AgentId
    name: str
    presence: str
    activity: str
    reason: str
    since_ms: Millis
    call: CallId | None
    queues: tuple[str, ...]


class AgentCommands(Protocol):
    """What a person may ask for an agent. Each raises CommandRefused with the reason."""

    async def login(self, agent: AgentId) -> None:
        """Start work."""
        ...

    async def ready(self, agent: AgentId) -> None:
        """Take calls."""
        ...

    async def pause(self, agent: AgentId, reason: str) -> None:
        """Take no new calls."""
        ...

    async def logout(self, agent: AgentId) -> None:
        """Stop work."""
        ...

    async def agents(self) -> tuple[AgentView, ...]:
        """Every agent of the centre, by id."""
        ...
