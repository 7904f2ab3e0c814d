"""Choose the way by a calendar of the centre.

    now:
      hours: {calendar: agents, into: times}
      open: end
      closed: sorry
    sorry: {play: [welcome, {time: "{{ times.next_time }}"}], next: end, failed: end}

On a holiday it leaves by `holiday` if that is given, else by `closed`. `into` keeps `state` (`open`, `closed` or `holiday`)
and the next beginning of hours there, `next_date` such as `2026-03-02` and `next_time` such as `08:30`; null: there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.events.flow import HoursChecked
from ivr_engine.core.outcomes import Hours as State
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.settings import as_target
from ivr_engine.flows.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours(NodeSpec):
    """Ask `calendar`; keep what it says in `into`."""

    KIND: ClassVar[str] = "hours"
    calendar: str
    into: str = ""

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`hours: {calendar, into}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(calendar="")
        spec = cls(calendar=fields.name("calendar", required=True), into=fields.read("into", as_target, default=""))
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by the state of the calendar."""
        return NodeFacts(
            exits=(*map(str, State), "failed"),
            required=((str(State.OPEN),), (str(State.CLOSED), "failed")),
            waits=False,
            calendars=(self.calendar,),
            writes=(self.into,) if self.into else (),
        )

    def run(self, walk: Walk) -> Step:
        """Look at the calendar."""
        session, calendar = walk.session, walk.calendar(self.calendar)
        state = calendar.state(walk.now)
        walk.events.append(
            HoursChecked(call=session.facts.call, node=session.node, calendar=self.calendar, state=state),
        )
        if self.into:
            begin = calendar.next_opening(walk.now)
            walk.assign(
                self.into,
                {
                    "state": str(state),
                    "next_date": begin.date().isoformat() if begin else None,
                    "next_time": begin.strftime("%H:%M") if begin else None,
                },
                secret=False,
            )
        if state is State.HOLIDAY and str(State.HOLIDAY) not in walk.node.exits:
            return str(State.CLOSED)
        return str(state)
