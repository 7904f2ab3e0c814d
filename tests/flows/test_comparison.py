"""What changed between two versions, in words."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr_engine.adapters.flow_files import load_centre
from ivr_engine.core.ids import FlowName, Language, Millis, QueueName
from ivr_engine.flows.comparison import compare
from ivr_engine.flows.definition import CentreDefinition, PromptText, QueueDefinition
from ivr_engine.testing.builders import centre, centre_of, flow
from tests.small_centre import write_small_centre

EN = Language("en")
NODES: Mapping[str, Any] = {
    "ask": {"menu": {"prompt": "menu", "keys": {"1": "bye", "2": "end"}}, "failed": "end"},
    "bye": {"play": ["goodbye"], "next": "end"},
    "end": {"hangup": {}},
}
OLD = centre(NODES, languages=(EN,))


def told(new: CentreDefinition, old: CentreDefinition = OLD) -> list[str]:
    return [str(change) for change in compare(old, new)]


def nodes(**changed: Any) -> CentreDefinition:  # noqa: ANN401 - nodes as in a file
    merged = {name: node for name, node in {**NODES, **changed}.items() if node is not None}
    return centre(merged, languages=(EN,))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"new": {"play": ["goodbye"], "next": "end"}}, ["flow main, node new: added (play)"]),
        (
            {"ask": {"menu": {"prompt": "menu", "keys": {"1": "end", "2": "end"}}, "failed": "end"}, "bye": {"hangup": {}}},
            ["flow main, node ask: exit 1 moved from bye to end", "flow main, node bye: kind changed from play to hangup"],
        ),
        (
            {"ask": {"menu": {"prompt": "menu", "keys": {"1": "bye"}}, "failed": "bye"}},
            [
                "flow main, node ask: exit 2 removed, led to end",
                "flow main, node ask: exit failed moved from end to bye",
            ],
        ),
        (
            {"ask": {"menu": {"prompt": "menu", "keys": {"1": "bye", "2": "end"}, "attempts": 2}, "failed": "end"}},
            ["flow main, node ask: attempts changed from 3 to 2"],
        ),
    ],
)
def test_nodes_and_exits(changed: dict[str, Any], words: list[str]) -> None:
    assert set(words) <= set(told(nodes(**changed)))


def test_a_node_that_is_gone() -> None:
    bigger = nodes(extra={"play": ["goodbye"], "next": "end"})
    assert told(OLD, bigger) == ["flow main, node extra: removed (was play)"]


def test_prompts_numbers_flows_and_queues() -> None:
    service = QueueDefinition(name=QueueName("service"))
    old = replace(OLD, queues={service.name: service})
    second = flow({"end": {"hangup": {}}}, name="second")
    new = replace(
        old,
        numbers={"95500": FlowName("second"), "95501": FlowName("main")},
        flows={**old.flows, FlowName("second"): second},
        prompts={
            EN: {**old.prompts[EN], "menu": PromptText(text="Press 1.", file="menu.wav"), "more": PromptText(text="More")}
        },
        queues={service.name: replace(service, ring=Millis(20_000))},
    )
    assert told(new, old) == [
        "number 95500: moved from flow main to flow second",
        "number 95501: added, to flow main",
        "flow second: added, 1 nodes",
        'prompt menu in en: words changed from "menu" to "Press 1."',
        "prompt menu in en: recording changed from none to menu.wav",
        'prompt more in en: added: "More"',
        "queue service: ring changed from 15000 to 20000",
    ]


def test_a_centre_is_no_different_from_itself_nor_from_one_moved_about_by_comments(tmp_path: Path) -> None:
    original = write_small_centre(tmp_path)
    copy = Path(shutil.copytree(original, tmp_path / "copy"))
    for path in copy.glob("*.yaml"):
        path.write_text("# a line more\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    first, moved = load_centre(original).definition, load_centre(copy).definition
    assert first is not None
    assert moved is not None
    assert first.version != moved.version
    assert told(replace(moved, name=first.name), first) == []


def test_going_back_tells_the_reverse() -> None:
    two = centre_of(flow(NODES), flow({"end": {"hangup": {}}}, name="second"), languages=(EN,))
    assert told(two) == ["flow second: added, 1 nodes"]
    assert told(OLD, two) == ["flow second: removed, had 1 nodes"]
