"""docs/flow-language.md is held to the engine: every example is read and checked, every limit and code it names exists."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from ivr_engine.adapters.flow_files.yaml_tree import parse
from ivr_engine.flows import limits
from ivr_engine.flows.definition import Flow
from ivr_engine.flows.expression_values import Fault
from ivr_engine.flows.flow_reader import read_flow
from ivr_engine.flows.graph import check_graph, targets
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.nodes import KINDS
from ivr_engine.flows.tree import Mapping
from ivr_engine.flows.walk import ENGINE_PROMPTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "flow-language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def read(text: str) -> tuple[Flow | None, list[Issue]]:
    issues: list[Issue] = []
    tree = parse(text.encode(), "page.yaml", issues)
    assert isinstance(tree, Mapping), issues
    return read_flow(tree, issues), issues


def whole(nodes: str) -> str:
    """A flow file of these nodes; a node they lead to without showing it hangs up."""
    start, _, _ = nodes.partition(":")
    text = f"flow: main\nstart: {start}\nnodes:\n{textwrap.indent(nodes, '  ')}"
    flow, issues = read(text)
    assert flow is not None, issues
    missing = {target for node in flow.nodes.values() for target in targets(node).values()} - flow.nodes.keys()
    return text + "".join(f"  {name}: {{hangup: {{}}}}\n" for name in sorted(missing))


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.split(":")[0] for example in EXAMPLES])
def test_every_example_of_the_page_is_sound(example: str) -> None:
    flow, issues = read(example if example.startswith("flow:") else whole(example))
    assert issues == []
    assert flow is not None
    found = check_graph(flow, lambda node, _word: node.at)
    assert [issue for issue in found if issue.severity is Severity.ERROR] == []


def test_every_kind_has_its_chapter_and_example() -> None:
    for kind in KINDS:
        assert f"\n## {kind}: " in PAGE
        assert any(re.search(rf"\b{kind}: ?[\[{{\n]", example) for example in EXAMPLES)


def test_every_code_of_a_fault_is_explained() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "ivr_engine" / "flows").rglob("*.py")]
    codes = {
        code
        for source in sources
        for code in re.findall(r'NodeFault\(\s*"([a-z_]+)"|code="([a-z_]+)"', source)
        for code in code
    }
    for code in {*codes, *map(str, Fault)} - {""}:
        assert f"`{code}`" in PAGE, code


def test_the_limits_and_prompts_on_the_page_are_those_in_force() -> None:
    numbers = (
        f"{limits.NODES_PER_TURN} nodes without a wait",
        f"{limits.ATTEMPTS} attempts",
        f"{limits.KEYS} keys in one entry",
        f"{limits.TYPED_AHEAD} keys typed ahead",
        f"{limits.PROMPTS} things said",
        f"{limits.SENT_VALUES} values sent",
        f"{limits.VARIABLES} variables",
        f"{limits.QUESTIONS} questions in one survey",
        f"{limits.FLOWS_DEEP} flows at once",
        f"{limits.TEXT_CHARS:,} characters of text",
        f"{limits.VALUE_SIZE:,} characters or items",
        f"text of at most {limits.ANSWER_CHARS} characters",
        f"time-outs up to {limits.TIMEOUT // 60_000} minutes",
    )
    flat = " ".join(PAGE.split())
    for words in (*numbers, *(f"`{name}`" for name in ENGINE_PROMPTS)):
        assert words in flat, words
