"""The fourth look, at the centre as its callers meet it: the rules of good service that a file can be held to.

    file = read_norms(tree, issues)
    judged = judge(centre, file, language_places={...}, calendar_places={...}, today=date(2026, 3, 2))

Rules are functions listed in `table.RULES`; they see a centre as `ways.Ways`, one graph over all its flows, and ask nodes
for nothing but their facts, so a new kind of node is judged without a change here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ivr_engine.core.ids import Language
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.fields import unknown
from ivr_engine.flows.issues import Issue, Severity
from ivr_engine.flows.messages import Message
from ivr_engine.flows.norms.reader import NormsFile, read_norms
from ivr_engine.flows.norms.rules import Waiver
from ivr_engine.flows.norms.ways import Ways
from ivr_engine.flows.tree import Position

__all__ = ["EXPIRED", "Judged", "NormsFile", "judge", "read_norms"]

EXPIRED = "N001"
"""The one error that does not keep a centre from use: a date alone takes no number out of service overnight."""


UNKNOWN = "N003"
"""norms.yaml names what the centre has not."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The problems found, and those that a waiver covers."""

    issues: tuple[Issue, ...]
    waived: tuple[Issue, ...]


def judge(
    centre: CentreDefinition,
    file: NormsFile,
    *,
    language_places: Mapping[Language, Position],
    calendar_places: Mapping[str, Position],
    today: date,
) -> Judged:
    """Hold a centre without other errors to its norms, as of a day. The places are where centre.yaml gives each."""
    ways = Ways(
        centre,
        declared=file.declared,
        language_places=language_places,
        calendar_places=calendar_places,
        today=today,
    )
    unknown = [*_unknown_places(ways, file), *_unknown_numbers(centre, file)]
    found = list(_breaches(ways, file))
    covered = {waiver for waiver, _issue in found if waiver is not None}
    waived = tuple(issue for waiver, issue in found if waiver is not None)
    open_ = [issue for waiver, issue in found if waiver is None]
    return Judged((*unknown, *open_, *_about_waivers(file.norms.waivers, covered, today)), waived)


def _unknown_places(ways: Ways, file: NormsFile) -> Iterator[Issue]:
    for name, at in file.places.items():
        if ways.spot(name) is None:
            message = Message.of("there is no flow or node `$name`; write `flow`, or `flow/node`", name=name)
            yield Issue(at=at, severity=Severity.ERROR, code=UNKNOWN, message=message)


def _unknown_numbers(centre: CentreDefinition, file: NormsFile) -> Iterator[Issue]:
    for number, at in file.numbers.items():
        if number not in centre.numbers:
            yield Issue(at=at, severity=Severity.ERROR, code=UNKNOWN, message=unknown("number", number, centre.numbers))


def _breaches(ways: Ways, file: NormsFile) -> Iterator[tuple[Waiver | None, Issue]]:
    for rule in file.norms.rules:
        for breach in rule.check(ways, rule):
            issue = Issue(at=breach.at, severity=rule.severity, code=rule.id, message=breach.message)
            yield next((waiver for waiver in file.norms.waivers if waiver.covers(rule.id, breach.subject)), None), issue


def _about_waivers(waivers: tuple[Waiver, ...], covered: set[Waiver], today: date) -> Iterator[Issue]:
    for waiver in waivers:
        if waiver not in covered:
            message = Message.of("the waiver of $rule waives nothing (any more); remove it", rule=waiver.rule)
            yield Issue(at=waiver.at, severity=Severity.WARNING, code="N002", message=message)
        elif waiver.until < today:
            sentence = "the waiver of $rule ($reason) ended on $until; mend what it waives, or decide anew"
            message = Message.of(sentence, rule=waiver.rule, reason=waiver.reason, until=waiver.until.isoformat())
            yield Issue(at=waiver.at, severity=Severity.ERROR, code=EXPIRED, message=message)
