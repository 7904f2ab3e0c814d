"""From the centre's files to the distribution core: the one place where both are known."""

from __future__ import annotations

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.queues import STRICTLY, QueuePolicy, RelaxStep
from ivr_engine.acd.rules import CentreRules
from ivr_engine.core.ids import Instant, Millis, QueueName
from ivr_engine.core.outcomes import Hours
from ivr_engine.flows.definition import CentreDefinition

LONGEST_WHISPER = Millis(10_000)
"""An agent who hears longer of a call than this loses the offer: nothing could tell it from a fault."""


def centre_of(definition: CentreDefinition, *, offer_prefix: str) -> Centre:
    """The distribution core for a centre's queues and agents; `offer_prefix` is unique to this start of the engine."""
    return Centre(
        queues=policies_of(definition),
        agents=profiles_of(definition),
        offer_prefix=offer_prefix,
        rules=rules_of(definition),
    )


def rules_of(definition: CentreDefinition) -> CentreRules:
    """What holds for all queues."""
    routing = definition.routing
    return CentreRules(
        call_rule=routing.call_rule,
        reserve=routing.reserve,
        skills=definition.skills,
        pause_reasons=routing.pause_reasons,
        beside_voice=routing.beside_voice,
    )


def closed_queues(definition: CentreDefinition, now: Instant) -> tuple[QueueName, ...]:
    """The queues whose calendars say closed."""
    used = {queue.calendar for queue in definition.queues.values() if queue.calendar}
    shut = {name for name in used if definition.calendars[name].state(now) is not Hours.OPEN}
    return tuple(queue.name for queue in definition.queues.values() if queue.calendar in shut)


def policies_of(definition: CentreDefinition) -> list[QueuePolicy]:
    """The rules of every queue."""
    return [
        QueuePolicy(
            name=queue.name,
            kind=queue.kind,
            ring=queue.ring,
            whisper=LONGEST_WHISPER if queue.whisper else Millis(0),
            wrap_up=queue.wrap_up,
            max_wait=queue.max_wait,
            max_length=queue.max_length,
            strategy=queue.strategy,
            announce_position=queue.announce_position,
            announce_wait=queue.waiting.announce_wait,
            comfort_every=queue.waiting.comfort_every,
            comfort=queue.waiting.comfort,
            staffed_only=queue.staffed_only,
            leave_unstaffed=queue.leave_unstaffed,
            leave_closed=queue.leave_closed,
            wrap_up_most=queue.wrap_up_most,
            priority_worth=STRICTLY if queue.priority_worth is None else queue.priority_worth,
            rate=queue.rate,
            share=queue.share,
            relax=tuple(
                RelaxStep(after=step.after, lower=step.lower, drop=step.drop, also=step.also) for step in queue.relax
            ),
            overflow=queue.overflow,
        )
        for queue in definition.queues.values()
    ]


def profiles_of(definition: CentreDefinition) -> list[AgentProfile]:
    """Everybody who may work here."""
    return [
        AgentProfile(
            agent=agent.agent,
            skills=agent.skills,
            queues=agent.queues,
            languages=agent.languages,
            rank=rank,
            talk=agent.talk,
            capacity={**definition.routing.capacity, **agent.capacity},
        )
        for rank, agent in enumerate(definition.agents.values(), start=1)
    ]
