"""A small centre and a way to play tests in it that stand in the test itself."""

from __future__ import annotations

import textwrap

from ivr_engine.adapters.flow_files import parse
from ivr_engine.core.ids import AgentId, Language, Millis, QueueName, SkillName
from ivr_engine.flows.definition import AgentDefinition, CentreDefinition, QueueDefinition
from ivr_engine.flows.issues import Issue
from ivr_engine.testing.builders import centre
from ivr_engine.testing.rehearsal.outcome import Result
from ivr_engine.testing.rehearsal.performance import perform
from ivr_engine.testing.rehearsal.reader import name_twice, read_tests

NODES: dict[str, object] = {
    "hello": {"play": ["welcome"], "next": "menu"},
    "menu": {
        "menu": {"prompt": "menu", "keys": {"1": "pin", "0": "agent", "9": "wrong"}, "attempts": 2},
        "failed": "bye",
    },
    "pin": {"collect": {"prompt": "enter_pin", "into": "pin", "digits": 4, "secret": True}, "next": "ask", "failed": "bye"},
    "ask": {
        "request": {"service": "host", "operation": "get", "send": {"pin": "{{ pin }}"}, "into": "account"},
        "next": "say",
        "exits": {"wrong_pin": "pin"},
        "failed": "agent",
    },
    "say": {"play": ["is", {"money": "{{ account.sum }}"}], "next": "bye"},
    "agent": {"queue": {"name": "cards", "skills": {"card": 3}}, "next": "bye", "failed": "sorry"},
    "wrong": {"set": {"x": "{{ len(1) }}"}, "next": "bye"},
    "sorry": {"play": {"prompts": ["sorry"], "barge_in": False}, "next": "bye"},
    "bye": {"play": ["goodbye"], "next": "end"},
    "end": {"hangup": {}},
}


def _agent(name: str, level: int) -> AgentDefinition:
    skills = {SkillName("card"): level}
    return AgentDefinition(agent=AgentId(name), name=name, phone=name, skills=skills, queues=(QueueName("cards"),))


def bank(**parts: object) -> CentreDefinition:
    cards = QueueDefinition(name=QueueName("cards"), max_wait=Millis(60_000), max_length=2, announce_position=None)
    values: dict[str, object] = {
        "languages": (Language("en"),),
        "queues": {cards.name: cards},
        "agents": {name: _agent(name, level) for name, level in ((AgentId("1"), 5), (AgentId("2"), 3))},
        "answers": ("x",),
    }
    return centre(NODES, **values | parts)


def read(text: str, definition: CentreDefinition | None = None) -> tuple[list[str], tuple[Result, ...]]:
    """The problems as `line:column CODE`, and each test played if there are none."""
    issues: list[Issue] = []
    definition = definition or bank()
    tree = parse(textwrap.dedent(text).strip().encode() + b"\n", "t.yaml", issues)
    tests = read_tests(tree, definition, issues) if tree is not None else ()
    issues += name_twice(tests)
    problems = [f"{issue.at.line}:{issue.at.column} {issue.code}" for issue in issues]
    return problems, () if problems else tuple(perform(definition, test) for test in tests)


def play(steps: str, *, header: str = "", ends: str = "", definition: CentreDefinition | None = None) -> Result:
    """One test with these steps, which stand from line 4 on."""
    text = f"test: it\nnumber: '95500'\nsteps:\n{textwrap.indent(textwrap.dedent(steps).strip(), '  ')}\n"
    problems, results = read(f"{text}{header}\n{ends and f'ends: {ends}'}\n", definition)
    assert problems == []
    return results[0]
