"""What a picture shows of a flow, and that nothing an author writes can break the drawing."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.adapters.flow_files import load_centre
from ivr_engine.core.ids import Language
from ivr_engine.flows.definition import PromptText
from ivr_engine.flows.diagram import Role, mermaid, picture
from ivr_engine.flows.diagram_dot import dot
from ivr_engine.flows.graph import targets
from ivr_engine.testing.builders import MAIN, centre

BANK = load_centre(Path(__file__).parents[2] / "small_bank").definition
assert BANK is not None
FLOW = BANK.flows[MAIN]
PICTURE = picture(BANK, FLOW)
NODES = {
    "menu": {"menu": {"prompt": "ask", "keys": {"1": "menu", "2": "end", "#": "end"}}, "failed": "end"},
    "end": {"hangup": {}},
}


def test_every_node_is_a_box_and_every_exit_is_on_an_arrow() -> None:
    assert [box.name for box in PICTURE.boxes] == list(FLOW.nodes)
    drawn = {(arrow.begin, name, arrow.end) for arrow in PICTURE.arrows for name in arrow.exits}
    assert drawn == {(node.name, name, end) for node in FLOW.nodes.values() for name, end in targets(node).items()}


def test_each_role_is_told_apart() -> None:
    roles = {box.name: box.role for box in PICTURE.boxes}
    assert (roles["main_menu"], roles["ask_card"], roles["greeting"]) == (Role.ASKS, Role.ASKS, Role.SAYS)
    assert (roles["fetch"], roles["to_agent"], roles["end"]) == (Role.SERVICE, Role.PEOPLE, Role.ENDS)


def test_exits_between_the_same_two_nodes_share_an_arrow_and_usual_ones_are_solid() -> None:
    drawn = [(arrow.label, arrow.end, arrow.usual) for arrow in picture(centre(NODES), centre(NODES).flows[MAIN]).arrows]
    assert drawn == [("1", "menu", True), ("2, #", "end", True), ("failed", "end", False)]


def test_long_words_are_wrapped_and_cut_and_chinese_counts_double() -> None:
    words = {Language("zh"): {"ask": PromptText(text="请按一，" * 20)}}
    definition = centre(NODES, languages=(Language("zh"),), prompts=words)
    (box, _end) = picture(definition, definition.flows[MAIN]).boxes
    assert [len(line) for line in box.details] == [17, 17, 17]
    assert "".join(box.details) == ("请按一，" * 20)[:50] + "…"
    assert not any(line.startswith("，") for line in box.details)


def test_several_flows_stand_in_a_frame_each() -> None:
    two = [PICTURE, PICTURE]
    assert mermaid(two).count("  subgraph ") == dot(two).count("  subgraph ") == 2
    assert "subgraph" not in mermaid([PICTURE]) + dot([PICTURE])


def test_a_node_called_end_is_only_ever_a_label_to_mermaid() -> None:
    lines = mermaid([PICTURE]).splitlines()
    assert '  f1n17((("<b>end</b>"))):::ends' in lines
    assert all(line.split()[0] != "end" for line in lines)


class Tags(HTMLParser):
    """The tags of a label; text in between is free."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.add(tag)


@pytest.mark.parametrize("draw", [mermaid, dot])
@given(words=st.text(min_size=1, max_size=60))
def test_no_words_of_a_prompt_become_markup(draw: type, words: str) -> None:
    definition = centre(NODES, languages=(Language("zh"),), prompts={Language("zh"): {"ask": PromptText(text=words)}})
    plain = centre(NODES, languages=(Language("zh"),), prompts={Language("zh"): {"ask": PromptText(text="x")}})
    tags, usual = Tags(), Tags()
    tags.feed(draw([picture(definition, definition.flows[MAIN])]))
    usual.feed(draw([picture(plain, plain.flows[MAIN])]))
    assert tags.seen <= usual.seen | {"br", "tr", "td", "font"}


def test_a_condition_stands_beside_its_arrow_in_one_line_and_cut() -> None:
    long = "account.kind in ['silver', 'gold', 'platinum', 'diamond']"
    nodes = {
        "which": {
            "branch": [
                {"when": "{{ vip  and\n not late }}", "next": "menu"},
                {"when": f"{{{{ {long} }}}}", "next": "bye"},
            ],
            "else": "end",
        },
        "menu": {
            "menu": {"prompt": "ask", "keys": {"1": {"when": "{{ vip }}", "next": "bye"}, "2": "bye"}},
            "failed": "end",
        },
        "bye": {"play": ["ask"], "next": "end"},
        "end": {"hangup": {}},
    }
    definition = centre(nodes)
    drawn = picture(definition, definition.flows[MAIN])
    labels = {(arrow.begin, arrow.end): arrow.label for arrow in drawn.arrows if arrow.usual}
    assert labels["which", "menu"] == "vip and not late"
    assert labels["which", "bye"] == "account.kind in ['silver', 'gold', 'pla…"
    assert labels["which", "end"] == "else"
    assert labels["menu", "bye"] == "1 (vip), 2"
    assert "|\"account.kind in ['silver', 'gold', 'pla…\"|" in mermaid([drawn])
    assert 'label=" vip and not late "' in dot([drawn])
