"""A recorded day replayed: unchanged rules give the recorded decisions, changed ones what they change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr_engine.core.events import AgentPresenceChanged, CallQueued, OfferMade, Recorded, VersionLoaded
from ivr_engine.core.ids import Instant, Millis
from ivr_engine.testing.day.chance import Chance
from ivr_engine.testing.day.estimates import patience_of
from ivr_engine.testing.day.record import read_day
from ivr_engine.testing.day.whatif import what_if
from tests.day.bank_day import QUEUES, centre, rehearsed, shorter_wrap_up


@pytest.mark.parametrize("seed", ["1", "2", "3", "4", "5", "6"])
def test_unchanged_rules_give_the_same_offers_in_the_same_order_at_the_same_instants(seed: str) -> None:
    journal = rehearsed(seed)
    answer = what_if(journal, centre())
    assert answer.comparison.difference is None
    assert answer.comparison.alike == answer.comparison.of > 500
    assert answer.replayed.queues() == answer.recorded.queues()
    assert answer.replayed.agents() == answer.recorded.agents()
    assert (answer.estimated["patience"], answer.estimated["talk"], answer.not_come_again) == (0, 0, 0)


def test_other_rules_give_another_day_and_say_where_it_parts() -> None:
    journal = rehearsed("1")
    answer = what_if(journal, centre(shorter_wrap_up()))
    found = answer.comparison.difference
    assert found is not None
    assert 0 < answer.comparison.alike < answer.comparison.of
    recorded, replayed = answer.recorded.queues()[-1], answer.replayed.queues()[-1]
    assert replayed.abandoned < recorded.abandoned  # paper work of 5 s instead of 25 s: agents are there sooner
    assert answer.estimated["talk"] > 0
    assert what_if(journal, centre(shorter_wrap_up())).replayed.queues() == answer.replayed.queues()


def test_a_longer_wait_is_estimated_and_each_estimate_counted() -> None:
    journal = rehearsed("2")
    answer = what_if(journal, centre(replace(QUEUES[1], wrap_up=Millis(120_000))))
    assert answer.estimated["patience"] >= answer.estimated["gave up"] > 0
    assert answer.replayed.queues()[-1].abandoned > answer.recorded.queues()[-1].abandoned


def test_an_engine_that_was_late_is_followed_in_its_lateness() -> None:
    """Alarms handled up to 40 ms late, as on a busy machine."""
    journal = rehearsed("1", lateness=40)
    assert journal != rehearsed("1")
    assert what_if(journal, centre()).comparison.difference is None


def test_a_day_that_begins_in_the_middle_takes_over_who_is_at_work() -> None:
    journal = rehearsed("3")
    since = Instant(journal[0].at + 3_600_000)
    answer = what_if(journal, centre(), since=since)
    assert answer.recorded.visits.by_interval.keys() == answer.replayed.visits.by_interval.keys()
    assert all(begin + 1_800_000 > since for _, begin in answer.recorded.visits.by_interval)
    assert answer.replayed.queues()[-1].answered > 0


def test_later_visits_of_a_caller_come_only_after_the_same_end() -> None:
    journal = rehearsed("1", hours=1)
    calls = {each.event.call: each for each in journal if isinstance(each.event, CallQueued)}
    visits = read_day(journal).visits
    assert visits.keys() == calls.keys()
    assert all(visit.outcome is not None for each in visits.values() for visit in each)


def test_patience_is_longer_than_the_waits_of_those_who_gave_up() -> None:
    visits = [visit for each in read_day(rehearsed("1")).visits.values() for visit in each]
    patience = patience_of(visits)
    assert patience is not None
    gave_up = [visit.waited for visit in visits if visit.outcome == "abandoned"]
    assert patience.mean > 1.5 * sum(gave_up) / len(gave_up)
    chance = Chance("patience")
    assert all(patience.draw(chance, beyond=Millis(60_000)) > 60_000 for _ in range(500))


def test_nobody_gave_up_is_no_bound_of_patience() -> None:
    assert patience_of([]) is None


def test_a_journal_says_how_often_its_centre_changed() -> None:
    journal = rehearsed("1", hours=1)
    version = VersionLoaded(centre="bank", version="v2", previous="v1", share=100, numbers=(), by="operator")
    journal.insert(10, Recorded(sequence=0, at=journal[9].at, event=version))
    assert what_if(journal, centre()).versions == 1


def test_commands_and_offers_of_a_day_are_read_back() -> None:
    journal = rehearsed("1", hours=1)
    day = read_day(journal)
    commands = sum(each.event.by != "engine" for each in journal if isinstance(each.event, AgentPresenceChanged))
    offers = sum(isinstance(each.event, OfferMade) for each in journal)
    assert (len(day.commands), sum(map(len, day.rings.values()))) == (commands, offers)
