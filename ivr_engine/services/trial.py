"""The trial that an earlier run of the engine left: which version, for whom, and how its calls went so far."""

from __future__ import annotations

from dataclasses import dataclass

from ivr_engine.core.events import VersionLoaded, VersionWithdrawn
from ivr_engine.core.ids import Instant
from ivr_engine.ports.journal import Journal
from ivr_engine.ports.records import CallRecords
from ivr_engine.services.canary import WHOLE, Tally, has_failed


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingTrial:
    """`version` was on trial for `share` percent of the calls to `numbers` (empty: all), the others had `previous`."""

    version: str
    previous: str
    share: int
    numbers: frozenset[str]
    own: Tally
    others: Tally


def standing_trial(journal: Journal, records: CallRecords, *, version: str) -> StandingTrial | None:
    """The trial of `version` if it was under way when the engine ended, or None."""
    loaded: tuple[VersionLoaded, Instant] | None = None
    for recorded in journal.read(types=(VersionLoaded.TYPE, VersionWithdrawn.TYPE)):
        event = recorded.event
        loaded = (event, recorded.at) if isinstance(event, VersionLoaded) and event.share < WHOLE else None
    if loaded is None or loaded[0].version != version:
        return None
    event, began = loaded
    return StandingTrial(
        version=version,
        previous=event.previous,
        share=event.share,
        numbers=frozenset(event.numbers),
        own=_tally(records, version, began),
        others=_tally(records, event.previous, began),
    )


def _tally(records: CallRecords, version: str, began: Instant) -> Tally:
    """Calls on a version that arrived since the trial began; those that were there before and ended after are left out."""
    ended = [record for record in records.find(since=began) if record.version == version]
    return Tally(calls=len(ended), failed=sum(map(has_failed, ended)))
