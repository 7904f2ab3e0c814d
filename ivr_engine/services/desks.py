"""All that is around agents, put together: where they sit, what they command, and what supervisors do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ivr_engine.core.ids import AgentId
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.log import Log
from ivr_engine.services.agent_desk import AgentDesk
from ivr_engine.services.conversations import Conversations
from ivr_engine.services.seats import Seats
from ivr_engine.services.supervision import Supervision
from ivr_engine.services.talk_facts import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """The services for agents and supervisors."""

    seats: Seats
    agents: AgentDesk
    supervision: Supervision
    conversations: Conversations


def desks_of(
    around: Surroundings,
    *,
    definition: Callable[[], CentreDefinition],
    own_phone: Callable[[AgentId], str],
    journal: Journal,
    carrier: bool,
    log: Log,
) -> Desks:
    """`definition` is the version that counts now, `own_phone` an agent's telephone in it; who sits where is recovered.

    `carrier`: numbers outside can be dialled.
    """
    centre, clock = around.centre, around.clock
    seats = Seats(definition=definition, own=own_phone, centre=centre, recorder=around.recorder, log=log)
    seats.recover(journal)
    agents = AgentDesk(definition=definition, centre=centre, seats=seats, clock=clock)
    return Desks(
        seats=seats,
        agents=agents,
        supervision=Supervision(definition=definition, named=agents.known, centre=centre, seats=seats, log=log),
        conversations=Conversations(
            definition=definition,
            phone_of=seats.phone_of,
            named=agents.known,
            around=around,
            carrier=carrier,
            log=log,
        ),
    )
