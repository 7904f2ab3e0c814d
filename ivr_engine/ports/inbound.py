"""What the outside calls: the services implement these, adapters are given them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol

from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis
from ivr_engine.core.outcomes import EndedBy, OfferOutcome
from ivr_engine.ports.switch import CallControl


@frozen
class Rang:
    """What became of the last telephone rung for a call, as the call's own line says. `phone`: whose, if answered."""

    outcome: OfferOutcome
    cause: str
    phone: str = ""


@frozen
class Arrival:
    """A call at our door, after the adapter proved that it comes from our own switch. Texts are cleaned and bounded.

    `rang`: only for a call that comes again, after a telephone was rung for it.
    """

    call: CallId
    number: str
    caller: str
    caller_name: str = ""
    rang: Rang | None = None


class LineState(StrEnum):
    """What the switch is doing with a caller's line."""

    SERVED = "served"  # it is with an engine, or on its way to one
    STRAY = "stray"  # it waits for this engine to speak, which has no session with it
    RINGING = "ringing"  # a telephone is being rung for it
    TALKING = "talking"
    HELD = "held"  # the switch holds it without an engine; it can be fetched


@frozen
class LiveLine:
    """A caller's line as the switch lists it. `phone`: the telephone that is rung or talks."""

    call: CallId
    state: LineState
    phone: str = ""


class CallHandler(Protocol):
    """Serves callers."""

    @property
    def takes_calls(self) -> bool:
        """Whether a call that arrived now would be let in, its rate apart."""
        ...

    def declines(self, arrival: Arrival) -> bool:
        """Whether to decline the call unanswered, for want of room; recorded then. Asked once, before `handle_call`."""
        ...

    def has_ended(self, call: CallId) -> bool:
        """Whether the call is known to have ended, lately; the switch uses no id twice."""
        ...

    async def handle_call(self, arrival: Arrival, control: CallControl) -> None:
        """Serve one call to its end; returns when the call is over or the switch may have it back."""
        ...

    def call_over(self, call: CallId, *, ended_by: EndedBy, talked: Millis | None, cause: str, certain: bool) -> bool:
        """The switch says the call is gone. May come twice, late, or for a call we do not know: all harmless.

        `certain`: a second source says the same. True: it is not, nobody here serves the call, and it is to be confirmed by
        the list of live lines (`SwitchListener.lines_seen`).
        """
        ...


class LegHandler(Protocol):
    """Serves telephones that were taken out of a conversation."""

    async def handle_leg(self, call: CallId, phone: str, control: CallControl) -> None:
        """Serve the telephone that was joined with `call`'s caller, or asked for them; without a name it is outside."""
        ...

    def phone_holds(self, call: CallId, phone: str, *, holds: bool) -> None:
        """The telephone put the caller on hold by a key of its own, or took them back."""
        ...


class SwitchListener(Protocol):
    """Hears of the event stream's own state."""

    def switch_lost(self, reason: str) -> None:
        """The stream broke: events may be missed from here on."""
        ...

    def switch_reached(self, live: frozenset[CallId]) -> None:
        """The stream is up; `live` are all calls of ours that the switch has now."""
        ...

    def lines_seen(self, lines: Sequence[LiveLine]) -> None:
        """The switch's list of live lines: on each connection, every few seconds, and whenever asked for."""
        ...


class Lines(Protocol):
    """What can be asked of the switch about lines that no session of ours serves."""

    def look_soon(self) -> None:
        """Have the live lines listed now (`SwitchListener.lines_seen`); asked often, done once."""
        ...

    def fetch(self, call: CallId) -> None:
        """Have the switch bring this line to an engine. Harmless when it is gone, or being served by then."""
        ...


@frozen
class WorkView:
    """A piece of work of another kind than a call that an agent has in hand."""

    kind: str
    call: CallId
    activity: str
    since_ms: Millis


@frozen
class AgentView:
    """One agent as a list shows it. `activity` and `call` are of calls; `others`: what else is in hand."""

    agent: AgentId
    name: str
    presence: str
    activity: str
    reason: str
    since_ms: Millis
    call: CallId | None
    queues: tuple[str, ...]
    phone: str = ""
    others: tuple[WorkView, ...] = ()


class AgentCommands(Protocol):
    """What a person may ask for an agent. Each raises CommandRefused with the reason."""

    async def login(self, agent: AgentId, *, phone: str = "", source: str = "command") -> None:
        """Start work at a telephone; by default the agent's own. Who is logged in elsewhere is moved: the newest wins."""
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

    async def extend(self, agent: AgentId, by: Millis) -> None:
        """More time for the wrap-up, as far as the queue allows."""
        ...

    async def agents(self) -> tuple[AgentView, ...]:
        """Every agent of the centre, by id."""
        ...


class ConversationCommands(Protocol):
    """What an agent who talks with a caller may ask. Each raises CommandRefused with the reason, and changes nothing then.

    `to` is an agent's id, a queue's name or code, the name or number of an entry of `transfers`, or the name or code of an
    entry of `agent_flows`.
    """

    async def hold(self, agent: AgentId) -> None:
        """Let the caller hear music."""
        ...

    async def resume(self, agent: AgentId) -> None:
        """Back to the caller, from a hold or from asking somebody."""
        ...

    async def transfer(self, agent: AgentId, to: str) -> None:
        """Pass the caller on and be out of it."""
        ...

    async def transfer_into(self, agent: AgentId, flow: str) -> None:
        """Pass the caller into a flow, by its name in `agent_flows`, whatever else has that name."""
        ...

    async def consult(self, agent: AgentId, to: str) -> None:
        """Ask somebody while the caller hears music."""
        ...

    async def complete(self, agent: AgentId) -> None:
        """Leave the caller to whoever is being asked."""
        ...

    async def conference(self, agent: AgentId) -> None:
        """Let all three hear each other."""
        ...


@frozen
class Supervisor:
    """Who commands, and from where: `command`, later `web`. Taken on trust by whoever lets them in."""

    name: str
    source: str = "command"


@frozen
class WaitingView:
    """One call in a queue or with an agent, as a list shows it. `position` None: not in line any more."""

    call: CallId
    queue: str
    phase: str
    priority: int
    arrived: Instant
    position: int | None
    agent: AgentId | None


class SupervisorCommands(Protocol):
    """What a supervisor may ask. Each raises CommandRefused with the reason, and changes nothing then."""

    async def ready(self, agent: AgentId, *, by: Supervisor) -> None:
        """Let the agent take calls. Refused while the agent is rung or talks."""
        ...

    async def pause(self, agent: AgentId, reason: str, *, by: Supervisor) -> None:
        """Let the agent take no new calls."""
        ...

    async def logout(self, agent: AgentId, *, by: Supervisor) -> None:
        """Let the agent stop work; a call goes on to its end."""
        ...

    async def move(self, agent: AgentId, *, into: Sequence[str], out_of: Sequence[str], by: Supervisor) -> None:
        """Let the agent serve other queues."""
        ...

    async def skill(self, agent: AgentId, skill: str, level: int | None, *, by: Supervisor) -> None:
        """Give the agent a level in a skill; None: take the skill away."""
        ...

    async def take(self, call: CallId, queue: str, *, by: Supervisor) -> None:
        """Take a waiting caller to another queue."""
        ...

    async def priority(self, call: CallId, priority: int, *, by: Supervisor) -> None:
        """Give a waiting caller another priority."""
        ...

    async def waiting(self) -> tuple[WaitingView, ...]:
        """Every call in a queue or with an agent: by queue, those in line first, in their order."""
        ...


@frozen
class Reloaded:
    """What a command about versions brought.

    `outcome`: loaded, unchanged, refused or withdrawn. `version` is what new calls have now, those on trial apart; when one
    was loaded for a share of the calls, that one. `problems`: why it was refused. `remarks`: what will not be as the files
    want.
    """

    outcome: str
    version: str
    previous: str
    share: int = 100
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@frozen
class TallyView:
    """Calls that ended, and how many of them failed."""

    calls: int = 0
    failed: int = 0


NO_CALLS = TallyView()


@frozen
class VersionsView:
    """What new calls get: `current`, and `trial` for `share` percent of them (to `numbers`, when there are any)."""

    current: str
    trial: str = ""
    share: int = 0
    numbers: tuple[str, ...] = ()
    on_trial: TallyView = NO_CALLS
    others: TallyView = NO_CALLS


class VersionCommands(Protocol):
    """What a person may ask about the versions of the files. Each raises CommandRefused with the reason."""

    async def reload(self, *, share: int, numbers: Iterable[str]) -> Reloaded:
        """Load the files for `share` percent of the new calls (to these numbers; none: to all)."""
        ...

    async def promote(self) -> Reloaded:
        """The version on trial becomes the one for all new calls."""
        ...

    async def withdraw(self) -> Reloaded:
        """The version on trial gets no new calls any more."""
        ...

    async def versions(self) -> VersionsView:
        """What new calls get."""
        ...
