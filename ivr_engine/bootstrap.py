"""The only place that wires adapters to services. It reads top to bottom as the architecture."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import ivr_engine
from ivr_engine.adapters.asterisk.gateway import AsteriskGateway, Confirmations
from ivr_engine.adapters.asterisk.pbx import Pbx, PbxStatus
from ivr_engine.adapters.asterisk.pbx_config import FallbackSounds, PbxPlan
from ivr_engine.adapters.asterisk.pbx_install import install
from ivr_engine.adapters.asterisk.pbx_secrets import keep_secrets, write_private
from ivr_engine.adapters.clock import SystemClock
from ivr_engine.adapters.control import ControlServer
from ivr_engine.adapters.flow_files import KeptVersions, LiveFolder
from ivr_engine.adapters.http_lookup import HttpLookup
from ivr_engine.adapters.prompts.espeak import Espeak
from ivr_engine.adapters.prompts.library import SoundLibrary
from ivr_engine.adapters.prompts.tones import NoVoice, ToneOnFailure, write_tone
from ivr_engine.adapters.store import SqlStore
from ivr_engine.config import Settings
from ivr_engine.core.events import EngineStarted, EngineStopped
from ivr_engine.core.ids import Millis
from ivr_engine.errors import PromptError, SetupError, StoreError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Prompt
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.log import Log
from ivr_engine.ports.lookup import Lookup
from ivr_engine.ports.prompts import PromptLibrary, Synthesiser
from ivr_engine.services.agent_desk import AgentDesk
from ivr_engine.services.call_log import call_ended_line
from ivr_engine.services.call_runner import CallRunner, CallVersions, Outside
from ivr_engine.services.centre_config import centre_of
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.desks import Desks, desks_of
from ivr_engine.services.emergency import EmergencyDesk
from ivr_engine.services.entrance import Entrance
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.standing import standing_conversations, standing_presences
from ivr_engine.services.switch_watch import SwitchWatch
from ivr_engine.services.talk_facts import Surroundings
from ivr_engine.services.verifier import Verifier
from ivr_engine.services.versions import Versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A running engine, for whoever started it."""

    recorder: Recorder
    desk: AgentDesk
    gateway: AsteriskGateway
    store: SqlStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What decides, between the switch and the outside."""

    centre: CentreRunner
    calls: CallRunner
    desks: Desks
    watch: SwitchWatch
    versions: Versions
    emergency: EmergencyDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surroundings:
    """Implements services.versions.Surroundings."""

    prompts: SoundLibrary
    lookup: HttpLookup

    async def prepare(self, definition: CentreDefinition) -> tuple[str, ...]:
        return tuple(str(fault) for fault in await self.prompts.prepare(definition))

    def take_over(self, definition: CentreDefinition) -> None:
        self.lookup.serve({name: each.url for name, each in definition.services.items()})

    def forget(self, version: str) -> None:
        self.prompts.forget(version)


@asynccontextmanager
async def engine(
    *, settings: Settings, definition: CentreDefinition, log: Log, watch_files: bool = False
) -> AsyncIterator[Engine]:
    """Everything up while the block runs; everything closed in reverse afterwards.

    `watch_files`: load the centre's folder whenever it changes, not only on command.

    Raises:
        SetupError: a port, a folder or the database cannot be used.
    """
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        files = LiveFolder(Path(definition.folder), KeptVersions(settings.versions_dir))
        definition = await files.keep(definition)
        store = await stack.enter_async_context(_store(settings, log))
        recorder = Recorder(journal=store, records=store, clock=clock, finished=call_ended_line(log))
        recorder.recover()
        prompts = await _prompts(stack, settings, definition, log)
        lookup = await stack.enter_async_context(HttpLookup({name: each.url for name, each in definition.services.items()}))
        services = _services(
            definition,
            files=files,
            journal=store,
            outside=_outside(settings, lookup, store, clock),
            recorder=recorder,
            surroundings=_Surroundings(prompts=prompts, lookup=lookup),
            clock=clock,
            log=log,
        )
        gateway = _gateway(settings, services, await _confirmations(settings, definition, prompts, log))
        control = _control(settings, services, recorder, store=store, log=log)
        await stack.enter_async_context(control.serving())
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        lasting = [services.centre.keep_time(), services.watch.keep_watch(), services.emergency.keep_time()]
        for work in [*lasting, services.versions.keep_watch()] if watch_files else lasting:
            stack.callback(tasks.create_task(work).cancel)
        recorder.record(EngineStarted(centre=definition.name, version=definition.version, engine=ivr_engine.__version__))
        await stack.enter_async_context(gateway)
        stack.callback(services.centre.let_calls_go_on)
        yield Engine(recorder=recorder, desk=services.desks.agents, gateway=gateway, store=store)
        recorder.record(EngineStopped(centre=definition.name))


def _control(settings: Settings, services: Services, recorder: Recorder, *, store: SqlStore, log: Log) -> ControlServer:
    return ControlServer(
        path=settings.control_socket,
        agents=services.desks.agents,
        conversations=services.desks.conversations,
        supervisor=services.desks.supervision,
        versions=services.versions,
        emergency=services.emergency,
        recorder=recorder,
        status=lambda: _status(services, store),
        log=log,
    )


def _store(settings: Settings, log: Log) -> SqlStore:
    """Journal and records; when the database fails and when it is well again stands in the log at once."""

    def troubled(trouble: StoreError | None) -> None:
        if trouble is None:
            log.info("store_recovered")
        else:
            log.error("store_failing", error=str(trouble))

    return SqlStore(settings.database, spool=settings.spool, spool_size=settings.spool_mb * 1_048_576, troubled=troubled)


def _outside(settings: Settings, lookup: Lookup, journal: Journal, clock: Clock) -> Outside:
    """What calls reach, with the counts of refused identities as they stood."""
    verifier = Verifier(key=_identity_key(settings), lookup=lookup, clock=clock)
    verifier.recover(journal)
    settings.recordings_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Outside(lookup=lookup, verifier=verifier, recordings=settings.recordings_dir.resolve())


def _services(
    definition: CentreDefinition,
    *,
    files: LiveFolder,
    journal: Journal,
    outside: Outside,
    recorder: Recorder,
    surroundings: _Surroundings,
    clock: Clock,
    log: Log,
) -> Services:
    core = centre_of(definition, offer_prefix=secrets.token_hex(4))
    core.take_up(standing_presences(journal), standing_conversations(recorder))
    centre = CentreRunner(centre=core, recorder=recorder, clock=clock)
    versions = Versions(
        first=definition, files=files, surroundings=surroundings, centre=centre, recorder=recorder, clock=clock, log=log
    )
    emergency = EmergencyDesk(
        definition=lambda: versions.current, prompts=surroundings.prompts.of, recorder=recorder, clock=clock
    )
    emergency.recover(journal)
    desks = desks_of(
        Surroundings(centre=centre, recorder=recorder, clock=clock),
        definition=lambda: versions.current,
        own_phone=versions.phone_of,
        journal=journal,
        log=log,
    )
    calls = CallRunner(
        versions=CallVersions(definition=versions.of_call, prompts=surroundings.prompts.of, phone_of=desks.seats.phone_of),
        entrance=Entrance(emergency=emergency, recorder=recorder, log=log),
        centre=centre,
        conversations=desks.conversations,
        recorder=recorder,
        outside=outside,
        clock=clock,
        log=log,
    )
    watch = SwitchWatch(recorder=recorder, calls=calls, clock=clock, log=log)
    return Services(centre=centre, calls=calls, desks=desks, watch=watch, versions=versions, emergency=emergency)


def _gateway(settings: Settings, services: Services, confirmations: Confirmations) -> AsteriskGateway:
    own = keep_secrets(settings.pbx_dir, ())
    return AsteriskGateway(
        bind=settings.bind,
        agi_port=settings.agi_port,
        agi_secret=own.agi,
        ami_port=settings.ami_port,
        ami_secret=own.ami,
        call_limit=Millis(settings.call_limit_s * 1000),
        carrier=settings.carrier,
        calls=services.calls,
        listener=services.watch,
        agents=services.desks.agents,
        conversations=services.desks.conversations,
        legs=services.desks.conversations,
        agent_of=services.desks.agents.of_phone,
        confirmations=confirmations,
    )


def _identity_key(settings: Settings) -> bytes:
    """The key of the digests by which refused identities are counted; made once, kept beside the database."""
    path = settings.state_dir / "identity.key"
    if not path.exists():
        write_private(path, secrets.token_hex(32))
    try:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise SetupError(f"{path}: cannot be read; restore it, or remove it to begin all lockout counts anew") from error


async def _prompts(stack: AsyncExitStack, settings: Settings, definition: CentreDefinition, log: Log) -> SoundLibrary:
    """The centre's prompts, all of them ready; what cannot be spoken is reported, not fatal."""
    prompts = await stack.enter_async_context(SoundLibrary(settings.sounds_dir, await _voice(stack, log)))
    for fault in await prompts.prepare(definition):
        log.error("prompt_unusable", fault=str(fault))
    return prompts


async def pbx_plan(*, settings: Settings, definition: CentreDefinition, log: Log) -> PbxPlan:
    """What the PBX of a centre is to be: its numbers, its agents' telephones, its fallback words (made here)."""
    phones = tuple(sorted(agent.phone for agent in definition.agents.values()))
    async with AsyncExitStack() as stack:
        prompts = await _prompts(stack, settings, definition, log)
        greeting = await _fallback_words("fallback_greeting", definition, prompts, log)
        goodbye = await _fallback_words("fallback_goodbye", definition, prompts, log)
    return PbxPlan(
        folder=settings.pbx_dir,
        secrets=keep_secrets(settings.pbx_dir, phones),
        numbers=tuple(sorted(definition.numbers)),
        phones=phones,
        bind=settings.bind,
        sip_port=settings.sip_port,
        rtp_first=settings.rtp_first,
        rtp_last=settings.rtp_last,
        ami_port=settings.ami_port,
        agi_host=settings.bind,
        agi_port=settings.agi_port,
        call_limit_s=settings.call_limit_s,
        fallback=FallbackSounds(greeting=greeting, goodbye=goodbye),
    )


async def start_pbx(*, settings: Settings, definition: CentreDefinition, log: Log) -> PbxStatus:
    """The centre's PBX, installed if need be and running; a running one is brought up to date.

    Raises:
        SetupError: it cannot be installed or started; the text says why and how to mend it.
    """
    plan = await pbx_plan(settings=settings, definition=definition, log=log)
    installation = await asyncio.to_thread(install, settings.cache_dir, mirror=settings.debian_mirror, say=log.info)
    return await asyncio.to_thread(Pbx(settings.pbx_dir).start, plan, installation)


def phone_secret(settings: Settings, phone: str) -> str:
    """The generated password of an agent's telephone, for whoever sets one up."""
    return keep_secrets(settings.pbx_dir, (phone,)).phones[phone]


async def _fallback_words(name: str, definition: CentreDefinition, prompts: PromptLibrary, log: Log) -> tuple[Path, ...]:
    """The files of one prompt in every language that has it; silence is reported, not fatal."""
    paths: list[Path] = []
    for language in definition.languages:
        if name in definition.prompts[language]:
            try:
                paths.append((await prompts.sound(Prompt(name), language)).path)
            except PromptError as error:
                log.error("fallback_silent", prompt=name, language=language, error=str(error))
    return tuple(paths)


async def _confirmations(
    settings: Settings, definition: CentreDefinition, prompts: PromptLibrary, log: Log
) -> Confirmations:
    """What agents hear after a feature code: the centre's words, or a tone."""
    tone = write_tone(settings.sounds_dir)
    audible = ToneOnFailure(prompts, tone=tone, report=lambda reason: log.warning("confirmation_is_a_tone", reason=reason))
    language = definition.languages[0]
    return Confirmations(
        done=await audible.sound(Prompt("agent_done"), language),
        refused=await audible.sound(Prompt("agent_refused"), language),
    )


async def _voice(stack: AsyncExitStack, log: Log) -> Synthesiser:
    try:
        return await stack.enter_async_context(Espeak())
    except SetupError as error:
        log.warning("no_voice", error=str(error))
        return NoVoice(str(error))


def _status(services: Services, store: SqlStore) -> dict[str, object]:
    """What `doctor` and monitoring ask a running engine."""
    definition = services.versions.current
    return {
        "engine": ivr_engine.__version__,
        "centre": definition.name,
        "version": definition.version,
        "switch": "up" if services.watch.up else "down",
        "store": "healthy" if store.healthy else str(store.trouble),
        "calls": len(services.calls.served),
    }
