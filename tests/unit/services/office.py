"""A whole engine without a switch: sample bank, real core and services, memory store, manual clock, fake lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ivr_engine.acd.stimuli import LogIn, SetReady
from ivr_engine.adapters.flow_files import load_centre
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import Event
from ivr_engine.core.ids import AgentId, CallId, Language, Millis
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.errors import PromptError, SetupError, SwitchError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Prompt, Utterance, label
from ivr_engine.flows.waits import Json, Responded
from ivr_engine.ports.centre_files import CentreFiles, Loaded
from ivr_engine.ports.inbound import Arrival
from ivr_engine.ports.prompts import PromptLibrary
from ivr_engine.ports.switch import Sound
from ivr_engine.ports.switch_notes import NotedCall
from ivr_engine.services.admission import Admission, Limits
from ivr_engine.services.call_runner import CallRunner, CallVersions, Outside
from ivr_engine.services.callbacks import CallbackDesk, CentreNow
from ivr_engine.services.centre_config import centre_of
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.desks import desks_of
from ivr_engine.services.drain import Drain
from ivr_engine.services.emergency import EmergencyDesk
from ivr_engine.services.entrance import Entrance
from ivr_engine.services.opening_hours import OpeningHours
from ivr_engine.services.reconciliation import Reconciler
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.recovery import Before, recover
from ivr_engine.services.resumption import Resumption
from ivr_engine.services.switch_watch import SwitchWatch
from ivr_engine.services.talk_facts import Surroundings
from ivr_engine.services.unserved import Unserved
from ivr_engine.services.verifier import Verifier
from ivr_engine.services.versions import Versions
from ivr_engine.testing.clock import ManualClock
from ivr_engine.testing.line import ScriptedLine
from ivr_engine.testing.memory import MemoryStore

PRESENCE_LIMIT = Millis(12 * 3_600_000)
BANK = Path(__file__).parents[3] / "flows" / "sample-bank"


@dataclass
class Voices:
    """Prompts by name; those in `broken` cannot be had."""

    broken: set[str] = field(default_factory=set)

    def ready(self, _utterance: Utterance, _language: Language) -> Sound | None:
        return None

    async def sound(self, utterance: Utterance, language: Language) -> Sound:
        if isinstance(utterance, Prompt) and utterance.name in self.broken:
            raise PromptError(f"{utterance.name} cannot be spoken")
        return Sound(Path("silence"), f"{language}:{label(utterance)}")


@dataclass
class Host:
    """Answers every request with `answer`, or raises `fault`, or says nothing until the limit is over."""

    answer: Responded = Responded(outcome=RequestOutcome.OK, body={"balance": "1234.50"})  # noqa: RUF009 - frozen
    fault: Exception | None = None
    silent: bool = False

    async def ask(self, *, service: str, operation: str, send: Mapping[str, Json], limit: Millis) -> Responded:
        del service, operation, send
        if self.fault:
            raise self.fault
        if self.silent:
            return Responded(outcome=RequestOutcome.TIMEOUT, took=limit)
        return self.answer


@dataclass
class Files:
    """What loading brings next: `definition`, or `problems`. `stamps` are read one a look, the last for ever."""

    definition: CentreDefinition | None = None
    problems: tuple[str, ...] = ()
    stamps: list[str] = field(default_factory=lambda: ["unchanged"])
    loads: int = 0

    async def load(self) -> Loaded:
        self.loads += 1
        return Loaded(definition=None if self.problems else self.definition, problems=self.problems)

    async def earlier(self, version: str) -> CentreDefinition | None:
        return self.definition if self.definition is not None and self.definition.version == version else None

    async def stamp(self) -> str:
        return self.stamps.pop(0) if len(self.stamps) > 1 else self.stamps[0]


@dataclass
class Rooms:
    """What versions need around them. `unaskable`: the reason why a service cannot be asked."""

    voices: Voices
    unaskable: str = ""
    untellable: str = ""
    prepared: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    async def prepare(self, definition: CentreDefinition) -> tuple[str, ...]:
        if self.unaskable:
            raise SetupError(self.unaskable)
        self.prepared.append(definition.version)
        return ()

    async def tell_switch(self, definition: CentreDefinition) -> tuple[str, ...]:
        if self.untellable:
            raise SwitchError(self.untellable)
        self.told.append(definition.version)
        return ("pjsip.conf",)

    def take_over(self, definition: CentreDefinition) -> None:
        assert definition.version in self.prepared

    def forget(self, version: str) -> None:
        self.forgotten.append(version)

    def prompts(self, definition: CentreDefinition) -> PromptLibrary:
        return Edition(self.voices, definition)


@dataclass(frozen=True)
class Edition:
    """Prompts whose version's words differ from their name are heard with these words."""

    voices: Voices
    definition: CentreDefinition

    def ready(self, _utterance: Utterance, _language: Language) -> Sound | None:
        return None

    async def sound(self, utterance: Utterance, language: Language) -> Sound:
        sound = await self.voices.sound(utterance, language)
        text = self.definition.prompts[language].get(utterance.name) if isinstance(utterance, Prompt) else None
        edited = text is not None and text.text.startswith("edited ")
        return Sound(sound.path, f"{sound.words} {text.text}") if text is not None and edited else sound


@dataclass
class LogBook:
    """Log lines by event name, and with their fields."""

    lines: list[str] = field(default_factory=list)
    whole: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def info(self, event: str, /, **fields: object) -> None:
        self.lines.append(event)
        self.whole.append((event, fields))

    warning = error = info


@dataclass
class SwitchNotes:
    """What the switch wrote down; what was there before an engine's start is news to it, all else once."""

    noted: dict[CallId, NotedCall] = field(default_factory=dict)
    told: dict[CallId, NotedCall] = field(default_factory=dict)

    def news(self) -> Sequence[NotedCall]:
        new = tuple(each for call, each in self.noted.items() if self.told.get(call) is not each)
        self.told = dict(self.noted)
        return new

    def forget(self, calls: Iterable[CallId]) -> None:
        for call in calls:
            self.noted.pop(call, None)

    def of(self, call: CallId) -> NotedCall | None:
        return self.noted.get(call)


@dataclass
class Switchboard:
    """What the reconciler asked of the switch."""

    looks: int = 0
    fetched: list[CallId] = field(default_factory=list)

    def look_soon(self) -> None:
        self.looks += 1

    def fetch(self, call: CallId) -> None:
        self.fetched.append(call)


@cache
def _bank() -> CentreDefinition:
    loaded = load_centre(BANK)
    assert loaded.definition is not None
    return loaded.definition


class Office:
    """The engine's services around one memory store."""

    def __init__(
        self,
        store: MemoryStore | None = None,
        *,
        definition: CentreDefinition | None = None,
        clock: ManualClock | None = None,
        files: CentreFiles | None = None,
        notes: SwitchNotes | None = None,
        limits: Limits | None = None,
        host: Host | None = None,
        offers: str = "offer",
        carrier: bool = False,
    ) -> None:
        self.room = True
        self.definition = definition or _bank()
        self.clock = clock or ManualClock()
        self.store = store or MemoryStore()
        self.voices, self.host, self.log = Voices(), host or Host(), LogBook()
        self.recorder = Recorder(journal=self.store, records=self.store, clock=self.clock)
        core = centre_of(self.definition, offer_prefix=offers)
        self.notes = SwitchNotes() if notes is None else SwitchNotes(notes.noted)  # a new engine reads them anew
        phones = {each.phone: agent for agent, each in self.definition.agents.items()}
        before = Before(
            journal=self.store, records=self.store, notes=self.notes, agent_of=phones.get, presence_limit=PRESENCE_LIMIT
        )
        recovered = recover(core, self.recorder, before, now=self.clock.now(), log=self.log)
        self.centre = CentreRunner(centre=core, recorder=self.recorder, clock=self.clock)
        self.files, self.surroundings = Files(), Rooms(self.voices)
        self.versions = Versions(
            first=self.definition,
            files=files or self.files,
            surroundings=self.surroundings,
            centre=self.centre,
            recorder=self.recorder,
            clock=self.clock,
            log=self.log,
        )
        self.hours = OpeningHours(definition=lambda: self.versions.current, centre=self.centre, clock=self.clock)
        self.verifier = Verifier(key=b"key", lookup=self.host, clock=self.clock)
        self.verifier.recover(self.store)
        self.emergency = EmergencyDesk(
            definition=lambda: self.versions.current,
            prompts=self.surroundings.prompts,
            recorder=self.recorder,
            clock=self.clock,
        )
        self.emergency.recover(self.store)
        desks = desks_of(
            Surroundings(centre=self.centre, recorder=self.recorder, clock=self.clock),
            definition=lambda: self.versions.current,
            own_phone=self.versions.phone_of,
            journal=self.store,
            carrier=carrier,
            log=self.log,
        )
        self.seats, self.desk = desks.seats, desks.agents
        self.supervision, self.conversations = desks.supervision, desks.conversations
        self.resumption = Resumption(store=self.store, recorder=self.recorder, clock=self.clock, log=self.log)
        self.resumption.recover()
        self.unserved = Unserved(
            centre=self.centre,
            recorder=self.recorder,
            agent_of=self.desk.of_phone,
            clock=self.clock,
            log=self.log,
            noted=recovered.noted,
            left=recovered.queues.left,
        )
        self.admission = Admission(
            limits=limits or Limits(calls=100_000, calls_per_s=100_000, lag=Millis(10**9)),
            room=lambda: self.room,
            clock=self.clock,
            log=self.log,
        )
        self.calls = CallRunner(
            admission=self.admission,
            versions=CallVersions(
                definition=self.versions.of_call,
                prompts=self.surroundings.prompts,
                phone_of=self.seats.phone_of,
            ),
            entrance=Entrance(emergency=self.emergency, recorder=self.recorder, log=self.log),
            centre=self.centre,
            conversations=self.conversations,
            recorder=self.recorder,
            unserved=self.unserved,
            resumption=self.resumption,
            outside=Outside(lookup=self.host, verifier=self.verifier, recordings=Path("recordings")),
            clock=self.clock,
            log=self.log,
        )
        self.noted = recovered.noted
        self.lines = Switchboard()
        self.reconciler = Reconciler(
            calls=self.calls,
            unserved=self.unserved,
            noted=recovered.noted,
            centre=self.centre,
            recorder=self.recorder,
            agent_of=self.desk.of_phone,
            clock=self.clock,
            log=self.log,
        )
        self.reconciler.lines = self.lines
        self.watch = SwitchWatch(
            recorder=self.recorder,
            calls=self.calls,
            unserved=self.unserved,
            reconciler=self.reconciler,
            clock=self.clock,
            log=self.log,
        )
        self.drain = Drain(admission=self.admission, serving=lambda: len(self.calls.served), clock=self.clock, log=self.log)
        self.callbacks = CallbackDesk(
            files=CentreNow(
                definition=lambda: self.versions.current,
                prompts=self.surroundings.prompts,
                phone_of=self.seats.phone_of,
            ),
            centre=self.centre,
            calls=self.calls,
            conversations=self.conversations,
            recorder=self.recorder,
            clock=self.clock,
            log=self.log,
        )
        self.callbacks.recover(self.store)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Time is kept while the block runs."""
        async with asyncio.TaskGroup() as tasks:
            lasting = (
                self.centre.keep_time(),
                self.hours.keep_time(),
                self.watch.keep_watch(),
                self.reconciler.keep_records_whole(),
                self.emergency.keep_time(),
                self.admission.keep_watch(),
            )
            work = [tasks.create_task(each) for each in lasting]
            yield
            for each in work:
                each.cancel()

    def staff(self, *agents: str) -> None:
        """These agents are ready."""
        for agent in agents:
            self.centre.handle(LogIn(agent=AgentId(agent)))
            self.centre.handle(SetReady(agent=AgentId(agent)))

    async def serve(self, line: ScriptedLine, *, call: str = "1.1", number: str = "80000") -> None:
        """One call to its end, unless it is declined."""
        arrival = Arrival(call=CallId(call), number=number, caller="13800138000")
        if not self.calls.declines(arrival):
            await self.calls.handle_call(arrival, line)

    def record(self, call: str = "1.1") -> CallRecord:
        """The record of a call, which must be there."""
        record = self.store.get(CallId(call))
        assert record is not None, f"no record of {call}"
        return record

    def facts(self, kind: type[Event]) -> list[Event]:
        """Every recorded fact of a kind."""
        return [recorded.event for recorded in self.store.read() if isinstance(recorded.event, kind)]


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(50):
        await asyncio.sleep(0)
