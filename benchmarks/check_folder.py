"""Seconds to check a large centre: 200 flows with 10,000 nodes, two languages, norms included.

    python -m benchmarks.check_folder

The centre is written to a temporary folder: every flow greets, has a menu and repeats blocks of play, collect, request and
branch, each with its exits and prompts. What is timed is `load_centre`: reading, shapes, graphs, names across files, norms.
Seconds are of the processor: the work is done in one thread, and what else the machine does must not change the result.

The baseline, measured in the same run, is libyaml going over the same bytes and building nothing (`yaml.parse`): no program
that reads these files with positions can be faster. `ratio` is nodes checked a second over nodes parsed a second; `goal` is
the rate the project asks for, 10,000 nodes in 3 seconds, over the baseline's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time

import yaml

from ivr_engine.adapters.flow_files import load_centre

FLOWS = 200
NODES = 10_000
WANTED = 3.0  # seconds
ROUNDS = 3  # the best counts, the others met the machine's other work
BLOCK = """\
  say_{n}: {{play: [welcome, {{money: "{{{{ account.balance }}}}", currency: CNY}}], next: ask_{n}}}
  ask_{n}:
    collect: {{prompt: enter_card, into: card, digits: 16..19, end_key: "#", check: luhn, secret: true, attempts: 3}}
    next: fetch_{n}
    failed: to_agent
  fetch_{n}:
    request: {{service: host, operation: balance, send: {{card: "{{{{ card }}}}"}}, into: account, timeout: 3s}}
    next: choose_{n}
    exits: {{not_found: ask_{n}}}
    failed: to_agent
  choose_{n}:
    branch: [{{when: "{{{{ account.balance > {n} }}}}", next: {next}}}]
    else: menu_{n}
  menu_{n}:
    menu: {{prompt: main_menu, keys: {{1: {next}, 0: to_agent, "*": menu_{n}}}, timeout: 5s, attempts: 3}}
    failed: to_agent
"""
HEAD = """\
flow: flow_{flow}
start: greeting
nodes:
  greeting: {{play: [welcome], next: main_menu}}
  main_menu:
    menu: {{prompt: main_menu, keys: {{1: say_0, 0: to_agent, "*": main_menu}}, timeout: 5s, attempts: 3}}
    failed: to_agent
"""
TAIL = """\
  to_agent:
    queue: {name: cards, skills: {card: 1}}
    next: bye
    failed: bye
  bye: {play: [goodbye], next: end}
  end: {hangup: {}}
"""
PROMPTS = """\
welcome: "Welcome to Sample Bank."
main_menu: "For your balance, press 1. For an agent, press 0. To repeat, press star."
enter_card: "Please enter your card number."
goodbye: "Goodbye."
"""


def write(folder: Path) -> int:
    """A whole centre; how many nodes it has."""
    (folder / "prompts").mkdir()
    numbers = ", ".join(f'"8{flow:04}": flow_{flow}' for flow in range(FLOWS))
    centre = f"languages: [zh, en]\nnumbers: {{{numbers}}}\nskills: [card]\nqueues: {{cards: {{}}}}\n"
    (folder / "centre.yaml").write_text(centre + 'services: {host: {url: "http://127.0.0.1:1"}}\n')
    (folder / "norms.yaml").write_text("rules: {N-30: {words: [Sample Bank]}}\n")
    for language in ("zh", "en"):
        (folder / f"prompts/{language}.yaml").write_text(PROMPTS)
    blocks = (NODES // FLOWS - 5) // 5
    for flow in range(FLOWS):
        following = [f"say_{n + 1}" if n + 1 < blocks else "bye" for n in range(blocks)]
        body = "".join(BLOCK.format(n=n, next=target) for n, target in enumerate(following))
        (folder / f"flow_{flow}.yaml").write_text(HEAD.format(flow=flow) + body + TAIL)
    return FLOWS * (5 + 5 * blocks)


def contents(folder: Path) -> Iterator[bytes]:
    """The bytes of every file."""
    for path in sorted(folder.rglob("*.yaml")):
        yield path.read_bytes()


def parse_only(folder: Path) -> None:
    """The least: libyaml's events of every file, thrown away."""
    for content in contents(folder):
        for _event in yaml.parse(content, Loader=yaml.CLoader):
            pass


def best(work: Callable[[], None]) -> float:
    """Seconds of the best of some rounds."""
    return min(_round(work) for _ in range(ROUNDS))


def _round(work: Callable[[], None]) -> float:
    began = process_time()
    work()
    return process_time() - began


def check(folder: Path) -> None:
    """The whole check; the centre must be without errors, or something else was measured."""
    loaded = load_centre(folder)
    if loaded.definition is None:
        raise SystemExit("\n".join(str(issue) for issue in loaded.issues[:10]))


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nodes = write(folder)
        size = sum(map(len, contents(folder)))
        parsed, checked = best(lambda: parse_only(folder)), best(lambda: check(folder))
    print(f"{FLOWS} flows, {nodes:,} nodes, {size / 1e6:.1f} MB")
    print(f"libyaml alone   {parsed:6.2f} s   {nodes / parsed:>9,.0f} nodes/s")
    print(f"check           {checked:6.2f} s   {nodes / checked:>9,.0f} nodes/s")
    print(f"wanted          {WANTED:6.2f} s   {NODES / WANTED:>9,.0f} nodes/s")
    ratio, goal = parsed / checked, parsed * nodes / NODES / WANTED
    print(f"check_folder ratio={ratio:.4f} goal={goal:.4f} {'met' if ratio >= goal else 'short'}")


if __name__ == "__main__":
    main()
