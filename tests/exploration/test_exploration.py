"""What exploring finds: everything that a call can come by, where flows fail, and how long the ways are."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_engine.adapters.flow_files import parse
from ivr_engine.cli.test import load_tests
from ivr_engine.core.ids import FlowName, Language, Millis
from ivr_engine.flows.definition import CentreDefinition, PromptText
from ivr_engine.flows.issues import Issue
from ivr_engine.testing.builders import centre, centre_of, flow
from ivr_engine.testing.exploration.choices import Examples, examples_of
from ivr_engine.testing.exploration.findings import (
    as_test,
    coverage,
    longest_to_agent,
    longest_to_menu,
    quickest_to_agent,
    told,
)
from ivr_engine.testing.exploration.walker import Exploration, explore
from ivr_engine.testing.rehearsal.performance import perform
from ivr_engine.testing.rehearsal.reader import read_tests
from tests.rehearsal.bank import NODES, bank

BANK = Path(__file__).parents[1] / "small_bank"


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
