"""What waiting callers are told, in words."""

from __future__ import annotations

import pytest

from ivr_engine.acd.effects import Announce
from ivr_engine.acd.estimates import Wait
from ivr_engine.core.ids import CallId, Millis
from ivr_engine.flows.utterances import Number, Prompt
from ivr_engine.services.announcing import says, together

CALL = CallId("c")
WAIT = ("queue_wait_soon", "queue_wait", "queue_wait_minutes", "queue_wait_long")
ALL = ("queue_position", "queue_position_after", *WAIT, "hold")


def wait(p50_s: int, p90_s: int) -> Wait:
    return Wait(mean=Millis(p50_s * 1_000), p50=Millis(p50_s * 1_000), p90=Millis(p90_s * 1_000))


@pytest.mark.parametrize(
    ("estimated", "said"),
    [
        (wait(10, 100), [Prompt("queue_wait_soon")]),
        (wait(20, 100), [Prompt("queue_wait_soon")]),
        (wait(20, 102), [Prompt("queue_wait"), Number("2"), Prompt("queue_wait_minutes")]),
        (wait(100, 250), [Prompt("queue_wait"), Number("3"), Prompt("queue_wait_minutes")]),
        (wait(500, 700), [Prompt("queue_wait"), Number("10"), Prompt("queue_wait_minutes")]),
        (wait(500, 704), [Prompt("queue_wait_long")]),
    ],
)
def test_the_wait_is_rounded_up_halfway_between_p50_and_p90(estimated: Wait, said: list[object]) -> None:
    assert says(Announce(call=CALL, wait=estimated), ALL) == said


def test_place_wait_and_comfort_are_said_in_this_order() -> None:
    spoken = says(Announce(call=CALL, position=3, wait=wait(10, 20), comfort="hold"), ALL)
    place = [Prompt("queue_position"), Number("3"), Prompt("queue_position_after")]
    assert spoken == [*place, Prompt("queue_wait_soon"), Prompt("hold")]


def test_a_part_without_its_prompt_is_silent() -> None:
    assert says(Announce(call=CALL, position=3, wait=wait(10, 20), comfort="hold"), ("hold",)) == [Prompt("hold")]


def test_of_two_announcements_as_one_the_newer_counts() -> None:
    first = Announce(call=CALL, position=3, comfort="hold")
    second = Announce(call=CALL, position=2, wait=wait(10, 20))
    assert together(first, second) == Announce(call=CALL, position=2, wait=wait(10, 20), comfort="hold")
