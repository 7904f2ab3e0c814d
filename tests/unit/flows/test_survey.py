"""Surveys: who is asked, what an answer counts, what is known of those who stop."""

from __future__ import annotations

from typing import Any

import pytest

from ivr_engine.core.events.flow import AnswerGiven, SurveyAnswered, SurveyEnded
from ivr_engine.core.ids import AgentId
from ivr_engine.core.outcomes import QueueOutcome, SurveyOutcome
from ivr_engine.flows.waits import CallerGone, KeysWait, QueueLeft, Reply
from tests.unit.flows.walking import Walked, keyed, silence, walk

COMPLETE, PARTIAL, DECLINED = SurveyOutcome.COMPLETE, SurveyOutcome.PARTIAL, SurveyOutcome.DECLINED
QUESTIONS: list[dict[str, Any]] = [
    {"prompt": "q1", "into": "friendly", "scale": "1..5"},
    {"prompt": "q2", "into": "waited", "scale": "1..5", "reversed": True},
    {"prompt": "q3", "into": "solved", "answers": {"1": "yes", "2": "no"}},
]
SURVEY: dict[str, Any] = {"name": "s", "questions": QUESTIONS, "total": "points", "attempts": 2}


def take_part(*replies: Reply, **parts: Any) -> Walked:  # noqa: ANN401 - settings of a survey
    return walk({"s": {"survey": {**SURVEY, **parts}, "next": "end"}}, *replies)


def test_answers_are_kept_reversed_and_summed() -> None:
    call = take_part(keyed("4"), keyed("1"), keyed("2"))
    assert call.turn.session.variables == {"friendly": 4, "waited": 5, "solved": "no", "points": 9}
    assert [(each.question, each.value, each.points) for each in call.all(SurveyAnswered)] == [
        ("friendly", "4", 4),
        ("waited", "5", 5),
        ("solved", "no", None),
    ]
    ended = call.one(SurveyEnded)
    assert (ended.outcome, ended.asked, ended.answered, ended.points) == (COMPLETE, 3, 3, 9)


@pytest.mark.parametrize("key", range(1, 6))
def test_a_reversed_scale_mirrors_every_key(key: int) -> None:
    call = take_part(keyed("1"), keyed(str(key)))
    assert call.turn.session.variables["waited"] == 6 - key


def test_points_of_named_answers_are_reversed_too() -> None:
    question = {"prompt": "q", "into": "q", "answers": {"1": 20, "2": 15, "3": 0}, "reversed": True}
    for key, points in (("1", 0), ("2", 5), ("3", 20)):
        assert take_part(keyed(key), questions=[question]).turn.session.variables["points"] == points


def test_each_question_has_its_own_attempts() -> None:
    call = take_part(keyed("9"), keyed("4"), keyed("9"), keyed("2"), keyed("9"))
    assert call.all(SurveyEnded) == []
    call.reply(keyed("1"))
    assert call.one(SurveyEnded).outcome is COMPLETE


@pytest.mark.parametrize("last", [silence(), keyed("9")])
def test_a_caller_who_stops_answering_is_asked_no_more(last: Reply) -> None:
    call = take_part(keyed("4"), last, last)
    ended = call.one(SurveyEnded)
    assert (ended.outcome, ended.asked, ended.answered, ended.points) == (PARTIAL, 2, 1, 4)
    assert call.turn.session.node == "end"


def test_what_was_answered_before_hanging_up_is_known() -> None:
    call = take_part(keyed("4"), CallerGone())
    assert [each.value for each in call.all(SurveyAnswered)] == ["4"]
    assert call.all(SurveyEnded) == []


INVITE = {"prompt": "invite", "key": "1"}


def test_only_a_caller_who_takes_the_invitation_is_asked() -> None:
    call = take_part(keyed("1"), invite=INVITE)
    assert isinstance(call.turn.wait, KeysWait)
    assert call.turn.session.memo["at"] == 0


@pytest.mark.parametrize("reply", [keyed("2"), silence()])
def test_the_others_decline(reply: Reply) -> None:
    call = take_part(reply, invite=INVITE)
    assert (call.one(SurveyEnded).outcome, call.one(SurveyEnded).asked) == (DECLINED, 0)
    assert call.turn.session.variables == {"points": 0}


@pytest.mark.parametrize(
    ("replies", "exit_name"), [((keyed("2"),), "declined"), ((keyed("1"), silence(), silence()), "partial")]
)
def test_an_ending_has_its_own_exit_where_it_is_given(replies: tuple[Reply, ...], exit_name: str) -> None:
    call = walk({"s": {"survey": {**SURVEY, "invite": INVITE}, "next": "end", "exits": {exit_name: "lost"}}}, *replies)
    assert call.turn.session.node == "lost"


def test_a_question_whose_condition_does_not_hold_is_left_out() -> None:
    questions = [QUESTIONS[0], {**QUESTIONS[1], "when": "{{ friendly < 3 }}"}, QUESTIONS[2]]
    left_out = take_part(keyed("4"), keyed("1"), questions=questions)
    assert left_out.turn.session.variables == {"friendly": 4, "solved": "yes", "points": 4}
    asked = take_part(keyed("2"), keyed("1"), questions=questions)
    assert asked.turn.session.memo["at"] == 2


def test_answers_belong_to_the_agent_talked_to_before_and_reach_the_record() -> None:
    nodes = {
        "q": {"queue": {"name": "cards"}, "next": "s", "failed": "end"},
        "s": {"survey": SURVEY, "next": "end"},
    }
    talked = QueueLeft(outcome=QueueOutcome.ANSWERED, agent=AgentId("1001"))
    call = walk(nodes, talked, keyed("4"), keyed("4"), keyed("1"), answers=("friendly",))
    assert {each.agent for each in call.all(SurveyAnswered)} == {"1001"}
    assert call.one(SurveyEnded).agent == "1001"
    assert call.one(AnswerGiven).value == "4"
