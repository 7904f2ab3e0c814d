"""The parts of centre.yaml that say how callers and agents are brought together: `queues` and `routing`.

queues:
  cards:
    ring: 15s                      # how long one agent's telephone rings
    wrap_up: 10s                   # an agent's time after a conversation
    wrap_up_most: 60s              # up to which it can be extended; left out: not at all
    max_wait: 10m                  # or `never`, the default: no limit
    max_length: 100                # waiting callers; no limit when left out
    announce_position: 30s         # how often; `never` for not at all
    strategy: most_idle            # who of several free agents is offered the call
    priority_worth: 30s            # how much waiting one point of priority makes up for; or `strict`
    rate: 4                        # for the call rule `accumulating`
    share: 40                      # percent, for the call rule `share`
    calendar: agents               # closed outside these hours
    staffed_only: true             # whom nobody at work could ever take leaves as unstaffed
    leave_unstaffed: true          # ... also while waiting, when the last who could logs out
    leave_closed: true             # who waits when the calendar closes the queue leaves as closed
    relax:                         # what a caller asks for less of, the longer the wait
      - {after: 30s, lower: {cards: 2}}
      - {after: 60s, drop: [english], also: [general]}
    overflow: {full: general, timeout: general}
    music: default
    whisper: [cards_call]          # prompts that the agent hears before the caller
    code: "81"                     # what agents dial to pass a caller on to it
    kind: voice                    # of all the work of the queue; other kinds than calls come from a channel of their own
    # what waiting callers are told, and callbacks: see flows.waiting_reader

routing:
  call_rule: place                 # which waiting call a freed agent takes
  reserve: {english: 1}            # free agents kept from calls that do not ask for the skill
  pause_reasons: [lunch, training] # the only ones that may be given; any when left out
  capacity: {message: 3}           # how much work of a kind an agent takes at a time; 1 when left out
  beside_voice: [message]          # kinds that may be offered to an agent who talks; none when left out
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr_engine.core.ids import VOICE, Millis, QueueName, SkillName, WorkKind
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.flows.definition import PLAIN_ROUTING, QueueDefinition, RelaxDefinition, RoutingDefinition
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.shapes import Shape, as_mapping, as_name, matching, one_of, read, span, taking, whole
from ivr_engine.flows.tree import Mapping as MappingTree
from ivr_engine.flows.tree import Scalar, Tree
from ivr_engine.flows.waiting_reader import read_waiting

STRATEGIES = (
    "most_idle",  # the default: docs/acd.md has the figures
    "longest_idle",
    "best_skill",
    "least_skilled",
    "round_robin",
    "fewest_calls",
    "top_down",
    "fastest",
)
CALL_RULES = ("place", "accumulating", "share", "level")
OVERFLOWS = (QueueOutcome.TIMEOUT, QueueOutcome.FULL, QueueOutcome.CLOSED, QueueOutcome.UNSTAFFED)
LOWEST_LEVEL, HIGHEST_LEVEL = 1, 10
MOST_AT_A_TIME = 20
_DAY = Millis(24 * 3_600_000)
_MUSIC = matching(re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII), "letters, digits, _ and -, at most 32")
as_code = matching(re.compile(r"[0-9]{1,8}", re.ASCII), "what agents dial for it: 1 to 8 digits")
_REASON = matching(re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII), "a code: small letters, digits and _, at most 32")
_level = whole(LOWEST_LEVEL, HIGHEST_LEVEL)


def read_queue(fields: Fields, name: str) -> QueueDefinition:
    """One queue."""
    wrap_up = fields.span("wrap_up", default=Millis(10_000), most=Millis(3_600_000))
    calendar, leave_closed, overflow = fields.name("calendar"), fields.boolean("leave_closed"), _overflow(fields)
    if not calendar:
        _never_closes(fields, leave_closed=leave_closed, overflow=overflow)
    return QueueDefinition(
        name=QueueName(name),
        ring=fields.span("ring", default=Millis(15_000), least=Millis(1_000), most=Millis(300_000)),
        wrap_up=wrap_up,
        wrap_up_most=_wrap_up_most(fields, wrap_up),
        max_wait=fields.read("max_wait", _span_or("never", None, least=Millis(1_000)), default=None),
        max_length=fields.integer("max_length", default=None, least=0, most=100_000),
        strategy=fields.choice("strategy", STRATEGIES, default=STRATEGIES[0]),
        music=fields.read("music", _MUSIC, default="default"),
        announce_position=fields.read(
            "announce_position", _span_or("never", None, least=Millis(5_000)), default=Millis(30_000)
        ),
        priority_worth=fields.read("priority_worth", _span_or("strict", None), default=Millis(30_000)),
        rate=fields.integer("rate", default=1, least=1, most=1_000),
        share=fields.integer("share", default=0, most=100),
        calendar=calendar,
        staffed_only=fields.boolean("staffed_only"),
        leave_unstaffed=fields.boolean("leave_unstaffed"),
        leave_closed=leave_closed,
        whisper=fields.each("whisper", as_name),
        code=fields.read("code", as_code, default=""),
        relax=_relax(fields),
        overflow=overflow,
        kind=WorkKind(fields.name("kind", default=VOICE)),
        waiting=read_waiting(fields, span_or_never=_span_or("never", None, least=Millis(5_000))),
    )


def _span_or(word: str, meaning: Millis | None, *, least: Millis = Millis(0)) -> Shape[Millis | None]:
    as_span = span(least, _DAY)

    @taking(anyOf=(as_span.schema, {"const": word}))
    def as_span_or(tree: Tree) -> Millis | None:
        return meaning if isinstance(tree, Scalar) and tree.text == word else as_span(tree)

    return as_span_or


def _wrap_up_most(fields: Fields, wrap_up: Millis) -> Millis | None:
    most = fields.span("wrap_up_most", default=None, most=Millis(3_600_000))
    if most is not None and most < wrap_up:
        message = "`wrap_up_most` is shorter than `wrap_up`; it says how long a wrap-up may be made"
        fields.error("S323", message, at=fields.place("wrap_up_most"))
    return most


def _never_closes(fields: Fields, *, leave_closed: bool, overflow: Mapping[QueueOutcome, QueueName]) -> None:
    """What is to happen at closing time, of a queue that has none."""
    given = [("leave_closed", "leave_closed")] if leave_closed else []
    given += [("overflow", "overflow: closed")] if QueueOutcome.CLOSED in overflow else []
    for key, shown in given:
        message = (
            "`$given` does nothing without a `calendar`: this queue never closes. Give it a `calendar`, or remove `$given`"
        )
        fields.error("S325", Message.of(message, given=shown), at=fields.place(key))


def _relax(fields: Fields) -> tuple[RelaxDefinition, ...]:
    steps: list[RelaxDefinition] = []
    for item in fields.items("relax"):
        inner = Fields(read(item, as_mapping, MappingTree(item.at, ()), fields.issues), fields.issues, where="relax")
        after = inner.span("after", default=Millis(0), least=Millis(1_000), most=_DAY, required=True)
        if steps and after <= steps[-1].after:
            inner.error("S324", "the steps of `relax` come one after another: give this one a later `after`")
        steps.append(
            RelaxDefinition(
                after=after,
                lower={SkillName(name): level for name, level in inner.mapping_of("lower", _level).items()},
                drop=inner.each("drop", as_name),
                also=tuple(map(QueueName, inner.each("also", as_name))),
            )
        )
        inner.finish()
    return tuple(steps)


def _overflow(fields: Fields) -> dict[QueueOutcome, QueueName]:
    inner = fields.fields("overflow")
    if inner is None:
        return {}
    given = {outcome: inner.name(str(outcome)) for outcome in OVERFLOWS}
    inner.finish()
    return {outcome: QueueName(name) for outcome, name in given.items() if name}


def read_capacity(fields: Fields) -> dict[WorkKind, int]:
    """How much work of each kind at a time."""
    return {WorkKind(kind): room for kind, room in fields.mapping_of("capacity", whole(1, MOST_AT_A_TIME)).items()}


def read_routing(centre: Fields) -> RoutingDefinition:
    """What holds for all queues."""
    fields = centre.fields("routing")
    if fields is None:
        return PLAIN_ROUTING
    routing = RoutingDefinition(
        call_rule=fields.read("call_rule", one_of(*CALL_RULES), default=CALL_RULES[0]),
        reserve={SkillName(name): kept for name, kept in fields.mapping_of("reserve", whole(1, 10_000)).items()},
        pause_reasons=tuple(dict.fromkeys(fields.each("pause_reasons", _REASON))),
        capacity=read_capacity(fields),
        beside_voice=tuple(dict.fromkeys(map(WorkKind, fields.each("beside_voice", as_name)))),
    )
    fields.finish()
    return routing
