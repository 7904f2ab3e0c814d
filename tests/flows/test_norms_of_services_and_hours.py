"""Rules about what norms.yaml declares: services, where money moves; and the rules that look at every minute of a year."""

from __future__ import annotations

import copy
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ivr_engine.flows.calendars import DAY, Calendar, Span
from ivr_engine.flows.issues import Issue
from ivr_engine.flows.norms import judge, read_norms
from ivr_engine.testing.builders import tree
from tests.flows.test_norms import CALENDARS, GOOD, LANGUAGES, TODAY, Nodes, centre_with, codes, judged

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = Calendar(name="desk", zone=SHANGHAI, week=((Span(510, 1080),),) * 5 + ((),) * 2)
ALWAYS = Calendar(name="desk", week=((Span(0, DAY),),) * 7)


def changed(**nodes: Any) -> Nodes:  # noqa: ANN401 - nodes of a flow file
    """The good flow with these nodes put in or replaced."""
    return {**copy.deepcopy(GOOD), **nodes}


# -- N-03a


def test_a_service_that_norms_yaml_does_not_name_is_asked_for() -> None:
    (issue,) = judged(centre_with(GOOD), rules={"N-03a": {"words": ["transaction", "recommend"]}}).issues
    assert (issue.code, str(issue.message).split(";")[0]) == (
        "N-03a",
        "norms.yaml does not say where callers find `recommend`",
    )


def test_a_service_that_nobody_can_come_to_is_a_breach() -> None:
    nodes = changed(island={"play": ["bye"], "next": "island2"}, island2={"play": ["bye"], "next": "end"})
    (issue,) = judged(centre_with(nodes), serves={"transaction": ["main/island"]}).issues
    assert str(issue.message) == "callers of flow `main` never come to `transaction`"


def test_only_unified_numbers_must_have_every_service() -> None:
    found = judged(centre_with(GOOD), rules={"N-03a": {"words": ["consult"]}}, unified=["95500"]).issues
    assert codes(found) == ["N-03a"]


@pytest.mark.parametrize(
    ("norms", "message"),
    [
        ({"serves": {"transaction": ["main/nowhere"]}}, "there is no flow or node `main/nowhere`"),
        ({"money": ["mian"]}, "there is no flow or node `mian`"),
        ({"unified": ["95501"]}, "unknown number: `95501`; did you mean `95500`?"),
    ],
)
def test_what_norms_yaml_names_must_be_there(norms: dict[str, Any], message: str) -> None:
    issues = [issue for issue in judged(centre_with(GOOD), **norms).issues if issue.code == "N003"]
    assert [str(issue.message).split(";")[0] for issue in issues] == [message.split(";", maxsplit=1)[0]]


# -- N-08: the hours


def with_hours(closed: dict[str, Any], **nodes: Any) -> Nodes:  # noqa: ANN401 - nodes of a flow file
    """The agent only while the calendar `desk` is open."""
    asks = {"hours": {"calendar": "desk", "into": "times"}, "open": "agent", "closed": "shut"}
    good = changed(now=asks, shut=closed, **nodes)
    good["main_menu"]["menu"]["keys"]["0"] = "now"
    good["main_menu"]["failed"] = good["ask_pin"]["failed"] = "now"
    return good


TELLS = {"play": [{"time": "{{ times.next_time }}"}], "next": "end", "failed": "end"}
IN_WORDS = {"play": [{"text": "人工服务时间为8:30至18:00。 Agents are here from 8:30."}], "next": "end"}


def found_with(nodes: Nodes, calendar: Calendar, **norms: Any) -> list[str]:  # noqa: ANN401 - a norms.yaml
    return codes(judged(centre_with(nodes, calendars={"desk": calendar}), **norms).issues)


def test_agents_around_the_clock_need_no_waiver() -> None:
    assert found_with(with_hours(TELLS), ALWAYS) == []


@pytest.mark.parametrize("closed", [TELLS, IN_WORDS])
def test_shorter_hours_need_a_waiver_and_nothing_else_when_they_are_told(closed: dict[str, Any]) -> None:
    assert found_with(with_hours(closed), OFFICE) == ["N-08b1"]
    waiver = {"rule": "N-08b1", "at": "main/greeting", "reason": "a small bank", "until": "2027-01-01"}
    assert found_with(with_hours(closed), OFFICE, waivers=[waiver]) == []


def test_the_message_says_when_that_is_first_by_the_clock_there() -> None:
    definition = centre_with(with_hours(TELLS), calendars={"desk": OFFICE})
    (issue,) = judged(definition).issues
    assert str(issue.message).startswith("from 2026-03-02 08:00 on (Asia/Shanghai) callers of flow `main` come to no agent")


def test_whom_the_hours_turn_away_must_be_told_them() -> None:
    assert found_with(with_hours({"play": ["sorry"], "next": "end"}), OFFICE) == ["N-08b1", "N-08b2"]


def test_a_number_that_leads_to_nothing_at_one_minute_of_a_year_is_refused() -> None:
    """Open but for one minute of one day: 23:59 on New Year's Eve."""
    nearly = Calendar(name="desk", zone=UTC, week=((Span(0, DAY),),) * 7, workdays={date(2026, 12, 31): (Span(0, DAY - 1),)})
    nodes = changed(greeting={"hours": {"calendar": "desk"}, "open": "welcome", "closed": "shut"}, shut=IN_WORDS)
    nodes["welcome"] = {"play": ["welcome"], "next": "main_menu"}
    definition = centre_with({"greeting": nodes.pop("greeting"), **nodes}, calendars={"desk": nearly})
    issues = [issue for issue in judged(definition).issues if issue.code == "N-08a2"]
    assert [str(issue.message).split(" callers")[0] for issue in issues] == ["from 2026-12-31 23:59 on (UTC)"]


def test_a_call_that_can_end_without_a_word_at_some_hour_is_refused() -> None:
    nodes = {"first": {"hours": {"calendar": "desk"}, "open": "greeting", "closed": "end"}, **copy.deepcopy(GOOD)}
    issues = judged(centre_with(nodes, calendars={"desk": OFFICE})).issues
    assert "can end without a word" in str(next(issue for issue in issues if issue.code == "N-08a2").message)


def test_a_loss_must_be_reportable_while_nobody_is_there() -> None:
    serves = {"transaction": ["main/fetch"], "loss_report": ["main/agent"]}
    assert found_with(with_hours(TELLS), OFFICE, serves=serves) == ["N-08b1", "N-08b3"]
    serves["loss_report"] = ["main/fetch"]
    assert found_with(with_hours(TELLS), OFFICE, serves=serves) == ["N-08b1"]


# -- N-20: complaints


def complaining(**nodes: Any) -> Nodes:  # noqa: ANN401 - nodes of a flow file
    good = changed(
        complain={"ticket": {"service": "desk", "type": "complaint", "into": "ticket"}, "next": "number", "failed": "agent"},
        number={"play": [{"digits": "{{ ticket.number }}"}], "next": "end", "failed": "end"},
    )
    good["ask_pin"]["next"] = "complain"
    return {**good, **nodes}


SERVES = {"transaction": ["main/fetch"], "complaint": ["main/complain"]}


def test_a_complaint_that_makes_a_ticket_and_says_its_number_keeps_the_rule() -> None:
    assert codes(judged(centre_with(complaining()), serves=SERVES).issues) == []


def test_a_complaint_without_a_ticket_or_without_its_number_breaks_it() -> None:
    mute = complaining(number={"play": ["bye"], "next": "end"})
    assert codes(judged(centre_with(mute), serves=SERVES).issues) == ["N-20b"]
    lost = complaining(complain={"play": ["bye"], "next": "number"}, number={"play": ["bye"], "next": "end"})
    assert codes(judged(centre_with(lost), serves=SERVES).issues) == ["N-20b"]


def test_a_complaint_behind_three_keys_is_too_far() -> None:
    far = complaining(second={"menu": {"prompt": "rate", "keys": {"1": "third"}}, "failed": "agent"})
    far["third"] = {"menu": {"prompt": "rate", "keys": {"1": "complain"}}, "failed": "agent"}
    far["ask_pin"]["next"] = "second"
    (issue,) = judged(centre_with(far), serves=SERVES).issues
    assert (issue.code, str(issue.message)) == ("N-20a", "a complaint is 3 keys away; at most 2")


# -- N-22: where money moves

IDENTIFIES = {
    "authenticate": {
        "service": "host",
        "id": {"prompt": "enter_pin"},
        "pin": {"prompt": "enter_pin"},
        "level": 2,
    },
    "next": "limit",
    "failed": "agent",
}
PAYING = {
    "who": IDENTIFIES,
    "limit": {
        "request": {"service": "host", "operation": "prepare", "into": "order"},
        "next": "read_back",
        "exits": {"over_limit": "sorry"},
        "failed": "sorry",
    },
    "read_back": {
        "menu": {"prompt": [{"money": "{{ order.amount }}"}, {"text": "1 2"}], "keys": {"1": "post", "2": "bye"}},
        "failed": "agent",
    },
    "post": {"request": {"service": "host", "operation": "post"}, "next": "bye", "failed": "sorry"},
}


def paying(**nodes: Any) -> Nodes:  # noqa: ANN401 - nodes of a flow file
    good = {**changed(), **copy.deepcopy(PAYING), **nodes}
    good["ask_pin"]["next"] = "who"
    return good


def money(nodes: Nodes) -> list[str]:
    return codes(judged(centre_with(nodes), money=["main/post"]).issues)


def test_money_that_moves_with_everything_before_it_keeps_the_rules() -> None:
    assert money(paying()) == []


UNKNOWN = {"branch": [{"when": "{{ identity.level >= 2 }}", "next": "limit"}], "else": "agent"}


def test_a_condition_on_the_level_identifies_as_well() -> None:
    assert money(paying(who=UNKNOWN)) == []


@pytest.mark.parametrize(
    ("rule", "nodes"),
    [
        ("N-22a", {"who": {**IDENTIFIES, "authenticate": {**IDENTIFIES["authenticate"], "level": 1}}}),  # type: ignore[dict-item]
        ("N-22a", {"who": {**IDENTIFIES, "failed": "limit"}}),
        ("N-22a", {"who": {"branch": [{"when": "{{ identity.level >= 1 }}", "next": "limit"}], "else": "agent"}}),
        ("N-22a", {"who": {**UNKNOWN, "else": "limit"}}),
        (
            "N-22b",
            {"read_back": {"menu": {"prompt": {"text": "1 2"}, "keys": {"1": "post", "2": "bye"}}, "failed": "agent"}},
        ),
        ("N-22b", {"read_back": {"play": [{"money": "{{ order.amount }}"}], "next": "post", "failed": "agent"}}),
        ("N-22b", {"read_back": {**PAYING["read_back"], "failed": "post"}}),
        (
            "N-22c",
            {"limit": {"request": {"service": "host", "operation": "prepare"}, "next": "read_back", "failed": "sorry"}},
        ),
    ],
)
def test_money_that_can_move_around_one_of_them_breaks_its_rule(rule: str, nodes: Nodes) -> None:
    assert money(paying(**nodes)) == [rule]


def test_the_new_rules_can_be_waived() -> None:
    waiver = {"rule": "N-22b", "at": "main/post", "reason": "standing orders", "until": "2027-01-01"}
    nodes = paying(read_back={"play": ["bye"], "next": "post"})
    found = judged(centre_with(nodes), money=["main/post"], waivers=[waiver])
    assert (codes(found.issues), codes(found.waived)) == ([], ["N-22b"])


def test_without_declarations_the_rules_about_them_are_silent_but_for_the_one_that_asks_for_them() -> None:
    issues: list[Issue] = []
    file = read_norms(tree({"rules": {"N-30": {"words": ["示例银行"]}}}), issues)
    assert issues == []
    assert codes(
        judge(centre_with(GOOD), file, language_places=LANGUAGES, calendar_places=CALENDARS, today=TODAY).issues
    ) == ["N-03a"]


# -- N-10b1: keys that are not there together


def offering(*conditions: str) -> Nodes:
    """A menu with four keys for everybody and more with these conditions."""
    keys: dict[str, Any] = {str(key): "fetch" for key in range(1, 5)}
    keys |= {str(at): {"when": f"{{{{ {when} }}}}", "next": "fetch"} for at, when in enumerate(conditions, 5)}
    nodes = changed()
    nodes["main_menu"]["menu"] = {"prompt": {"text": "1 2 3 4 5 6 7 8 9 0 *"}, "keys": {**keys, "0": "agent"}}
    nodes["main_menu"]["menu"]["keys"]["*"] = "main_menu"
    return nodes


@pytest.mark.parametrize(
    ("conditions", "offered"),
    [
        (("a.kind == 'x'", "a.kind == 'y'", "a.kind == 'z'"), 5),
        (("a.kind == 'x'", "a.kind == 'y'", "b"), 6),
        (("a.kind in ['x', 'y']", "a.kind == 'y'", "a.kind == 'y'"), 7),
        (("level < 1", "level >= 1 and level < 2", "level >= 2"), 5),
        (("level > 1", "level > 2", "level > 3"), 7),
        (("vip", "not vip", "default(old, false)"), 6),
        (("a.kind == b.kind", "a.kind != b.kind", "c"), 7),  # two values with one another: not decided
        (("len(a) == 1", "len(a) == 2", "len(a) == 3"), 7),
        (("identity.level >= 2", "identity.level == 0", "identity.level == 1"), 5),
    ],
)
def test_of_keys_with_conditions_as_many_count_as_one_caller_can_be_offered(
    conditions: tuple[str, ...], offered: int
) -> None:
    found = [issue for issue in judged(centre_with(offering(*conditions))).issues if issue.code == "N-10b1"]
    expected = [f"the menu offers {offered} choices; at most 6: put the rarer ones into a menu of their own"]
    assert [str(issue.message) for issue in found] == (expected if offered > 6 else [])
