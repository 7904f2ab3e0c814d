"""To which conversation a telephone belongs is known as long as the switch has it."""

from __future__ import annotations

from ivr_engine.adapters.asterisk.ami_codec import AmiMessage
from ivr_engine.adapters.asterisk.known_legs import KnownLegs, Leg
from ivr_engine.core.ids import CallId

CALL, LEG, SECOND = CallId("1.1"), CallId("1.2"), CallId("1.3")


def channels(*legs: CallId) -> list[AmiMessage]:
    return [AmiMessage((("Event", "Status"), ("Uniqueid", leg))) for leg in legs]


def known() -> KnownLegs:
    legs = KnownLegs()
    legs.note(LEG, rung_for=CALL, phone="agent1001")
    return legs


def test_whom_a_leg_rings_belongs_to_the_conversation_of_the_leg() -> None:
    legs = known()
    legs.note(SECOND, rung_for=LEG, phone="agent1002")
    assert legs.get(SECOND) == Leg(CALL, "agent1002")


def test_a_leg_that_is_listed_stays_however_often() -> None:
    legs = known()
    for _ in range(5):
        legs.listed(channels(LEG))
    assert legs.get(LEG) == Leg(CALL, "agent1001")


def test_one_list_without_the_leg_is_not_enough_a_second_one_is() -> None:
    legs = known()
    legs.listed(channels())
    assert legs.get(LEG) is not None
    legs.listed(channels())
    assert legs.get(LEG) is None


def test_a_leg_that_comes_back_between_two_lists_without_it_starts_anew() -> None:
    legs = known()
    for listed in (channels(), channels(LEG), channels()):
        legs.listed(listed)
    assert legs.get(LEG) is not None
