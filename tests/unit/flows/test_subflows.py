"""One flow enters another: what goes in, what comes back, and what stays apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivr_engine.core.events.flow import AuthorFault, FlowFailed, FlowFinished, NodeEntered, SubflowEntered, SubflowLeft
from ivr_engine.core.ids import FlowName, NodeName
from ivr_engine.flows import limits
from ivr_engine.flows.effects import HangUp
from ivr_engine.flows.flow_calls import check_flow_calls
from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.waits import KeysWait, Played, PlayWait
from ivr_engine.testing.builders import centre, centre_of, flow
from tests.unit.flows.walking import END, Walked, keyed, walk

ASK: dict[str, Any] = {"flow": {"name": "inner", "with": {"amount": "{{ sum }}"}, "into": "answer"}}
OUTER = {"s": {"set": {"sum": "12"}, "next": "a"}, "a": {**ASK, "next": "said", "exits": {"refused": "lost"}}, **END}
SAID = {"said": {"play": [{"text": "{{ answer.double }}"}], "next": "end", "failed": "lost"}}


def entering(inner: dict[str, Any], outer: dict[str, Any] | None = None) -> Walked:
    return Walked(centre_of(flow({**OUTER, **SAID, **(outer or {})}), flow(inner, name="inner")))


def test_a_flow_gets_its_arguments_and_gives_a_value_back() -> None:
    call = entering({"r": {"return": {"give": {"double": "{{ 2 * int(amount) }}"}}}})
    assert call.turn.session.variables == {"sum": "12", "answer": {"double": 24}}
    assert (call.turn.session.flow, call.turn.session.node, call.turn.session.stack) == ("main", "said", [])
    entered, left = call.one(SubflowEntered), call.one(SubflowLeft)
    assert (entered.flow, entered.node, entered.entered) == ("main", "a", "inner")
    assert (left.flow, left.node, left.result) == ("inner", "r", "next")


def test_a_result_leaves_by_the_exit_of_its_name() -> None:
    call = entering({"r": {"return": {"result": "refused"}}})
    assert call.turn.session.node == "lost"


def test_a_result_without_an_exit_goes_the_way_of_failed_and_without_that_the_flow_fails() -> None:
    odd = {"r": {"return": {"result": "odd"}}}
    assert entering(odd, {"a": {**ASK, "next": "said", "failed": "lost"}}).turn.session.node == "lost"
    assert entering(odd).one(FlowFailed).code == "no_exit"


def test_the_variables_of_the_two_flows_stay_apart() -> None:
    inner = {"s": {"set": {"sum": "99", "own": 1, "seen": "{{ default(answer, 'nothing') }}"}, "next": "r"}}
    call = entering({**inner, "r": {"return": {"give": {"double": "{{ seen }}"}}}})
    assert call.turn.session.variables == {"sum": "12", "answer": {"double": "nothing"}}


def test_a_secret_stays_secret_on_the_way_in_and_on_the_way_back() -> None:
    outer = {"s": {"collect": {"prompt": "ask", "into": "sum", "digits": 2, "secret": True}, "next": "a", "failed": "lost"}}
    call = entering({"w": {"play": ["hello"], "next": "r"}, "r": {"return": {"give": {"double": "{{ amount }}"}}}}, outer)
    call.reply(keyed("91"))
    assert call.turn.session.secrets == {"amount"}
    call.reply(Played())
    assert call.turn.session.secrets == {"sum", "answer"}
    assert isinstance(call.turn.wait, KeysWait | PlayWait)
    assert "91" not in repr(call.turn) + repr(call.events)


def test_a_call_deep_in_flows_survives_storage() -> None:
    call = entering({"w": {"play": ["hello"], "next": "r"}, "r": {"return": {"give": {"double": "{{ amount }}"}}}})
    session = call.turn.session
    assert [(frame.flow, frame.node) for frame in session.stack] == [("main", "a")]
    assert from_plain(json.loads(json.dumps(to_plain(session)))) == session


def test_a_hangup_in_an_inner_flow_ends_the_call_and_a_return_in_the_first_one_does_too() -> None:
    call = entering({"e": {"hangup": {}}})
    assert call.turn.effects == (HangUp(),)
    assert call.one(FlowFinished).flow == "inner"
    alone = walk({"r": {"return": {}}})
    assert (alone.turn.effects, alone.all(FlowFinished)) == (
        (HangUp(),),
        [FlowFinished(call=alone.turn.session.facts.call, flow=FlowName("main"), node=NodeName("r"))],
    )


@pytest.mark.parametrize("keep", [{}, {"queue": "cards"}])
def test_what_the_engine_knows_of_the_call_goes_along(keep: dict[str, str]) -> None:
    call = entering({"w": {"play": ["hello"], "next": "r"}, "r": {"return": {"give": {"double": "{{ call.number }}"}}}})
    call.turn.session.given.update(keep)
    call.reply(Played())
    assert call.turn.session.given == keep
    assert call.turn.session.variables["answer"] == {"double": "95500"}


def test_a_flow_that_enters_itself_runs_into_the_limit_and_not_into_the_ground() -> None:
    call = walk({"a": {"flow": {"name": "main"}, "next": "end", "failed": "lost"}})
    assert len(call.all(SubflowEntered)) == limits.FLOWS_DEEP - 1
    assert call.one(AuthorFault).code == "too_many_flows"
    assert call.turn.session.node == "lost"


def test_a_fault_in_an_argument_or_in_what_is_given_is_a_fault_of_that_node() -> None:
    call = walk({"a": {"flow": {"name": "main", "with": {"x": "{{ nothing }}"}}, "next": "end", "failed": "lost"}})
    assert call.one(AuthorFault).node == "a"
    inner = entering({"r": {"return": {"give": {"x": "{{ nothing }}"}}}})
    assert (inner.one(FlowFailed).flow, inner.one(FlowFailed).code) == ("inner", "missing_name")


def test_an_unknown_flow_is_a_fault() -> None:
    call = walk({"a": {"flow": {"name": "nowhere"}, "next": "end", "failed": "lost"}})
    assert call.one(AuthorFault).code == "unknown_flow"


def test_two_flows_that_call_each_other_without_waiting_run_into_the_limit_of_nodes() -> None:
    outer = flow({"a": {"flow": {"name": "inner"}, "next": "a"}})
    call = Walked(centre_of(outer, flow({"r": {"return": {}}}, name="inner")))
    assert call.one(FlowFailed).code == "too_many_nodes"
    assert len(call.all(NodeEntered)) <= limits.NODES_PER_TURN


def test_a_session_whose_flow_below_is_gone_fails_when_it_comes_back() -> None:
    inner = flow({"w": {"play": ["hello"], "next": "r"}, "r": {"return": {}}}, name="inner")
    call = Walked(centre_of(flow({**OUTER, **SAID}), inner))
    call.definition = centre_of(flow(END, start="end"), inner)
    call.reply(Played())
    assert call.one(FlowFailed).code == "node_gone"


def chain(length: int) -> list[str]:
    """The codes for a number whose flow enters another, and so on, `length` flows in all."""
    flows = [
        flow({"a": {"flow": {"name": f"f{number + 1}"}, "next": "r"}, "r": {"return": {}}}, name=f"f{number}")
        for number in range(1, length)
    ]
    last = flow({"r": {"return": {}}}, name=f"f{length}")
    found = check_flow_calls(centre_of(*flows, last), lambda node, _word: node.at, broken=frozenset())
    return [issue.code for issue in found]


def test_flows_as_deep_as_a_call_may_be_are_sound_and_one_more_is_not() -> None:
    assert chain(limits.FLOWS_DEEP) == []
    assert chain(limits.FLOWS_DEEP + 1) == ["R419"]


def test_each_circle_of_flows_is_reported_once() -> None:
    ends: dict[str, Any] = {"next": "r"}
    flows = [
        flow({"a": {"flow": {"name": to}, **ends}, "r": {"return": {}}}, name=name)
        for name, to in (("f1", "f2"), ("f2", "f3"), ("f3", "f1"), ("f4", "f1"))
    ]
    found = check_flow_calls(centre_of(*flows), lambda node, _word: node.at, broken=frozenset())
    assert [issue.code for issue in found] == ["R418"]
    assert "`f1` -> `f2` -> `f3` -> `f1`" in str(found[0].message)


def test_a_broken_flow_is_not_complained_about_twice() -> None:
    definition = centre({"a": {"flow": {"name": "gone"}, "next": "end"}, **END})
    assert check_flow_calls(definition, lambda node, _word: node.at, broken=frozenset({"gone"})) == []
