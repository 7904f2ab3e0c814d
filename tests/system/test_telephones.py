"""The test telephones against each other: what a system test says they did, they did."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from ivr_engine.adapters.softphone.conversation import CallReport, Ending, Moment, Script, converse
from ivr_engine.adapters.softphone.lines import LINES_PER_PROCESS, Answering, Line
from ivr_engine.adapters.softphone.softphones import Softphone, SoftphoneCall, Softphones
from ivr_engine.adapters.softphone.telephone_process import PhoneTimeout
from ivr_engine.core.ids import Millis
from ivr_engine.errors import SwitchError
from tests.system import sipp

pytestmark = pytest.mark.system

NOWHERE = "127.0.0.1:9"


@pytest.fixture
async def phones(tmp_path: Path) -> AsyncIterator[Softphones]:
    async with Softphones(trace=tmp_path) as softphones:
        yield softphones


@pytest.fixture
async def agent(phones: Softphones) -> Softphone:
    return await phones.connect(Line(number="a1", pbx=NOWHERE, tone_hz=440))


@pytest.fixture
async def caller(phones: Softphones, agent: Softphone) -> Softphone:
    return await phones.connect(Line(number="13800138000", name="Wang", pbx=agent.address))


async def test_a_call_is_rung_answered_heard_keyed_recorded_and_hung_up(
    agent: Softphone, caller: Softphone, tmp_path: Path
) -> None:
    call = await caller.dial("a1", record=tmp_path / "heard.wav")
    talk = await agent.incoming()
    await talk.answered()
    await call.sound()
    await call.press("12*#0")
    here = await call.hang_up()
    there = await talk.ended()
    assert (talk.number, talk.name, talk.keys_heard) == ("13800138000", "Wang", "12*#0")
    assert (here.near, there.near, here.code) == (True, False, 200)
    assert call.heard.level > 0.1
    assert call.heard.sound > 900
    assert talk.heard.sound == 0
    with wave.open(str(tmp_path / "heard.wav")) as recording:
        assert recording.getnframes() / recording.getframerate() > 0.9


async def test_an_agent_who_has_talked_enough_hangs_up(agent: Softphone, caller: Softphone) -> None:
    await agent.answering(Answering.answer(after=100, talk=300))
    call = await caller.dial("a1")
    ringing, answered, ended = await call.ringing(), await call.answered(), await call.ended()
    assert answered.at - ringing.at >= 90
    assert ended.at - answered.at >= 280
    assert not ended.near


@pytest.mark.parametrize(
    ("policy", "code"),
    [(Answering.decline(), 603), (Answering.busy(), 486), (Answering(code=480), 480), (Answering.decline(after=50), 603)],
)
async def test_a_refused_call_ends_with_the_refusal(
    agent: Softphone, caller: Softphone, policy: Answering, code: int
) -> None:
    await agent.answering(policy)
    call = await caller.dial("a1")
    assert (await call.ended()).code == code
    with pytest.raises(SwitchError, match=f"not answered: {code}"):
        await call.answered()


async def test_a_telephone_in_a_call_is_busy(phones: Softphones, agent: Softphone, caller: Softphone) -> None:
    first = await caller.dial("a1")
    await first.answered()
    other = await phones.connect(Line(number="13900139000", pbx=agent.address))
    assert (await (await other.dial("a1")).ended()).code == 486
    assert not first.over


async def test_a_caller_may_give_up_while_it_rings(agent: Softphone, caller: Softphone) -> None:
    await agent.answering(Answering.ring())
    call = await caller.dial("a1")
    await call.ringing()
    with pytest.raises(PhoneTimeout, match=r"answered or ended not within 50 ms; so far: \d+ dialled, \d+ ringing"):
        await call.answered(50)
    talk = await agent.incoming()
    assert (await call.hang_up()).code == 487
    assert (await talk.ended()).near is False


async def test_an_agent_may_decide_call_by_call(agent: Softphone, caller: Softphone) -> None:
    await agent.answering(Answering.ring())
    call = await caller.dial("a1")
    talk = await agent.incoming()
    talk.reply(200)
    await call.answered()
    await talk.hang_up()
    assert (await call.ended()).near is False


async def test_more_telephones_than_one_process_holds(phones: Softphones, agent: Softphone) -> None:
    callers = await phones.connect_all(
        Line(number=f"1380013800{n}", pbx=agent.address) for n in range(LINES_PER_PROCESS + 1)
    )
    await agent.answering(Answering.busy())
    calls = await asyncio.gather(*(phone.dial("a1") for phone in callers))
    assert {(await call.ended()).code for call in calls} == {486}


async def test_a_telephone_that_nobody_answers_times_out_with_its_story(phones: Softphones) -> None:
    lonely = await phones.connect(Line(number="1", pbx=NOWHERE))
    with pytest.raises(PhoneTimeout, match=r"so far: \d+ dialled"):
        await (await lonely.dial("2")).answered(100)


async def test_a_telephone_that_cannot_be_is_refused_and_the_others_go_on(phones: Softphones, agent: Softphone) -> None:
    with pytest.raises(SwitchError, match="no such telephone"):
        await phones.connect(Line(number="1", pbx="not a host:", secret="x"))
    caller = await phones.connect(Line(number="13800138000", pbx=agent.address))
    await (await caller.dial("a1")).answered()


async def converse_with(agent: Softphone, policy: Answering, script: Script) -> tuple[SoftphoneCall, CallReport, list[str]]:
    moments: list[Moment] = []
    await agent.answering(policy)
    line = Line(number="13800138000", pbx=agent.address)
    async with asyncio.TaskGroup() as tasks:
        calling = tasks.create_task(converse(line, script, bind="127.0.0.1", tell=moments.append))
        talk = await agent.incoming()
        await talk.ended()
    return talk, calling.result(), [moment.text for moment in moments]


async def test_a_scripted_caller_presses_on_when_the_line_never_goes_quiet(agent: Softphone) -> None:
    script = Script(number="a1", groups=("1", "2345#"), patience=Millis(200), stay=Millis(100))
    talk, report, moments = await converse_with(agent, Answering.answer(), script)
    assert talk.keys_heard == "12345#"
    assert (report.ending, report.well, report.pressed) == (Ending.CALLER, True, 2)
    assert moments[:4] == ["dialled a1", "answered", "pressed 1", "pressed 5 keys"]


async def test_a_scripted_caller_who_is_cut_off_tells_so(agent: Softphone) -> None:
    script = Script(number="a1", groups=("1", "2"), patience=Millis(10_000))
    _, report, moments = await converse_with(agent, Answering.answer(talk=600), script)
    assert (report.ending, report.well, report.pressed) == (Ending.CENTRE, False, 0)
    assert moments[-1].startswith("heard 0.")


async def test_a_scripted_caller_nobody_answers_gives_up(agent: Softphone) -> None:
    script = Script(number="a1", answer_limit=Millis(100))
    _, report, _ = await converse_with(agent, Answering.ring(), script)
    assert (report.ending, report.code, report.well) == (Ending.UNANSWERED, 487, False)


# --- SIPp ------------------------------------------------------------------------------------------------------------


async def sipp_call(
    agent: Softphone, folder: Path, steps: Sequence[str], sender: bytes | None = None
) -> tuple[sipp.SippRun, SoftphoneCall]:
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(sipp.call(to="a1", pbx=agent.address, folder=folder, steps=steps, sender=sender))
        talk = await agent.incoming()
        await talk.ended()
    return run.result(), talk


async def test_sipps_keys_arrive_as_pressed(agent: Softphone, tmp_path: Path) -> None:
    steps = (sipp.hear(200), sipp.press("1"), sipp.hear(100), sipp.press("20*#9"), sipp.hang_up())
    run, talk = await sipp_call(agent, tmp_path, steps)
    assert (run.succeeded, run.failed) == (1, 0), run
    assert talk.keys_heard == "120*#9"


async def test_a_sipp_caller_waits_for_the_far_sides_hang_up(agent: Softphone, tmp_path: Path) -> None:
    await agent.answering(Answering.answer(talk=200))
    run, talk = await sipp_call(agent, tmp_path, (sipp.far_hang_up(),))
    assert (run.succeeded, run.failed, (await talk.ended()).near) == (1, 0, True), run


async def test_a_sipp_caller_who_is_cut_off_fails(agent: Softphone, tmp_path: Path) -> None:
    await agent.answering(Answering.answer(talk=200))
    run, _ = await sipp_call(agent, tmp_path, (sipp.hear(5_000), sipp.hang_up()))
    assert (run.succeeded, run.failed) == (0, 1), run
    assert "BYE" in run.errors


async def test_a_hostile_sender_arrives_unchanged(agent: Softphone, tmp_path: Path) -> None:
    sender = b'"\xff\xe5,&;${X}\'" <sip:138@[local_ip]>'
    run, talk = await sipp_call(agent, tmp_path, (sipp.hang_up(),), sender=sender)
    assert run.succeeded == 1, run
    assert (talk.number, talk.name.encode(errors="surrogateescape")) == ("138", b"\xff\xe5,&;${X}'")


@pytest.mark.parametrize("code", [404, 480, 486, 603])
async def test_a_sipp_agent_refuses(caller: Softphone, tmp_path: Path, code: int) -> None:
    async with sipp.agent("s1", "", pbx="", folder=tmp_path, behaviour=sipp.refuse(code)) as port:
        call = await caller.dial(f"sip:s1@127.0.0.1:{port}")
        assert (await call.ended()).code == code


async def test_a_sipp_agent_answers_talks_and_hangs_up(caller: Softphone, tmp_path: Path) -> None:
    async with sipp.agent("s1", "", pbx="", folder=tmp_path, behaviour=sipp.answer(after=100, talk=200)) as port:
        for _ in range(2):
            call = await caller.dial(f"sip:s1@127.0.0.1:{port}")
            await call.answered()
            end = await call.ended()
            assert (end.near, end.code) == (False, 200)


async def test_a_sipp_agent_rings_until_the_caller_gives_up(caller: Softphone, tmp_path: Path) -> None:
    async with sipp.agent("s1", "", pbx="", folder=tmp_path, behaviour=sipp.ring_on()) as port:
        call = await caller.dial(f"sip:s1@127.0.0.1:{port}")
        await call.ringing()
        assert (await call.hang_up()).code == 487
