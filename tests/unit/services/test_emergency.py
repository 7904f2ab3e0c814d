"""The emergency switch on whole calls: what callers meet, until when, what is kept of it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from ivr_engine.core.events import (
    BroadcastEnded,
    BroadcastPlayed,
    BroadcastSet,
    CallRerouted,
    FlowStarted,
    PromptsPlayed,
    RerouteEnded,
)
from ivr_engine.core.ids import FlowName, Instant, Language, Millis, later
from ivr_engine.core.outcomes import Disposition, EmergencyEnd, EndedBy
from ivr_engine.errors import CommandRefused
from ivr_engine.flows import limits
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.emergency import Wish, Word
from ivr_engine.testing.clock import START
from ivr_engine.testing.line import HangUpNow, Listen, Press, ScriptedLine
from tests.unit.services.office import Office, settle

HOUR = Millis(3_600_000)
UNTIL = later(START, HOUR)
LAST = Instant(UNTIL - 1)
WORD = Word(by="li.na", reason="outage")
ALL_CLEAR = Word(by="wang.wei", reason="all works again")
OTHER = FlowName("other")


@cache
def sample_bank_with_another_flow() -> CentreDefinition:
    bank = Office().definition
    main = bank.numbers["80000"]
    return replace(bank, numbers={"80000": main}, flows={**bank.flows, OTHER: replace(bank.flows[main], name=OTHER)})


@pytest.fixture
def office() -> Office:
    return Office(definition=sample_bank_with_another_flow())


async def broadcast(office: Office, text: str = "系统维护", **wish: str) -> None:
    await office.emergency.broadcast(Wish(number="80000", text=text, **wish), WORD, until=UNTIL)  # type: ignore[arg-type]


async def heard(office: Office, *script: Listen | Press | HangUpNow, call: str = "1.1") -> list[str]:
    line = ScriptedLine(*script)
    await office.serve(line, call=call)
    return line.heard


def spoken_first(words: list[str]) -> bool:
    return words[:1] == ["zh-CN:{text}"]


async def test_the_next_caller_hears_it_before_the_flow_and_its_words_stand_in_the_journal(office: Office) -> None:
    assert not spoken_first(await heard(office, HangUpNow()))
    await broadcast(office)
    words = await heard(office, Listen(), Listen(), HangUpNow(), call="1.2")
    assert spoken_first(words)
    assert len(words) > 1
    (met,) = office.facts(BroadcastPlayed)
    assert met == BroadcastPlayed(call=met.call, language=Language("zh-CN"), prompt="", text="系统维护", interrupted=False)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("moved", "on"), [(0, True), (LAST - START, True), (HOUR, False), (HOUR + 1, False)])
async def test_it_is_heard_until_just_before_its_end_whether_or_not_anybody_keeps_time(
    office: Office, moved: int, *, on: bool
) -> None:
    await broadcast(office)
    office.clock.advance(Millis(moved))
    assert spoken_first(await heard(office, Listen(), HangUpNow())) is on
    assert bool(office.emergency.broadcasts()) is on


async def test_its_end_is_recorded_at_its_instant_once(office: Office) -> None:
    async with office.open():
        await broadcast(office)
        await settle()
        office.clock.advance(Millis(HOUR - 1))
        await settle()
        assert office.facts(BroadcastEnded) == []
        office.clock.advance(Millis(1))
        await settle()
        office.clock.advance(HOUR)
        await settle()
    ended = BroadcastEnded(number="80000", language=Language("zh-CN"), ending=EmergencyEnd.EXPIRED, by="engine", reason="")
    assert [(each.at, each.event) for each in office.store.read(types=(BroadcastEnded.TYPE,))] == [(UNTIL, ended)]


async def test_a_later_one_with_an_earlier_end_does_not_wait_for_the_other(office: Office) -> None:
    async with office.open():
        await broadcast(office)
        await settle()
        office.emergency.reroute("80000", OTHER, WORD, until=later(START, Millis(1000)))
        await settle()
        office.clock.advance(Millis(1000))
        await settle()
        assert len(office.facts(RerouteEnded)) == 1
        assert office.facts(BroadcastEnded) == []


async def test_a_key_ends_it_and_counts_for_the_first_menu(office: Office) -> None:
    await broadcast(office)
    await broadcast(office, "Maintenance", language="en")
    words = await heard(office, Press("2"), HangUpNow())
    assert words == ["zh-CN:{text}"]
    assert [each.interrupted for each in office.facts(BroadcastPlayed)] == [True]  # type: ignore[attr-defined]
    assert office.facts(PromptsPlayed) == []


async def test_each_language_has_its_own_in_the_order_of_the_centre(office: Office) -> None:
    await broadcast(office, "Maintenance", language="en")
    await broadcast(office)
    assert (await heard(office, Listen(), Listen(), HangUpNow()))[:2] == ["zh-CN:{text}", "en:{text}"]


async def test_one_that_may_not_be_skipped_takes_no_key(office: Office) -> None:
    await office.emergency.broadcast(Wish(text="地震", skippable=False), WORD, until=UNTIL)
    await heard(office, Press("2"), HangUpNow())
    assert [each.interrupted for each in office.facts(BroadcastPlayed)] == [False]  # type: ignore[attr-defined]


async def test_a_prompt_is_heard_in_every_language_that_has_it(office: Office) -> None:
    name = next(iter(office.definition.prompts[Language("en")]))
    rows = await office.emergency.broadcast(Wish(prompt=name), WORD, until=UNTIL)
    assert [(each.number, each.language, each.prompt) for each in rows] == [("80000", "zh-CN", name), ("80000", "en", name)]
    assert (await heard(office, Listen(), Listen(), HangUpNow()))[:2] == [f"zh-CN:{name}", f"en:{name}"]


async def test_who_hangs_up_during_it_has_a_record_and_never_began_the_flow(office: Office) -> None:
    await broadcast(office)
    await heard(office, HangUpNow())
    assert (office.record().disposition, office.record().ended_by) == (Disposition.ABANDONED_IVR, EndedBy.CALLER)
    assert office.facts(FlowStarted) == []


async def test_words_that_cannot_be_had_any_more_keep_nobody_from_the_service(office: Office) -> None:
    name = next(iter(office.definition.prompts[Language("en")]))
    await office.emergency.broadcast(Wish(prompt=name, language="en"), WORD, until=UNTIL)
    office.voices.broken.add(name)
    await heard(office, HangUpNow())
    assert "broadcast_silent" in office.log.lines
    assert len(office.facts(FlowStarted)) == 1


async def test_a_new_one_takes_the_place_of_the_old_and_off_ends_it(office: Office) -> None:
    await broadcast(office, "first")
    await broadcast(office, "second")
    office.emergency.end_broadcasts("", "", ALL_CLEAR)
    assert [each.text for each in office.facts(BroadcastSet)] == ["first", "second"]  # type: ignore[attr-defined]
    endings = [(each.ending, each.by, each.reason) for each in office.facts(BroadcastEnded)]  # type: ignore[attr-defined]
    assert endings == [("replaced", "li.na", "outage"), ("withdrawn", "wang.wei", "all works again")]
    assert not spoken_first(await heard(office, HangUpNow()))


async def test_a_rerouted_number_begins_the_other_flow_and_then_its_own_again(office: Office) -> None:
    office.emergency.reroute("80000", OTHER, WORD, until=UNTIL)
    await heard(office, HangUpNow())
    office.emergency.end_reroutes("80000", ALL_CLEAR)
    await heard(office, HangUpNow(), call="1.2")
    assert [each.flow for each in office.facts(FlowStarted)] == ["other", "main"]  # type: ignore[attr-defined]
    (met,) = office.facts(CallRerouted)
    assert (met.call, met.flow, met.instead_of) == ("1.1", "other", "main")  # type: ignore[attr-defined]


async def test_a_flow_that_is_gone_since_leaves_the_number_its_own(office: Office) -> None:
    office.emergency.reroute("80000", OTHER, WORD, until=UNTIL)
    left = {name: flow for name, flow in office.definition.flows.items() if name != OTHER}
    without = Office(office.store, definition=replace(office.definition, flows=left))
    await heard(without, HangUpNow())
    assert "reroute_impossible" in without.log.lines
    assert [each.flow for each in without.facts(FlowStarted)] == ["main"]  # type: ignore[attr-defined]


async def test_both_outlive_the_engine_and_what_expired_meanwhile_is_ended_once(office: Office) -> None:
    await broadcast(office)
    office.emergency.reroute("80000", OTHER, WORD, until=later(UNTIL, HOUR))
    again = Office(office.store, definition=office.definition)
    assert [each.text for each in again.emergency.broadcasts()] == ["系统维护"]
    assert [each.flow for each in again.emergency.reroutes()] == [OTHER]
    again.clock.advance(HOUR)
    async with again.open():
        await settle()
    third = Office(office.store, definition=office.definition)
    third.clock.advance(HOUR)
    async with third.open():
        await settle()
    assert len(third.facts(BroadcastEnded)) == 1
    assert [each.flow for each in third.emergency.reroutes()] == [OTHER]


@pytest.mark.parametrize(
    ("wish", "word", "until", "says"),
    [
        (Wish(number="99", text="a"), WORD, UNTIL, "no number '99' in centre.yaml; known: 80000"),
        (Wish(text="a", language="fr"), WORD, UNTIL, "no language 'fr' in centre.yaml; known: zh-CN, en"),
        (Wish(prompt="nowhere"), WORD, UNTIL, "no prompt 'nowhere' in prompts/zh-CN.yaml, prompts/en.yaml"),
        (Wish(), WORD, UNTIL, "give either words"),
        (Wish(text="  "), WORD, UNTIL, "give either words"),
        (Wish(text="a", prompt="b"), WORD, UNTIL, "give either words"),
        (Wish(text="a" * (limits.BROADCAST_CHARS + 1)), WORD, UNTIL, "501 characters"),
        (Wish(text="a"), WORD, START, "has passed already"),
        (Wish(text="a"), WORD, later(START, Millis(limits.EMERGENCY_AHEAD + 1)), "within 30 days"),
        (Wish(text="a"), Word(by="li.na", reason=" "), UNTIL, "say why"),
        (Wish(text="a"), Word(by="", reason="outage"), UNTIL, "say who"),
        (Wish(text="a"), Word(by="li.na", reason="x" * 201), UNTIL, "at most 200 characters"),
    ],
)
async def test_what_may_not_be_broadcast_is_refused_and_leaves_no_fact(
    office: Office, wish: Wish, word: Word, until: Instant, says: str
) -> None:
    with pytest.raises(CommandRefused, match=says):
        await office.emergency.broadcast(wish, word, until=until)
    assert list(office.store.read()) == []


async def test_words_that_cannot_be_spoken_are_refused_before_a_caller_waits_for_them(office: Office) -> None:
    name = next(iter(office.definition.prompts[Language("en")]))
    office.voices.broken.add(name)
    with pytest.raises(CommandRefused, match="cannot be spoken in zh-CN"):
        await office.emergency.broadcast(Wish(prompt=name), WORD, until=UNTIL)
    assert office.emergency.broadcasts() == ()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (lambda desk: desk.reroute("99", "other", WORD, until=UNTIL), "no number '99'"),
        (
            lambda desk: desk.reroute("80000", "nowhere", WORD, until=UNTIL),
            "no flow 'nowhere' in this centre; known: .*main",
        ),
        (lambda desk: desk.reroute("80000", "main", WORD, until=UNTIL), "begins 'main' already"),
        (lambda desk: desk.reroute("80000", "other", WORD, until=START), "has passed already"),
        (lambda desk: desk.reroute("80000", "other", Word(by="li.na", reason=""), until=UNTIL), "say why"),
        (lambda desk: desk.end_reroutes("80000", WORD), "no such reroute is on; see what is: ivr-engine reroute list"),
        (lambda desk: desk.end_broadcasts("80000", "en", WORD), "no such broadcast is on"),
        (lambda desk: desk.end_broadcasts("", "", Word(by="li.na", reason="")), "say why"),
    ],
)
def test_what_may_not_be_rerouted_or_ended_is_refused(
    office: Office, command: Callable[[object], object], says: str
) -> None:
    with pytest.raises(CommandRefused, match=says):
        command(office.emergency)
    assert list(office.store.read()) == []
