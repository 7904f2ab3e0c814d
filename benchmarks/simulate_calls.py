"""Complete calls simulated per second on one core.

    python -m benchmarks.simulate_calls

A complete call is everything from its arrival to its record: welcome, a menu with one wrong key, a card number and its check
digit, an answer of the host, the balance read out, a queue with an offer to an agent, the conversation, one survey key, the
record folded from its events, and the agent's wrap-up. Flow engine, distribution and records are those of the running
engine; only the switch is missing. Ten agents, one caller after the other.

The baseline, measured in the same run, is the least that any such program does on this machine and this Python: the same
number of facts, each a dict that is numbered and kept, and one record counted from them; nothing decides anything. `ratio`
is the simulation's rate over the baseline's; `goal` is the rate the project asks for, 3,000 calls/s, over the baseline's.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from itertools import count
from time import process_time

from ivr_engine.acd.effects import CentreEffect, RingAgent
from ivr_engine.acd.stimuli import CallEntered, ConversationOver, LogIn, OfferAnswered, SetReady
from ivr_engine.cli.app import COLLECT_AFTER
from ivr_engine.core.ids import AgentId, CallId, Millis, QueueName, SkillName
from ivr_engine.core.outcomes import EndedBy, GatherEnd, QueueOutcome, RequestOutcome
from ivr_engine.flows.definition import AgentDefinition, QueueDefinition
from ivr_engine.flows.session import Turn
from ivr_engine.flows.waits import Keyed, Played, QueueLeft, QueueWait, Reply, Responded
from ivr_engine.testing.builders import centre
from ivr_engine.testing.stage import Stage

WANTED = 3_000  # calls a second
SECONDS = 1.0  # of processor time, of each measurement: the machine may have other work
ROUNDS = 5  # of which the best counts
BATCH = 50  # calls on one stage; its journal is then dropped

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
    "say": {"play": ["is", {"money": "{{ account.balance }}"}], "next": "agent"},
    "agent": {"queue": {"name": "cards", "skills": {"card": 3}}, "next": "survey", "failed": "bye"},
    "survey": {
        "menu": {"prompt": "rate", "keys": {"1": {"set": {"rating": "good"}, "next": "bye"}}, "attempts": 1},
        "failed": "bye",
    },
    "bye": {"play": ["goodbye"], "next": "end"},
    "end": {"hangup": {}},
}
BEFORE: tuple[tuple[Reply, Millis], ...] = (
    (Played(), Millis(3_000)),
    (Keyed(keys="7", ended=GatherEnd.COMPLETE), Millis(4_000)),
    (Keyed(keys="1", ended=GatherEnd.COMPLETE), Millis(4_000)),
    (Keyed(keys="6222020200112230", ended=GatherEnd.END_KEY), Millis(12_000)),
    (Responded(outcome=RequestOutcome.OK, body={"balance": "1234.50"}), Millis(200)),
    (Played(), Millis(3_000)),
)
AFTER: tuple[tuple[Reply, Millis], ...] = (
    (Keyed(keys="1", ended=GatherEnd.COMPLETE), Millis(4_000)),
    (Played(), Millis(2_000)),
)
TALK = Millis(120_000)
RING = Millis(3_000)
FACTS_OF_A_CALL = 33
CARDS = QueueName("cards")
AGENTS = {
    AgentId(str(number)): AgentDefinition(
        agent=AgentId(str(number)), name="", phone=str(number), skills={SkillName("card"): 5}, queues=(CARDS,)
    )
    for number in range(10)
}
DEFINITION = centre(NODES, agents=AGENTS, answers=("rating",), queues={CARDS: QueueDefinition(name=CARDS)})


def open_stage() -> Stage:
    """A stage whose agents are ready."""
    stage = Stage(DEFINITION, round_trip=False)
    for agent in AGENTS:
        stage.decide(LogIn(agent=agent))
        stage.decide(SetReady(agent=agent))
    return stage


def serve(stage: Stage, call: CallId) -> None:
    """One call from arrival to record."""
    turn = _replies(stage, stage.arrive(call, number="95500", caller="13800138000"), BEFORE)
    wait = turn.wait
    assert isinstance(wait, QueueWait)
    ring = _ringing(
        stage.decide(
            CallEntered(call=call, queue=wait.queue, needs=wait.needs, priority=wait.priority, language=wait.language)
        )
    )
    stage.advance(RING)
    stage.decide(OfferAnswered(offer=ring.offer))
    stage.advance(TALK)
    stage.decide(ConversationOver(call=call, ended_by=EndedBy.AGENT, talked=TALK))
    turn = stage.reply(turn.session, QueueLeft(outcome=QueueOutcome.ANSWERED, agent=ring.agent))
    _replies(stage, turn, AFTER)


def _replies(stage: Stage, turn: Turn, replies: Iterable[tuple[Reply, Millis]]) -> Turn:
    for reply, took in replies:
        stage.advance(took)
        turn = stage.reply(turn.session, reply)
    return turn


def _ringing(effects: tuple[CentreEffect, ...]) -> RingAgent:
    (ring,) = effects
    assert isinstance(ring, RingAgent)
    return ring


def simulated() -> int:
    """A batch of calls on one stage; how many have their record."""
    stage = open_stage()
    for number in range(BATCH):
        serve(stage, CallId(f"call-{number}"))
    return len(stage.records)


def bare() -> int:
    """A batch of the least that could be called a call."""
    numbers = count(1)
    journal: list[dict[str, int]] = []
    records: dict[int, int] = {}
    for call in range(BATCH):
        journal += [
            {"sequence": next(numbers), "call": call, "type": fact, "at": fact * 1_000} for fact in range(FACTS_OF_A_CALL)
        ]
        records[call] = len(journal)
    return len(records)


def rate(batch: Callable[[], int]) -> float:
    """Calls per second: the best of some rounds."""
    return max(_round(batch) for _ in range(ROUNDS))


def _round(batch: Callable[[], int]) -> float:
    calls, began = 0, process_time()
    while (took := process_time() - began) < SECONDS / ROUNDS:
        calls += batch()
    return calls / took


def main() -> None:
    """Measure and print."""
    gc.set_threshold(*COLLECT_AFTER)  # as every command does
    stage = open_stage()
    before = len(stage.journal)
    serve(stage, CallId("one"))
    least, calls = rate(bare), rate(simulated)
    print(f"facts of one call             {len(stage.journal) - before:>12}")
    print(f"bare facts and a count        {least:>12,.0f} calls/s")
    print(f"simulated                     {calls:>12,.0f} calls/s   {1e6 / calls:.0f} us a call")
    print(f"wanted                        {WANTED:>12,.0f} calls/s   that is {WANTED / least:.4f} of the bare facts")
    ratio, goal = calls / least, WANTED / least
    print(f"simulate_calls ratio={ratio:.4f} goal={goal:.4f} {'met' if ratio >= goal else 'short'}")


if __name__ == "__main__":
    main()
