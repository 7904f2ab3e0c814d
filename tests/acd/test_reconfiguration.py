"""Other queues and people while the centre works: only what changed is indexed anew, and nobody can tell."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from random import Random

import pytest

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.effects import Decision
from ivr_engine.acd.queues import QueuePolicy, RelaxStep
from ivr_engine.acd.rules import CentreRules
from ivr_engine.acd.stimuli import (
    CallEntered,
    CallerLeft,
    ConversationOver,
    LogIn,
    LogOut,
    OfferAnswered,
    OfferFailed,
    Reconfigure,
    SetReady,
    Stimulus,
    TimePassed,
)
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, OfferId
from ivr_engine.core.outcomes import EndedBy, OfferOutcome
from ivr_engine.errors import CommandRefused
from tests.acd.world import AGENTS, CARD, CARDS, EN, LOAN, LOANS, NEEDS, QUEUES, RARE, RULES, SHORT, ZH

SPARE = tuple(
    AgentProfile(agent=AgentId(name), queues=(CARDS, SHORT), skills={CARD: 9, RARE: 1}) for name in ("fred", "gwen")
)
STEPS = 400


@dataclass(frozen=True)
class Files:
    """What may be in the files."""

    queues: tuple[QueuePolicy, ...] = QUEUES
    agents: tuple[AgentProfile, ...] = AGENTS
    rules: CentreRules = RULES

    def centre(self) -> Centre:
        """A centre just opened with them."""
        return Centre(queues=self.queues, agents=self.agents, rules=self.rules)

    def changed(self, random: Random) -> Files:
        """Another version of them."""
        return Files(
            queues=tuple(_other_queue(queue, random) for queue in QUEUES),
            agents=tuple(_other_agent(agent, random) for agent in (*AGENTS, *SPARE[: random.randrange(3)])),
            rules=replace(RULES, reserve=random.choice(({RARE: 1}, {RARE: 1}, {RARE: 2}, {}))),
        )


def _other_queue(queue: QueuePolicy, random: Random) -> QueuePolicy:
    relax = random.choice(
        (queue.relax, queue.relax, (), (RelaxStep(after=Millis(2_000), drop=("en", LOAN), lower={CARD: 1}),))
    )
    return replace(
        queue,
        relax=relax,
        leave_unstaffed=random.random() < 0.3,
        strategy=random.choice(("longest_idle", "most_idle", "fewest_calls")),
    )


def _other_agent(agent: AgentProfile, random: Random) -> AgentProfile:
    if random.random() < 0.6:
        return agent
    queues = tuple(random.sample((CARDS, LOANS, SHORT), random.randint(1, 3)))
    skills = {skill: random.randint(1, 9) for skill in random.sample((CARD, LOAN, RARE), random.randint(0, 3))}
    return replace(agent, queues=queues, skills=skills, languages=random.choice(((), (ZH,), (EN,))))


def happening(random: Random, centre: Centre, now: Instant) -> Stimulus:
    """Something that may happen now."""
    pick = random.choice
    status, caller = pick(centre.agents()), pick([*(call.call for call in centre.calls()), CallId("nobody")])
    offer = OfferId(f"offer-{centre.snapshot()['offered'] - random.randrange(3)}")
    return pick(
        (
            LogIn(agent=status.agent),
            SetReady(agent=status.agent),
            SetReady(agent=status.agent),
            LogOut(agent=status.agent) if random.random() < 0.2 else TimePassed(),
            CallEntered(
                call=CallId(f"c{now}"),
                queue=pick((CARDS, LOANS, SHORT)),
                needs=pick(NEEDS),
                priority=pick((0, 0, 3)),
                language=pick((ZH, EN)),
                agent=pick((None, None, *(agent.agent for agent in AGENTS))),
                agent_wait=pick((Millis(0), Millis(4_000))),
            ),
            OfferAnswered(offer=offer),
            OfferFailed(offer=offer, outcome=pick((OfferOutcome.NO_ANSWER, OfferOutcome.FAILED))),
            ConversationOver(call=caller, ended_by=EndedBy.AGENT, talked=Millis(900)),
            CallerLeft(call=caller) if random.random() < 0.3 else TimePassed(),
        )
    )


def decided(centre: Centre, stimulus: Stimulus, now: Instant) -> object:
    try:
        return centre.handle(stimulus, now)
    except CommandRefused as refusal:
        return str(refusal)


def anew(files: Files, centre: Centre) -> Centre:
    """The same centre with every index made from nothing."""
    other = files.centre()
    other.restore(json.loads(json.dumps(centre.snapshot())))
    return other


@pytest.mark.parametrize("seed", range(16))
def test_a_centre_that_was_reloaded_decides_as_one_that_was_opened_with_the_new_files(seed: int) -> None:
    random, files, now = Random(seed), Files(), Instant(1_000)
    centre = files.centre()
    reloads = 0
    for _ in range(STEPS):
        now = Instant(now + random.choice((0, 200, 900, 3_000)) + 1)
        if random.random() < 0.1:
            wanted = files.changed(random)
            said = decided(centre, Reconfigure(queues=wanted.queues, agents=wanted.agents, rules=wanted.rules), now)
            if not isinstance(said, str):
                files, reloads = wanted, reloads + 1
        other = anew(files, centre)
        stimulus = happening(random, centre, now)
        assert decided(centre, stimulus, now) == decided(other, stimulus, now)
        assert centre.snapshot() == other.snapshot()
    assert reloads >= STEPS // 50


@pytest.mark.parametrize("seed", range(16))
def test_nobody_waits_after_a_reload_for_whom_somebody_is_free(seed: int) -> None:
    random, now = Random(seed), Instant(1_000)
    files = Files().changed(random)
    centre = files.centre()
    for _ in range(STEPS):
        now = Instant(now + random.choice((0, 200, 900)) + 1)
        decided(centre, happening(random, centre, now), now)
        if random.random() < 0.1:
            wanted = files.changed(random)
            said = decided(centre, Reconfigure(queues=wanted.queues, agents=wanted.agents, rules=wanted.rules), now)
            files = files if isinstance(said, str) else wanted
            # A second reload that changes what is kept, and changes it back, looks at everybody: it must find nothing to do.
            for reserve in ({RARE: 9}, files.rules.reserve):
                said = decided(
                    centre,
                    Reconfigure(queues=files.queues, agents=files.agents, rules=replace(files.rules, reserve=reserve)),
                    now,
                )
            assert isinstance(said, Decision)
            assert not said.effects
