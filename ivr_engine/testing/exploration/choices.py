"""What the outside could do at a wait: every reply that leads the flow somewhere else, one of each.

Replies are found by trying: candidates are given to a copy of the session, and those with the same consequences count as
one. So a new kind of node is explored without a change here, as long as it waits in a known way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ivr_engine.core.ids import AgentId, FlowName, Millis
from ivr_engine.core.outcomes import GatherEnd, QueueOutcome, RequestOutcome
from ivr_engine.flows.definition import CentreDefinition, Node
from ivr_engine.flows.nodes import asking
from ivr_engine.flows.nodes.serving import TROUBLE
from ivr_engine.flows.waits import (
    Json,
    Keyed,
    KeysWait,
    Played,
    PlayWait,
    QueueLeft,
    QueueWait,
    RecordWait,
    Reply,
    RequestWait,
    ScriptOver,
    ScriptWait,
    TransferOver,
    TransferWait,
    Verified,
    VerifyWait,
    VoiceTaken,
    Wait,
)
from ivr_engine.testing.callers import respond, take
from ivr_engine.testing.exploration.relevance import expressions_in
from ivr_engine.testing.rehearsal.script import Answer, ConversationTest, Presses
from ivr_engine.testing.rehearsal.steps import TRANSFER_ENDS

SINGLE_KEYS: Final = tuple("1234567890*#")
# What the checks of `collect` accept: lengths, card numbers (Luhn), a date, amounts, an identity number, a telephone.
ENTRIES: Final = (
    *("1" * length for length in range(1, 21)),
    "6299990000100015",
    "6299990000000040000",
    "20260302",
    "100",
    "1*50",
    "11010519491231002*",
    "13800138000",
)
WRONG: Final = "*"  # no check accepts it alone
SILENCE: Final = "silence"
SPOKEN_S: Final = 10  # seconds that an explored caller speaks when recorded
MOST_BODIES: Final = 20  # of one operation that are tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One reply, and how a conversation test says it: a line of `steps`, or an answer of a service.

    `stays`: the class of a reply after which the same question comes again; only the same is tried there.
    """

    label: str
    reply: Reply
    keys: int = 0
    step: Json = None
    operation: str = ""
    answer: Json = None
    stays: str = ""
    entry: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Examples:
    """What the centre's tests press and answer: better than anything that could be made up.

    `reroutes`: numbers and the flows that tests send them to; `withheld`: numbers that tests dial without showing their own.
    """

    keys: tuple[str, ...] = ()
    bodies: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)
    reroutes: tuple[tuple[str, FlowName], ...] = ()
    withheld: tuple[str, ...] = ()


def examples_of(tests: Iterable[ConversationTest]) -> Examples:
    """The entries and the answers of the tests, each once; not the answers of tests that expect a fault in the flow."""
    keys: dict[str, None] = {}
    bodies: dict[str, list[Json]] = {}
    played = tuple(tests)
    for test in played:
        keys |= dict.fromkeys(step.keys.rstrip("#") for step in test.steps if isinstance(step, Presses))
        if test.ends is not None and test.ends.faults:
            continue
        for operation, answers in test.answers.items():
            _add(bodies.setdefault(operation, []), answers)
    return Examples(
        keys=tuple(keys),
        bodies={operation: tuple(each) for operation, each in bodies.items()},
        reroutes=tuple(dict.fromkeys((test.number, FlowName(test.reroute)) for test in played if test.reroute)),
        withheld=tuple(dict.fromkeys(test.number for test in played if not test.caller)),
    )


def _add(bodies: list[Json], answers: tuple[Answer, ...]) -> None:
    bodies += [answer.body for answer in answers if answer.body not in bodies]


def candidates(centre: CentreDefinition, node: Node, wait: Wait, examples: Examples) -> Iterator[Choice]:
    """Everything worth trying at a wait; many will have the same consequences."""
    if isinstance(wait, PlayWait):
        yield Choice(label="hears it out", reply=Played())
    elif isinstance(wait, KeysWait):
        yield from _keys(wait, examples)
    elif isinstance(wait, RequestWait | VerifyWait):
        yield from _answers(centre, node, wait, examples)
    elif isinstance(wait, QueueWait):
        yield from _visits(wait)
    else:
        yield from _elsewhere(wait)


def _keys(wait: KeysWait, examples: Examples) -> Iterator[Choice]:
    entries = SINGLE_KEYS if wait.most == 1 else (*examples.keys, *ENTRIES)
    for keys in dict.fromkeys(entries):
        typed = keys if len(keys) >= wait.most else keys + wait.end_key
        keyed, rest = take(wait, wait.typed_ahead + typed)
        if not rest:
            yield Choice(
                label=f"presses {_shown(wait, typed)}",
                entry=keys,
                reply=keyed,
                keys=len(typed),
                step={"press": typed},
                stays="keys",
            )
    if wait.most > 1:
        keyed, _rest = take(wait, wait.typed_ahead + WRONG + wait.end_key)
        typed = WRONG + wait.end_key
        yield Choice(label="presses what is no answer", reply=keyed, keys=len(typed), step={"press": typed}, stays="keys")
    silence = Keyed(keys=wait.typed_ahead, ended=GatherEnd.TIMEOUT)
    yield Choice(label="presses nothing", reply=silence, step="waits", stays=SILENCE)


def _shown(wait: KeysWait, keys: str) -> str:
    return f"{len(keys)} keys" if wait.most > 1 else keys


def _answers(centre: CentreDefinition, node: Node, wait: RequestWait | VerifyWait, examples: Examples) -> Iterator[Choice]:
    operation = f"{wait.service}.{wait.operation}"
    known = examples.bodies.get(operation, ())
    bodies: Sequence[Json] = [body for body in known if not isinstance(body, str)][:MOST_BODIES]
    bodies = bodies or [assumed_body(centre, node)]
    results: list[Json] = [body for body in known if isinstance(body, str)]
    exits = [name for name in node.exits if name not in ("next", *asking.EXITS)]
    for body in (*bodies, *results, *exits, *map(str, TROUBLE)):
        answer = respond(body)
        outcome = "answers" if answer.outcome is RequestOutcome.OK else f"answers {body}"
        verified = isinstance(wait, VerifyWait)
        reply = Verified(subject="explored", locked=False, answer=answer) if verified else answer
        yield Choice(label=f"{operation} {outcome}", reply=reply, operation=operation, answer=body)


CALLERS_OWN: Final = (QueueOutcome.ANSWERED, QueueOutcome.ABANDONED, QueueOutcome.OVERFLOWED, QueueOutcome.FLOWOUT)


def _visits(wait: QueueWait) -> Iterator[Choice]:
    yield Choice(
        label="talks to an agent",
        reply=QueueLeft(outcome=QueueOutcome.ANSWERED, agent=AgentId("agent")),
        step={"agent": "answers"},
    )
    for outcome in QueueOutcome:
        if outcome not in CALLERS_OWN:
            yield Choice(label=f"the queue ends {outcome}", reply=QueueLeft(outcome=outcome), step={"queue": str(outcome)})
    for key in wait.keys:
        left = QueueLeft(outcome=QueueOutcome.FLOWOUT, key=key)
        yield Choice(label=f"presses {key} while waiting", reply=left, keys=1, step={"press": key})


def _elsewhere(wait: RecordWait | TransferWait | ScriptWait) -> Iterator[Choice]:
    if isinstance(wait, RecordWait):
        for seconds in (SPOKEN_S, 0):
            reply = VoiceTaken(name=wait.name, lasted=Millis(seconds * 1_000))
            yield Choice(label=f"speaks for {seconds} s", reply=reply, step={"speaks": f"{seconds}s"})
    elif isinstance(wait, TransferWait):
        for word, outcome in TRANSFER_ENDS.items():
            over = TransferOver(to=wait.to, outcome=outcome)
            yield Choice(label=f"the transfer: {word}", reply=over, step={"transfer": word})
    else:
        values = dict.fromkeys(wait.read, "1")
        yield Choice(label="the script is done", reply=ScriptOver(done=True, values=values), step={"script": {**values}})
        yield Choice(label="the script fails", reply=ScriptOver(done=False, values={}), step={"script": "failed"})


def assumed_body(centre: CentreDefinition, node: Node) -> Json:
    """An answer with every field that the flows read of it; used where no test answers the operation."""
    into = next(iter(node.spec.facts().writes), "")
    body: dict[str, Json] = {}
    for source in _sources(centre):
        for path in re.findall(rf"(?<![\w.]){re.escape(into)}((?:\.[A-Za-z_]\w*)+)", source) if into else ():
            _plant(body, path.split(".")[1:])
    return body


def _plant(body: dict[str, Json], path: list[str]) -> None:
    *outer, last = path
    for name in outer:
        inner = body.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        body = inner
    body.setdefault(last, "1")


def _sources(centre: CentreDefinition) -> Iterator[str]:
    for flow in centre.flows.values():
        for node in flow.nodes.values():
            yield from (each.source for each in expressions_in(node.spec))
