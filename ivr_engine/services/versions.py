"""Versions of the centre under live calls: loaded as a whole or not at all, perhaps for some calls first.

A call begins with one version and stays on it to its end, whatever is loaded meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from ivr_engine.acd.stimuli import Reconfigure
from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import SwitchConfigured, VersionLoaded, VersionRefused, VersionWithdrawn
from ivr_engine.core.ids import AgentId, Millis, later
from ivr_engine.errors import CommandRefused, DefinitionError, EngineError, SetupError
from ivr_engine.flows.definition import CentreDefinition, Flow
from ivr_engine.ports.centre_files import CentreFiles
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.inbound import Arrival, Reloaded, TallyView, VersionsView
from ivr_engine.ports.log import Log
from ivr_engine.services.canary import WHOLE, Tally, has_failed, is_chosen, is_worse
from ivr_engine.services.centre_config import policies_of, profiles_of, rules_of
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.trial import StandingTrial

LOOK_EVERY = Millis(1_000)
PROBLEMS_RECORDED = 20


class Surroundings(Protocol):
    """What must be ready for a version before its first call: its sounds, its services."""

    async def prepare(self, definition: CentreDefinition) -> tuple[str, ...]:
        """Get ready beside the versions in use; what will not be as its files want, for people.

        Raises:
            SetupError: its services cannot be asked.
        """
        ...

    def take_over(self, definition: CentreDefinition) -> None:
        """It is the one for all new calls."""
        ...

    async def tell_switch(self, definition: CentreDefinition) -> tuple[str, ...]:
        """Have the switch know its telephones and last words; the names of what changed there. Calls go on.

        Raises:
            EngineError: it could not be told.
        """
        ...

    def forget(self, version: str) -> None:
        """No call is on this version any more."""
        ...


@dataclass(slots=True, kw_only=True)
class _Trial:
    """A version that `share` percent of the new calls to `numbers` get (empty: all). Tallies count from its beginning."""

    definition: CentreDefinition
    share: int
    numbers: frozenset[str]
    own: Tally = field(default_factory=Tally)
    others: Tally = field(default_factory=Tally)

    def takes(self, arrival: Arrival) -> bool:
        wanted = not self.numbers or arrival.number in self.numbers
        return wanted and is_chosen(arrival.call, self.definition.version, self.share)


class Versions:
    """Owns which version new calls get. Implements ports.inbound.VersionCommands."""

    def __init__(
        self,
        *,
        first: CentreDefinition,
        files: CentreFiles,
        surroundings: Surroundings,
        centre: CentreRunner,
        recorder: Recorder,
        clock: Clock,
        log: Log,
    ) -> None:
        self._current = first
        self._trial: _Trial | None = None
        self._kept = {first.version: first}  # those that a call may be on
        self._files = files
        self._surroundings = surroundings
        self._centre = centre
        self._recorder = recorder
        self._clock = clock
        self._log = log
        self._busy = asyncio.Lock()
        self._tried = ""  # the stamp of the files when they were last loaded, or refused
        recorder.on_finished(self._call_finished)

    @property
    def current(self) -> CentreDefinition:
        """The version that new calls get, those on trial apart."""
        return self._current

    async def recall(self) -> None:
        """After a start: have the versions again on which open calls are, as far as their files were kept."""
        records = (self._recorder.peek(call) for call in self._recorder.open_calls())
        wanted = {record.version for record in records if record is not None and record.version is not None}
        for version in sorted(wanted - self._kept.keys()):
            definition = await self._files.earlier(version)
            if definition is not None:
                await self._surroundings.prepare(definition)
                self._kept[version] = definition
            self._log.info("version_recalled", version=version, found=definition is not None)

    @property
    def trial(self) -> str:
        """The version that some of the new calls get, or empty."""
        return "" if self._trial is None else self._trial.definition.version

    def of_call(self, arrival: Arrival) -> CentreDefinition:
        """The version of this call: the one it began with as long as that is known, else the one for new calls."""
        if len(self._kept) == 1:
            return self._current
        record = self._recorder.peek(arrival.call)
        begun = self._kept.get(record.version) if record is not None and record.version is not None else None
        if begun is not None:
            return begun
        trial = self._trial
        return trial.definition if trial is not None and trial.takes(arrival) else self._current

    def phone_of(self, agent: AgentId) -> str:
        """The agent's telephone now."""
        return self._current.agents[agent].phone

    def take_up(self, standing: StandingTrial, definition: CentreDefinition) -> None:
        """Go on with the trial that an earlier run began; `definition` is the version on trial, whose sounds are made."""
        trial = _Trial(definition=definition, share=standing.share, numbers=standing.numbers)
        trial.own, trial.others = standing.own, standing.others
        self._kept[definition.version] = definition
        self._trial = trial
        self._log.info("trial_taken_up", version=definition.version, share=trial.share, calls=trial.own.calls)

    async def reload(self, *, share: int = WHOLE, numbers: Iterable[str] = ()) -> Reloaded:
        """Load the files for `share` percent of the new calls (to these numbers). Problems leave everything as it is.

        Raises:
            CommandRefused: another version is on trial, or the share is no share.
        """
        if not 1 <= share <= WHOLE:
            raise CommandRefused(f"a share is 1 to {WHOLE} percent of the calls, not {share}")
        return await self._reload(share=share, numbers=frozenset(numbers), by="command")

    async def promote(self) -> Reloaded:
        """The version on trial becomes the one for all new calls. Raises CommandRefused when there is none."""
        async with self._busy:
            trial = self._on_trial()
            problems = self._handed_over(trial.definition)
            if problems:
                raise CommandRefused("\n".join(problems))
            loaded = self._loaded(trial.definition, share=WHOLE, numbers=frozenset(), by="promotion")
            return replace(loaded, remarks=await self._tell_switch(trial.definition))

    async def withdraw(self) -> Reloaded:
        """The version on trial gets no new calls any more. Raises CommandRefused when there is none."""
        async with self._busy:
            trial = self._on_trial()
            self._withdraw(trial, by="command")
            return Reloaded(outcome="withdrawn", version=self._current.version, previous=trial.definition.version)

    async def versions(self) -> VersionsView:
        """What new calls get."""
        trial = self._trial
        if trial is None:
            return VersionsView(current=self._current.version)
        return VersionsView(
            current=self._current.version,
            trial=trial.definition.version,
            share=trial.share,
            numbers=tuple(sorted(trial.numbers)),
            on_trial=TallyView(calls=trial.own.calls, failed=trial.own.failed),
            others=TallyView(calls=trial.others.calls, failed=trial.others.failed),
        )

    async def keep_watch(self) -> None:
        """Load the files whenever they changed and then lay still for one look. Runs until cancelled."""
        self._tried = last = await self._files.stamp()
        while True:
            await self._clock.sleep_until(later(self._clock.now(), LOOK_EVERY))
            stamp = await self._files.stamp()
            if stamp == last != self._tried:
                await self._reload_changed()
            last = stamp

    async def _reload_changed(self) -> None:
        try:
            await self._reload(share=WHOLE, numbers=frozenset(), by="change")
        except CommandRefused as refusal:
            self._tried = await self._files.stamp()
            self._log.error("version_refused", by="change", stays=self._current.version, problem=str(refusal))

    async def _reload(self, *, share: int, numbers: frozenset[str], by: str) -> Reloaded:
        async with self._busy:
            if self._trial is not None:
                raise CommandRefused(f"version {self._trial.definition.version} is on trial; promote or withdraw it first")
            self._tried = await self._files.stamp()
            loaded = await self._files.load()
            new = loaded.definition
            if new is None:
                return self._refused(loaded.problems, by)
            if new.version == self._current.version:
                return Reloaded(outcome="unchanged", version=new.version, previous=new.version)
            return await self._introduce(new, share=share, numbers=numbers, by=by)

    async def _introduce(self, new: CentreDefinition, *, share: int, numbers: frozenset[str], by: str) -> Reloaded:
        problems = self._untriable(new, numbers) if share < WHOLE else ()
        if problems:
            return self._refused(problems, by)
        try:
            remarks = await self._surroundings.prepare(new)
        except SetupError as error:
            return self._refused((str(error),), by)
        problems = self._handed_over(new) if share == WHOLE else ()  # from here to the end nothing is awaited
        if problems:
            if new.version not in self._kept:
                self._surroundings.forget(new.version)
            return self._refused(problems, by)
        loaded = self._loaded(new, share=share, numbers=numbers, by=by, remarks=remarks)
        return replace(loaded, remarks=(*remarks, *await self._tell_switch(new))) if share == WHOLE else loaded

    async def _tell_switch(self, new: CentreDefinition) -> tuple[str, ...]:
        """After the change, so that one which is refused takes no telephone away; what went wrong, for people."""
        try:
            changed = await self._surroundings.tell_switch(new)
        except EngineError as error:
            self._log.error("switch_not_told", version=new.version, error=str(error))
            return (f"the PBX still has the telephones and last words of before: {error}",)
        if changed:
            self._recorder.record(SwitchConfigured(centre=new.name, version=new.version, changed=changed))
            self._log.info("switch_told", version=new.version, changed=", ".join(changed))
        return ()

    def _untriable(self, new: CentreDefinition, numbers: frozenset[str]) -> tuple[str, ...]:
        """What the version changes for every call at once, and so cannot be tried on some."""
        old = self._current
        changed = {
            "queues": old.queues != new.queues,
            "agents": old.agents != new.agents,
            "services": old.services != new.services,
        }
        shared = [f"{name} change for every call at once: load them without --canary" for name in changed if changed[name]]
        gone = sorted(old.numbers.keys() - new.numbers.keys())
        unknown = sorted(numbers - new.numbers.keys())
        return (
            *shared,
            *(f"number {number} is gone: load this without --canary" for number in gone),
            *(f"number {number} is not a number of this centre" for number in unknown),
        )

    def _handed_over(self, new: CentreDefinition) -> tuple[str, ...]:
        """Give the new version's queues, people and services to everyone; or the reasons why not, and nothing changed."""
        try:
            self._centre.handle(
                Reconfigure(queues=tuple(policies_of(new)), agents=tuple(profiles_of(new)), rules=rules_of(new))
            )
        except (CommandRefused, DefinitionError) as refusal:
            return tuple(str(refusal).splitlines())
        self._surroundings.take_over(new)
        return ()

    def _loaded(
        self, new: CentreDefinition, *, share: int, numbers: frozenset[str], by: str, remarks: tuple[str, ...] = ()
    ) -> Reloaded:
        previous = self._current.version
        self._kept[new.version] = new
        self._trial = _Trial(definition=new, share=share, numbers=numbers) if share < WHOLE else None
        if share == WHOLE:
            self._current = new
        limited = tuple(sorted(numbers))
        self._recorder.record(
            VersionLoaded(centre=new.name, version=new.version, previous=previous, share=share, numbers=limited, by=by)
        )
        self._log.info("version_loaded", version=new.version, previous=previous, share=share, by=by)
        self._forget_unused()
        return Reloaded(outcome="loaded", version=new.version, previous=previous, share=share, remarks=remarks)

    def _refused(self, problems: tuple[str, ...], by: str) -> Reloaded:
        current = self._current
        first = problems[:PROBLEMS_RECORDED]
        self._recorder.record(VersionRefused(centre=current.name, version=current.version, problems=first, by=by))
        for problem in first:
            self._log.error("version_refused", by=by, stays=current.version, problem=problem)
        return Reloaded(outcome="refused", version=current.version, previous=current.version, problems=problems)

    def _on_trial(self) -> _Trial:
        if self._trial is None:
            raise CommandRefused("no version is on trial; begin one: ivr-engine flow reload --canary 5")
        return self._trial

    def _withdraw(self, trial: _Trial, *, by: str) -> None:
        self._trial = None
        current, version, own = self._current, trial.definition.version, trial.own
        self._recorder.record(
            VersionWithdrawn(
                centre=current.name, version=version, back_to=current.version, calls=own.calls, failed=own.failed, by=by
            )
        )
        self._log.warning("version_withdrawn", version=version, by=by, calls=own.calls, failed=own.failed)
        self._forget_unused()

    def _call_finished(self, record: CallRecord) -> None:
        trial = self._trial
        if trial is not None and record.version == trial.definition.version:
            trial.own = trial.own.with_call(failed=has_failed(record))
        elif trial is not None and record.version == self._current.version:
            trial.others = trial.others.with_call(failed=has_failed(record))
        if trial is not None and is_worse(trial.own, trial.others):
            self._withdraw(trial, by="failures")
        elif record.version in self._kept and record.version not in self._offered:
            self._forget_unused()

    @property
    def _offered(self) -> set[str]:
        """The versions that new calls may get."""
        return {self._current.version, *([self._trial.definition.version] if self._trial is not None else [])}

    def _forget_unused(self) -> None:
        """Let go of every version that no call is on and none will be."""
        records = (self._recorder.peek(call) for call in self._recorder.open_calls())
        in_use = self._offered | {record.version for record in records if record is not None and record.version}
        for version in self._kept.keys() - in_use:
            let_go(list(self._kept.pop(version).flows.values()))
            self._surroundings.forget(version)


def let_go(flows: list[Flow]) -> None:
    """Free flows, one a round of the event loop: a large version freed at once would hold up every call."""
    if flows:
        flows.pop()
        asyncio.get_running_loop().call_soon(let_go, flows)
