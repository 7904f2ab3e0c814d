"""What takes up the calls of an engine that was lost, and keeps what is known in step with the switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ivr_engine.adapters.asterisk.queue_log import QueueLog
from ivr_engine.adapters.store import SqlStore
from ivr_engine.config import Settings
from ivr_engine.core.ids import AgentId, Millis
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.log import Log
from ivr_engine.services.call_runner import CallRunner
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.reconciliation import Reconciler
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.recovery import Before, Recovered
from ivr_engine.services.resumption import Resumption
from ivr_engine.services.switch_watch import SwitchWatch
from ivr_engine.services.unserved import Unserved


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
class Shared:
    """What every service of recovery needs."""

    recorder: Recorder
    centre: CentreRunner
    agent_of: Callable[[str], AgentId | None]
    clock: Clock
    log: Log


def resumption_of(shared: Shared, store: SqlStore) -> Resumption:
    """Where calls stand, with what an earlier run kept."""
    resumption = Resumption(store=store, recorder=shared.recorder, clock=shared.clock, log=shared.log)
    resumption.recover()
    return resumption


def unserved_of(shared: Shared, recovered: Recovered) -> Unserved:
    """Who ends what calls were in that nobody serves."""
    return Unserved(
        centre=shared.centre,
        recorder=shared.recorder,
        agent_of=shared.agent_of,
        noted=recovered.noted,
        left=recovered.queues.left,
        clock=shared.clock,
        log=shared.log,
    )


def watch_of(shared: Shared, recovered: Recovered, *, calls: CallRunner, unserved: Unserved) -> SwitchWatch:
    """Who follows the switch coming and going, and its list of live lines."""
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
