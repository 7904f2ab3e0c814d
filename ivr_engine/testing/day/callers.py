"""Who calls when, how long they wait, how long they talk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge

from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import VOICE, CallId, Instant, Language, Millis, QueueName, WorkKind, later
from ivr_engine.testing.day.chance import Chance, Span

CHINESE = Language("zh-CN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redial:
    """Of those who gave up, the share that calls again, after how long. Patience stays the caller's own."""

    share: float
    after: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerKind:
    """Callers of one kind. `patience` None: they wait for ever. `talk`: with an agent of usual pace. `work`: the queue's."""

    name: str
    queue: QueueName
    talk: Span
    patience: Span | None = None
    needs: tuple[SkillNeed, ...] = ()
    prefers: tuple[SkillNeed, ...] = ()
    priority: int = 0
    language: Language = CHINESE
    redial: Redial | None = None
    work: WorkKind = VOICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One caller: what they want, and how long they would wait and talk."""

    call: CallId
    kind: CallerKind
    at: Instant
    patience: Millis | None
    talk: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """So many `calls` are expected in [begin, end), at any instant of it alike."""

    kind: CallerKind
    begin: Instant
    end: Instant
    calls: float


def poisson(traffic: Iterable[Traffic], chance: Chance, *, factor: float = 1.0) -> Iterator[Caller]:
    """Callers who come independently of each other, in order of time.

    A day's rate that changes is several pieces of traffic. `factor`: what kind of day it is (mixed Poisson): drawn once a
    day, for example `chance.gamma(a) / a`, it makes all of the day's traffic higher or lower.
    """
    streams = [
        _pieces(piece, factor, chance.stream(f"{piece.kind.name}@{piece.begin}"), number)
        for number, piece in enumerate(traffic)
    ]
    for number, (_, _, caller) in enumerate(merge(*streams), start=1):
        yield _named(caller, number)


def _pieces(piece: Traffic, factor: float, chance: Chance, number: int) -> Iterator[tuple[Instant, int, Caller]]:
    if piece.calls <= 0 or factor <= 0:
        return
    gap = (piece.end - piece.begin) / (piece.calls * factor)
    at = piece.begin + gap * chance.exponential()
    while at < piece.end:
        yield Instant(int(at)), number, caller_of(piece.kind, Instant(int(at)), chance)
        at += gap * chance.exponential()


def caller_of(kind: CallerKind, at: Instant, chance: Chance) -> Caller:
    """A caller of the kind, not named yet."""
    patience = None if kind.patience is None else kind.patience.draw(chance)
    return Caller(call=CallId(""), kind=kind, at=at, patience=patience, talk=kind.talk.draw(chance))


def _named(caller: Caller, number: int) -> Caller:
    return Caller(call=CallId(f"call-{number}"), kind=caller.kind, at=caller.at, patience=caller.patience, talk=caller.talk)


def again(caller: Caller, now: Instant, chance: Chance) -> Caller | None:
    """The same caller's next attempt after giving up at `now`, or None. The conversation would be as long as before."""
    redial = caller.kind.redial
    if redial is None or chance.draw() >= redial.share:
        return None
    at = later(now, redial.after.draw(chance))
    return Caller(call=CallId(f"{caller.call}+"), kind=caller.kind, at=at, patience=caller.patience, talk=caller.talk)
