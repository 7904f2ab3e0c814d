"""The services, each given what it needs; what decides, between the switch and the outside."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from ivr_engine.adapters.asterisk.pbx_secrets import write_private
from ivr_engine.adapters.asterisk.queue_log import QueueLog
from ivr_engine.adapters.flow_files import LiveFolder
from ivr_engine.adapters.http_lookup import HttpLookup
from ivr_engine.adapters.prompts.library import SoundLibrary
from ivr_engine.adapters.store import SqlStore
from ivr_engine.bootstrap.pbx import plan_of, update_pbx
from ivr_engine.config import Settings
from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.errors import SetupError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.log import Log
from ivr_engine.ports.lookup import Lookup
from ivr_engine.services.admission import Admission, Limits
from ivr_engine.services.agent_desk import AgentDesk
from ivr_engine.services.call_runner import CallRunner, CallVersions, Outside
from ivr_engine.services.callbacks import CallbackDesk, CentreNow
from ivr_engine.services.centre_config import centre_of
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.drain import Drain
from ivr_engine.services.emergency import EmergencyDesk
from ivr_engine.services.entrance import Entrance
from ivr_engine.services.reconciliation import Reconciler
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.recovery import Before, Recovered, recover
from ivr_engine.services.resumption import Resumption
from ivr_engine.services.standing import recent_facts
from ivr_engine.services.switch_watch import SwitchWatch
from ivr_engine.services.unserved import Unserved
from ivr_engine.services.verifier import Verifier
from ivr_engine.services.versions import Versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What decides, between the switch and the outside."""

    centre: CentreRunner
    calls: CallRunner
    desk: AgentDesk
    watch: SwitchWatch
    versions: Versions
    emergency: EmergencyDesk
    admission: Admission
    drain: Drain
    callbacks: CallbackDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Implements services.versions.Surroundings."""

    prompts: SoundLibrary
    lookup: HttpLookup
    settings: Settings
    log: Log

    async def prepare(self, definition: CentreDefinition) -> tuple[str, ...]:
        """Have every prompt ready; what cannot be spoken."""
        return tuple(str(fault) for fault in await self.prompts.prepare(definition))

    def take_over(self, definition: CentreDefinition) -> None:
        """Ask the services that this version names."""
        self.lookup.serve({name: each.url for name, each in definition.services.items()})

    async def tell_switch(self, definition: CentreDefinition) -> tuple[str, ...]:
        """Give the PBX its numbers and telephones; what changed there."""
        plan = await plan_of(self.settings, definition, self.prompts.of(definition), self.log)
        return await asyncio.to_thread(update_pbx, self.settings, plan)

    def forget(self, version: str) -> None:
        """Let go of what only this version said."""
        self.prompts.forget(version)


def outside_of(settings: Settings, lookup: Lookup, journal: Journal, clock: Clock) -> Outside:
    """What calls reach, with the counts of refused identities as they stood."""
    verifier = Verifier(key=_identity_key(settings), lookup=lookup, clock=clock)
    verifier.recover(journal)
    settings.recordings_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Outside(lookup=lookup, verifier=verifier, recordings=settings.recordings_dir.resolve())


def services_of(  # noqa: PLR0913 - every part by name; it is here that they meet
    definition: CentreDefinition,
    *,
    files: LiveFolder,
    store: SqlStore,
    before: Before,
    outside: Outside,
    recorder: Recorder,
    surroundings: Surroundings,
    admission: Admission,
    clock: Clock,
    log: Log,
) -> Services:
    """Every service of a centre, with what an earlier run left taken up."""
    core = centre_of(definition, offer_prefix=secrets.token_hex(4))
    recovered = recover(core, recorder, before, now=clock.now(), log=log)
    core.recall(recent_facts(store), clock.now())
    centre = CentreRunner(centre=core, recorder=recorder, clock=clock)
    versions = Versions(
        first=definition, files=files, surroundings=surroundings, centre=centre, recorder=recorder, clock=clock, log=log
    )
    emergency = _emergency(versions, store, recorder, surroundings, clock)
    desk = AgentDesk(definition=lambda: versions.current, centre=centre, clock=clock)
    shared = _Shared(recorder=recorder, centre=centre, agent_of=desk.of_phone, clock=clock, log=log)
    unserved = _unserved(shared, recovered)
    calls = CallRunner(
        versions=CallVersions(definition=versions.of_call, prompts=surroundings.prompts.of, phone_of=versions.phone_of),
        admission=admission,
        entrance=Entrance(emergency=emergency, recorder=recorder, log=log),
        centre=centre,
        recorder=recorder,
        unserved=unserved,
        resumption=_resumption(shared, store),
        outside=outside,
        clock=clock,
        log=log,
    )
    watch = _watch(shared, recovered, calls=calls, unserved=unserved)
    drain = Drain(admission=admission, serving=lambda: len(calls.served), clock=clock, log=log)
    return Services(
        centre=centre,
        calls=calls,
        desk=desk,
        watch=watch,
        versions=versions,
        emergency=emergency,
        admission=admission,
        drain=drain,
        callbacks=_callbacks(
            calls, versions, surroundings, journal=store, recorder=recorder, centre=centre, clock=clock, log=log
        ),
    )


def before_of(settings: Settings, definition: CentreDefinition, store: SqlStore) -> Before:
    """What an earlier run left."""
    phones = {each.phone: agent for agent, each in definition.agents.items()}
    return Before(
        journal=store,
        records=store,
        notes=QueueLog(settings.pbx_dir / "log" / "queue_log"),
        agent_of=phones.get,
        presence_limit=Millis(settings.presence_limit_s * 1000),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What every service of recovery needs."""

    recorder: Recorder
    centre: CentreRunner
    agent_of: Callable[[str], AgentId | None]
    clock: Clock
    log: Log


def _resumption(shared: _Shared, store: SqlStore) -> Resumption:
    resumption = Resumption(store=store, recorder=shared.recorder, clock=shared.clock, log=shared.log)
    resumption.recover()
    return resumption


def _unserved(shared: _Shared, recovered: Recovered) -> Unserved:
    return Unserved(
        centre=shared.centre,
        recorder=shared.recorder,
        agent_of=shared.agent_of,
        ended=recovered.noted.ended,
        left=recovered.queues.left,
        clock=shared.clock,
        log=shared.log,
    )


def _watch(shared: _Shared, recovered: Recovered, *, calls: CallRunner, unserved: Unserved) -> SwitchWatch:
    reconciler = Reconciler(
        calls=calls,
        unserved=unserved,
        noted=recovered.noted,
        centre=shared.centre,
        recorder=shared.recorder,
        agent_of=shared.agent_of,
        clock=shared.clock,
        log=shared.log,
    )
    return SwitchWatch(
        recorder=shared.recorder,
        calls=calls,
        unserved=unserved,
        reconciler=reconciler,
        clock=shared.clock,
        log=shared.log,
    )


def _emergency(
    versions: Versions, store: SqlStore, recorder: Recorder, surroundings: Surroundings, clock: Clock
) -> EmergencyDesk:
    """With what stands from an earlier run."""
    emergency = EmergencyDesk(
        definition=lambda: versions.current, prompts=surroundings.prompts.of, recorder=recorder, clock=clock
    )
    emergency.recover(store)
    return emergency


def _callbacks(
    calls: CallRunner,
    versions: Versions,
    surroundings: Surroundings,
    *,
    journal: Journal,
    recorder: Recorder,
    centre: CentreRunner,
    clock: Clock,
    log: Log,
) -> CallbackDesk:
    """The bookings of earlier runs are taken up."""
    now = CentreNow(definition=lambda: versions.current, prompts=surroundings.prompts.of, phone_of=versions.phone_of)
    desk = CallbackDesk(files=now, centre=centre, calls=calls, recorder=recorder, clock=clock, log=log)
    desk.recover(journal)
    return desk


def admission_of(settings: Settings, store: SqlStore, clock: Clock, log: Log) -> Admission:
    """Who is let in, by the limits set and what the store can still take."""
    limits = Limits(calls=settings.calls_limit, calls_per_s=settings.calls_per_s_limit, lag=Millis(settings.lag_limit_ms))
    return Admission(limits=limits, room=lambda: store.accepting, clock=clock, log=log)


def _identity_key(settings: Settings) -> bytes:
    """The key of the digests by which refused identities are counted; made once, kept beside the database."""
    path = settings.state_dir / "identity.key"
    if not path.exists():
        write_private(path, secrets.token_hex(32))
    try:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise SetupError(f"{path}: cannot be read; restore it, or remove it to begin all lockout counts anew") from error
