"""Names and numbers made to do harm: the call is served as any other, and nothing of it is obeyed anywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr_engine.core.events import CallArrived, NobodyOffered
from ivr_engine.errors import EngineError
from tests.system import sipp
from tests.system.day import Day, ending, legs

pytestmark = pytest.mark.system

PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ud800-\udfff]*")
# What the text of a hostile caller would cause if it were obeyed somewhere.
FORGED = "forged_by_a_caller"


def sender(name: bytes, user: bytes = b"{number}") -> bytes:
    return b'"' + name + b'" <sip:' + user + b"@[local_ip]>"


HOSTILE = {
    "quotes": sender(b"a\\\"b'c`d"),
    "commas and ampersands": sender(b"a,b&c|d;e"),
    "a variable": sender(b"${AGI_SECRET}${SHELL(touch " + FORGED.encode() + b")}"),
    "an expression": sender(b"$(id)${EVAL(${AGI_SECRET})}`id`"),
    "tabs and bells": sender(b"a\tb\x07c\x1bM\x7f\xc2\x9b2J"),
    "a long name": sender(b"x" * 200),
    "broken UTF-8": sender(b"\xff\xfe\xe5\x90 wang \xc3"),
    "Chinese": sender("王小明".encode()),
    "bidirectional and separators": sender("a\u202eb\u2028c\u0085d".encode()),
    "AGI reply": sender(b"200 result=1"),
    "a line break in the number": sender(b"Wang", b"{number}%0Aagi_" + FORGED.encode() + b"%3A%20yes"),
    "two line breaks in the number": sender(b"Wang", b"{number}%0D%0A%0D%0AAction%3A%20" + FORGED.encode()),
    "an application in the number": sender(b"Wang", b"{number}%2CAGI(" + FORGED.encode() + b")%26x"),
    "a variable in the number": sender(b"Wang", b"{number}$%7BAGI_SECRET%7D"),
    "zero bytes in the number": sender(b"Wang", b"{number}%00%01"),
}


@pytest.mark.parametrize("sent", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_caller_is_served_and_changes_nothing(day: Day, tmp_path: Path, sent: bytes) -> None:
    telephone = next(day.site.numbers)
    run = await sipp.call(
        to="80000",
        pbx=day.site.address,
        folder=tmp_path,
        steps=(sipp.press("20"), sipp.hear(300), sipp.hang_up()),
        sender=sent.replace(b"{number}", telephone.encode()),
    )
    assert run.succeeded == 1, run
    arrived = await day.fact(CallArrived, lambda each: each.caller.startswith(telephone) or not each.caller)
    record = await day.record(arrived.call)
    assert legs(record) == ("ivr", "waiting: abandoned, 0 offered")
    assert ending(record) == "abandoned_queue, ended by caller"
    assert re.fullmatch(r"[0-9*#+]{0,32}", record.caller)
    assert PRINTABLE.fullmatch(record.caller_name)
    assert len(record.caller_name) <= 79
    assert await day.fact(NobodyOffered, lambda each: each.call == record.call)
    nothing_was_obeyed(day)


def nothing_was_obeyed(day: Day) -> None:
    """No secret is to be found where a record or a log is, no line of a log is the caller's own, no file was made."""
    stored = day.site.written()
    secrets = [day.site.agi_secret.encode(), *(secret.encode() for secret in day.site.secrets.values())]
    assert not [path for path, text in stored.items() for secret in secrets if secret in text]
    logs = [text for path, text in stored.items() if path.endswith(".log")]
    assert not [line for log in logs for line in log.splitlines() if line.lstrip().startswith((b"agi_", FORGED.encode()))]
    assert not list(day.site.folder.rglob(FORGED))


async def test_an_expression_of_the_dialplan_in_a_name_is_not_worked_out(day: Day) -> None:
    caller = await day.caller(name="$[1+1]${AGI_SECRET}")
    await caller.reaches("greeting")
    await caller.hangs_up()
    assert (await caller.record()).caller_name == "$[1+1]${AGI_SECRET}"
    nothing_was_obeyed(day)


async def test_a_plain_name_arrives_as_it_is(day: Day, tmp_path: Path) -> None:
    telephone = next(day.site.numbers)
    name = "王小明 O'Neil, Bob & Co; $5 {x}"
    await sipp.call(
        to="80000",
        pbx=day.site.address,
        folder=tmp_path,
        steps=(sipp.hear(300), sipp.hang_up()),
        sender=f'"{name}" <sip:{telephone}@[local_ip]>'.encode(),
    )
    record = await day.record(await day.arrival(telephone))
    assert (record.caller, record.caller_name) == (telephone, name)


@pytest.mark.parametrize("agent", ["", "1001\n1002", "${AGI_SECRET}", "x" * 5_000, "'; drop table calls; --"])
async def test_a_hostile_name_of_an_agent_is_refused(day: Day, agent: str) -> None:
    with pytest.raises(EngineError, match="no agent"):
        await day.site.ask("agent.login", agent=agent)
    assert set((await day.states()).values()) == {"logged_out idle"}
