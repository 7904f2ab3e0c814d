"""Work of other kinds in the centre's files: what they say reaches the core, and a call never a queue of messages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ivr_engine.adapters.flow_files import load_centre
from ivr_engine.core.ids import VOICE, AgentId, WorkKind
from ivr_engine.services.centre_config import policies_of, profiles_of, rules_of
from tests.flows.corpus import GOOD

MESSAGE = WorkKind("message")
CENTRE = """
name: Test Bank
languages: [zh, en]
numbers: {"95500": main}
skills: [card, loan]
services: {host: {url: "http://127.0.0.1:18080"}}
outbound: ["1"]
queues:
  cards: {}
  chat: {kind: message}
routing: {capacity: {message: 2}, beside_voice: [message, message]}
"""
AGENTS = """
agents:
  "1001": {name: Li Wei, skills: {card: 5}, queues: [cards, chat], capacity: {message: 3}}
  "1002": {name: Ann Lee, skills: {card: 1}, queues: [cards, chat]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The good centre, with a queue of messages."""
    made = tmp_path / "centre"
    shutil.copytree(GOOD, made)
    (made / "centre.yaml").write_text(CENTRE)
    (made / "agents.yaml").write_text(AGENTS)
    return made


def test_what_the_files_say_of_kinds_reaches_the_core(folder: Path) -> None:
    loaded = load_centre(folder)
    assert loaded.issues == ()
    assert loaded.definition is not None
    assert [policy.kind for policy in policies_of(loaded.definition)] == [VOICE, MESSAGE]
    rooms = {profile.agent: profile.capacity for profile in profiles_of(loaded.definition)}
    assert rooms == {AgentId("1001"): {MESSAGE: 3}, AgentId("1002"): {MESSAGE: 2}}
    assert rules_of(loaded.definition).beside_voice == (MESSAGE,)


def test_no_callback_is_booked_in_a_queue_of_messages(folder: Path) -> None:
    flow = "flow: main\nstart: book\nnodes:\n  book: {callback: {queue: chat, number: '13'}, next: end, failed: end}\n"
    (folder / "main.yaml").write_text(flow + "  end: {hangup: {}}\n")
    problems = [issue for issue in load_centre(folder).issues if issue.code == "R438"]
    assert [(Path(issue.at.file).name, issue.at.line) for issue in problems] == [("main.yaml", 4)]
    assert "the queue chat is of the kind message and takes no calls" in str(problems[0].message)
