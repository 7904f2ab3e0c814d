"""Laws of the emergency switch's fold, for any order of setting, ending and passing time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.core.events import Event, RerouteEnded, RerouteSet
from ivr_engine.core.ids import FlowName, Instant
from ivr_engine.core.outcomes import EmergencyEnd
from ivr_engine.flows.emergency import Emergencies, Word, ending

WORD = Word(by="li.na", reason="outage")
STEPS = st.lists(st.tuples(st.sampled_from(["set", "off", "expire"]), st.sampled_from("123"), st.integers(1, 20)))


@given(steps=STEPS)
def test_each_that_was_set_ends_once_and_is_met_exactly_until_then(steps: list[tuple[str, str, int]]) -> None:
    fold, now, facts = Emergencies(), Instant(0), list[Event]()
    expected: dict[str, Instant] = {}

    def note(*events: Event) -> None:
        for event in events:
            facts.append(event)
            fold.apply(event)

    for step, number, span in steps:
        if step == "set":
            wanted = RerouteSet(number=number, flow=FlowName("f"), until=Instant(now + span), by=WORD.by, reason=WORD.reason)
            note(*fold.expire(now))
            standing = fold.in_place_of(wanted)
            note(*([ending(standing, EmergencyEnd.REPLACED, WORD)] if standing else []), wanted)
            expected[number] = wanted.until
        elif step == "off":
            on = fold.reroute_of(number, now)
            note(*([ending(on, EmergencyEnd.WITHDRAWN, WORD)] if on else []))
            expected.pop(number, None)
        else:
            now = Instant(now + span)
            note(*fold.expire(now))
        assert {each.number for each in fold.reroutes(now)} == {each for each, until in expected.items() if now < until}
        sets, ends = (sum(type(fact) is kind for fact in facts) for kind in (RerouteSet, RerouteEnded))
        assert sets - ends == len(fold.reroutes(now))
    assert fold.next_expiry() == min((until for until in expected.values() if now < until), default=None)
