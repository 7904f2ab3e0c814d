"""Flow turns per second on one core.

    python -m benchmarks.flow_turns

A turn is one `begin` or `resume`: from a reply to the next wait, with all its events. The call walked here greets, offers a
menu (one wrong key), collects and checks a card number, asks a service, says an amount, branches, queues and says goodbye.

The baseline, measured in the same run, is the least that any such program does on this machine and this Python: a table of
functions, each looks at a reply and names the next state; no events, no expressions, nothing that could be stored or
explained. `ratio` is the engine's rate over the baseline's; `goal` is the rate the project asks for, 50,000 turns/s, over
the baseline's. Both shrink and grow together with the machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from time import perf_counter

from ivr_engine.core.ids import AgentId
from ivr_engine.core.outcomes import GatherEnd, QueueOutcome, RequestOutcome
from ivr_engine.flows.engine import begin, resume
from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.waits import Keyed, Played, QueueLeft, Reply, Responded
from ivr_engine.testing.builders import MAIN, call_facts, centre
from ivr_engine.testing.clock import START

WANTED = 50_000  # turns a second
SECONDS = 0.5  # of each measurement
ROUNDS = 5  # measurements; the best counts, the others met the machine's other work

NODES: dict[str, dict[str, object]] = {
    "greeting": {"play": ["welcome"], "next": "menu"},
    "menu": {"menu": {"prompt": "menu", "keys": {"1": "card", "0": "agent"}}, "failed": "agent"},
    "card": {
        "collect": {"prompt": "enter", "into": "card", "digits": "16..19", "check": "luhn", "secret": True},
        "next": "ask",
        "failed": "agent",
    },
    "ask": {
        "request": {"service": "host", "operation": "balance", "send": {"card": "{{ card }}"}, "into": "account"},
        "next": "say",
        "failed": "agent",
    },
    "say": {"play": ["is", {"money": "{{ account.balance }}"}], "next": "count"},
    "count": {"set": {"asked": "{{ default(asked, 0) + 1 }}"}, "next": "vip"},
    "vip": {"branch": [{"when": "{{ account.vip }}", "next": "agent"}], "else": "agent"},
    "agent": {
        "queue": {"name": "cards", "skills": {"card": 3}, "priority": "{{ 50 if account.vip else 0 }}"},
        "next": "bye",
    },
    "bye": {"play": ["goodbye"], "next": "end"},
    "end": {"hangup": {}},
}
REPLIES: tuple[Reply, ...] = (
    Played(),
    Keyed(keys="7", ended=GatherEnd.COMPLETE),
    Keyed(keys="1", ended=GatherEnd.COMPLETE),
    Keyed(keys="6222020200112230", ended=GatherEnd.END_KEY),
    Responded(outcome=RequestOutcome.OK, body={"balance": "1234.50", "vip": True}),
    Played(),
    QueueLeft(outcome=QueueOutcome.ANSWERED, agent=AgentId("1001")),
    Played(),
)
TURNS = len(REPLIES) + 1
DEFINITION = centre(NODES)


def engine_call() -> None:
    """One call through the engine."""
    turn = begin(DEFINITION, call_facts(), MAIN, START)
    for reply in REPLIES:
        turn = resume(DEFINITION, turn.session, reply, START)


def stored_call() -> None:
    """The same with the session written as JSON and read back after every turn."""
    session = begin(DEFINITION, call_facts(), MAIN, START).session
    for reply in REPLIES:
        session = from_plain(json.loads(json.dumps(to_plain(session))))
        resume(DEFINITION, session, reply, START)


Table = dict[int, Callable[[dict[str, int], Reply], int]]


def _bare_state(number: int) -> Callable[[dict[str, int], Reply], int]:
    def handle(state: dict[str, int], reply: Reply) -> int:
        if isinstance(reply, Keyed) and reply.keys == "7":
            state["wrong"] = state.get("wrong", 0) + 1
        return number + 1

    return handle


TABLE: Table = {number: _bare_state(number) for number in range(TURNS)}


def bare_call() -> None:
    """One call through the bare table."""
    state: dict[str, int] = {}
    at = 0
    for reply in REPLIES:
        at = TABLE[at](state, reply)


def rate(call: Callable[[], None]) -> float:
    """Turns per second: the best of some rounds."""
    return max(_round(call) for _ in range(ROUNDS))


def _round(call: Callable[[], None]) -> float:
    calls, began = 0, perf_counter()
    while (took := perf_counter() - began) < SECONDS / ROUNDS:
        for _ in range(50):
            call()
        calls += 50
    return calls * TURNS / took


def main() -> None:
    """Measure and print."""
    bare, engine, stored = rate(bare_call), rate(engine_call), rate(stored_call)
    print(f"bare table of functions       {bare:>12,.0f} turns/s")
    print(f"flow engine                   {engine:>12,.0f} turns/s   {1e6 / engine:.1f} us a turn")
    print(f"... session stored each turn  {stored:>12,.0f} turns/s   {1e6 / stored:.1f} us a turn")
    print(f"wanted                        {WANTED:>12,.0f} turns/s   that is {WANTED / bare:.4f} of the bare table")
    ratio, goal = engine / bare, WANTED / bare
    print(f"flow_turns ratio={ratio:.4f} goal={goal:.4f} {'met' if ratio >= goal else 'short'}")


if __name__ == "__main__":
    main()
