"""`ivr-engine why` as people use it: decisions of the real centre, real store, real command line."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.call_choice import CALL_RULES
from ivr_engine.acd.centre import Centre
from ivr_engine.acd.queues import QueuePolicy
from ivr_engine.acd.ranking import STRATEGIES
from ivr_engine.acd.stimuli import (
    CallEntered,
    ConversationOver,
    LogIn,
    LogOut,
    OfferAnswered,
    OfferFailed,
    Pause,
    SetReady,
    Stimulus,
)
from ivr_engine.adapters.store import SqlStore
from ivr_engine.cli.why_agent import account
from ivr_engine.cli.why_call import BOOKING_ENDS, TELLERS, steps
from ivr_engine.cli.why_people import RELEASES
from ivr_engine.cli.why_words import CALL_KEYS, KEYS, REASONS, excluded_words, passed_over_words, reason_words
from ivr_engine.core.events import (
    CATALOGUE,
    AgentQueuesChanged,
    AgentSeated,
    AgentSkillsChanged,
    AgentWaitEnded,
    CallArrived,
    CallbackAttempted,
    CallbackBooked,
    CallbackEnded,
    CallbackPlaced,
    CallerMoved,
    CallQueued,
    CallRelaxed,
    CallTransferred,
    ColleagueAsked,
    ColleagueReached,
    ColleagueReleased,
    ConferenceBegan,
    Event,
    HoldBegan,
    HoldEnded,
    NobodyOffered,
    OfferMade,
    OutsideParted,
    PriorityChanged,
    Recorded,
    WaitEstimated,
    WrapUpEnded,
    WrapUpExtended,
)
from ivr_engine.core.events.acd import Candidate, Exclusion, PassedOver, SkillNeed
from ivr_engine.core.ids import AgentId, CallId, Instant, Language, Millis, NodeName, OfferId, QueueName, SkillName
from ivr_engine.core.outcomes import CallbackEnd, ConsultOutcome, EndedBy, OfferOutcome, TransferGoal
from tests.command_line import Run, command_line

BASE = 1_772_415_000_000  # 2026-03-02T01:30:00Z
CARDS = QueueName("cards")
CARD = SkillName("card")
ACD_PAGE = Path(__file__).parents[2] / "docs" / "acd.md"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("IVR_ENGINE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    asyncio.run(_morning(tmp_path / "engine.sqlite3"))
    return command_line(monkeypatch, capsys)


def _agent(name: str, level: int) -> AgentProfile:
    return AgentProfile(agent=AgentId(name), skills={CARD: level}, queues=(CARDS,))


def _entered(call: str) -> CallEntered:
    needs = (SkillNeed(skill=CARD, level=3),)
    return CallEntered(call=CallId(call), queue=CARDS, needs=needs, priority=2, language=Language("zh"))


# Anna goes to lunch, Bo does not answer, Chen takes the call; Dora is no expert.
MORNING: tuple[tuple[int, Stimulus], ...] = (
    *((0, LogIn(agent=AgentId(name))) for name in ("anna", "bo", "chen", "dora")),
    (0, Pause(agent=AgentId("anna"), reason="lunch")),
    (0, SetReady(agent=AgentId("dora"))),
    (1_000, _entered("c.1")),
    (3_000, SetReady(agent=AgentId("bo"))),
    (4_000, SetReady(agent=AgentId("chen"))),
    (18_000, OfferFailed(offer=OfferId("o-1"), outcome=OfferOutcome.NO_ANSWER, cause="NOANSWER")),
    (20_000, OfferAnswered(offer=OfferId("o-2"))),
    (140_000, ConversationOver(call=CallId("c.1"), ended_by=EndedBy.AGENT, talked=Millis(119_500))),
    (150_000, LogOut(agent=AgentId("anna"))),
)


async def _morning(database: Path) -> None:
    profiles = [_agent("anna", 5), _agent("bo", 4), _agent("chen", 3), _agent("dora", 2)]
    centre = Centre(queues=[QueuePolicy(name=CARDS, strategy="longest_idle")], agents=profiles, offer_prefix="o")
    async with SqlStore(database) as store:
        for at, stimulus in MORNING:
            events: list[Event] = list(centre.handle(stimulus, Instant(BASE + at)).events)
            if isinstance(stimulus, CallEntered):
                events.insert(0, CallArrived(call=stimulus.call, number="80000", caller="13800138000"))
            store.append(events, Instant(BASE + at))
        store.append([CallArrived(call=CallId("c.2"), number="80000", caller="")], Instant(BASE + 200_000))


def test_a_call_is_told_decision_by_decision(run: Run) -> None:
    said = run("why", "c.1")
    assert said.code == 0
    assert [line.strip() for line in said.out.splitlines()] == [
        "Call c.1",
        "+0:00.0  entered cards at position 1, priority 2; needs card at level 3 or higher, language zh",
        "+0:00.0  nobody of cards can be offered (longest_idle)",
        "2 paused (login): bo, chen",
        "1 with card below the level asked: dora",
        "1 paused (lunch): anna",
        "+0:02.0  offered to bo by rule longest_idle: idle for 0.0 s, the only one eligible",
        "1 with card below the level asked: dora",
        "1 paused (login): chen",
        "1 paused (lunch): anna",
        "+0:17.0  bo: no answer (the switch says NOANSWER)",
        "+0:17.0  offered to chen by rule longest_idle: idle for 14.0 s, the only one eligible",
        "1 with card below the level asked: dora",
        "1 paused (lunch): anna",
        "1 paused (no_answer): bo",
        "+0:19.0  chen: answered",
        "+0:19.0  left cards: answered after 19.0 s",
        "+0:19.0  talks with chen",
        "+2:19.0  parted from chen after 1:59, by the agent",
        "+2:19.0  chen has 10.0 s for the wrap-up",
    ]


def test_an_agent_is_told_with_the_reasons_for_which_calls_passed_by(run: Run) -> None:
    lines = [line.strip() for line in run("why", "anna", "--since", "2026-03-02T01:00").out.splitlines()]
    assert lines[:3] == [
        "Agent anna, logged out since 2026-03-02 01:32:30+00:00, set by agent",
        "Since 2026-03-02 01:00:00+00:00: looked at in 3 decisions",
        "3 times paused (lunch)",
    ]


def test_each_line_about_an_agent_says_which_call_it_is_about(run: Run) -> None:
    lines = [line.strip() for line in run("why", "chen", "--since", "2026-03-02T01:00").out.splitlines()]
    assert (
        "2026-03-02 01:30:18+00:00  c.1  offered to chen by rule longest_idle: idle for 14.0 s, the only one eligible"
        in lines
    )
    assert "2026-03-02 01:30:04+00:00       chen is ready, set by agent" in lines


def test_an_agent_who_did_nothing_in_the_span_is_still_known(run: Run) -> None:
    lines = run("why", "bo", "--since", "2026-03-02T09:00").out.splitlines()
    assert lines[0].startswith("Agent bo, paused (no_answer) since 2026-03-02 01:30:18")
    assert lines[1].endswith("looked at in 0 decisions")
    assert len(lines) == 2


def test_json_holds_each_decision_whole_with_its_sentence(run: Run) -> None:
    rows = [json.loads(line) for line in run("why", "c.1", "--json").out.splitlines()]
    offer = next(row for row in rows if row["type"] == "acd.offer_made")
    assert offer["sentence"].startswith("offered to bo by rule longest_idle")
    assert {each["agent"]: each["reason"] for each in offer["excluded"]}["anna"] == "paused:lunch"


def test_json_of_an_agent_begins_with_the_counts(run: Run) -> None:
    first = json.loads(run("why", "dora", "--since", "2026-03-02T01:00", "--json").out.splitlines()[0])
    assert first["passed_over"] == {"level_too_low:card": 3}
    assert first["outranked"] == {}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nobody"], 1, "no call and no agent 'nobody'"),
        (["anna", "--since", "yesterday"], 2, "is no time"),
    ],
)
def test_what_is_unknown_is_said(run: Run, words: list[str], code: int, said: str) -> None:
    result = run("why", *words)
    assert result.code == code
    assert said in result.err


def test_a_call_that_was_in_no_queue_points_to_its_story(run: Run) -> None:
    assert "cdr show" in run("why", "c.2").out


def told(event: Event) -> list[str]:
    (step,) = steps([Recorded(sequence=1, at=Instant(BASE), event=event)])
    return [step.sentence, *step.under]


def need(skill: str, level: int) -> SkillNeed:
    return SkillNeed(skill=SkillName(skill), level=level)


def offer(**facts: Any) -> OfferMade:  # noqa: ANN401 - the fields of OfferMade
    usual: dict[str, Any] = {"rule": "best_skill", "candidates": (), "excluded": (), "waited": 0, "deadline": 0}
    return OfferMade(call=C1, agent=AgentId("anna"), offer=OfferId("o-1"), queue=CARDS, **{**usual, **facts})


C1 = CallId("c.1")
QUEUED: dict[str, Any] = {"call": C1, "queue": CARDS, "priority": 0, "language": Language("zh"), "position": 1}
ANNA, BO = AgentId("anna"), AgentId("bo")


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (
            CallQueued(**QUEUED, needs=(), prefers=(need("english", 2),), wanted=ANNA, wanted_for=Millis(20_000)),
            [
                "entered cards at position 1; needs language zh; would like english at level 2 or higher; "
                "wants anna, for 20.0 s nobody else"
            ],
        ),
        (
            WaitEstimated(call=C1, queue=CARDS, mean=Millis(40_000), p50=Millis(30_000), p90=Millis(90_000)),
            ["estimated to wait 40.0 s on average; half of such callers at most 30.0 s, nine in ten at most 1:30"],
        ),
        (
            CallRelaxed(
                call=C1,
                queue=CARDS,
                step=2,
                needs=(need("card", 1),),
                prefers=(need("card", 3),),
                queues=(CARDS, QueueName("service")),
            ),
            [
                "asks for less from now on, step 2: needs card at level 1 or higher; "
                "would like card at level 3 or higher; of the agents of cards, service"
            ],
        ),
        (
            CallRelaxed(call=C1, queue=CARDS, step=1, needs=(), prefers=(), queues=(CARDS,)),
            ["asks for less from now on, step 1: needs no skill; of the agents of cards"],
        ),
        (AgentWaitEnded(call=C1, agent=ANNA, reason="time"), ["waits no longer for anna alone: that was long enough"]),
        (AgentWaitEnded(call=C1, agent=ANNA, reason="unknown"), ["waits no longer for anna alone: nobody of that name"]),
        (AgentWaitEnded(call=C1, agent=ANNA, reason="paused:lunch"), ["waits no longer for anna alone: paused (lunch)"]),
        (
            NobodyOffered(
                call=C1,
                queue=CARDS,
                rule="fastest",
                step=1,
                excluded=(
                    Exclusion(agent=ANNA, reason="reserved:english"),
                    Exclusion(agent=BO, reason="waits_for:anna"),
                ),
            ),
            [
                "nobody of cards can be offered at step 1 (fastest)",
                "1 free, but kept for english: anna",
                "1 free, but the caller waits for anna: bo",
            ],
        ),
        (
            offer(
                step=1,
                candidates=(Candidate(agent=ANNA, key=5, preferred=1), Candidate(agent=BO, key=9)),
                call_rule="accumulating",
                passed_over=(PassedOver(call=CallId("c.3"), queue=CARDS, key=-12_000),),
            ),
            [
                "offered to anna at step 1 by rule best_skill: 1 of the preferred skills and levels 5 in all, first of 2 "
                "eligible; after it bo 0 of the preferred skills and levels 9 in all",
                "before 1 other that anna could have taken, by accumulating: c.3 of cards (waited 12.0 s, times the rate of "
                "its queue)",
            ],
        ),
        (
            offer(
                candidates=(
                    Candidate(agent=ANNA, key=5, idle=Millis(9_000)),
                    Candidate(agent=BO, key=5, idle=Millis(2_000)),
                    Candidate(agent=AgentId("chen"), key=4, idle=Millis(50_000)),
                )
            ),
            [
                "offered to anna by rule best_skill: levels 5 in all and idle for 9.0 s, first of 3 eligible; "
                "after it bo levels 5 in all and idle for 2.0 s, chen levels 4 in all"
            ],
        ),
        (
            AgentQueuesChanged(agent=ANNA, queues=(CARDS,), previous=()),
            ["anna serves cards, before none; set by supervisor"],
        ),
        (
            AgentSkillsChanged(agent=ANNA, skills=(need("card", 5),), previous=(need("card", 3), need("english", 1))),
            ["anna has the skills card 5, before card 3, english 1; set by supervisor"],
        ),
        (
            WrapUpExtended(agent=ANNA, call=C1, limit=Millis(30_000)),
            ["anna has 30.0 s for the wrap-up, set by agent"],
        ),
        (
            CallbackAttempted(call=C1, booking="cb1", outcome=OfferOutcome.NO_ANSWER, again=None, cause="NOANSWER"),
            ["called back: no answer (the switch says NOANSWER); no further attempt"],
        ),
        (
            CallbackEnded(
                booking="cb1", booked_by=C1, queue=CARDS, outcome=CallbackEnd.CANCELLED, attempts=2, by="Li at the desk"
            ),
            ["the call back by cards is over: cancelled, by Li at the desk; called 2 times"],
        ),
        (HoldBegan(call=C1, agent=ANNA), ["put on hold by anna"]),
        (HoldEnded(call=C1, agent=ANNA, held=Millis(12_000)), ["no longer on hold, after 12.0 s"]),
        (ColleagueAsked(call=C1, agent=ANNA, colleague=BO), ["anna asks bo"]),
        (ColleagueAsked(call=C1, agent=ANNA, outside="fraud"), ["anna asks fraud (outside)"]),
        (ColleagueReached(call=C1, agent=ANNA, colleague=BO), ["bo speaks with anna; the caller does not hear it"]),
        *(
            (ColleagueReleased(call=C1, agent=ANNA, colleague=BO, outcome=outcome), [words])
            for outcome, words in (
                (ConsultOutcome.TRANSFERRED, "bo has the caller now"),
                (ConsultOutcome.RETURNED, "anna is back with the caller"),
                (ConsultOutcome.LEFT, "bo hung up; anna is back with the caller"),
                (ConsultOutcome.NOT_REACHED, "bo was not reached; anna is back with the caller"),
                (ConsultOutcome.ABANDONED, "bo is not needed any more: the caller or anna was gone"),
            )
        ),
        (ConferenceBegan(call=C1, agent=ANNA, colleague=BO), ["caller, anna and bo hear each other"]),
        (CallTransferred(call=C1, agent=ANNA, goal=TransferGoal.QUEUE, to="loans"), ["passed on by anna to queue loans"]),
        (
            CallTransferred(call=C1, agent=ANNA, goal=TransferGoal.AGENT, to="bo", consulted=True),
            ["passed on by anna to agent bo, after having asked"],
        ),
        (
            OutsideParted(call=C1, to="fraud", outcome=OfferOutcome.ANSWERED, talked=Millis(61_000)),
            ["parted from fraud (outside) after 1:01"],
        ),
        (
            OutsideParted(call=C1, to="fraud", outcome=OfferOutcome.NO_ANSWER, talked=Millis(0)),
            ["fraud (outside): no answer"],
        ),
        (CallerMoved(call=C1, queue=CARDS, to=QueueName("loans"), by="Li"), ["moved from cards to loans, by Li"]),
        (
            PriorityChanged(call=C1, queue=CARDS, priority=5, previous=0, by="Li"),
            ["has priority 5 in cards, before 0; set by Li"],
        ),
        (
            AgentSeated(agent=ANNA, phone="6002", previous="6001", source="phone", displaced=BO),
            ["anna sits at 6002, before at 6001, by phone; bo sat there and has no telephone now"],
        ),
        (WrapUpEnded(agent=ANNA, call=C1, took=Millis(4_000)), ["anna is done with the wrap-up after 4.0 s"]),
        (
            offer(rule="transfer", candidates=(Candidate(agent=ANNA, key=0),)),
            ["offered to anna because the agent who passed the caller on named them"],
        ),
    ],
)
def test_each_decision_is_told_whole(event: Event, lines: list[str]) -> None:
    assert told(event) == lines


def test_everything_that_can_happen_to_a_caller_in_a_queue_or_to_an_agent_has_words() -> None:
    kinds = {kind for name, kind in CATALOGUE.items() if name.startswith(("acd.", "agent."))}
    assert kinds == set(TELLERS)
    assert set(RELEASES) == set(ConsultOutcome)
    assert set(BOOKING_ENDS) == set(CallbackEnd)


def test_a_call_tells_what_became_of_the_callback_that_was_booked_in_it_and_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IVR_ENGINE_STATE_DIR", str(tmp_path))
    asyncio.run(_callbacks(tmp_path / "engine.sqlite3"))
    run = command_line(monkeypatch, capsys)
    assert [line.rpartition("  ")[2] for line in run("why", "c.1").out.splitlines()][1:] == [
        "booked a call back by cards; needs language zh",
        "called back for c.1, attempt 1, as call cb1-1: anna of cards is kept for it",
        "called back: no answer; no further attempt",
        "the call back by cards is over: not reached, and the attempts are used up; called once",
    ]
    assert [json.loads(line)["type"] for line in run("why", "c.1", "--json").out.splitlines()] == [
        "acd.callback_booked",
        "acd.callback_placed",
        "acd.callback_attempted",
        "acd.callback_ended",
    ]


async def _callbacks(database: Path) -> None:
    usual: dict[str, Any] = {"queue": CARDS, "number": "13800138000", "language": Language("zh")}
    c2, first = CallId("c.2"), CallId("cb1-1")
    facts: tuple[Event, ...] = (
        CallbackBooked(call=C1, node=NodeName("book"), needs=(), priority=0, **usual),
        CallbackBooked(call=c2, node=NodeName("book"), needs=(), priority=0, **usual),
        CallbackPlaced(call=first, booking="cb1", booked_by=C1, shown="80000", agent=ANNA, attempt=1, **usual),
        CallbackAttempted(call=first, booking="cb1", outcome=OfferOutcome.NO_ANSWER, again=None),
        CallbackEnded(booking="cb2", booked_by=c2, queue=CARDS, outcome=CallbackEnd.EXPIRED, attempts=0),
        CallbackEnded(booking="cb1", booked_by=C1, queue=CARDS, outcome=CallbackEnd.UNREACHED, attempts=1),
    )
    async with SqlStore(database) as store:
        store.append(facts, Instant(BASE))


def test_an_agent_is_told_of_calls_that_wait_for_nobody_else_and_which_call_each_line_is_about() -> None:
    wants = Recorded(sequence=1, at=Instant(BASE), event=CallQueued(**QUEUED, needs=(), wanted=ANNA))
    other = Recorded(sequence=2, at=Instant(BASE), event=CallQueued(**QUEUED, needs=(), wanted=BO))
    found = account(ANNA, [wants, other], [])
    assert found is not None
    assert [step.recorded for step in found.steps] == [wants]


def test_every_rule_has_words_for_what_it_compares() -> None:
    assert KEYS.keys() == STRATEGIES.keys()
    assert CALL_KEYS.keys() == CALL_RULES.keys()


def test_the_calls_passed_over_are_told_in_one_line_however_many_they_are() -> None:
    calls = [PassedOver(call=CallId(f"c.{number}"), queue=CARDS, key=-number) for number in range(6)]
    (line,) = passed_over_words("anna", "level", calls)
    assert line.startswith("before 6 others that anna could have taken, by level: c.0 of cards (levels 0 in all); c.1")
    assert line.endswith("; and 2 more")


def test_many_agents_with_one_reason_take_one_line() -> None:
    busy = [Exclusion(agent=AgentId(f"{number}"), reason="talking") for number in range(1, 8)]
    away = [Exclusion(agent=AgentId("9"), reason="paused:lunch")]
    assert excluded_words([*away, *busy]) == ["7 talking: 1, 2, 3, 4 and 3 more", "1 paused (lunch): 9"]


def test_every_reason_of_the_page_on_distribution_has_words() -> None:
    table = ACD_PAGE.read_text(encoding="utf-8").split("| reason | the agent |")[1].split("\n\n")[0]
    codes = {
        code.split(":")[0]
        for row in table.splitlines()
        for code in re.findall(r"`([a-z_:<>]+)`", row.split("|")[1:2][0] if row else "")
    }
    assert codes
    assert codes == set(REASONS)
    assert reason_words("something_new:x") == "something_new:x"
