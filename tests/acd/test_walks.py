"""Long random days, a million steps in all, by seed: the laws of `ledger` hold after every one of them.

`test_laws` finds the shortest way to a broken law; here there are many more ways, under every strategy and call rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice
from random import Random
from typing import get_args

import pytest

from ivr_engine.acd.call_choice import CALL_RULES
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.ranking import STRATEGIES
from ivr_engine.acd.rules import CentreRules
from ivr_engine.acd.stimuli import (
    CallerLeft,
    Consult,
    ConversationOver,
    ExtendWrapUp,
    FlowedOut,
    HoursChanged,
    JoinedElsewhere,
    LineLost,
    LogIn,
    LogOut,
    MoveAgent,
    MoveCaller,
    OfferAnswered,
    OfferFailed,
    OfferPickedUp,
    OfferRinging,
    Pause,
    Reconfigure,
    SetPriority,
    SetReady,
    SetSkill,
    Stimulus,
    Transfer,
)
from ivr_engine.core.events import CallTransferred, ColleagueReleased
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, QueueName
from ivr_engine.core.outcomes import ConsultOutcome, EndedBy, OfferOutcome, Presence, TransferGoal
from tests.acd.world import (
    CARD,
    CARDS,
    EN,
    FAILURES,
    FREEING,
    LOANS,
    NAMES,
    NEEDS,
    QUEUES,
    RARE,
    SHORT,
    WORDS_OF_A_COLLEAGUE,
    ZH,
    World,
)

WALKS = 40
STEPS = 25_000
BEGUN_ANEW = 200
"""So many steps between two restarts."""

MOST_WAITING = 12
QUIET_DAY = 2
"""So few wait on every fourth day: then colleagues are free, can be asked and have callers passed on to them."""


class Walk:
    """One random day."""

    def __init__(self, seed: int, world: World, *, queues: tuple[QueueName, ...] = (CARDS, CARDS, LOANS, SHORT)) -> None:
        self.random = Random(seed)
        self.most_waiting = MOST_WAITING if seed % 4 else QUIET_DAY
        self.world = world
        self.queues, self.each_queue = queues, tuple(dict.fromkeys(queues))
        self.steps = 0

    def go(self, steps: int) -> None:
        """So many things happen, one after another."""
        kinds = self.random.choices(tuple(ODDS), weights=tuple(ODDS.values()), k=steps)
        for number, happens in enumerate(kinds):
            self.steps = number
            happens(self)
            if number % BEGUN_ANEW == 0:
                restored = self.world.restored()
                assert restored.snapshot() == self.world.centre.snapshot()
                self.world.centre = restored

    def enters(self) -> None:
        pick = self.random.choice
        if len(self.world.ledger.in_line) >= self.most_waiting:
            self.leaves()
            return
        ago = pick((None, None, None, 0, 4_000, 60_000))
        self.world.enters(
            queue=pick(self.queues),
            needs=pick(NEEDS),
            prefers=pick(NEEDS),
            priority=pick((0, 0, 0, 1, 5)),
            language=pick((ZH, ZH, EN)),
            agent=pick((None, None, None, *NAMES)),
            agent_wait=pick((Millis(0), Millis(4_000))),
            arrived=None if ago is None else Instant(self.world.now - ago),
        )

    def leaves(self) -> None:
        if here := [*self.world.ledger.in_line, *self.world.ledger.talking]:
            self.world.send(CallerLeft(call=self.random.choice(here)))

    def answers(self) -> None:
        if offers := list(self.world.ledger.offers):
            word = self.random.choice((OfferAnswered, OfferAnswered, OfferRinging, OfferPickedUp))
            self.world.send(word(offer=self.random.choice(offers)))

    def fails(self) -> None:
        if offers := list(self.world.ledger.offers):
            outcome = self.random.choice(FREEING + FAILURES)
            self.world.send(OfferFailed(offer=self.random.choice(offers), outcome=outcome))

    def parts(self) -> None:
        if talking := list(self.world.ledger.talking):
            by = self.random.choice((EndedBy.AGENT, EndedBy.CALLER))
            self.world.send(ConversationOver(call=self.random.choice(talking), ended_by=by, talked=Millis(1_000)))

    def settles(self) -> None:
        if calls := list(self.world.ledger.unsettled):
            outcome = self.random.choice((None, None, OfferOutcome.NO_ANSWER, OfferOutcome.CALLER_GONE))
            self.world.settles(self.random.choice(calls), outcome)

    def comes_back(self) -> None:
        if offers := list(self.world.ledger.offers.values()):
            self.world.enters_again(self.random.choice(offers).call)

    def line_breaks(self) -> None:
        if here := list(self.world.ledger.in_line):
            self.world.send(LineLost(call=self.random.choice(here)))

    def line_is_back(self) -> None:
        if away := sorted(self.world.ledger.away):
            self.world.line_is_back(self.random.choice(away))

    def joined_elsewhere(self) -> None:
        unknown = CallId(f"x{self.steps}")
        call = self.random.choice([unknown, *self.world.ledger.in_line, *self.world.ledger.talking])
        self.world.send(JoinedElsewhere(call=call, agent=self.random.choice(NAMES)))

    def passes_on(self) -> None:
        if talking := list(self.world.ledger.talking.items()):
            (call, agent), pick = self.random.choice(talking), self.random.choice
            queue, colleague = pick(
                ((None, None), *((each, None) for each in self.each_queue[1:]), *((None, each) for each in NAMES))
            )
            self.world.send(Transfer(agent=agent, talked=Millis(1_000), queue=queue, colleague=colleague, call=call))

    def asks(self) -> None:
        if talking := list(self.world.ledger.talking.items()):
            call, agent = self.random.choice(talking)
            self.world.send(Consult(agent=agent, colleague=self.random.choice(NAMES), call=call))

    def hears_from_a_colleague(self) -> None:
        if asked := list(self.world.ledger.asked):
            self.world.send(self.random.choice(WORDS_OF_A_COLLEAGUE)(self.random.choice(asked)))

    def is_moved(self) -> None:
        if here := list(self.world.ledger.in_line):
            call, pick = self.random.choice(here), self.random.choice
            queue = pick(self.each_queue)
            self.world.send(pick((MoveCaller(call=call, queue=queue), SetPriority(call=call, priority=pick((0, 3, 5))))))

    def presses_a_key(self) -> None:
        if here := list(self.world.ledger.in_line):
            self.world.send(FlowedOut(call=self.random.choice(here)))

    def works(self) -> None:
        agent = self.random.choice(NAMES)
        if self.world.ledger.presence.get(agent, Presence.LOGGED_OUT) is Presence.LOGGED_OUT:
            self.world.send(LogIn(agent=agent))
        self.world.send(SetReady(agent=agent))

    def commands(self) -> None:
        self.world.send(self.random.choice(COMMANDS)(self.random.choice(NAMES)))

    def reloads(self) -> None:
        self.world.send(Reconfigure(queues=self.world.queues, agents=self.world.agents, rules=self.world.rules))

    def closes(self) -> None:
        self.world.send(HoursChanged(closed=self.random.choice(((), (), (LOANS,), (SHORT,)))))

    def time(self) -> None:
        self.world.goes_by(self.random.choice((1, 200, 900, 3_000, 5_000)))

    def late(self) -> None:
        self.world.time_is(Instant(self.world.now + self.random.choice((900, 6_000, 20_000))))


ODDS: dict[Callable[[Walk], None], int] = {
    Walk.enters: 25,
    Walk.answers: 25,
    Walk.parts: 15,
    Walk.time: 20,
    Walk.fails: 8,
    Walk.works: 12,
    Walk.leaves: 3,
    Walk.settles: 3,
    Walk.commands: 3,
    Walk.comes_back: 1,
    Walk.line_breaks: 2,
    Walk.line_is_back: 3,
    Walk.joined_elsewhere: 1,
    Walk.passes_on: 3,
    Walk.asks: 3,
    Walk.hears_from_a_colleague: 15,
    Walk.is_moved: 1,
    Walk.presses_a_key: 1,
    Walk.closes: 1,
    Walk.reloads: 1,
    Walk.late: 1,
}

COMMANDS = (
    lambda agent: Pause(agent=agent, reason="lunch"),
    lambda agent: LogOut(agent=agent),
    lambda agent: ExtendWrapUp(agent=agent, more=Millis(4_000)),
    lambda agent: MoveAgent(agent=agent, into=(LOANS,), out_of=(CARDS,)),
    lambda agent: MoveAgent(agent=agent, into=(CARDS, SHORT)),
    lambda agent: SetSkill(agent=agent, skill=CARD, level=2),
    lambda agent: SetSkill(agent=agent, skill=CARD, level=9),
    lambda agent: SetSkill(agent=agent, skill=RARE, level=7),
    lambda agent: SetSkill(agent=agent, skill=RARE, level=None),
)


def world_of(seed: int) -> World:
    """A centre with its strategies and rules, by seed; by places alone every other time, which is watched most closely."""
    strategies = islice(cycle(STRATEGIES), seed, None)
    queues = tuple(replace(queue, strategy=strategy) for queue, strategy in zip(QUEUES, strategies, strict=False))
    call_rule = "place" if seed % 2 else sorted(CALL_RULES)[seed // 2 % len(CALL_RULES)]
    start = None if seed % 3 else Millis(2_000)
    return World(queues=queues, rules=CentreRules(reserve={RARE: 1}, call_rule=call_rule, start=start))


@pytest.mark.parametrize("seed", range(WALKS))
def test_the_laws_hold_on_a_long_day(seed: int) -> None:
    walk = Walk(seed, world_of(seed))
    for agent in NAMES:
        walk.world.send(LogIn(agent=AgentId(agent)))
        walk.world.send(SetReady(agent=AgentId(agent)))
    walk.go(STEPS)
    walk.world.ends()


@pytest.mark.parametrize("seed", range(4))
def test_a_brief_centre_decides_the_same_and_says_less(seed: int) -> None:
    walk = Walk(seed, world_of(seed))
    walk.go(2_000)
    world = walk.world
    brief = Centre(queues=world.queues, agents=world.agents, rules=world.rules, brief=True)
    for (stimulus, now), decision in zip(world.history, world.decisions, strict=True):
        same = brief.handle(stimulus, now)
        assert (same.effects, same.next_alarm) == (decision.effects, decision.next_alarm)


def test_the_walks_are_a_million_steps() -> None:
    assert WALKS * STEPS >= 1_000_000


def test_the_walks_draw_everything_that_can_happen_and_it_is_not_always_refused() -> None:
    days = [Walk(seed, world_of(seed)) for seed in (4, 5)]
    for walk in days:
        walk.go(STEPS // 5)
    happened = {type(stimulus) for walk in days for stimulus, _ in walk.world.history}
    assert happened == set(get_args(Stimulus))
    events = [event for walk in days for decision in walk.world.decisions for event in decision.events]
    passed_on = {event.goal for event in events if isinstance(event, CallTransferred)}
    released = {event.outcome for event in events if isinstance(event, ColleagueReleased)}
    assert passed_on == {TransferGoal.QUEUE, TransferGoal.AGENT}
    assert released >= {ConsultOutcome.TRANSFERRED, ConsultOutcome.RETURNED, ConsultOutcome.ABANDONED}
