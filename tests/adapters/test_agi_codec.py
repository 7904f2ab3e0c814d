"""FastAGI framing: the same bytes give the same messages however they are split, and nonsense is always a WireError."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.adapters.asterisk.agi_codec import (
    COMMAND_LIMIT,
    LINE_LIMIT,
    AgiMessage,
    Closed,
    Environment,
    EnvironmentReader,
    HangupNotice,
    Lines,
    Reply,
    ReplyReader,
    encode_command,
)
from ivr_engine.errors import WireError
from tests.adapters.agi_peer import CALL, CHANNEL, environment

USAGE = (
    b"520-Invalid command syntax.  Proper usage follows:\n Usage: HANGUP\nHANGUP\n200 result=1\n520 End of proper usage.\n"
)
VECTORS: dict[bytes, AgiMessage] = {
    b"200 result=0\n": Reply(code=200, result="0"),
    b"200 result=1 (95500)\n": Reply(code=200, result="1", data="95500"),
    b"200 result=1 ()\n": Reply(code=200, result="1"),
    b"200 result=1 (a) b)\n": Reply(code=200, result="1", data="a) b"),
    b"200 result=1 (hangup)\n": Reply(code=200, result="1", data="hangup"),
    b"200 result= (timeout)\n": Reply(code=200, data="timeout"),
    b"200 result=50 endpos=8160\n": Reply(code=200, result="50", endpos=8160),
    b"200 result=-1 endpos=0\n": Reply(code=200, result="-1", endpos=0),
    b"200 result=-2\n": Reply(code=200, result="-2"),
    b"510 Invalid or unknown command\n": Reply(code=510, data="Invalid or unknown command"),
    b"511 Command Not Permitted on a dead channel or intercept routine\n": Reply(
        code=511, data="Command Not Permitted on a dead channel or intercept routine"
    ),
    b"520 Invalid command syntax.  Proper usage not available.\n": Reply(
        code=520, data="Invalid command syntax.  Proper usage not available."
    ),
    USAGE: Reply(code=520, data="bad syntax"),
    b"HANGUP\n": HangupNotice(),
    b"200 result=1 (\xe4\xb8\xad\xff)\n": Reply(code=200, result="1", data="中\udcff"),
}


def read(chunks: Iterable[bytes], *, end: bool = False) -> list[AgiMessage]:
    lines = Lines()
    reader = ReplyReader(lines)
    messages: list[AgiMessage] = []
    for chunk in chunks:
        lines.feed(chunk)
        while (message := reader.next_message()) is not None:
            messages.append(message)
    if end:
        lines.end()
        while not isinstance(message := reader.next_message(), Closed):
            assert message is not None
            messages.append(message)
    return messages


def cut(data: bytes, points: Iterable[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(point % (len(data) + 1) for point in points)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@pytest.mark.parametrize(("data", "message"), VECTORS.items())
def test_every_vector_reads_whole_bytewise_and_with_more_behind_it(data: bytes, message: AgiMessage) -> None:
    assert read([data]) == [message]
    assert read(bytes([byte]) for byte in data) == [message]
    assert read([data + b"HANGUP\n20"]) == [message, HangupNotice()]


@given(st.lists(st.sampled_from(list(VECTORS)), max_size=8), st.lists(st.integers(0, 4000), max_size=12))
def test_any_split_gives_the_same_messages(vectors: list[bytes], points: list[int]) -> None:
    assert read(cut(b"".join(vectors), points), end=True) == [VECTORS[vector] for vector in vectors]


def test_the_end_of_input_is_a_message_and_half_a_reply_is_none() -> None:
    assert read([b"200 result=0\n200 resu"], end=True) == [Reply(code=200, result="0")]


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"200\n",
        b"200 result=1 (a\n",
        b"HTTP/1.1 200 OK\n",
        b"100 result=0\n",
        b"x" * (LINE_LIMIT + 1),
        b"520-\n" + b"usage\n" * 20_000,
    ],
)
def test_what_is_no_reply_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        read([data])


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=4))
def test_rubbish_is_read_or_refused_and_nothing_else(data: bytes, points: list[int]) -> None:
    for reading in (read, read_environment):
        try:
            reading(cut(data, points), end=True)
        except WireError:
            continue


def read_environment(chunks: Iterable[bytes], *, end: bool = False) -> Environment | None:
    lines = Lines()
    reader = EnvironmentReader(lines)
    for chunk in chunks:
        lines.feed(chunk)
        if (found := reader.next_environment()) is not None:
            return found
    if end:
        lines.end()
    return reader.next_environment()


@given(st.lists(st.integers(0, 2000), max_size=12))
def test_the_environment_reads_in_any_split(points: list[int]) -> None:
    found = read_environment(cut(environment("95500", "138", "", "1") + b"200 result=0\n", points))
    assert found is not None
    assert (found.script, found.call, found.channel) == ("call", CALL, CHANNEL)
    assert found.arguments[1:] == ("95500", "138", "", "1")


FORGERIES = {
    "a name that brings its own unique id": (b"unknown\nagi_callingpres", b"unknown\nagi_uniqueid: 9.9\nagi_callingpres"),
    "a name that brings the rest of the block": (
        b"agi_calleridname: unknown",
        b"agi_calleridname: x\nagi_threadid: 1\nagi_arg_1: t\nagi_arg_2: 95500",
    ),
    "a number that brings an argument": (b"agi_dnid: 95500", b"agi_dnid: 1\nagi_arg_1: t"),
    "a block that ends early": (b"agi_dnid: 95500", b"agi_dnid: 1\n\n"),
    "a line without a colon": (b"agi_dnid: 95500", b"agi_dnid: 1\nhello"),
    "arguments out of turn": (b"agi_arg_2:", b"agi_arg_3:"),
    "too long a line": (b"agi_dnid: 95500", b"agi_dnid: " + b"9" * LINE_LIMIT),
    "no unique id": (b"agi_uniqueid: ", b"agi_unique: "),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_an_environment_with_smuggled_lines_is_refused_or_lacks_its_token(name: str) -> None:
    found: Environment | None = None
    try:
        found = read_environment([environment("95500").replace(*FORGERIES[name])])
    except WireError:
        return
    assert found is not None
    assert found.arguments == (), "the block that ended early has no token, so the server drops it"


def test_unknown_keys_of_a_later_asterisk_are_left_out() -> None:
    found = read_environment([environment("95500").replace(b"agi_context", b"agi_mood: good\nagi_context")])
    assert found is not None
    assert found.arguments[1:] == ("95500",)


def test_an_environment_without_end_is_refused() -> None:
    with pytest.raises(WireError):
        read_environment([b"agi_mood: good\n" * 2000])
    with pytest.raises(WireError):
        read_environment([b"agi_network: yes\n"], end=True)


def decoded(line: bytes) -> list[str]:
    """How Asterisk takes a line apart: quotes hold words together, a backslash takes the next character as it is."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', line.decode().removesuffix("\n"), re.DOTALL)
    return [re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL) for word in words]


@given(st.lists(st.text(max_size=60), max_size=4))
def test_a_value_arrives_as_it_was_sent_or_is_refused(values: list[str]) -> None:
    try:
        line = encode_command("SET VARIABLE", *values)
    except WireError:
        assert any(re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", value) for value in values)
        return
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decoded(line) == values


@pytest.mark.parametrize("value", ["a\nEXEC System x", "a\rb", "a\0b", "\x1b[2J", "\x7f", "\ud800", "9" * COMMAND_LIMIT])
def test_a_value_that_could_become_a_second_command_is_refused(value: str) -> None:
    with pytest.raises(WireError) as caught:
        encode_command("SET VARIABLE", "X", value)
    assert value not in str(caught.value)


def test_a_verb_is_a_verb() -> None:
    with pytest.raises(WireError):
        encode_command('EXEC "System"')
