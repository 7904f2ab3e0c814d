"""What the benchmark of offers counts as a wait, on stories made by hand."""

from __future__ import annotations

import pytest

from benchmarks.offer_latency import ENTER_S, offer_waits
from benchmarks.telephone_log import Message


def enters(moment: float, call: str) -> Message:
    return Message(moment=moment - ENTER_S, sent=True, call=call, line="ACK sip:127.0.0.1 SIP/2.0")


def offered(moment: float, agent: str, call: str) -> Message:
    return Message(moment=moment, sent=False, call=call, line=f"INVITE sip:{agent}@127.0.0.1:5060 SIP/2.0")


def freed(moment: float, call: str) -> Message:
    return Message(moment=moment, sent=True, call=call, line="BYE sip:127.0.0.1 SIP/2.0")


FIRST_CONVERSATIONS = [enters(1, "c1"), enters(1, "c2")], [offered(1, "ann", "a1"), offered(1, "bob", "a2")]


@pytest.mark.parametrize(
    ("callers", "telephones", "waits", "unpaired"),
    [
        pytest.param([enters(2, "c3")], [freed(3, "a1"), offered(3.25, "ann", "a3")], [250], 0, id="a caller waits"),
        pytest.param([enters(4, "c3")], [freed(3, "a1"), offered(4.01, "ann", "a3")], [], 0, id="the agent waits"),
        pytest.param(
            [enters(2, "c3"), enters(9, "c4")],
            [freed(3, "a1"), freed(3.125, "a2"), offered(3.5, "ann", "a3"), offered(9, "bob", "a4")],
            [500],
            1,
            id="one caller, two agents: the second is left over",
        ),
        pytest.param(
            [enters(2, "c3"), enters(2, "c4")],
            [freed(3, "a1"), offered(3.5, "ann", "a3"), offered(4.0, "ann", "a3"), freed(5, "a2"), freed(5.5, "a2")],
            [500],
            0,
            id="a repeated message counts once",
        ),
    ],
)
def test_a_wait_is_from_the_end_of_a_conversation_to_the_same_agents_next_call_while_callers_wait(
    callers: list[Message], telephones: list[Message], waits: list[float], unpaired: int
) -> None:
    callers_before, telephones_before = FIRST_CONVERSATIONS
    found, left_over = offer_waits([*callers_before, *callers], [*telephones_before, *telephones])
    assert found == pytest.approx(waits)
    assert left_over == unpaired
