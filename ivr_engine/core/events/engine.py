"""Facts about the engine itself."""

from __future__ import annotations

from typing import ClassVar

from ivr_engine.core.events.base import Event
from ivr_engine.core.frozen import frozen


@frozen
class EngineStarted(Event):
    """A controller came up with the centre's files at `version`."""

    TYPE: ClassVar[str] = "engine.started"
    centre: str
    version: str
    engine: str


@frozen
class EngineStopped(Event):
    """The controller was stopped on purpose."""

    TYPE: ClassVar[str] = "engine.stopped"
    centre: str


@frozen
class SwitchLost(Event):
    """The connection to the PBX's event stream broke; events may have been missed until `SwitchReached`."""

    TYPE: ClassVar[str] = "engine.switch_lost"
    reason: str


@frozen
class SwitchReached(Event):
    """The event stream is up and its live calls were compared with ours."""

    TYPE: ClassVar[str] = "engine.switch_reached"
    live_calls: int
    closed_calls: int


@frozen
class VersionLoaded(Event):
    """The centre's files became `version` for `share` percent of new calls; calls that run stay on theirs."""

    TYPE: ClassVar[str] = "engine.version_loaded"
    centre: str
    version: str
    previous: str
    share: int
    numbers: tuple[str, ...]
    by: str


@frozen
class SwitchConfigured(Event):
    """The PBX was given what `version` changes for it; calls went on. `changed` names its files."""

    TYPE: ClassVar[str] = "engine.switch_configured"
    centre: str
    version: str
    changed: tuple[str, ...]


@frozen
class VersionRefused(Event):
    """The centre's files were to be loaded and were not; new calls go on with `version`."""

    TYPE: ClassVar[str] = "engine.version_refused"
    centre: str
    version: str
    problems: tuple[str, ...]
    by: str


@frozen
class VersionWithdrawn(Event):
    """A version on trial gets no new calls any more; of the `calls` that ended on it `failed` failed."""

    TYPE: ClassVar[str] = "engine.version_withdrawn"
    centre: str
    version: str
    back_to: str
    calls: int
    failed: int
    by: str


@frozen
class FactsLost(Event):
    """No disk took the events numbered `first` to `last`: the calls of that time went on, what they did is not known."""

    TYPE: ClassVar[str] = "engine.facts_lost"
    first: int
    last: int
