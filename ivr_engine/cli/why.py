"""`ivr-engine why`: the decisions about a call or an agent, in words. Reads the journal only; the engine may be running."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ivr_engine.adapters.store import StoreReader
    from ivr_engine.cli.why_agent import Account
    from ivr_engine.cli.why_call import Step
    from ivr_engine.core.events import Recorded
    from ivr_engine.core.ids import Instant

_SINCE = "For an agent, from when on: 2026-03-02, 2026-03-02T09:30, 2026-03-02T09:30+08:00, or how long ago: 30m, 2h, 7d."


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("why")(why)


def why(
    subject: Annotated[str, typer.Argument(metavar="CALL|AGENT", help="A call's id or an agent's.")],
    since: Annotated[str, typer.Option(metavar="TIME", help=_SINCE)] = "2h",
    as_json: Annotated[bool, typer.Option("--json", help="One object per line: each decision whole.")] = False,
) -> None:
    """Say why a call was offered to whom it was, or had to wait; why an agent had these calls and not others.

    Example: ivr-engine why 1772415000.17 && ivr-engine why 1001 --since 30m
    """
    from ivr_engine.adapters.store import open_reader
    from ivr_engine.cli.why_agent import DECISIONS, account
    from ivr_engine.cli.why_call import steps
    from ivr_engine.config import load_settings
    from ivr_engine.core.events import AgentPresenceChanged
    from ivr_engine.core.ids import AgentId, CallId
    from ivr_engine.errors import StoreError

    began = _instant(since)
    with open_reader(load_settings().database) as reader:
        journal = list(reader.read(call=CallId(subject)))
        if journal:
            told = steps(_with_bookings(reader, journal))
            lines = _plain(told) if as_json else _of_call(subject, told, journal[0].at)
        else:
            seen = reader.read(after=reader.last_before(began), types=DECISIONS)
            agent = account(AgentId(subject), seen, reader.latest_by_agent(AgentPresenceChanged.TYPE))
            if agent is None:
                raise StoreError(f"no call and no agent {subject!r} in the journal: see `cdr list` and `agent list`")
            lines = _agent_plain(agent) if as_json else _of_agent(agent, began)
        for line in lines:
            typer.echo(line)


def _with_bookings(reader: StoreReader, journal: list[Recorded]) -> list[Recorded]:
    """The call's own events and, of the callbacks booked in it, what became of them."""
    from ivr_engine.cli.why_call import OF_A_BOOKING, booked, of_bookings

    bookings = booked(journal)
    if not bookings:
        return journal
    later = of_bookings(bookings, reader.read(after=min(bookings.values()), types=OF_A_BOOKING))
    return sorted({each.sequence: each for each in (*journal, *later)}.values(), key=lambda each: each.sequence)


def _of_call(call: str, told: list[Step], arrived: Instant) -> Iterator[str]:
    from ivr_engine.cli.cdr_text import since

    yield f"Call {call}"
    if not told:
        yield "  entered no queue: its flow decided alone; `ivr-engine cdr show` tells that story"
    for step in told:
        yield from _shown(step, since(arrived, step.recorded.at))


def _of_agent(agent: Account, began: Instant) -> Iterator[str]:
    from ivr_engine.cli.cdr_text import local, printable
    from ivr_engine.core.events import call_of

    widest = max((len(call_of(step.recorded.event) or "") for step in agent.steps), default=0)
    yield f"Agent {agent.agent}, {agent.standing}"
    yield f"Since {local(began)}: looked at in {agent.seen} decisions"
    yield from (f"  {line}" for line in agent.lines())
    for step in agent.steps:
        call = call_of(step.recorded.event) or ""
        about = f"  {printable(call):<{widest}}" if widest else ""
        yield from _shown(step, f"{local(step.recorded.at)}{about}")


def _shown(step: Step, at: str) -> Iterator[str]:
    from ivr_engine.cli.cdr_text import printable

    yield f"  {at}  {printable(step.sentence)}"
    yield from (f"  {'':{len(at)}}    {printable(line)}" for line in step.under)


def _agent_plain(agent: Account) -> Iterator[str]:
    from ivr_engine.cli.cdr_text import to_line

    yield to_line(agent.plain())
    yield from _plain(agent.steps)


def _plain(told: list[Step]) -> Iterator[str]:
    from ivr_engine.cli.cdr_text import event_plain, to_line

    for step in told:
        yield to_line({**event_plain(step.recorded, unmask=False), "sentence": step.sentence})


def _instant(text: str) -> Instant:
    from ivr_engine.cli.cdr_text import parse_instant

    try:
        return parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time. {_SINCE}") from error
