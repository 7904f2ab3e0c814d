"""A bank whose callers stay in the state they were sent to: one number for each, so that faults meet every state at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

MENU, DESK, SECRET, STORY, REQUEST, LINE, COUNTER = (f"7000{n}" for n in range(1, 8))
"""Numbers: a menu; the desk, whose talks are long; a secret entry; a long prompt; a request that hangs; the line, which waits
until agents come at the end; the counter, whose agents answer late and talk briefly."""

FLOWS: Mapping[str, str] = {
    "menus": """
  ask:
    menu: {prompt: words, keys: {1: ask, 2: end}, timeout: 60s, attempts: 9}
    failed: ask
  end: {hangup: {}}
""",
    "secrets": """
  ask:
    collect: {prompt: words, into: pin, digits: 6, end_key: "#", timeout: 60s, secret: true, attempts: 9}
    next: ask
    failed: end
  end: {hangup: {}}
""",
    "stories": """
  ask: {play: [story, story, story], next: more}
  more:
    menu: {prompt: words, keys: {1: ask, 2: end}, timeout: 1s, attempts: 1}
    failed: ask
  end: {hangup: {}}
""",
    "requests": """
  ask:
    request: {service: host, operation: balance, send: {card: "1"}, into: account, timeout: 5s}
    next: end
    failed: busy
  busy: {play: [words], next: ask}
  end: {hangup: {}}
""",
    **{
        queue: f"""
  ask:
    queue: {{name: {queue}, skills: {{service: 1}}}}
    next: end
    exits: {{timeout: end, full: end, closed: end, unstaffed: end}}
    failed: end
  end: {{hangup: {{}}}}
"""
        for queue in ("desk", "line", "counter")
    },
}
CENTRE = """name: nemesis-bank
languages: [en]
numbers: {{"{}": menus, "{}": desk, "{}": secrets, "{}": stories, "{}": requests, "{}": line, "{}": counter}}
skills: [service]
queues:
  desk: {{ring: 15s, wrap_up: 0s, max_wait: never, announce_position: never}}
  line: {{ring: 15s, wrap_up: 0s, max_wait: never, announce_position: 15s}}
  counter: {{ring: 5s, wrap_up: 1s, max_wait: never, announce_position: never}}
services:
  host: {{url: "{}", timeout: 20s}}
"""
PROMPTS = """words: "Please."
story: "Once upon a time there was a bank which told all its callers a story that took a good while to be told."
one_moment: "One moment."
queue_position: "Number"
fallback_greeting: "Hold."
fallback_goodbye: "Bye."
agent_done: "Done."
agent_refused: "No."
invalid_key: "No."
no_input: "Nothing."
"""


def agents_of(desk: int, counter: int) -> dict[str, str]:
    """Queues by agent: `desk` agents who talk long, `counter` who are quick, and one for the line."""
    long = {f"1{n:03}": "desk" for n in range(1, desk + 1)}
    quick = {f"2{n:03}": "counter" for n in range(1, counter + 1)}
    return {**long, **quick, "3001": "line"}


def write_bank(folder: Path, host_url: str, agents: Mapping[str, str]) -> None:
    """The bank's files in the folder's `bank`."""
    bank = folder / "bank"
    (bank / "prompts").mkdir(parents=True)
    numbers = (MENU, DESK, SECRET, STORY, REQUEST, LINE, COUNTER)
    (bank / "centre.yaml").write_text(CENTRE.format(*numbers, host_url), encoding="utf-8")
    for flow, nodes in FLOWS.items():
        (bank / f"{flow}.yaml").write_text(f"flow: {flow}\nstart: ask\nnodes:{nodes}", encoding="utf-8")
    (bank / "prompts" / "en.yaml").write_text(PROMPTS, encoding="utf-8")
    lines = [
        f'  "{agent}": {{name: A{agent}, phone: agent{agent}, skills: {{service: 5}}, queues: [{queue}], languages: [en]}}'
        for agent, queue in agents.items()
    ]
    (bank / "agents.yaml").write_text("\n".join(["agents:", *lines, ""]), encoding="utf-8")
