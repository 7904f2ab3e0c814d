"""Whatever stands in the files, checking them ends with problems and their places, never with a traceback."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_engine.adapters.flow_files import load_centre, parse
from ivr_engine.flows.issues import Issue
from tests.flows.corpus import GOOD, PLACES

NORMS = """main_menu: main_menu
rules: {N-10a1: {most: 2, severity: error}, N-30: {words: [Test Bank]}}
waivers:
  - {rule: N-26, at: main/to_agent, reason: pilot, until: 2027-06-30}
"""
FILES = st.sampled_from(sorted(PLACES.values()))
WORDS = st.sampled_from(
    ["flow", "start", "nodes", "play", "menu", "queue", "next", "end", "main", "{{ x }}", "5s", "*", "name", "keys", ""],
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)
SCRAPS = st.sampled_from(
    [
        "\n",
        "  ",
        "\t",
        ":",
        ": ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        "&a ",
        "*a ",
        "!x ",
        "#",
        "|",
        ">",
        "? ",
        "---\n",
        "{{",
        "010",
        "<<: ",
    ],
)


def check(name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        centre = Path(shutil.copytree(GOOD, Path(folder) / "centre"))
        (centre / name).write_bytes(content)
        loaded = load_centre(centre)
        assert loaded.definition is not None or loaded.issues
        assert all(issue.at.line >= 1 and issue.at.column >= 1 and issue.message for issue in loaded.issues)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_give_a_tree_or_a_problem(content: bytes) -> None:
    issues: list[Issue] = []
    assert parse(content, "f.yaml", issues) is not None or issues


@settings(max_examples=150, deadline=None)
@given(FILES, VALUES)
def test_random_yaml_gives_problems(name: str, tree: object) -> None:
    check(name, yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"))


@settings(max_examples=150, deadline=None)
@given(FILES, st.data())
def test_a_damaged_good_file_gives_problems(name: str, data: st.DataObject) -> None:
    text = (GOOD / name).read_text() if name != "norms.yaml" else NORMS
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(begin, min(len(text), begin + 12)))
        text = text[:begin] + data.draw(SCRAPS | WORDS) + text[end:]
    check(name, text.encode())


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_random_nodes_of_every_kind_give_problems(value: object) -> None:
    kinds = ("play", "menu", "collect", "set", "branch", "request", "queue", "hangup")
    nodes = {f"n{number}": {kind: value, "next": "n0"} for number, kind in enumerate(kinds)}
    check("main.yaml", yaml.safe_dump({"flow": "main", "start": "n0", "nodes": nodes}, allow_unicode=True).encode())
