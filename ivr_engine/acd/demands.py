"""What waiting calls ask for. Calls that ask for the same share one demand, so agents are held against it once for all."""

from __future__ import annotations

from dataclasses import dataclass

from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import Language, QueueName, SkillName


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """What a call asks for at its relaxation step. `queues`: whose agents may take it, its own first.

    `asked`: the skills it came with, needed or preferred; from agents who have these it is never kept away.
    Compared by identity: `Demands` gives the same object for the same content.
    """

    queues: tuple[QueueName, ...]
    needs: tuple[SkillNeed, ...]
    prefers: tuple[SkillNeed, ...]
    language: Language
    asked: frozenset[SkillName]


NO_DEMAND = Demand(queues=(), needs=(), prefers=(), language=Language(""), asked=frozenset())


class Demands:
    """Every demand there has been under the present configuration: one for each way to ask, not for each call."""

    def __init__(self) -> None:
        self._known: dict[object, Demand] = {}

    def same(self, demand: Demand) -> Demand:
        """The one object for this content."""
        return self._known.setdefault((demand.queues, demand.needs, demand.prefers, demand.language, demand.asked), demand)
