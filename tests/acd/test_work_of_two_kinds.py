"""Messages and mails beside calls: the laws of `ledger` on long days, and what an agent has in hand, step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr_engine.acd.queues import QueuePolicy, RelaxStep
from ivr_engine.acd.ranking import STRATEGIES
from ivr_engine.acd.rules import CentreRules
from ivr_engine.acd.stimuli import LogIn, SetReady
from ivr_engine.core.ids import Millis, QueueName, WorkKind
from ivr_engine.core.outcomes import QueueOutcome
from tests.acd.test_walks import Walk
from tests.acd.world import AGENTS, CARDS, LOANS, QUEUES, RARE, SHORT, World

MESSAGE, MAIL = WorkKind("message"), WorkKind("mail")
CHAT, NOTES, POST = QueueName("chat"), QueueName("notes"), QueueName("post")
OTHER_QUEUES = (
    QueuePolicy(
        name=CHAT,
        kind=MESSAGE,
        wrap_up=Millis(4_000),
        wrap_up_most=Millis(9_000),
        max_wait=Millis(40_000),
        relax=(RelaxStep(after=Millis(5_000), also=(NOTES,)),),
        overflow={QueueOutcome.TIMEOUT: NOTES},
    ),
    QueuePolicy(name=NOTES, kind=MESSAGE, wrap_up=Millis(0), max_length=4, staffed_only=True, leave_unstaffed=True),
    QueuePolicy(name=POST, kind=MAIL, wrap_up=Millis(2_000), strategy="fewest_calls"),
)
SERVED = {"anna": (CHAT,), "bert": (CHAT, POST), "carl": (NOTES,), "dora": (CHAT, NOTES, POST), "emma": ()}
ROOM = {"anna": {MESSAGE: 2}, "bert": {MESSAGE: 3, MAIL: 2}, "carl": {}, "dora": {MESSAGE: 2}, "emma": {MESSAGE: 20}}
PEOPLE = tuple(replace(agent, queues=(*agent.queues, *SERVED[agent.agent]), capacity=ROOM[agent.agent]) for agent in AGENTS)
BESIDE: tuple[tuple[WorkKind, ...], ...] = ((), (MESSAGE,), (MESSAGE, MAIL))


def mixed_world(seed: int) -> World:
    """Calls, messages and mails; what may be done beside a call, and the rule of each queue, by seed."""
    names = list(STRATEGIES)
    queues = tuple(
        replace(queue, strategy=names[(seed + place) % len(names)]) for place, queue in enumerate((*QUEUES, *OTHER_QUEUES))
    )
    rules = CentreRules(
        reserve={RARE: 1},
        beside_voice=BESIDE[seed % len(BESIDE)],
        start=None if seed % 2 else Millis(2_000),
    )
    return World(queues=queues, rules=rules, agents=PEOPLE)


@pytest.mark.parametrize("seed", range(12))
def test_the_laws_hold_on_a_long_day_with_messages_and_mails(seed: int) -> None:
    walk = Walk(seed, mixed_world(seed), queues=(CARDS, CARDS, LOANS, SHORT, CHAT, CHAT, NOTES, POST))
    for agent in PEOPLE:
        walk.world.send(LogIn(agent=agent.agent))
        walk.world.send(SetReady(agent=agent.agent))
    walk.go(12_000)
    walk.world.ends()
