"""Manager framing: any split gives the same messages, and no value can start a header of its own."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.adapters.asterisk.ami_codec import LINE_LIMIT, MESSAGE_LIMIT, AmiMessage, AmiReader, encode_action
from ivr_engine.errors import WireError
from tests.adapters.ami_peer import BANNER

MESSAGES: dict[bytes, AmiMessage] = {
    b"Event: Hangup\r\nChannel: PJSIP/trunk-1\r\nCause: 16\r\n\r\n": AmiMessage(
        (("Event", "Hangup"), ("Channel", "PJSIP/trunk-1"), ("Cause", "16"))
    ),
    b"Response: Success\r\nActionID: 1\r\nEmpty: \r\nBare:\r\n\r\n": AmiMessage(
        (("Response", "Success"), ("ActionID", "1"), ("Empty", ""), ("Bare", ""))
    ),
    "Event: A\r\nName: 招商\r\nName: b: c\r\n\r\n".encode(): AmiMessage(
        (("Event", "A"), ("Name", "招商"), ("Name", "b: c"))
    ),
    b"Event: B\r\nName: \xd5\xd0\nx\ry\x0b\r\n\r\n": AmiMessage((("Event", "B"), ("Name", "\udcd5\udcd0\nx\ry\x0b"))),
    b"Event: C\r\noutput without a colon\r\n\r\n": AmiMessage((("Event", "C"),)),
}


def read(chunks: Iterable[bytes]) -> list[AmiMessage]:
    reader = AmiReader()
    messages = []
    for chunk in chunks:
        reader.feed(chunk)
        while (message := reader.next_message()) is not None:
            messages.append(message)
    return messages


def cut(data: bytes, points: Iterable[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(point % (len(data) + 1) for point in points)})
    return [data[a:b] for a, b in pairwise(edges)]


@pytest.mark.parametrize(("data", "message"), MESSAGES.items())
def test_every_message_reads_whole_bytewise_and_with_more_behind_it(data: bytes, message: AmiMessage) -> None:
    assert read([BANNER + data]) == [message]
    assert read(bytes([byte]) for byte in BANNER + data) == [message]
    assert read([BANNER + data + b"\r\nEvent: Half\r\n"]) == [message]


@given(st.lists(st.sampled_from(list(MESSAGES)), max_size=8), st.lists(st.integers(0, 2000), max_size=12))
def test_any_split_gives_the_same_messages(chosen: list[bytes], points: list[int]) -> None:
    assert read(cut(BANNER + b"".join(chosen), points)) == [MESSAGES[data] for data in chosen]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4), st.booleans())
def test_rubbish_is_read_or_refused_and_nothing_else(data: bytes, points: list[int], greeted: bool) -> None:
    try:
        read(cut(BANNER * greeted + data, points))
    except WireError:
        return


@pytest.mark.parametrize(
    "data", [b"SSH-2.0-OpenSSH\r\n", b"x" * (MESSAGE_LIMIT + 1), BANNER + b"Event: A\r\n" * (MESSAGE_LIMIT // 10 + 1)]
)
def test_what_is_not_a_manager_port_or_does_not_end_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        read([data])


def test_an_event_that_carries_a_response_is_an_event() -> None:
    message = AmiMessage((("Event", "OriginateResponse"), ("Response", "Success"), ("ActionID", "1")))
    assert (message.event, message.response) == ("OriginateResponse", "")


@given(st.dictionaries(st.sampled_from(["Channel", "Digit", "Variable"]), st.text(max_size=80)))
def test_an_action_reads_back_as_it_was_meant_or_is_refused(fields: dict[str, str]) -> None:
    try:
        data = encode_action("Setvar", "id", fields.items())
    except WireError:
        assert any(
            ord(letter) < 32 or letter == "\x7f" or "\ud800" <= letter <= "\udfff" for letter in "".join(fields.values())
        )
        return
    assert read([BANNER + data]) == [AmiMessage((("Action", "Setvar"), ("ActionID", "id"), *fields.items()))]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Channel", "x\r\nAction: Hangup"),
        ("Channel", "x\ny"),
        ("Channel", "x\0"),
        ("Channel", "9" * LINE_LIMIT),
        ("Chan: x\r\nnel", "y"),
        ("", "y"),
    ],
)
def test_a_value_that_could_become_another_header_is_refused(name: str, value: str) -> None:
    with pytest.raises(WireError):
        encode_action("Hangup", "id", [(name, value)])
