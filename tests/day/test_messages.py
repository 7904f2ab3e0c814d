"""A rehearsed day with messages beside calls: both are served, nobody has two calls, and the day replays as it was."""

from __future__ import annotations

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.rules import CentreRules
from ivr_engine.core.events import CallQueued, OfferMade, Recorded
from ivr_engine.core.ids import VOICE, AgentId, Instant, Millis, QueueName, WorkKind, later
from ivr_engine.metrics.occupancy import AgentsTime
from ivr_engine.testing.clock import START
from ivr_engine.testing.day.callers import CallerKind, Traffic, poisson
from ivr_engine.testing.day.chance import Chance, Exponential, Gamma
from ivr_engine.testing.day.drive import drive
from ivr_engine.testing.day.people import Person, Shift
from ivr_engine.testing.day.rehearsal import Rehearsal
from ivr_engine.testing.day.whatif import what_if
from ivr_engine.testing.memory import MemoryStore

SERVICE, CHAT, MESSAGE = QueueName("service"), QueueName("chat"), WorkKind("message")
HOUR = Millis(3_600_000)
CALLERS = CallerKind(name="service", queue=SERVICE, talk=Gamma(2.0, 150_000), patience=Exponential(120_000))
WRITERS = CallerKind(name="chat", queue=CHAT, talk=Gamma(2.0, 300_000), patience=None, work=MESSAGE)


def centre() -> Centre:
    """Six agents who take calls and up to three messages, these beside calls too."""
    queues = (QueuePolicy(name=SERVICE), QueuePolicy(name=CHAT, kind=MESSAGE, wrap_up=Millis(5_000)))
    names = [AgentId(f"100{place}") for place in range(6)]
    agents = [AgentProfile(agent=name, queues=(SERVICE, CHAT), capacity={MESSAGE: 3}) for name in names]
    return Centre(queues=queues, agents=agents, rules=CentreRules(beside_voice=(MESSAGE,)))


def rehearsed(seed: str) -> list[Recorded]:
    """The journal of two hours."""
    store, chance, end = MemoryStore(), Chance(seed), later(START, Millis(2 * HOUR))
    traffic = [Traffic(kind=kind, begin=START, end=end, calls=180) for kind in (CALLERS, WRITERS)]
    people = [Person(agent=status.agent, shifts=(Shift(begin=START),)) for status in centre().agents()]
    drive(centre(), Rehearsal(callers=poisson(traffic, chance), people=people, chance=chance), store.append)
    return list(store.read())


def test_a_day_with_messages_is_replayed_decision_by_decision() -> None:
    journal = rehearsed("1")
    queued = {each.event.kind for each in journal if isinstance(each.event, CallQueued)}
    assert queued == {VOICE, MESSAGE}
    answer = what_if(journal, centre())
    assert answer.comparison.difference is None
    assert answer.comparison.alike == answer.comparison.of > 500
    assert answer.replayed.agents() == answer.recorded.agents()


def test_agents_have_several_messages_at_a_time_and_it_is_counted() -> None:
    journal, time = rehearsed("2"), AgentsTime()
    for each in journal:
        time.apply(each.event, each.at)
    time.close(journal[-1].at)
    offers = [each.event for each in journal if isinstance(each.event, OfferMade)]
    assert max(candidate.in_hand for offer in offers for candidate in offer.candidates) >= 3
    assert all(1 < (worked.at_a_time or 0) < 4 for worked in time.agents().values())
    assert Instant(0) not in [each.at for each in journal]
