"""The shape of a flow file: every problem is named, at its place, and none hides another."""

from __future__ import annotations

import pytest

from ivr_engine.adapters.flow_files.yaml_tree import parse
from ivr_engine.flows.flow_reader import read_flow
from ivr_engine.flows.issues import Issue
from ivr_engine.flows.tree import Mapping

HEAD = "flow: main\nstart: a\nnodes:\n"


def problems(text: str) -> list[str]:
    """Line, column, code and message of every issue."""
    issues: list[Issue] = []
    tree = parse(text.encode(), "main.yaml", issues)
    assert isinstance(tree, Mapping), issues
    flow = read_flow(tree, issues)
    assert (flow is None) is bool(issues)
    return [f"{issue.at.line}:{issue.at.column} {issue.code} {issue.message}" for issue in issues]


@pytest.mark.parametrize(
    ("node", "found"),
    [
        ("{play: [hi], menu: {}}", "4:3 S321 node `a` has `play`, `menu`; a node does one thing, make it two nodes"),
        ("{next: b}", "4:3 S320 node `a` says nothing to do"),
        ("{paly: [hi], next: b}", "4:3 S320 unknown kind of node in `a`: `paly`; did you mean `play`?"),
        ("{play: [hi], nxt: b}", "4:19 S212 unknown key in node a: `nxt`; did you mean `next`?"),
        ("{play: [hi], next: b, exits: {next: c}}", "4:36 S322 exit `next` is given twice"),
        ("{play: [hi], next: [b]}", "4:25 S203 expected text"),
        ("{play: [{text: hi, money: '1'}], next: b}", "4:14 S304 expected the name of a prompt, or exactly one of"),
        ("{play: [{shout: hi}], next: b}", "4:14 S304"),
        ("{play: [{money: twelve}], next: b}", "4:22 S305 `money` needs a decimal number such as 1234.50"),
        ("{play: [{date: 2026-02-30}], next: b}", "4:21 S305 `date` needs a date"),
        ("{play: [{text: '{{ a + }}'}], next: b}", "S220"),
        ("{play: {prompts: [hi], barge: true}, next: b}", "S212 unknown key in play: `barge`; did you mean `barge_in`?"),
        ("{menu: {prompt: hi, keys: {}}, failed: b}", "4:32 S310 a menu needs at least one key"),
        ("{menu: {prompt: hi, keys: {12: b}}, failed: b}", "4:33 S311 `12` is not a key of a telephone"),
        ("{menu: {prompt: hi, keys: {1: {go: b}}}, failed: b}", "S211 key 1 needs `next`"),
        ("{menu: {keys: {1: b}}, failed: b}", "4:13 S211 menu needs `prompt`"),
        ("{collect: {prompt: hi, into: call}, next: b, failed: b}", "4:35 S302 `call` belongs to the engine"),
        (
            "{collect: {prompt: hi, into: x, check: sum}, next: b, failed: b}",
            "S210 expected one of none, luhn, amount, date",
        ),
        ("{collect: {prompt: hi, into: x, check: amount, end_key: '*'}, next: b, failed: b}", "S312 in an amount `*`"),
        ("{set: {x: [1]}, next: b}", "4:16 S301 expected one value, or a text with {{ }}, found a list"),
        ("{set: {queue: 1}, next: b}", "4:13 S302 `queue` belongs to the engine"),
        ("{branch: [{if: x, next: b}], else: b}", "S212 unknown key in a case of branch: `if`"),
        ("{branch: [b], else: b}", "4:16 S201 expected a mapping"),
        ("{queue: {name: q, skills: {s: high}}, next: b, failed: b}", "4:36 S204 expected a whole number, found `high`"),
        ("{hangup: {now: true}}", "S212 unknown key in hangup: `now`"),
        ("{hangup: {}, next: b}", "4:19 S212 unknown key in node a: `next`"),
    ],
)
def test_a_misshapen_node_is_reported_at_its_place(node: str, found: str) -> None:
    assert any(found in problem for problem in problems(f"{HEAD}  a: {node}\n")), problems(f"{HEAD}  a: {node}\n")


def test_every_problem_of_a_file_is_reported_at_once() -> None:
    text = "flow: main\nnodes:\n  a: {play: 7}\n  b: {set: {x: [1]}}\n  c: {}\nnote: x\n"
    assert {problem.split()[1] for problem in problems(text)} == {"S211", "S209", "S301", "S320", "S212"}


def test_exits_stand_beside_the_kind_or_under_exits() -> None:
    beside = problems(
        f"{HEAD}  a: {{menu: {{prompt: hi, keys: {{1: a}}}}, no_input: a, exits: {{no_match: a}}, failed: a}}\n"
    )
    assert beside == []
