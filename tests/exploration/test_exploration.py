"""What exploring finds: everything that a call can come by, where flows fail, and how long the ways are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ivr_engine.adapters.flow_files import parse
from ivr_engine.cli.test import load_tests
from ivr_engine.core.ids import FlowName, Language, Millis
from ivr_engine.flows.calendars import DAY, Calendar, Span
from ivr_engine.flows.definition import CentreDefinition, GlobalKeys, PromptText
from ivr_engine.flows.issues import Issue
from ivr_engine.testing.builders import centre, centre_of, flow
from ivr_engine.testing.exploration.choices import Examples, examples_of
from ivr_engine.testing.exploration.findings import as_test, coverage, takes_a_fault, told
from ivr_engine.testing.exploration.findings import gaps as findings_gaps
from ivr_engine.testing.exploration.graph import Exploration
from ivr_engine.testing.exploration.lengths import longest_speech, longest_to_agent, longest_to_menu, quickest_to_agent
from ivr_engine.testing.exploration.walker import explore
from ivr_engine.testing.rehearsal.performance import perform
from ivr_engine.testing.rehearsal.reader import read_tests
from tests.rehearsal.bank import NODES, bank

BANK = Path(__file__).parents[1] / "small_bank"
SAMPLE = Path(__file__).parents[2] / "flows/sample-bank"


def explored(definition: CentreDefinition, **examples: object) -> Exploration:
    return explore(definition, Examples(**examples))  # type: ignore[arg-type]  # the fields of Examples


def gaps(found: Exploration) -> dict[str, tuple[str, ...]]:
    return {each.node.name: each.missing for each in coverage(found).nodes() if each.visits == 0 or each.missing}


def visited(found: Exploration) -> set[str]:
    return {each.node.name for each in coverage(found).nodes() if each.visits}


def test_the_sample_bank_has_no_node_or_exit_that_no_call_comes_by_and_no_fault() -> None:
    definition, tests = load_tests(BANK)
    found = explore(definition, examples_of(tests))
    assert (gaps(found), found.faults, found.assumed, found.complete) == ({}, [], [], True)


def test_without_any_test_entries_and_answers_are_assumed() -> None:
    definition, _tests = load_tests(BANK)
    found = explored(definition)
    assert (gaps(found), found.faults, found.assumed) == ({}, [], ["host.balance"])


@pytest.mark.parametrize(
    "collect",
    [
        {"digits": "16..19", "check": "luhn"},
        {"digits": 19, "check": "luhn"},
        {"digits": 8, "check": "date"},
        {"check": "amount"},
        {"digits": 6},
        {"digits": "8..12"},
        {"digits": 18},
        {"digits": 11},
    ],
)
def test_an_entry_is_found_for_every_check(collect: dict[str, object]) -> None:
    nodes = {
        "ask": {"collect": {"prompt": "ask", "into": "x", "secret": True, **collect}, "next": "end", "failed": "end"},
        "end": {"hangup": {}},
    }
    assert gaps(explored(centre(nodes))) == {}


def test_an_entry_nobody_would_guess_is_taken_from_the_tests() -> None:
    nodes = {
        "ask": {"collect": {"prompt": "ask", "into": "x", "digits": 5}, "next": "which", "failed": "end"},
        "which": {"branch": [{"when": "{{ x == '90210' }}", "next": "say"}], "else": "end"},
        "say": {"play": ["hello"], "next": "end"},
        "end": {"hangup": {}},
    }
    assert gaps(explored(centre(nodes))) == {"which": ("case 1",), "say": ("next",)}
    assert gaps(explored(centre(nodes), keys=("90210",))) == {}


def test_a_way_that_needs_another_caller_is_said_to_be_missing() -> None:
    nodes = {
        "who": {"branch": [{"when": "{{ call.caller == '1' }}", "next": "end"}], "else": "end"},
        "end": {"hangup": {}},
    }
    assert gaps(explored(centre(nodes))) == {"who": ("case 1",)}


def test_a_fault_is_found_with_the_way_to_it_and_told_once() -> None:
    found = explored(bank())
    (fault,) = found.faults
    assert (fault.node, fault.code, fault.ends_call) == ("wrong", "wrong_type", True)
    assert list(told(fault.way)) == ["presses 9"]


def test_a_fault_becomes_a_test_that_fails_until_the_flow_is_mended() -> None:
    definition = bank()
    (fault,) = explored(definition).faults
    text = as_test(fault)
    issues: list[Issue] = []
    tree = parse(text.encode(), "explored.yaml", issues)
    assert tree is not None
    (test,) = read_tests(tree, definition, issues)
    assert issues == []
    failure = perform(definition, test).failure
    assert failure is not None
    assert (failure.expected, failure.found) == ("faults: none", "wrong_type")
    mended = centre({**NODES, "wrong": {"set": {"x": 1}, "next": "bye"}})
    assert perform(mended, test).failure is None


def test_a_fault_behind_an_answer_is_reproduced_with_that_answer() -> None:
    nodes = {
        "ask": {"request": {"service": "host", "operation": "get", "into": "a"}, "next": "say", "failed": "end"},
        "say": {"play": [{"money": "{{ a.sum }}"}], "next": "end"},
        "end": {"hangup": {}},
    }
    definition = centre(nodes)
    (fault,) = explored(definition, bodies={"host.get": ({"sum": "1"}, {"total": "1"})}).faults
    assert 'host.get: [{"total": "1"}]' in as_test(fault)


def test_a_circle_of_states_ends_and_a_bound_that_is_hit_is_said() -> None:
    nodes = {
        "count": {"set": {"n": "{{ default(n, 0) + 1 }}"}, "next": "menu"},
        "menu": {"menu": {"prompt": "menu", "keys": {"1": "count", "2": "menu"}, "attempts": 1}, "failed": "end"},
        "end": {"hangup": {}},
    }
    found = explore(centre(nodes), Examples(), most=50)
    assert (found.complete, len(found.states)) == (False, 50)


def test_the_lengths_of_ways_count_keys_and_what_is_said() -> None:
    nodes = {
        "hello": {"play": ["ten"], "next": "menu"},
        "menu": {"menu": {"prompt": "ten", "keys": {"1": "news", "0": "agent"}, "attempts": 1}, "failed": "end"},
        "news": {"play": ["ten"], "next": "pin"},
        "pin": {"collect": {"prompt": "ten", "into": "x", "digits": 4, "attempts": 1}, "next": "agent", "failed": "end"},
        "agent": {"queue": {"name": "cards"}, "next": "end", "failed": "end"},
        "end": {"hangup": {}},
    }
    words = {Language("zh"): {"ten": PromptText(text="十" * 10)}}
    found = explored(centre(nodes, languages=(Language("zh"),), prompts=words))
    said = Millis(2_800)
    to_menu, quickest, longest = longest_to_menu(found), quickest_to_agent(found), longest_to_agent(found)
    assert to_menu is not None
    assert quickest is not None
    assert longest is not None
    assert (to_menu.keys, to_menu.spoken) == (0, said)
    assert (quickest.keys, quickest.spoken) == (1, 2 * said)
    assert (longest.keys, longest.spoken, longest.exact) == (5, 4 * said, True)


def test_what_is_said_longest_at_once_is_found() -> None:
    nodes = {
        "hello": {"play": ["ten"], "next": "more"},
        "more": {"play": ["ten", "ten"], "next": "end"},
        "end": {"hangup": {}},
    }
    words = {Language("zh"): {"ten": PromptText(text="十" * 10)}}
    speech = longest_speech(explored(centre(nodes, languages=(Language("zh"),), prompts=words)))
    assert speech is not None
    assert (speech.flow, speech.node, speech.spoken) == ("main", "more", 5_600)


# -- flows that enter others


def end_and(nodes: dict[str, Any]) -> dict[str, Any]:
    return {**nodes, "end": {"hangup": {}}}


def question(keys: dict[str, str]) -> dict[str, Any]:
    return {"menu": {"prompt": "menu", "keys": keys, "attempts": 1}, "failed": "end"}


YES_OR_NO = flow(
    end_and(
        {
            "ask": question({"1": "yes", "2": "no"}),
            "yes": {"return": {"result": "yes"}},
            "no": {"return": {"result": "no", "give": {"why": "'x'"}}},
        }
    ),
    name="yes_or_no",
)


def test_a_flow_is_walked_once_and_comes_back_to_each_flow_that_entered_it() -> None:
    """Two callers of one flow: each goes on at its own exits, and neither at those of the other."""
    enter = {"flow": {"name": "yes_or_no"}, "failed": "end"}
    main = flow(
        end_and(
            {
                "which": question({"1": "first", "2": "second"}),
                "first": {**enter, "exits": {"yes": "done", "no": "never"}, "next": "end"},
                "second": {**enter, "exits": {"yes": "done", "no": "done"}, "next": "end"},
                "done": {"play": ["hello"], "next": "end"},
                "never": {"play": ["bad"], "next": "end"},
            }
        )
    )
    found = explored(centre_of(main, YES_OR_NO))
    assert gaps(found) == {"first": ("next", "failed"), "second": ("next", "failed")}
    asked = [state for state in found.states if state.node == ("yes_or_no", "ask")]
    assert len(asked) == 1


def test_a_flow_comes_back_only_with_what_its_own_beginning_leads_to() -> None:
    """Entered with 1 it says yes, with 2 no: whoever enters with 1 never goes on at `no`."""
    echo = flow(
        end_and(
            {
                "wait": {"play": ["hello"], "next": "which"},
                "which": {"branch": [{"when": "{{ x == 1 }}", "next": "yes"}], "else": "no"},
                "yes": {"return": {"result": "yes"}},
                "no": {"return": {"result": "no"}},
            }
        ),
        name="echo",
    )
    exits = {"exits": {"yes": "end", "no": "end"}, "next": "end", "failed": "end"}
    main = flow(
        end_and(
            {
                "which": question({"1": "first", "2": "second"}),
                "first": {"flow": {"name": "echo", "with": {"x": 1}}, **exits},
                "second": {"flow": {"name": "echo", "with": {"x": 2}}, **exits},
            }
        )
    )
    missing = {name: set(exits) for name, exits in gaps(explored(centre_of(main, echo))).items() if exits}
    assert missing == {"first": {"no", "next", "failed"}, "second": {"yes", "next", "failed"}}


def test_a_fault_behind_a_flow_that_came_back_becomes_a_test_that_reproduces_it() -> None:
    deep = {"flow": {"name": "yes_or_no", "into": "answer"}, "exits": {"yes": "end", "no": "wrong"}, "next": "end"}
    main = flow(end_and({"top": question({"3": "deep"}), "deep": {**deep, "failed": "end"}, "wrong": WRONG}))
    definition = centre_of(main, YES_OR_NO)
    (fault,) = explored(definition).faults
    assert list(told(fault.way)) == ["presses 3", "presses 2"]
    assert failing(definition, as_test(fault)) == "unspeakable"


WRONG = {"play": [{"money": "{{ call.caller + 'x' }}"}], "next": "end"}


def failing(definition: CentreDefinition, text: str) -> str:
    """What goes wrong when the test is played."""
    issues: list[Issue] = []
    tree = parse(text.encode(), "explored.yaml", issues)
    assert tree is not None
    (test,) = read_tests(tree, definition, issues)
    assert issues == []
    failure = perform(definition, test).failure
    assert failure is not None
    return failure.found


def test_a_fault_behind_a_flow_that_is_known_already_has_its_whole_way() -> None:
    """The flow is entered twice; when the second node enters it, what it can come back with is known at once."""
    enter = {"flow": {"name": "yes_or_no"}, "failed": "end", "next": "end"}
    main = flow(
        end_and(
            {
                "first": {**enter, "exits": {"yes": "say", "no": "end"}},
                "say": {"play": ["hello"], "next": "second"},
                "second": {**enter, "exits": {"yes": "end", "no": "wrong"}},
                "wrong": WRONG,
            }
        )
    )
    definition = centre_of(main, YES_OR_NO)
    (fault,) = explored(definition).faults
    assert list(told(fault.way)) == ["presses 1", "presses 2"]
    assert failing(definition, as_test(fault)) == "unspeakable"


def closed_at_weekends(name: str) -> Calendar:
    return Calendar(name=name, week=((Span(0, DAY),),) * 5 + ((),) * 2)


def test_a_fault_at_certain_hours_becomes_a_test_at_such_a_moment() -> None:
    inner = flow(
        end_and(
            {
                "now": {"hours": {"calendar": "desk"}, "open": "over", "closed": "wrong"},
                "over": {"return": {}},
                "wrong": WRONG,
            }
        ),
        name="inner",
    )
    main = flow(end_and({"hello": {"play": ["hello"], "next": "go"}, "go": {"flow": {"name": "inner"}, "next": "end"}}))
    definition = centre_of(main, inner, calendars={"desk": closed_at_weekends("desk")})
    (fault,) = explored(definition).faults
    assert failing(definition, as_test(fault)) == "unspeakable"


def test_what_nobody_reads_any_more_makes_no_state_of_its_own() -> None:
    """Of five questions each has two answers; the answers are read one node later, and then forgotten."""
    nodes: dict[str, Any] = {}
    for at in range(5):
        nodes[f"ask{at}"] = question({"1": f"one{at}", "2": f"two{at}"})
        nodes |= {f"{word}{at}": {"set": {f"x{at}": word}, "next": f"say{at}"} for word in ("one", "two")}
        after = f"ask{at + 1}" if at < 4 else "end"
        nodes[f"say{at}"] = {"play": [{"text": f"{{{{ x{at} }}}}"}], "next": after}
    found = explored(centre(end_and(nodes)))
    assert gaps(found) == {}
    assert len(found.states) == 5 * (1 + 2) + 1


def test_answers_that_a_later_condition_tells_apart_are_all_followed() -> None:
    nodes = {
        "ask": {"request": {"service": "host", "operation": "get", "into": "a"}, "next": "hello", "failed": "end"},
        "hello": {"play": ["hello"], "next": "which"},
        "which": {"branch": [{"when": "{{ a.vip }}", "next": "say"}], "else": "end"},
        "say": {"play": ["hello"], "next": "end"},
    }
    found = explored(centre(end_and(nodes)), bodies={"host.get": ({"vip": False}, {"vip": True}, {"vip": True, "x": 1})})
    assert gaps(found) == {}


CHOOSE = {
    "choose": {
        "menu": {
            "prompt": "ask",
            "keys": {"1": {"set": {"language": "en"}, "next": "tell"}, "2": {"set": {"language": "zh-CN"}, "next": "tell"}},
        },
        "failed": "tell",
    },
    "then": {"menu": {"prompt": "ask", "keys": {"1": "end"}}, "failed": "end"},
    "end": {"hangup": {}},
}


@pytest.mark.parametrize(
    ("tell", "languages"),
    [
        ({"request": {"service": "host", "operation": "o", "send": {"in": "{{ call.language }}"}}, "failed": "then"}, 1),
        ({"request": {"service": "host", "operation": "o", "send": {"in": "{{ call.language + 1 }}"}}, "failed": "then"}, 2),
        ({"set": {"spoken": "{{ call.language }}"}}, 2),
    ],
)
def test_a_language_that_is_only_sent_to_a_service_makes_no_state_of_its_own(tell: dict[str, Any], languages: int) -> None:
    prompts = {Language(name): {"ask": PromptText(text="ask?")} for name in ("zh-CN", "en")}
    found = explored(centre({**CHOOSE, "tell": {**tell, "next": "then"}}, languages=tuple(prompts), prompts=prompts))
    asked = [state for state in found.states if state.session.node == "then" and state.session.wait and not state.stays]
    assert len({state.session.language for state in asked}) == languages


@pytest.mark.parametrize(("keys", "strays"), [(GlobalKeys(), {""}), (GlobalKeys(back="#"), {"", "#"})])
def test_an_end_key_that_is_ignored_once_matters_only_where_the_key_means_something(
    keys: GlobalKeys, strays: set[str]
) -> None:
    nodes = {
        "code": {
            "collect": {"prompt": "ask", "into": "code", "digits": "2..3", "end_key": "#"},
            "next": "more",
            "failed": "end",
        },
        "more": {"menu": {"prompt": "ask", "keys": {"1": "end"}}, "failed": "end"},
        "end": {"hangup": {}},
    }
    found = explored(centre(nodes, keys=keys), keys=("123",))
    assert {state.session.stray for state in found.states if state.session.node == "more"} == strays


def test_the_agent_key_leads_through_its_flow_and_back() -> None:
    people = flow(
        end_and({"desk": {"queue": {"name": "cards"}, "next": "end", "failed": "back"}, "back": {"return": {}}}),
        name="people",
    )
    main = flow(end_and({"top": question({"1": "say"}), "say": {"play": ["hello"], "next": "end"}}))
    found = explored(centre_of(main, people, keys=GlobalKeys(agent="0", agent_flow=FlowName("people"))))
    assert gaps(found) == {}
    quickest = quickest_to_agent(found)
    assert quickest is not None
    assert list(told(quickest.ways)) == ["presses 0"]


def test_the_whole_sample_bank_is_walked_and_fails_nowhere() -> None:
    definition, tests = load_tests(SAMPLE)
    found = explore(definition, examples_of(tests))
    assert (found.complete, found.faults, found.assumed) == (True, [], [])
    open_ = {each.node.name: each.missing for each in findings_gaps(found)}
    only_by_fault = {
        node.name: ("failed",)
        for each in definition.flows.values()
        for node in each.nodes.values()
        if takes_a_fault(node, "failed")
    }
    unheard_of = {"book": ("failed",)}  # the number to call is checked before
    assert {name: missing for name, missing in open_.items() if only_by_fault.get(name) != missing} == unheard_of


def test_a_flow_that_a_test_reroutes_to_is_explored_and_one_that_nothing_leads_to_is_not() -> None:
    hello = {"hello": {"play": ["welcome"], "next": "end"}, "end": {"hangup": {}}}
    kept = {"sorry": {"play": [{"money": "{{ missing }}"}], "next": "over"}, "over": {"hangup": {}}}
    definition = centre_of(flow(hello), flow(kept, name="kept"), flow({"never": {"hangup": {}}}, name="forgotten"))
    assert visited(explored(definition)) == {"hello", "end"}
    found = explored(definition, reroutes=(("95500", FlowName("kept")),))
    assert visited(found) == {"hello", "end", "sorry"}
    (fault,) = found.faults
    assert 'reroute: "kept"\n' in as_test(fault)


def test_a_caller_who_withholds_the_number_is_explored_when_a_test_does() -> None:
    nodes = {
        "who": {"branch": [{"when": "{{ len(call.caller) > 0 }}", "next": "shown"}], "else": "withheld"},
        "shown": {"hangup": {}},
        "withheld": {"set": {"x": "{{ missing }}"}, "next": "shown"},
    }
    definition = centre(nodes)
    assert visited(explored(definition)) == {"who", "shown"}
    found = explored(definition, withheld=("95500",))
    assert visited(found) == {"who", "shown", "withheld"}
    (fault,) = found.faults
    assert 'caller: ""\n' in as_test(fault)
