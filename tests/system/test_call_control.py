"""The gateway on a real Asterisk, beyond what every line must do (tests/contracts): causes, talk time, endings, recovery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr_engine.core.ids import AgentId, Language, Millis
from ivr_engine.core.outcomes import EndedBy, GatherEnd, OfferOutcome
from ivr_engine.flows.waits import Keyed, KeysWait, Played
from ivr_engine.ports.switch import CallControl, Joined
from tests.ports import free_port
from tests.system import sipp
from tests.system.office import LIMIT_S, open_office, sound
from tests.system.pbx_fixtures import RunningPbx

pytestmark = pytest.mark.system


def address(pbx: RunningPbx) -> str:
    return f"127.0.0.1:{pbx.plan.sip_port}"


async def caller(pbx: RunningPbx, folder: Path, *steps: str) -> sipp.SippRun:
    return await sipp.call(to="95500", pbx=address(pbx), folder=folder, steps=steps)


async def test_sounds_keys_and_a_meant_end(running_pbx: RunningPbx, tmp_path: Path) -> None:
    short, long = sound(tmp_path, 0.3), sound(tmp_path, 25)
    wait = KeysWait(
        prompts=(),
        language=Language("en"),
        most=6,
        end_key="#",
        first_timeout=Millis(8000),
        next_timeout=Millis(3000),
        secret=True,
    )

    async def serve(control: CallControl) -> object:
        heard = [await control.play([short], barge_in=True), await control.gather([long], wait)]
        await control.play([sound(tmp_path, 2)], barge_in=False)  # SIPp is still busy with its last key
        return heard

    async with open_office(running_pbx, tmp_path, serve) as office:
        steps = (sipp.hear(1500), sipp.press("9"), sipp.press("5"), sipp.press("#"), sipp.far_hang_up())
        run = await caller(running_pbx, tmp_path, *steps)
        assert await office.results.get() == [
            Played(),
            Keyed(keys="95", ended=GatherEnd.END_KEY, interrupted=True),
        ]
        assert run.succeeded == 1, run
        assert (await office.endings.get())[1] is EndedBy.ENGINE
        arrival = office.arrivals[0]
        assert (arrival.number, arrival.caller) == ("95500", "13800138000")


async def test_a_declined_call_is_never_answered_and_the_network_is_told_to_try_elsewhere(
    running_pbx: RunningPbx, tmp_path: Path
) -> None:
    async def serve(_control: CallControl) -> object:
        raise AssertionError("a declined call is not served")

    async with open_office(running_pbx, tmp_path, serve) as office:
        office.full = True
        run = await caller(running_pbx, tmp_path, sipp.far_hang_up())
        assert "SIP/2.0 503" in run.messages, run
        assert run.sent("SIP/2.0 200") == 0, run
        assert office.arrivals == []


REFUSALS = {
    486: (OfferOutcome.BUSY, "BUSY/17"),
    600: (OfferOutcome.BUSY, "BUSY/17"),
    603: (OfferOutcome.DECLINED, "CHANUNAVAIL/21"),
    480: (OfferOutcome.UNAVAILABLE, "NOANSWER/19"),
    404: (OfferOutcome.MISCONFIGURED, "CHANUNAVAIL/1"),
    488: (OfferOutcome.NO_CODEC, "CHANUNAVAIL/58"),
    503: (OfferOutcome.CONGESTED, "CONGESTION/34"),
}


async def test_each_way_of_not_answering_has_its_outcome_and_keeps_the_caller(
    running_pbx: RunningPbx, tmp_path: Path
) -> None:
    phone = running_pbx.plan.phones[0]

    async def serve(control: CallControl) -> object:
        outcomes = [await join(control, phone)]
        for code in REFUSALS:
            async with telephone(running_pbx, tmp_path, phone, sipp.refuse(code)):
                outcomes.append(await join(control, phone))
        return outcomes

    async with open_office(running_pbx, tmp_path, serve) as office:
        run = await caller(running_pbx, tmp_path, sipp.far_hang_up())
        results = await office.results.get()
        assert isinstance(results, list)
        seen = [(result.outcome, result.cause) for result in results]
        assert seen == [(OfferOutcome.UNREACHABLE, "CHANUNAVAIL/3"), *REFUSALS.values()]
        assert all(not result.caller_gone and result.talked == 0 for result in results)
        assert run.succeeded == 1, run


@asynccontextmanager
async def telephone(pbx: RunningPbx, folder: Path, phone: str, behaviour: str) -> AsyncIterator[None]:
    secret = pbx.plan.secrets.phones[phone]
    async with sipp.agent(phone, secret, pbx=address(pbx), folder=folder, behaviour=behaviour):
        yield


async def join(
    control: CallControl, phone: str, *, ring: int = 20_000, on_answer: Callable[[], None] = lambda: None
) -> Joined:
    return await control.join(agent=AgentId(phone), phone=phone, ring=Millis(ring), music="default", on_answer=on_answer)


async def test_after_the_agent_hangs_up_the_caller_goes_on(running_pbx: RunningPbx, tmp_path: Path) -> None:
    phone = running_pbx.plan.phones[0]
    answered: list[float] = []

    async def serve(control: CallControl) -> object:
        await asyncio.sleep(1)  # time on the line before the conversation must not count as conversation
        joined = await join(control, phone, on_answer=lambda: answered.append(time.monotonic()))
        ended = time.monotonic()
        return joined, ended, await control.play([sound(tmp_path, 0.2)], barge_in=False)

    async with (
        telephone(running_pbx, tmp_path, phone, sipp.answer(after=300, talk=1500)),
        open_office(running_pbx, tmp_path, serve) as office,
    ):
        run = await caller(running_pbx, tmp_path, sipp.far_hang_up())
        result = await office.results.get()
    assert isinstance(result, tuple)
    joined, ended, survey = result
    assert (joined.outcome, joined.caller_gone, survey) == (OfferOutcome.ANSWERED, False, Played())
    assert joined.talked == pytest.approx((ended - answered[0]) * 1000, abs=100)
    assert run.succeeded == 1, run


@pytest.mark.parametrize(
    ("behaviour", "outcome", "answers"),
    [(sipp.answer(), OfferOutcome.ANSWERED, 1), (sipp.ring_on(), OfferOutcome.CALLER_GONE, 0)],
    ids=["talking", "ringing"],
)
async def test_a_caller_who_leaves_ends_the_joining_and_the_end_is_theirs(
    running_pbx: RunningPbx, tmp_path: Path, behaviour: str, outcome: OfferOutcome, answers: int
) -> None:
    phone = running_pbx.plan.phones[0]
    answered: list[None] = []

    async def serve(control: CallControl) -> object:
        return await join(control, phone, on_answer=lambda: answered.append(None))

    async with (
        telephone(running_pbx, tmp_path, phone, behaviour),
        open_office(running_pbx, tmp_path, serve) as office,
    ):
        await caller(running_pbx, tmp_path, sipp.hear(2500), sipp.hang_up())
        result = await office.results.get()
        ending = await office.endings.get()
    assert isinstance(result, Joined)
    assert (result.outcome, result.caller_gone, len(answered)) == (outcome, True, answers)
    assert (result.talked > 0) == bool(answers)
    assert (ending[0], ending[1]) == (office.arrivals[0].call, EndedBy.CALLER)


async def test_an_engine_that_comes_back_is_told_which_callers_are_alive_and_when_they_end(
    running_pbx: RunningPbx, tmp_path: Path
) -> None:
    phone = running_pbx.plan.phones[0]
    talking = asyncio.Event()

    async def serve(control: CallControl) -> object:
        return await join(control, phone, on_answer=talking.set)

    async with (
        telephone(running_pbx, tmp_path, phone, sipp.answer()),
        asyncio.timeout(LIMIT_S),
        asyncio.TaskGroup() as group,
    ):
        async with open_office(running_pbx, tmp_path, serve) as before:
            calling = group.create_task(caller(running_pbx, tmp_path, sipp.hear(5000), sipp.hang_up()))
            assert await before.reached.get() == frozenset()
            await talking.wait()
        call = before.arrivals[0].call
        async with open_office(running_pbx, tmp_path, serve) as after:
            assert await after.reached.get() == {call}
            assert (await after.endings.get())[:2] == (call, EndedBy.CALLER)
            assert after.arrivals == [], "a conversation survives the engine and is not served anew"
        await calling


async def dial_feature_code(pbx: RunningPbx, folder: Path, phone: str, code: str) -> sipp.SippRun:
    """An agent's telephone dials `code`, proves its password, and listens until the far side hangs up."""
    secret = pbx.plan.secrets.phones[phone]
    uri = f"sip:{code}@[remote_ip]:[remote_port]"
    parties = f"From: <sip:{phone}@[remote_ip]>;tag=[call_number]\nTo: <{uri}>"
    contact = "Contact: <sip:[local_ip]:[local_port]>\n"

    def request(method: str, cseq: int, more: str = "") -> str:
        tag = "[peer_tag_param]" if method == "ACK" else ""  # a second INVITE is not within the dialogue of the first
        return f"{method} {uri} SIP/2.0\n{sipp.HEADERS}{parties}{tag}\n{contact}CSeq: {cseq} {method}\n{more}"

    typed = "Content-Type: application/sdp"
    proof = f"[authentication username={phone} password={secret}]\n"
    body = "".join(
        [
            sipp._send(request("INVITE", 1, typed), sipp.CALLER_SDP, retransmit=True),
            sipp._recv(401, 'auth="true"'),
            sipp._send(request("ACK", 1)),
            sipp._send(request("INVITE", 2, proof + typed), sipp.CALLER_SDP, retransmit=True),
            *(sipp._recv(provisional, 'optional="true"') for provisional in (100, 180, 183)),
            sipp._recv(200),
            sipp._send(request("ACK", 2)),
            sipp.far_hang_up(),
        ]
    )
    name = f"code-{phone}"
    scenario = sipp._scenario(name, body).encode()
    options = ("-m", "1")
    async with sipp._running(name, scenario, options, pbx=address(pbx), folder=folder, port=free_port()) as process:
        return await sipp._finish(process, name, folder)


async def test_feature_codes_of_an_agents_telephone_are_carried_out_and_confirmed(
    running_pbx: RunningPbx, tmp_path: Path
) -> None:
    phone = running_pbx.plan.phones[0]

    async def serve(control: CallControl) -> object:
        return control

    async with open_office(running_pbx, tmp_path, serve) as office:
        for code, command in {"*11": "login", "*12": "ready", "*133": "pause3", "*13": "pause", "*14": "logout"}.items():
            run = await dial_feature_code(running_pbx, tmp_path, phone, code)
            assert run.succeeded == 1, run
            assert office.commands.get_nowait() == (command, phone)
        assert office.arrivals == []
