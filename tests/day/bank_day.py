"""A lively half day over two queues that share agents: everything that a replay has to bring back happens in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.queues import QueuePolicy, RelaxStep
from ivr_engine.core.events import Event, Recorded
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import AgentId, Instant, Millis, QueueName, SkillName, later
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.testing.clock import START
from ivr_engine.testing.day.callers import CallerKind, Redial, Traffic, poisson
from ivr_engine.testing.day.chance import Chance, Exponential, Gamma, Uniform
from ivr_engine.testing.day.drive import drive
from ivr_engine.testing.day.people import Person, Shift, Telephone
from ivr_engine.testing.day.rehearsal import Rehearsal
from ivr_engine.testing.memory import MemoryStore

HOUR = Millis(3_600_000)
SERVICE, CARD = QueueName("service"), QueueName("card")
CARDS = SkillName("cards")

QUEUES = (
    QueuePolicy(name=SERVICE, max_wait=Millis(45_000), max_length=6, announce_position=Millis(20_000)),
    QueuePolicy(
        name=CARD,
        ring=Millis(12_000),
        wrap_up=Millis(25_000),
        max_wait=Millis(90_000),
        relax=(RelaxStep(after=Millis(30_000), lower={CARDS: 1}),),
        overflow={QueueOutcome.TIMEOUT: SERVICE},
    ),
)
AGENTS = tuple(
    AgentProfile(agent=AgentId(f"{1001 + place}"), queues=(SERVICE, CARD)[: 1 + place % 2], skills={CARDS: 1 + place % 5})
    for place in range(12)
)
CALLERS = CallerKind(
    name="service",
    queue=SERVICE,
    talk=Gamma(2.0, 150_000),
    patience=Exponential(120_000),
    redial=Redial(share=0.4, after=Uniform(30_000, 300_000)),
)
HOLDERS = CallerKind(
    name="card",
    queue=CARD,
    talk=Gamma(2.0, 200_000),
    patience=Exponential(180_000),
    needs=(SkillNeed(skill=CARDS, level=3),),
    priority=2,
)
TELEPHONE = Telephone(answers=Uniform(1_000, 9_000), missed=0.03, returns=Uniform(20_000, 90_000))


def centre(*changed: QueuePolicy) -> Centre:
    """With the rules of the day, or others in their place."""
    rules = {policy.name: policy for policy in (*QUEUES, *changed)}
    return Centre(queues=rules.values(), agents=AGENTS)


def shorter_wrap_up() -> QueuePolicy:
    return replace(QUEUES[1], wrap_up=Millis(5_000))


class LateRehearsal(Rehearsal):
    """An engine on a busy machine: what is due is handled up to `most` ms late."""

    def __init__(self, most: int, **parts: Any) -> None:  # noqa: ANN401 - those of Rehearsal
        super().__init__(**parts)
        self._most = most

    def wake(self, alarm: Instant) -> tuple[Instant, int]:
        at, rank = super().wake(alarm)
        return later(at, Millis(at % (self._most + 1))), rank


def rehearsed(seed: str, hours: int = 3, lateness: int = 0) -> list[Recorded]:
    """The journal of the day."""
    store, chance = MemoryStore(), Chance(seed)
    end = later(START, Millis(hours * HOUR))
    traffic = [
        Traffic(kind=CALLERS, begin=START, end=end, calls=190 * hours),
        Traffic(kind=HOLDERS, begin=START, end=end, calls=70 * hours),
    ]
    people = [_person(profile.agent, place, end) for place, profile in enumerate(AGENTS)]
    world = LateRehearsal(lateness, callers=poisson(traffic, chance), people=people, chance=chance)
    drive(centre(), world, store.append)
    return list(store.read())


def _person(agent: AgentId, place: int, end: Instant) -> Person:
    """Half of them go for lunch; the last one stays until the last caller is gone."""
    lunch = later(START, Millis(HOUR + place * 300_000))
    whole = Shift(begin=START, end=None if place == len(AGENTS) - 1 else end)
    parts = (Shift(begin=START, end=lunch), Shift(begin=later(lunch, Millis(1_200_000)), end=end))
    return Person(agent=agent, shifts=parts if place % 2 else (whole,), telephone=TELEPHONE)


def of_kind(journal: list[Recorded], kind: type[Event]) -> int:
    return sum(isinstance(recorded.event, kind) for recorded in journal)
