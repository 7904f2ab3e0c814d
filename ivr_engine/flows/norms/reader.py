"""The tree of norms.yaml -> the norms of a centre.

    main_menu: main_menu               # the node's name, in every flow
    unified: ["95500"]                 # the numbers for everything; left out: all
    serves: {complaint: [complaint], transaction: [transfer, bill_pay]}      # flows, or flow/node
    money: [post_order/post]           # the nodes at which money moves
    rules:
      N-10a1: {most: 2, severity: error}
      N-30: {words: [Sample Bank, 示例银行]}
    waivers:
      - {rule: N-10b1, at: main/cards, reason: "new menu with the move of July", until: 2027-06-30}

A rule that is not mentioned has the numbers of `table.RULES`. A waiver without `at` holds everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from ivr_engine.flows import shapes
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.norms.rules import Norms, Rule, Waiver
from ivr_engine.flows.norms.table import RULES
from ivr_engine.flows.norms.ways import Declared
from ivr_engine.flows.shapes import Shape, ShapeFault, taking
from ivr_engine.flows.tree import Mapping as TreeMapping
from ivr_engine.flows.tree import Position, Tree

SERVICES = ("consult", "complaint", "suggestion", "transaction", "recommend", "loss_report")
MOST = 1_000  # highest number a rule can be given
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NormsFile:
    """What norms.yaml says: the norms, and what it tells of the centre.

    `places` and `numbers`: where it names nodes and numbers.
    """

    norms: Norms
    declared: Declared
    places: Mapping[str, Position]
    numbers: Mapping[str, Position]


def read_norms(tree: Tree, issues: list[Issue]) -> NormsFile:
    """The norms of a centre; what is wrong in the file is added to `issues`, and the rule keeps its default."""
    fields = Fields(shapes.read(tree, shapes.as_mapping, TreeMapping(tree.at, ()), issues), issues, where="norms.yaml")
    named: dict[str, Position] = {}
    numbers: dict[str, Position] = {}
    declared = Declared(
        main_menu=fields.name("main_menu", default="main_menu"),
        unified=_noted(fields, "unified", numbers),
        serves=_serves(fields, named),
        money=_noted(fields, "money", named),
    )
    rules = fields.fields("rules")
    adjusted = tuple(_adjusted(rule, rules) for rule in RULES) if rules is not None else RULES
    if rules is not None:
        rules.finish()
    waivers = [_waiver(item, issues) for item in fields.items("waivers")]
    fields.finish()
    norms = Norms(rules=adjusted, waivers=tuple(each for each in waivers if each is not None))
    return NormsFile(norms, declared, named, numbers)


def _serves(fields: Fields, named: dict[str, Position]) -> dict[str, tuple[str, ...]]:
    inner = fields.fields("serves")
    if inner is None:
        return {}
    found = {service: _noted(inner, service, named) for service in SERVICES}
    inner.finish()
    return found


def _noted(fields: Fields, key: str, named: dict[str, Position]) -> tuple[str, ...]:
    """The names of a list, each noted with its place: numbers, or nodes as `flow/node`, or `flow` for its first one."""

    def as_named(tree: Tree) -> str:
        text = shapes.as_filled(tree)
        named.setdefault(text, tree.at)
        return text

    return fields.each(key, Shape(as_named, shapes.as_filled.schema))


def _adjusted(rule: Rule, rules: Fields) -> Rule:
    fields = rules.fields(rule.id)
    if fields is None:
        return rule
    severity = Severity(fields.choice("severity", tuple(Severity), default=rule.severity))
    most = fields.integer("most", default=rule.most, least=1, most=MOST) if rule.most is not None else None
    words = fields.each("words", shapes.as_filled) if rule.words is not None else ()
    fields.finish()
    return replace(rule, severity=severity, most=most, words=words or rule.words)


def _waiver(tree: Tree, issues: list[Issue]) -> Waiver | None:
    before = len(issues)
    mapping = shapes.read(tree, shapes.as_mapping, None, issues)
    if mapping is None:
        return None
    fields = Fields(mapping, issues, where="a waiver")
    waiver = Waiver(
        rule=fields.choice("rule", (rule.id for rule in RULES), default="", required=True),
        subject=fields.text("at"),
        reason=fields.text("reason", required=True),
        until=fields.read("until", as_day, default=date.max, required=True),
        at=tree.at,
    )
    fields.finish()
    return waiver if len(issues) == before else None


@taking(type="string", pattern=f"^{_DAY.pattern}$")
def as_day(tree: Tree) -> date:
    """A day such as 2027-06-30."""
    text = shapes.as_text(tree)
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # no such day in the calendar
    raise ShapeFault(tree.at, "S219", "expected a day such as 2027-06-30")
