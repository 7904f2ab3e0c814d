"""The emergency switch of a running engine: commands become facts, facts are what is on, time ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from ivr_engine.core.events import BroadcastSet, Event, RerouteSet
from ivr_engine.core.ids import Instant, Language
from ivr_engine.core.outcomes import EmergencyEnd
from ivr_engine.errors import CommandRefused, PromptError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.emergency import (
    FACTS,
    Emergencies,
    Wish,
    Word,
    broadcasts_of,
    check_word,
    ending,
    reroute_to,
    spoken,
)
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.prompts import PromptLibrary
from ivr_engine.services.recorder import Recorder

SPOKEN_WITHIN_S = 3.0  # shorter than the command line waits for its answer


_Standing = TypeVar("_Standing", BroadcastSet, RerouteSet)


class EmergencyDesk:
    """Sole writer of the facts of `flows.emergency`. What it does meets the next calls, none under way."""

    def __init__(
        self,
        *,
        definition: Callable[[], CentreDefinition],
        prompts: Callable[[CentreDefinition], PromptLibrary],
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._definition = definition
        self._prompts = prompts
        self._recorder = recorder
        self._clock = clock
        self._standing = Emergencies()
        self._changed = asyncio.Event()

    def recover(self, journal: Journal) -> None:
        """Take up what earlier runs set. What expired meanwhile gets its end once `keep_time` runs."""
        for recorded in journal.read(types=tuple(fact.TYPE for fact in FACTS)):
            self._standing.apply(recorded.event)

    async def broadcast(self, wish: Wish, word: Word, *, until: Instant) -> tuple[BroadcastSet, ...]:
        """Turn broadcasts on, in place of those that stand for the same number and language.

        Raises:
            CommandRefused: it may not be, or the words cannot be spoken; nothing has changed.
        """
        wanted = broadcasts_of(wish, word, until=until, definition=self._definition(), now=self._clock.now())
        for each in {each.language: each for each in wanted}.values():
            await self._try_to_speak(each)
        self._set(wanted, word)
        return wanted

    def end_broadcasts(self, number: str, language: str, word: Word) -> tuple[BroadcastSet, ...]:
        """Turn off those of a number and language; empty: of all. Raises CommandRefused when none is on."""
        on = [each for each in self.broadcasts() if number in ("", each.number) and language in ("", each.language)]
        return self._withdraw(on, word, "broadcast")

    def reroute(self, number: str, flow: str, word: Word, *, until: Instant) -> RerouteSet:
        """Send the number's next calls to another flow. Raises CommandRefused where it may not be."""
        wanted = reroute_to(number, flow, word, until=until, definition=self._definition(), now=self._clock.now())
        self._set([wanted], word)
        return wanted

    def end_reroutes(self, number: str, word: Word) -> tuple[RerouteSet, ...]:
        """Turn off that of a number; empty: all. Raises CommandRefused when none is on."""
        return self._withdraw([each for each in self.reroutes() if number in ("", each.number)], word, "reroute")

    def broadcasts(self) -> tuple[BroadcastSet, ...]:
        """Those that are on."""
        return self._standing.broadcasts(self._clock.now())

    def reroutes(self) -> tuple[RerouteSet, ...]:
        """Those that are on."""
        return self._standing.reroutes(self._clock.now())

    def met_by(self, number: str, languages: Sequence[Language]) -> tuple[BroadcastSet, ...]:
        """What a caller who dialled `number` now hears first."""
        return self._standing.met_by(number, languages, self._clock.now())

    def reroute_of(self, number: str) -> RerouteSet | None:
        """Where a call to `number` goes now instead of its own flow, or None."""
        return self._standing.reroute_of(number, self._clock.now())

    async def keep_time(self) -> None:
        """Give what expires its end, at its instant. Runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._changed.clear()
                self._record(*self._standing.expire(self._clock.now()))
                expiry = self._standing.next_expiry()
                timer = tasks.create_task(self._wake_at(expiry)) if expiry is not None else None
                await self._changed.wait()
                if timer is not None:
                    timer.cancel()

    async def _wake_at(self, expiry: Instant) -> None:
        await self._clock.sleep_until(expiry)
        self._changed.set()

    async def _try_to_speak(self, broadcast: BroadcastSet) -> None:
        """Make the sound before anybody waits for it."""
        try:
            async with asyncio.timeout(SPOKEN_WITHIN_S):
                await self._prompts(self._definition()).sound(spoken(broadcast), broadcast.language)
        except PromptError as error:
            raise CommandRefused(f"this cannot be spoken in {broadcast.language}: {error}") from error
        except TimeoutError as error:
            raise CommandRefused(
                f"the voice did not finish within {SPOKEN_WITHIN_S:g} s; try again, or shorten it"
            ) from error

    def _set(self, wanted: Sequence[BroadcastSet | RerouteSet], word: Word) -> None:
        self._record(*self._standing.expire(self._clock.now()))
        replaced = [self._standing.in_place_of(each) for each in wanted]
        self._record(*(ending(each, EmergencyEnd.REPLACED, word) for each in replaced if each), *wanted)
        self._changed.set()

    def _withdraw(self, on: Sequence[_Standing], word: Word, what: str) -> tuple[_Standing, ...]:
        check_word(word)
        if not on:
            raise CommandRefused(f"no such {what} is on; see what is: ivr-engine {what} list")
        self._record(*(ending(each, EmergencyEnd.WITHDRAWN, word) for each in on))
        self._changed.set()
        return tuple(on)

    def _record(self, *events: Event) -> None:
        self._recorder.record(*events)
        for event in events:
            self._standing.apply(event)
