"""Callers are connected with a number outside, on a real PBX: the carrier is SIPp, and what is stored tells each ending."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.pbx_install import Installation
from ivr_engine.core.events import NodeEntered, TransferEnded
from ivr_engine.core.outcomes import OfferOutcome
from tests.ports import free_port
from tests.system import sipp
from tests.system.day import Day, day_at, ending, ready, until
from tests.system.site import Site, site_at

pytestmark = pytest.mark.system

NUMBER, OUTSIDE = "70000", "02195559"
RING_S = 2
FILES = {
    "centre.yaml": f"name: outside\nlanguages: [en]\nnumbers: {{'{NUMBER}': main}}\ntransfers: {{desk: '{OUTSIDE}'}}\n",
    "agents.yaml": "agents: {}\n",
    "prompts/en.yaml": 'goodbye: "Bye."\n',
    "main.yaml": f"""flow: main
start: out
nodes:
  out:
    transfer: {{to: desk, ring: {RING_S}s}}
    next: talked
    exits: {{busy: was_busy, no_answer: rang_out}}
    failed: refused
  talked: {{play: [goodbye], next: end}}
  was_busy: {{play: [goodbye], next: end}}
  rang_out: {{play: [goodbye], next: end}}
  refused: {{play: [goodbye], next: end}}
  end: {{hangup: {{}}}}
""",
}


def write_files(folder: Path, _host_url: str) -> None:
    for name, text in FILES.items():
        path = folder / "bank" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def carrier_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def site_with_carrier(
    tmp_path_factory: pytest.TempPathFactory, pbx_installation: Installation, carrier_port: int
) -> Iterator[Site]:
    assert pbx_installation
    with site_at(tmp_path_factory.mktemp("out"), write=write_files, carrier=f"127.0.0.1:{carrier_port}") as at_work:
        yield at_work


ENDINGS = {
    "answered": (sipp.answer(after=1000, talk=1500), OfferOutcome.ANSWERED, "talked"),
    "busy": (sipp.refuse(486), OfferOutcome.BUSY, "was_busy"),
    "no answer": (sipp.ring_on(), OfferOutcome.NO_ANSWER, "rang_out"),
    "declined": (sipp.refuse(603), OfferOutcome.DECLINED, "refused"),
    "not there": (sipp.refuse(404), OfferOutcome.MISCONFIGURED, "refused"),
    "no capacity": (sipp.refuse(503), OfferOutcome.CONGESTED, "refused"),
}


@pytest.mark.parametrize("name", ENDINGS)
async def test_each_ending_of_a_transfer_takes_its_exit_and_is_in_the_record(
    site_with_carrier: Site, carrier_port: int, tmp_path: Path, name: str
) -> None:
    behaviour, outcome, node = ENDINGS[name]
    async with (
        day_at(site_with_carrier, tmp_path) as day,
        sipp.agent("carrier", "", pbx="", folder=tmp_path, behaviour=behaviour, port=carrier_port),
    ):
        caller = await day.caller(number=NUMBER)
        over = await caller.sees(TransferEnded)
        await caller.is_let_go()
        record = await caller.record()
    assert (over.to, over.outcome) == ("desk", outcome)
    assert 1400 <= over.talked <= 2400 if outcome is OfferOutcome.ANSWERED else over.talked == 0, over
    assert [event.node for event in caller.kinds(NodeEntered)] == ["out", node, "end"]
    served = "served_outside" if outcome is OfferOutcome.ANSWERED else "self_served"
    assert ending(record) == f"{served}, ended by engine"
    dialled = (tmp_path / "agent-carrier.messages").read_text(encoding="utf-8", errors="replace")
    assert f"INVITE sip:{OUTSIDE}@127.0.0.1:{carrier_port}" in dialled


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [(sipp.answer(), OfferOutcome.ANSWERED), (sipp.ring_on(), OfferOutcome.CALLER_GONE)],
    ids=["talking", "ringing"],
)
async def test_a_caller_who_hangs_up_first_ends_the_transfer_and_the_record_says_how_far_it_came(
    site_with_carrier: Site, carrier_port: int, tmp_path: Path, behaviour: str, outcome: OfferOutcome
) -> None:
    async with (
        day_at(site_with_carrier, tmp_path) as day,
        sipp.agent("carrier", "", pbx="", folder=tmp_path, behaviour=behaviour, port=carrier_port),
    ):
        caller = await day.caller(number=NUMBER)
        await caller.reaches("out")
        await until_two_legs(day)
        await caller.hangs_up()
        over = await caller.sees(TransferEnded)
        record = await caller.record()
    assert over.outcome is outcome
    assert ending(record).endswith("ended by caller")


async def until_two_legs(day: Day) -> None:
    """The call to the carrier is up at the PBX, answered or ringing as it will."""
    await until(lambda: ready(len(day.site.legs()) == 2), lambda: f"never dialled: {day.site.legs()}")
