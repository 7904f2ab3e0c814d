"""The switch's list of live lines against what we know: what was missed is made up for, and said to be made up.

Events are hints. What concerns a line that no session of ours serves is believed only when the list says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ivr_engine.acd.stimuli import JoinedElsewhere, OfferAnswered
from ivr_engine.acd.transitions import CallPhase
from ivr_engine.core.events import CallReconciled
from ivr_engine.core.ids import AgentId, CallId, Instant, Millis, later
from ivr_engine.core.outcomes import Activity
from ivr_engine.errors import StoreError
from ivr_engine.ports.clock import Clock
from ivr_engine.ports.inbound import Lines, LineState, LiveLine
from ivr_engine.ports.log import Log
from ivr_engine.services.call_runner import CallRunner
from ivr_engine.services.centre_runner import CentreRunner
from ivr_engine.services.noted import NotedCalls
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.unserved import Unserved

SURE_AFTER = Millis(4_000)
"""So long a line must be missed, or strayed, before anything is done about it: it may be on its way."""

ASK_AGAIN = Millis(5_000)
"""So long after the store did not say which calls have a record it is asked again."""

_RUNG = frozenset({CallPhase.OFFERED, CallPhase.UNSETTLED})


class Reconciler:
    """Compares. `lines` is set once the switch's side stands."""

    def __init__(
        self,
        *,
        calls: CallRunner,
        unserved: Unserved,
        noted: NotedCalls,
        centre: CentreRunner,
        recorder: Recorder,
        agent_of: Callable[[str], AgentId | None],
        clock: Clock,
        log: Log,
    ) -> None:
        self._calls = calls
        self._unserved = unserved
        self._noted = noted
        self._centre = centre
        self._recorder = recorder
        self._agent_of = agent_of
        self._clock = clock
        self._log = log
        self._since: dict[tuple[CallId, str], Instant] = {}
        self.lines: Lines | None = None

    def read_notes(self) -> None:
        """What the switch wrote down since; it is written before a line leaves the list, so it is read before the list."""
        self._noted.read()

    async def keep_records_whole(self) -> None:
        """Make the records that only notes tell of. Runs until cancelled."""
        while True:
            try:
                if await self._noted.look_up() and self.lines is not None:
                    self.lines.look_soon()
            except StoreError as error:
                self._log.warning("notes_wait_for_store", error=str(error))
                await self._clock.sleep_until(later(self._clock.now(), ASK_AGAIN))

    def compare(self, lines: Sequence[LiveLine]) -> None:
        """Everything that follows from one list."""
        self.read_notes()
        seen = {line.call: line for line in lines}
        doubtful: set[tuple[CallId, str]] = set()
        for line in lines:
            if line.call not in self._calls.served:
                doubtful |= self._look_at(line)
        doubtful |= self._missing(seen)
        self._since = {doubt: since for doubt, since in self._since.items() if doubt in doubtful}

    def _look_at(self, line: LiveLine) -> set[tuple[CallId, str]]:
        """A line that has no session here; what is to be looked at again."""
        match line.state:
            case LineState.TALKING:
                self._adopt(line)
            case LineState.HELD:
                self._fetch(line)
            case LineState.STRAY:
                if self._sure(line.call, line.state):
                    self._fetch(line)
                return {(line.call, line.state)}
            case _:
                pass
        return set()

    def _missing(self, seen: Mapping[CallId, LiveLine]) -> set[tuple[CallId, str]]:
        """Calls of ours that the switch does not list: closed once that is sure, or an event said so before."""
        gone = self._recorder.open_calls() - seen.keys() - self._calls.served
        for call in sorted(gone):
            if call in self._unserved.suspects:
                self._unserved.close_missing(call)
            elif self._sure(call, "gone"):
                self._recorder.record(CallReconciled(call=call, found="gone"))
                self._unserved.close_missing(call)
        for call in self._unserved.suspects - gone:
            self._unserved.believe_alive(call)
        return {(call, "gone") for call in gone}

    def _adopt(self, line: LiveLine) -> None:
        """Caller and agent talk, and we did not hear of it."""
        agent, status = self._agent_of(line.phone), self._centre.centre.call(line.call)
        if agent is None or (status is not None and status.phase is CallPhase.TALKING):
            return
        if not self._recorder.is_open(line.call) and not self._noted.takes_up(line.call):
            return
        rung = status is not None and status.phase in _RUNG and status.agent == agent
        if not rung and not self._idle(agent):
            return  # by our account at something else: of that we hear first; the talk is noted if it ends before
        self._recorder.record(CallReconciled(call=line.call, found=line.state))
        self._log.info("conversation_adopted", call=line.call, agent=agent)
        if rung and status is not None and status.offer is not None:
            self._centre.handle(OfferAnswered(offer=status.offer))
        else:
            self._centre.handle(JoinedElsewhere(call=line.call, agent=agent))

    def _idle(self, agent: AgentId) -> bool:
        return any(each.agent == agent and each.activity is Activity.IDLE for each in self._centre.centre.agents())

    def _fetch(self, line: LiveLine) -> None:
        if self.lines is not None:
            self._log.info("call_fetched", call=line.call, found=str(line.state))
            self.lines.fetch(line.call)

    def _sure(self, call: CallId, doubt: str) -> bool:
        now = self._clock.now()
        return later(self._since.setdefault((call, doubt), now), SURE_AFTER) <= now
