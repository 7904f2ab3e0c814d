"""A whole engine: opened from the store inwards, closed in reverse."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ivr_engine
from ivr_engine.adapters.asterisk.feature_codes import FeatureCodes
from ivr_engine.adapters.asterisk.gateway import AsteriskGateway, Confirmations
from ivr_engine.adapters.asterisk.pbx_secrets import keep_secrets
from ivr_engine.adapters.clock import SystemClock
from ivr_engine.adapters.collector import collect_garbage
from ivr_engine.adapters.control import ControlServer
from ivr_engine.adapters.flow_files import KeptVersions, LiveFolder
from ivr_engine.adapters.http_lookup import HttpLookup
from ivr_engine.adapters.store import SqlStore
from ivr_engine.bootstrap.recovering import before_of
from ivr_engine.bootstrap.services import Services, Surroundings, admission_of, outside_of, services_of
from ivr_engine.bootstrap.speech import confirmations_of, open_prompts
from ivr_engine.config import Settings
from ivr_engine.core.events import EngineStarted, EngineStopped
from ivr_engine.core.ids import Millis
from ivr_engine.errors import SetupError, StoreError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.log import Log
from ivr_engine.services.call_log import call_ended_line
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.trial import StandingTrial, standing_trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A running engine, for whoever started it."""

    recorder: Recorder
    services: Services
    gateway: AsteriskGateway
    store: SqlStore


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
        store = await _opened(stack, _store(settings, log))
        definition, trial = await _with_trial(files, store, definition)
        recorder = Recorder(journal=store, records=store, clock=clock, finished=call_ended_line(log))
        prompts = await open_prompts(stack, settings, definition, log)
        lookup = await stack.enter_async_context(HttpLookup({name: each.url for name, each in definition.services.items()}))
        services = services_of(
            definition,
            files=files,
            store=store,
            before=before_of(settings, definition, store),
            outside=outside_of(settings, lookup, store, clock),
            recorder=recorder,
            surroundings=Surroundings(prompts=prompts, lookup=lookup, settings=settings, log=log),
            admission=admission_of(settings, store, clock, log),
            clock=clock,
            log=log,
        )
        if trial is not None:
            await prompts.prepare(trial[1])
            services.versions.take_up(*trial)
        await services.versions.recall()
        gateway = _gateway(settings, services, recorder, await confirmations_of(settings, definition, prompts, log))
        services.watch.reconciler.lines = gateway
        await stack.enter_async_context(_control(settings, services, recorder, store=store, log=log).serving())
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        for work in _lasting(services, watch_files=watch_files):
            stack.callback(tasks.create_task(work).cancel)
        recorder.record(EngineStarted(centre=definition.name, version=definition.version, engine=ivr_engine.__version__))
        await stack.enter_async_context(gateway)
        calling = tasks.create_task(services.callbacks.keep_calling(gateway.dialler))
        stack.callback(services.centre.let_calls_go_on)
        stack.callback(calling.cancel)
        yield Engine(recorder=recorder, services=services, gateway=gateway, store=store)
        recorder.record(EngineStopped(centre=definition.name))


def _lasting(services: Services, *, watch_files: bool) -> Iterator[Coroutine[Any, Any, None]]:
    """What goes on as long as the engine does."""
    yield services.centre.keep_time()
    yield services.hours.keep_time()
    yield services.watch.keep_watch()
    yield services.watch.reconciler.keep_records_whole()
    yield services.emergency.keep_time()
    yield services.admission.keep_watch()
    yield collect_garbage()
    if watch_files:
        yield services.versions.keep_watch()


async def _with_trial(
    files: LiveFolder, store: SqlStore, definition: CentreDefinition
) -> tuple[CentreDefinition, tuple[StandingTrial, CentreDefinition] | None]:
    """What all calls get, and the version of the folder if that was on trial when the engine ended."""
    standing = standing_trial(store, store, version=definition.version)
    previous = await files.earlier(standing.previous) if standing is not None else None
    if standing is None or previous is None:
        return definition, None
    return previous, (standing, definition)


def _store(settings: Settings, log: Log) -> SqlStore:
    """Journal and records; when the database fails and when it is well again stands in the log at once."""

    def troubled(trouble: StoreError | None) -> None:
        if trouble is None:
            log.info("store_recovered")
        else:
            log.error("store_failing", error=str(trouble))

    return SqlStore(settings.database, spool=settings.spool, spool_size=settings.spool_mb * 1_048_576, troubled=troubled)


async def _opened(stack: AsyncExitStack, store: SqlStore) -> SqlStore:
    """Without a database nothing can start: that is a lack of the machine, not a failure on the way."""
    try:
        return await stack.enter_async_context(store)
    except StoreError as error:
        raise SetupError(str(error)) from error


def _control(settings: Settings, services: Services, recorder: Recorder, *, store: SqlStore, log: Log) -> ControlServer:
    return ControlServer(
        path=settings.control_socket,
        agents=services.desks.agents,
        conversations=services.desks.conversations,
        supervisor=services.desks.supervision,
        versions=services.versions,
        emergency=services.emergency,
        callbacks=services.callbacks,
        drain=services.drain,
        recorder=recorder,
        status=lambda: _status(services, store),
        log=log,
    )


def _gateway(settings: Settings, services: Services, recorder: Recorder, confirmations: Confirmations) -> AsteriskGateway:
    own, desks = keep_secrets(settings.pbx_dir, ()), services.desks
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
        codes=FeatureCodes(
            agents=desks.agents,
            conversations=desks.conversations,
            agent_of=desks.agents.of_phone,
            kept=recorder.kept,
        ),
        legs=desks.conversations,
        confirmations=confirmations,
    )


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
        "lag_ms": services.admission.lag,
        "tasks": len(asyncio.all_tasks()),
        "memory_blocks": sys.getallocatedblocks(),
        "draining": services.admission.draining,
        "trial": services.versions.trial,
        "broadcasts": len(services.emergency.broadcasts()),
        "reroutes": len(services.emergency.reroutes()),
    }
