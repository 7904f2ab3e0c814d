"""Each rule of service, broken in one place of a centre that keeps them all."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ivr_engine.core.ids import AgentId, FlowName, Language
from ivr_engine.flows.calendars import Calendar
from ivr_engine.flows.definition import AgentDefinition, CentreDefinition, GlobalKeys, PromptText
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.norms import Judged, judge, read_norms
from ivr_engine.flows.norms.rules import Rule
from ivr_engine.flows.norms.table import RULES
from ivr_engine.flows.tree import Position
from ivr_engine.testing.builders import centre, centre_of, flow, tree

TODAY = date(2026, 3, 2)
ZH, EN = Language("zh-CN"), Language("en")
LANGUAGES = {ZH: Position("centre.yaml", 2, 13), EN: Position("centre.yaml", 2, 20)}
CALENDARS = {"desks": Position("centre.yaml", 5, 3)}
Nodes = dict[str, Any]

GOOD: Nodes = {
    "greeting": {"play": ["welcome"], "next": "main_menu"},
    "main_menu": {
        "menu": {"prompt": "main_menu", "keys": {"1": "fetch", "2": "ask_pin", "0": "agent", "*": "main_menu"}},
        "failed": "agent",
    },
    "ask_pin": {
        "collect": {"prompt": "enter_pin", "into": "pin", "digits": "6", "secret": True},
        "next": "fetch",
        "failed": "agent",
    },
    "fetch": {"request": {"service": "host", "operation": "balance"}, "next": "bye", "failed": "sorry"},
    "agent": {"queue": {"name": "cards"}, "next": "rate", "failed": "sorry"},
    "rate": {"menu": {"prompt": "rate", "keys": {"1": {"set": {"rating": "good"}, "next": "bye"}}}, "failed": "bye"},
    "sorry": {"play": ["sorry"], "next": "end"},
    "bye": {"play": ["bye"], "next": "end"},
    "end": {"hangup": {}},
}
TEXTS = {
    "welcome": {ZH: "欢迎致电示例银行。", EN: "Welcome to Sample Bank."},
    "main_menu": {ZH: "余额请按1，转账请按2，人工请按0，重听请按星号键。", EN: "Press 1, 2, 0 or star."},
    "rate": {ZH: "满意请按一。", EN: "Satisfied, press one."},
}


def centre_with(nodes: Nodes, **parts: Any) -> CentreDefinition:  # noqa: ANN401 - fields of CentreDefinition
    built = centre(nodes, languages=(ZH, EN), answers=("rating",), **parts)
    prompts = {
        language: {name: PromptText(text=TEXTS.get(name, {}).get(language, name)) for name in known}
        for language, known in built.prompts.items()
    }
    return centre(nodes, languages=(ZH, EN), answers=("rating",), **{"prompts": prompts, **parts})


def judged(definition: CentreDefinition, today: date = TODAY, **norms: Any) -> Judged:  # noqa: ANN401 - a norms.yaml
    issues: list[Issue] = []
    rules = {"N-30": {"words": ["示例银行"]}, "N-03a": {"words": ["transaction"]}, **norms.pop("rules", {})}
    file = read_norms(tree({"serves": {"transaction": ["main/fetch"]}, **norms, "rules": rules}), issues)
    assert issues == []
    return judge(definition, file, language_places=LANGUAGES, calendar_places=CALENDARS, today=today)


def codes(found: tuple[Issue, ...]) -> list[str]:
    return [issue.code for issue in found]


def test_a_centre_that_keeps_every_rule_has_no_problem() -> None:
    assert judged(centre_with(GOOD)).issues == ()


def put(path: str, value: object) -> Callable[[Nodes], None]:
    """Replace what stands at `node/key/...`."""

    def change(nodes: Nodes) -> None:
        *way, last = path.split("/")
        holder = nodes
        for key in way:
            holder = holder[key]
        holder[last] = value

    return change


def all_of(*changes: Callable[[Nodes], None]) -> Callable[[Nodes], None]:
    def change(nodes: Nodes) -> None:
        for each in changes:
            each(nodes)

    return change


def deeper(levels: int) -> Callable[[Nodes], None]:
    """Menus one behind the other between key 2 of the main menu and the question for the PIN."""

    def change(nodes: Nodes) -> None:
        names = [f"deep_{level}" for level in range(levels)]
        for name, following in zip(names, [*names[1:], "ask_pin"], strict=True):
            nodes[name] = {"menu": {"prompt": "rate", "keys": {"1": following}}, "failed": "agent"}
        nodes["main_menu"]["menu"]["keys"]["2"] = names[0]

    return change


MANY_KEYS = {**{str(key): "fetch" for key in range(1, 9)}, "0": "agent", "*": "main_menu"}
SAYS_ALL = {"text": "1 2 3 4 5 6 7 8 0 *"}

BREACHES: list[tuple[str, Callable[[Nodes], None], list[str]]] = [
    ("N-03b", put("fetch/failed", "end"), ["a call ends without a word"]),
    ("N-08a", put("agent/failed", "end"), ["by `failed` a call ends"]),
    ("N-08a", put("agent/exits", {"full": "end"}), ["by `full` a call ends"]),
    ("N-10a1", deeper(3), ["`ask_pin` is behind 4 menus; at most 3"]),
    (
        "N-10b1",
        all_of(put("main_menu/menu/keys", MANY_KEYS), put("main_menu/menu/prompt", SAYS_ALL)),
        ["the menu offers 8 choices; at most 6"],
    ),
    ("N-10b2", put("main_menu/menu/prompt", {"text": "1 2 0 * " + "一" * 78}), ["about 21 s in zh-CN", "about 21 s in en"]),
    ("N-10b3", put("main_menu/menu/keys/3", "fetch"), ["the keys `3` in zh-CN", "the keys `3` in en"]),
    ("N-10b3", put("rate/menu/prompt", {"text": "10"}), ["the keys `1` in zh-CN", "the keys `1` in en"]),
    ("N-10c2", put("rate/menu/keys/0", "bye"), ["key 0 leads to `bye`"]),
    (
        "N-10c4",
        put("greeting/play", ["welcome", {"text": "啊" * 120}]),
        ["about 38 s pass in zh-CN", "about 34 s pass in en"],
    ),
    ("N-10d2", put("greeting/play", ["welcome", {"text": "贷款优惠"}]), ["`优惠` is said in zh-CN", "`优惠` is said in en"]),
    ("N-10e1", put("main_menu/menu/attempts", 4), ["asked 4 times; at most 3"]),
    ("N-10e2", put("main_menu/failed", "bye"), ["leaves by `failed` and never comes to an agent"]),
    ("N-10e2", put("ask_pin/exits", {"no_match": "bye"}), ["leaves by `no_match` and never comes"]),
    ("N-12", put("main_menu/menu/keys/*", "fetch"), ["key * leads to `fetch`, which is no menu"]),
    ("N-22", put("ask_pin/collect/secret", False), ["`pin` looks like a PIN"]),
    ("N-22", put("ask_pin/collect", {"prompt": "enter_pin", "into": "queryPassword"}), ["`queryPassword` looks like"]),
    ("N-26", put("agent/next", "bye"), ["the caller is asked nothing"]),
    ("N-30", put("greeting/play", ["bye"]), ["does not name the institution (示例银行)"]),
]


@pytest.mark.parametrize(("rule", "change", "messages"), BREACHES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_breach_is_found_and_nothing_else(rule: str, change: Callable[[Nodes], None], messages: list[str]) -> None:
    nodes = copy.deepcopy(GOOD)
    change(nodes)
    issues = [issue for issue in judged(centre_with(nodes)).issues if not _of_unannounced_keys(rule, issue)]
    assert codes(tuple(issues)) == [rule] * len(messages)
    assert all(part in str(issue.message) for part, issue in zip(messages, issues, strict=True))


def _of_unannounced_keys(rule: str, issue: Issue) -> bool:
    """A key that a scenario adds is not in the prompts; that is a breach of its own, and not the one looked for."""
    return issue.code == "N-10b3" and rule == "N-10c2"


def test_five_menus_are_refused_and_four_only_advised_against() -> None:
    nodes = copy.deepcopy(GOOD)
    deeper(4)(nodes)
    found = judged(centre_with(nodes)).issues
    assert [(issue.code, issue.severity) for issue in found] == [("N-10a1", Severity.WARNING), ("N-10a2", Severity.ERROR)]


def test_a_main_menu_without_the_agent_is_refused_even_when_silence_leads_there() -> None:
    nodes = copy.deepcopy(GOOD)
    del nodes["main_menu"]["menu"]["keys"]["0"]
    assert codes(judged(centre_with(nodes)).issues) == ["N-10c1", "N-10c3"]


def test_the_agent_behind_three_menus_is_too_far() -> None:
    nodes = copy.deepcopy(GOOD)
    for name, following in (("one", "two"), ("two", "main_menu")):
        nodes[name] = {"menu": {"prompt": "rate", "keys": {"1": following}}, "failed": "agent"}
    nodes["greeting"]["next"] = "one"
    assert codes(judged(centre_with(nodes)).issues) == ["N-10c3"]


def test_a_card_number_is_no_menu_key_on_the_way_to_an_agent() -> None:
    nodes = copy.deepcopy(GOOD)
    nodes["greeting"]["next"] = "card"
    nodes["card"] = {"collect": {"prompt": "enter_pin", "into": "card"}, "next": "main_menu", "failed": "agent"}
    (issue,) = judged(centre_with(nodes)).issues
    assert (issue.code, str(issue.message)) == ("N-10c3", "nobody comes to an agent without typing more than keys of menus")


def test_a_number_without_agents_and_self_service_breaks_both_halves_of_its_rule() -> None:
    nodes = {"greeting": GOOD["greeting"] | {"next": "end"}, "end": {"hangup": {}}}
    found = judged(centre_with(nodes), serves={}, rules={"N-03a": {"severity": "warning"}}).issues
    assert set(codes(found)) == {"N-03a", "N-06a1", "N-06a2", "N-08a2", "N-10c3"}


def test_a_silent_start_is_no_greeting() -> None:
    nodes = {"start": {"set": {"x": 1}, "next": "fetch"}} | copy.deepcopy(GOOD)
    nodes["fetch"]["next"] = "agent"
    nodes["fetch"]["failed"] = "agent"
    del nodes["greeting"], nodes["main_menu"], nodes["ask_pin"]
    nodes["agent"]["next"] = "end"
    nodes["agent"]["failed"] = "end"
    assert codes(judged(centre_with(nodes)).issues) == ["N-08a", "N-26", "N-30"]


def test_another_first_language_and_a_language_nobody_speaks_are_reported_in_centre_yaml() -> None:
    person = AgentDefinition(agent=AgentId("1"), name="A", phone="1", skills={}, queues=(), languages=(ZH,))
    definition = centre_with(GOOD, agents={person.agent: person})
    file = read_norms(tree({"rules": {"N-09a": {"words": ["yue"]}}}), [])
    found = judge(definition, file, language_places=LANGUAGES, calendar_places=CALENDARS, today=TODAY).issues
    found_there = [(issue.code, issue.at) for issue in found if issue.code != "N-03a"]
    assert found_there == [("N-09a", LANGUAGES[ZH]), ("N-09b", LANGUAGES[EN])]


def test_a_prompt_marked_as_advert_may_not_be_said_before_the_main_menu() -> None:
    good = centre_with(GOOD)
    prompts = {
        language: {**known, "welcome": PromptText(text=known["welcome"].text, kind="advert")}
        for language, known in good.prompts.items()
    }
    assert codes(judged(centre_with(GOOD, prompts=prompts)).issues) == ["N-10d1"]


def test_a_survey_after_the_agent_is_a_rating_and_a_message_that_fails_in_silence_no_fault() -> None:
    nodes = copy.deepcopy(GOOD)
    nodes["rate"] = {
        "survey": {"name": "after", "questions": [{"prompt": "rate", "into": "rating", "scale": "1..5"}]},
        "next": "tell",
    }
    nodes["tell"] = {"notify": {"service": "host", "template": "thanks", "to": "{{ call.caller }}"}, "next": "end"}
    assert codes(judged(centre_with(nodes)).issues) == []


def test_the_menus_of_a_flow_that_is_entered_count_on_the_way_to_an_agent() -> None:
    outer = copy.deepcopy(GOOD)
    outer["greeting"]["next"] = "enter"
    outer["enter"] = {"flow": {"name": "inner"}, "next": "main_menu", "failed": "main_menu"}
    inner = {
        "one": {"menu": {"prompt": "rate", "keys": {"1": "back", "0": "person"}}, "failed": "person"},
        "person": {"queue": {"name": "cards"}, "next": "back", "failed": "back"},
        "back": {"return": {}},
    }
    good = centre_with(outer)
    both = centre_of(
        flow(outer),
        flow(inner, name="inner"),
        languages=(ZH, EN),
        answers=("rating",),
        prompts=good.prompts,
        numbers={"1": FlowName("main")},
    )
    found = judged(both).issues
    assert "N-10c3" not in codes(found)
    assert "N-26" in codes(found)


def with_flow(outer: Nodes, inner: Nodes, **parts: Any) -> CentreDefinition:  # noqa: ANN401 - fields of CentreDefinition
    """The number leads to the flow `main`; `inner` is a flow that it may enter."""
    prompts = centre_with({**outer, **inner}).prompts
    numbers = {"1": FlowName("main")}
    both = {"languages": (ZH, EN), "answers": ("rating",), "prompts": prompts, "numbers": numbers}
    return centre_of(flow(outer), flow(inner, name="inner"), **{**both, **parts})


AGENT_FLOW: Nodes = {
    "agent": {"queue": {"name": "cards"}, "next": "rate", "failed": "sorry"},
    "rate": GOOD["rate"],
    "sorry": {"play": ["sorry"], "next": "bye"},
    "bye": {"return": {}},
}
AGENT_KEY = GlobalKeys(repeat="*", back="9", agent="0", agent_flow=FlowName("inner"))


def test_the_agent_key_of_the_centre_is_the_agent_on_0_in_every_menu() -> None:
    nodes = copy.deepcopy(GOOD)
    del nodes["main_menu"]["menu"]["keys"]["0"], nodes["main_menu"]["menu"]["keys"]["*"]
    assert codes(judged(with_flow(nodes, AGENT_FLOW, keys=AGENT_KEY)).issues) == []
    assert codes(judged(with_flow(nodes, AGENT_FLOW)).issues) == ["N-10c1", "N-10c3"]


def test_the_main_menu_says_the_agent_key_of_the_centre_and_other_menus_need_not() -> None:
    nodes = copy.deepcopy(GOOD)
    del nodes["main_menu"]["menu"]["keys"]["0"], nodes["main_menu"]["menu"]["keys"]["*"]
    nodes["main_menu"]["menu"]["prompt"] = {"text": "1 2"}
    found = judged(with_flow(nodes, AGENT_FLOW, keys=AGENT_KEY)).issues
    assert [(issue.code, "`0`" in str(issue.message)) for issue in found] == [("N-10b3", True)] * 2


def test_what_a_key_says_for_itself_announces_it_and_takes_its_time() -> None:
    nodes = copy.deepcopy(GOOD)
    nodes["main_menu"]["menu"]["keys"]["3"] = {"when": "{{ 1 == 1 }}", "say": {"text": "三"}, "next": "fetch"}
    assert codes(judged(centre_with(nodes)).issues) == []
    nodes["main_menu"]["menu"]["keys"]["3"]["say"] = {"text": "三" * 80}
    assert codes(judged(centre_with(nodes)).issues) == ["N-10b2", "N-10b2"]


def test_a_number_inside_an_expression_is_no_announcement() -> None:
    nodes = copy.deepcopy(GOOD)
    nodes["main_menu"]["menu"]["keys"]["3"] = {"say": {"text": "{{ names[3] }}"}, "next": "fetch"}
    assert codes(judged(centre_with(nodes)).issues) == ["N-10b3", "N-10b3"]


ENTERS: Nodes = copy.deepcopy(GOOD) | {
    "fetch": {"flow": {"name": "inner"}, "next": "bye", "exits": {"refused": "sorry"}},
    "other": {"flow": {"name": "inner"}, "next": "sorry", "exits": {"refused": "end"}},
}
ASKS_HOST: Nodes = {
    "ask": {"request": {"service": "host", "operation": "x"}, "next": "done", "failed": "refused"},
    "refused": {"return": {"result": "refused"}},
    "done": {"return": {}},
}


def test_a_failure_is_not_mute_when_the_flow_that_is_gone_back_to_says_so() -> None:
    nodes = copy.deepcopy(ENTERS)
    del nodes["other"]
    assert codes(judged(with_flow(nodes, ASKS_HOST)).issues) == []


def test_a_failure_is_mute_when_one_flow_that_is_gone_back_to_ends_the_call_on_it() -> None:
    nodes = copy.deepcopy(ENTERS)
    nodes["main_menu"]["menu"]["keys"]["1"] = "other"
    (issue,) = judged(with_flow(nodes, ASKS_HOST)).issues
    assert (issue.code, str(issue.message)) == (
        "N-03b",
        "by `failed` a call ends without a word; say why, and what the caller can do",
    )


def test_a_call_goes_back_only_to_the_flow_that_entered_and_only_by_results_there_are_ways_to() -> None:
    """`other` ends the call mutely, but only on a result to which no way without words leads."""
    nodes = copy.deepcopy(ENTERS)
    nodes["main_menu"]["menu"]["keys"]["1"] = "other"
    inner = copy.deepcopy(ASKS_HOST)
    inner["ask"]["failed"] = "say"
    inner["say"] = {"play": ["sorry"], "next": "refused"}
    assert codes(judged(with_flow(nodes, inner)).issues) == []


def test_a_question_for_a_value_is_no_level_and_after_an_agent_nothing_is() -> None:
    nodes = copy.deepcopy(GOOD)
    deeper(3)(nodes)
    nodes["deep_0"]["menu"] = {"prompt": {"text": "1 2"}, "keys": {"1": "deep_1", "2": "deep_1"}}
    assert codes(judged(centre_with(nodes)).issues) == []
    after = copy.deepcopy(GOOD)
    names = [f"after_{each}" for each in range(5)]
    for name, following in zip(names, [*names[1:], "bye"], strict=True):
        after[name] = {"menu": {"prompt": "rate", "keys": {"1": following}}, "failed": "bye"}
    after["rate"]["menu"]["keys"]["1"]["next"] = names[0]
    assert codes(judged(centre_with(after)).issues) == []


def test_a_number_of_the_centre_replaces_the_usual_one_and_so_does_a_severity() -> None:
    found = judged(centre_with(GOOD), rules={"N-10e1": {"most": 2, "severity": "warning"}}).issues
    assert {(issue.code, issue.severity) for issue in found} == {("N-10e1", Severity.WARNING)}


WAIVED = copy.deepcopy(GOOD) | {"agent": GOOD["agent"] | {"failed": "end"}}


@pytest.mark.parametrize("place", [{}, {"at": "main/agent"}])
def test_a_waiver_covers_a_breach_until_its_last_day_and_is_counted(place: dict[str, str]) -> None:
    waiver = {"rule": "N-08a", "reason": "pilot", "until": "2026-03-02", **place}
    found = judged(centre_with(WAIVED), waivers=[waiver])
    assert (codes(found.issues), codes(found.waived)) == ([], ["N-08a"])


def test_the_day_after_the_waiver_itself_is_the_error_and_names_rule_reason_and_day() -> None:
    waiver = {"rule": "N-08a", "reason": "pilot", "until": "2026-03-02"}
    (issue,) = judged(centre_with(WAIVED), date(2026, 3, 3), waivers=[waiver]).issues
    assert (issue.code, issue.severity) == ("N001", Severity.ERROR)
    assert str(issue.message).startswith("the waiver of N-08a (pilot) ended on 2026-03-02")


def test_a_waiver_for_another_place_covers_nothing_and_is_said_to() -> None:
    waiver = {"rule": "N-08a", "at": "main/fetch", "reason": "pilot", "until": "2027-01-01"}
    assert codes(judged(centre_with(WAIVED), waivers=[waiver]).issues) == ["N-08a", "N002"]


def test_two_numbers_are_judged_each_from_its_own_first_node() -> None:
    hotline = flow({"hello": {"play": ["bye"], "next": "end"}, "end": {"hangup": {}}}, name="hotline")
    good = centre_with(GOOD)
    both = centre_of(
        good.flows[FlowName("main")],
        hotline,
        languages=(ZH, EN),
        answers=("rating",),
        prompts=good.prompts,
        numbers={"1": FlowName("main"), "2": FlowName("hotline")},
    )
    found = judged(both).issues
    assert [(issue.code, issue.at.file) for issue in found] == [
        ("N-03a", "builders.yaml"),
        ("N-06a1", "builders.yaml"),
        ("N-06a2", "builders.yaml"),
        ("N-08a2", "builders.yaml"),
        ("N-10c3", "builders.yaml"),
        ("N-30", "builders.yaml"),
    ]


@pytest.mark.parametrize(
    ("today", "last_holiday", "found"),
    [
        (date(2026, 11, 30), date(2026, 10, 7), []),
        (date(2026, 12, 1), date(2026, 10, 7), ["calendar `desks` has no holidays of 2027"]),
        (date(2026, 12, 1), date(2027, 1, 1), []),
        (date(2028, 6, 1), date(2026, 10, 7), ["calendar `desks` has no holidays of 2028"]),
        (date(2028, 6, 1), None, []),
    ],
)
def test_holidays_of_the_year_to_come_are_asked_for_before_it_begins(
    today: date, last_holiday: date | None, found: list[str]
) -> None:
    holidays = frozenset([last_holiday] if last_holiday else [])
    desks = Calendar(name="desks", week=((),) * 7, holidays=holidays)
    issues = judged(centre_with(GOOD, calendars={"desks": desks}), today).issues
    assert [(issue.code, issue.at.file) for issue in issues] == [("N-08c", "centre.yaml")] * len(found)
    assert [str(issue.message).partition(";")[0] for issue in issues] == found


def test_every_rule_is_broken_by_some_scenario_here() -> None:
    elsewhere = {"N-03a", "N-08a2", "N-08b1", "N-08b2", "N-08b3", "N-20a", "N-20b", "N-22a", "N-22b", "N-22c"}
    elsewhere |= {"N-06a1", "N-06a2", "N-08c", "N-09a", "N-09b", "N-10a2", "N-10c1", "N-10c3", "N-10d1"}
    assert {rule.id for rule in RULES} == {rule for rule, _change, _messages in BREACHES} | elsewhere


def test_rules_have_ids_of_their_own() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_the_page_of_the_norms_lists_every_rule_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs/norms.md").read_text()
    assert table() in page


def table() -> str:
    """The rules as docs/norms.md shows them; to write the page anew, put this in the place of its table."""
    head = "| rule | severity | demands | number | words |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| {rule.id} | {rule.severity} | {rule.demands} | {'' if rule.most is None else rule.most} | {_words(rule)} |\n"
        for rule in RULES
    )


def _words(rule: Rule) -> str:
    return ", ".join(f"`{word}`" for word in rule.words or ())
