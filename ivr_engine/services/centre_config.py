"""From the centre's files to the distribution core: the one place where both are known."""

from __future__ import annotations

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.flows.definition import CentreDefinition


def centre_of(definition: CentreDefinition, *, offer_prefix: str) -> Centre:
    """The distribution core for a centre's queues and agents; `offer_prefix` is unique to this start of the engine."""
    return Centre(queues=policies_of(definition), agents=profiles_of(definition), offer_prefix=offer_prefix)


def policies_of(definition: CentreDefinition) -> list[QueuePolicy]:
    """The rules of every queue."""
    return [
        QueuePolicy(
            name=queue.name,
            ring=queue.ring,
            wrap_up=queue.wrap_up,
            max_wait=queue.max_wait,
            max_length=queue.max_length,
            strategy=queue.strategy,
            announce_position=queue.announce_position,
            announce_wait=queue.waiting.announce_wait,
            comfort_every=queue.waiting.comfort_every,
            comfort=queue.waiting.comfort,
        )
        for queue in definition.queues.values()
    ]


def profiles_of(definition: CentreDefinition) -> list[AgentProfile]:
    """Everybody who may work here."""
    return [
        AgentProfile(agent=agent.agent, skills=agent.skills, queues=agent.queues, languages=agent.languages)
        for agent in definition.agents.values()
    ]
