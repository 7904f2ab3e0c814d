"""The emergency switch, pure: what may be set, what is on at an instant, and what a call meets at its entry.

State is a fold of facts. Whether something is on is decided by its `until` alone, so a late `_ended` changes nothing for
callers. One broadcast stands for a number and language, one reroute for a number; a new one takes the old one's place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr_engine.core.events import BroadcastEnded, BroadcastSet, Event, RerouteEnded, RerouteSet
from ivr_engine.core.ids import FlowName, Instant, Language
from ivr_engine.core.outcomes import EmergencyEnd
from ivr_engine.errors import CommandRefused
from ivr_engine.flows import limits
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Prompt, Text

FACTS: tuple[type[Event], ...] = (BroadcastSet, BroadcastEnded, RerouteSet, RerouteEnded)
"""The facts that `Emergencies` folds."""

ENGINE = "engine"  # who ends what expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What every command of the emergency switch says for the audit."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A broadcast as asked for. Empty: every number of the centre; the language that is spoken first; no prompt; no text."""

    number: str = ""
    language: str = ""
    prompt: str = ""
    text: str = ""
    skippable: bool = True


class Emergencies:
    """What was set and has not ended."""

    def __init__(self) -> None:
        self._broadcasts: dict[tuple[str, Language], BroadcastSet] = {}
        self._reroutes: dict[str, RerouteSet] = {}

    def apply(self, event: Event) -> None:
        """Take in one fact; others than `FACTS` say nothing here."""
        match event:
            case BroadcastSet():
                self._broadcasts[event.number, event.language] = event
            case BroadcastEnded():
                self._broadcasts.pop((event.number, event.language), None)
            case RerouteSet():
                self._reroutes[event.number] = event
            case RerouteEnded():
                self._reroutes.pop(event.number, None)

    def broadcasts(self, now: Instant) -> tuple[BroadcastSet, ...]:
        """Those that are on, by number and language."""
        return tuple(each for _, each in sorted(self._broadcasts.items()) if now < each.until)

    def reroutes(self, now: Instant) -> tuple[RerouteSet, ...]:
        """Those that are on, by number."""
        return tuple(each for _, each in sorted(self._reroutes.items()) if now < each.until)

    def met_by(self, number: str, languages: Iterable[Language], now: Instant) -> tuple[BroadcastSet, ...]:
        """What a caller of `number` hears first, in the order of the centre's languages."""
        found = (self._broadcasts.get((number, language)) for language in languages)
        return tuple(each for each in found if each is not None and now < each.until)

    def reroute_of(self, number: str, now: Instant) -> RerouteSet | None:
        """Where calls to `number` go instead, or None."""
        reroute = self._reroutes.get(number)
        return reroute if reroute is not None and now < reroute.until else None

    def in_place_of(self, wanted: BroadcastSet | RerouteSet) -> BroadcastSet | RerouteSet | None:
        """What has not ended and has the place that `wanted` is to take."""
        if isinstance(wanted, BroadcastSet):
            return self._broadcasts.get((wanted.number, wanted.language))
        return self._reroutes.get(wanted.number)

    def next_expiry(self) -> Instant | None:
        """The earliest `until` of all that has not ended."""
        return min((each.until for each in self._all()), default=None)

    def expire(self, now: Instant) -> tuple[Event, ...]:
        """The endings of what is over and has none yet."""
        word = Word(by=ENGINE, reason="")
        return tuple(ending(each, EmergencyEnd.EXPIRED, word) for each in self._all() if each.until <= now)

    def _all(self) -> tuple[BroadcastSet | RerouteSet, ...]:
        broadcasts: tuple[BroadcastSet | RerouteSet, ...] = tuple(self._broadcasts.values())
        return (*broadcasts, *self._reroutes.values())


def ending(standing: BroadcastSet | RerouteSet, how: EmergencyEnd, word: Word) -> Event:
    """The fact that ends what is on."""
    if isinstance(standing, BroadcastSet):
        return BroadcastEnded(number=standing.number, language=standing.language, ending=how, by=word.by, reason=word.reason)
    return RerouteEnded(number=standing.number, flow=standing.flow, ending=how, by=word.by, reason=word.reason)


def spoken(broadcast: BroadcastSet) -> Prompt | Text:
    """What is said."""
    return Prompt(broadcast.prompt) if broadcast.prompt else Text(broadcast.text)


def broadcasts_of(
    wish: Wish, word: Word, *, until: Instant, definition: CentreDefinition, now: Instant
) -> tuple[BroadcastSet, ...]:
    """The broadcasts that a wish comes to: one a number, and a language of its own each where a prompt has several.

    Raises:
        CommandRefused: it may not be; the text says why.
    """
    check_word(word)
    _check_until(until, now)
    _check_words(wish)
    numbers = (_known_number(wish.number, definition),) if wish.number else tuple(sorted(definition.numbers))
    return tuple(
        BroadcastSet(
            number=number,
            language=language,
            prompt=wish.prompt,
            text=wish.text,
            skippable=wish.skippable,
            until=until,
            by=word.by,
            reason=word.reason,
        )
        for number in numbers
        for language in _languages(wish, definition)
    )


def reroute_to(
    number: str, flow: str, word: Word, *, until: Instant, definition: CentreDefinition, now: Instant
) -> RerouteSet:
    """The reroute of `number` to `flow`. Raises CommandRefused where it may not be."""
    check_word(word)
    _check_until(until, now)
    number = _known_number(number, definition)
    if flow not in definition.flows:
        raise CommandRefused(f"no flow {flow!r} in this centre; known: {_listed(definition.flows)}")
    if definition.numbers[number] == flow:
        raise CommandRefused(f"{number} begins {flow!r} already, as centre.yaml says")
    return RerouteSet(number=number, flow=FlowName(flow), until=until, by=word.by, reason=word.reason)


def check_word(word: Word) -> None:
    """Raises CommandRefused unless it says who and why."""
    for value, missing in ((word.reason, "say why: --reason outage"), (word.by, "say who does it: --by NAME")):
        if not value.strip():
            raise CommandRefused(f"the journal keeps who did it and why; {missing}")
        if len(value) > limits.REASON_CHARS:
            raise CommandRefused(f"a reason, or a name, is at most {limits.REASON_CHARS} characters long")


def _check_until(until: Instant, now: Instant) -> None:
    if until <= now:
        raise CommandRefused("the end has passed already; name one that is to come, such as --until 18:00 or --until 2h")
    if until - now > limits.EMERGENCY_AHEAD:
        days = limits.EMERGENCY_AHEAD // 86_400_000
        raise CommandRefused(f"an emergency ends within {days} days; what lasts longer belongs into the flow")


def _check_words(wish: Wish) -> None:
    if bool(wish.prompt) == bool(wish.text.strip()):
        raise CommandRefused('give either words, as in broadcast on "系统维护至18点", or --prompt NAME')
    if len(wish.text) > limits.BROADCAST_CHARS:
        raise CommandRefused(
            f"the text has {len(wish.text)} characters and may have {limits.BROADCAST_CHARS}: callers wait for its end"
        )


def _known_number(number: str, definition: CentreDefinition) -> str:
    if number not in definition.numbers:
        raise CommandRefused(f"no number {number!r} in centre.yaml; known: {_listed(definition.numbers)}")
    return number


def _languages(wish: Wish, definition: CentreDefinition) -> tuple[Language, ...]:
    if wish.language and wish.language not in definition.languages:
        raise CommandRefused(f"no language {wish.language!r} in centre.yaml; known: {', '.join(definition.languages)}")
    if wish.text:
        return (Language(wish.language or definition.languages[0]),)
    wanted = (Language(wish.language),) if wish.language else definition.languages
    having = tuple(language for language in wanted if wish.prompt in definition.prompts[language])
    if not having:
        files = ", ".join(f"prompts/{language}.yaml" for language in wanted)
        raise CommandRefused(f"no prompt {wish.prompt!r} in {files}; add it there, or give the words themselves")
    return having


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
