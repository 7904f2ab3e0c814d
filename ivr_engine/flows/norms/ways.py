"""The ways of callers through a whole centre: all its flows as one graph, with what the norms ask of it worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from heapq import heappop, heappush

from ivr_engine.core.ids import FlowName, Instant, Language, NodeName
from ivr_engine.core.outcomes import Hours
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.norms.passages import Passages
from ivr_engine.flows.norms.places import Place, Spot, places_of
from ivr_engine.flows.timelines import Stretch, combinations
from ivr_engine.flows.tree import Position

MISSED = frozenset({"no_input", "no_match", "failed"})
"""The exits of a question that nobody chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What norms.yaml says of the centre that its flows do not: see docs/norms.md."""

    main_menu: str = "main_menu"
    unified: tuple[str, ...] = ()
    serves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    money: tuple[str, ...] = ()


class Ways:
    """Where callers begin, and what they can reach from where."""

    def __init__(
        self,
        centre: CentreDefinition,
        *,
        declared: Declared,
        language_places: Mapping[Language, Position],
        calendar_places: Mapping[str, Position],
        today: date,
        places: Mapping[Spot, Place] | None = None,
    ) -> None:
        self.centre = centre
        self.language_places = language_places
        self.calendar_places = calendar_places
        self.today = today
        self._declared = declared
        self.places = places_of(centre) if places is None else places
        self._years: dict[frozenset[str], list[tuple[Stretch, Ways]]] = {}

    @cached_property
    def entries(self) -> tuple[Place, ...]:
        """The first node of each flow that a number leads to."""
        flows = [self.centre.flows[name] for name in dict.fromkeys(self.centre.numbers.values())]
        return tuple(self.places[flow.name, flow.start] for flow in flows)

    @cached_property
    def unified(self) -> tuple[Place, ...]:
        """The entries of the numbers for everything; all of them unless norms.yaml names some."""
        numbers = self._declared.unified
        flows = {flow for number, flow in self.centre.numbers.items() if not numbers or number in numbers}
        return tuple(entry for entry in self.entries if entry.spot[0] in flows)

    def serving(self, service: str) -> list[Place]:
        """Where norms.yaml says that callers are served so."""
        return [self.places[spot] for name in self._declared.serves.get(service, ()) if (spot := self.spot(name))]

    @property
    def moving_money(self) -> list[Place]:
        """Where norms.yaml says that money moves."""
        return [self.places[spot] for name in self._declared.money if (spot := self.spot(name))]

    def spot(self, name: str) -> Spot | None:
        """The node called `flow/node`, or the first one of `flow`."""
        flow_name, _, node = name.partition("/")
        flow = self.centre.flows.get(FlowName(flow_name))
        if flow is None or (node and node not in flow.nodes):
            return None
        return flow.name, NodeName(node) if node else flow.start

    def through_a_year(self, entry: Place) -> list[tuple[Stretch, Ways]]:
        """For each combination of what the calendars asked from there say: when first, and the ways there are then."""
        asked = frozenset(self._asked_from(entry)) if self._asking_hours else frozenset[str]()
        if not asked:
            return [(Stretch(Instant(0), Instant(0), {}), self)]
        if asked not in self._years:
            calendars = {name: self.centre.calendars[name] for name in sorted(asked)}
            self._years[asked] = [(each, self._when(each)) for each in combinations(calendars, self.today)]
        return self._years[asked]

    @cached_property
    def _asking_hours(self) -> bool:
        return any(place.facts.calendars for place in self.places.values())

    def _asked_from(self, entry: Place) -> Iterator[str]:
        for spot in self.costs(entry, lambda _place, _exit: 0):
            yield from self.places[spot].facts.calendars

    def _when(self, now: Stretch) -> Ways:
        """The ways while the calendars say so."""

        def closed(place: Place) -> Iterable[str]:
            states = {str(now.states[name]) for name in place.facts.calendars if name in now.states}
            if not states:
                return ()
            taken = states & place.exits.keys() or {str(Hours.CLOSED)} & place.exits.keys() or {"failed"}
            return place.exits.keys() - taken

        return self.without(closed)

    def without(self, exits: Callable[[Place], Iterable[str]]) -> Ways:
        """The same ways without these exits of each place."""
        left = {spot: _without(place, set(exits(place))) for spot, place in self.places.items()}
        return Ways(
            self.centre,
            declared=self._declared,
            language_places=self.language_places,
            calendar_places=self.calendar_places,
            today=self.today,
            places=left,
        )

    @cached_property
    def leading_to_an_answer(self) -> frozenset[Spot]:
        """From here a call can come to an agent, a service, a callback, a message, or somebody outside."""
        return self.leading_to(place for place in self.places.values() if _answers(place))

    @cached_property
    def told_by_calendars(self) -> frozenset[str]:
        """The variables that keep when hours begin."""
        return frozenset(name for place in self.places.values() if place.facts.calendars for name in place.facts.writes)

    @cached_property
    def menus(self) -> tuple[Place, ...]:
        """The nodes that offer keys."""
        return tuple(place for place in self.places.values() if place.facts.keys)

    @cached_property
    def leading_to_an_agent(self) -> frozenset[Spot]:
        """From here a call can come to an agent, whatever the caller presses on the way."""
        return self.leading_to(self._agents)

    @cached_property
    def agent_at_hand(self) -> frozenset[Spot]:
        """From here a call comes to an agent without another key."""
        return self.leading_to(self._agents, lambda place: not place.asks)

    @cached_property
    def ending_mute(self) -> frozenset[Spot]:
        """From here a call can end without another word."""
        first = set(self.centre.numbers.values())  # to go back from a flow that nobody entered ends the call
        ends = [place for place in self.places.values() if place.facts.ends]
        over = [place for place in ends if not place.facts.result or place.spot[0] in first]
        return self.leading_to(over, lambda place: not place.speaks and not place.facts.to_agent)

    @cached_property
    def leading_to_a_rating(self) -> frozenset[Spot]:
        """From here the caller can be asked something that the call record keeps, before the next agent."""
        kept = set(self.centre.answers)
        ratings = [place for place in self.places.values() if place.asks and kept.intersection(place.facts.writes)]
        return self.leading_to(ratings, lambda place: not place.facts.to_agent)

    @cached_property
    def before_any_service(self) -> frozenset[Spot]:
        """What a caller can come to before a service or an agent has been asked for anything."""
        found = {place.spot for place in self.entries}
        waiting = list(self.entries)
        while waiting:
            place = waiting.pop()
            if place.facts.services or place.facts.to_agent:
                continue
            fresh = set(place.exits.values()) - found
            found |= fresh
            waiting += [self.places[spot] for spot in fresh]
        return frozenset(found)

    @property
    def _agents(self) -> list[Place]:
        return [place for place in self.places.values() if place.facts.to_agent]

    def leading_to(self, goals: Iterable[Place], passable: Callable[[Place], bool] | None = None) -> frozenset[Spot]:
        """The goals, and every node that leads to one through nodes that are passable; all are unless it is said which."""
        passages = self._everywhere if passable is None else Passages(self.places, passable)
        return passages.leading_to(goals)

    @cached_property
    def _everywhere(self) -> Passages:
        return Passages(self.places, lambda _place: True)

    def before(self, spot: Spot) -> list[Spot]:
        """The nodes with an exit to this one."""
        return self._back.get(spot, [])

    @cached_property
    def _back(self) -> dict[Spot, list[Spot]]:
        back: dict[Spot, list[Spot]] = {}
        for place in self.places.values():
            for target in place.exits.values():
                back.setdefault(target, []).append(place.spot)
        return back

    def main_menu(self, entry: Place) -> Place | None:
        """The nearest menu of the name that is the main menu's; else the nearest with a choice of ways."""
        menus = [self.places[spot] for spot in self.costs(entry, own_presses) if self.places[spot].facts.keys]
        named = (menu for menu in menus if menu.node.name == self._declared.main_menu)
        choosing = (menu for menu in menus if len({menu.exits[key] for key in menu.facts.keys if key in menu.exits}) > 1)
        return next(named, None) or next(choosing, None)

    def costs(self, start: Place, cost: Callable[[Place, str], float | None]) -> dict[Spot, float]:
        """What the cheapest way to each node costs, nearest first (Dijkstra). `cost` None: this exit is not a way."""
        found: dict[Spot, float] = {}
        open_: list[tuple[float, int, Spot]] = [(0, 0, start.spot)]
        while open_:
            spent, _, spot = heappop(open_)
            if spot in found:
                continue
            found[spot] = spent
            place = self.places[spot]
            for exit_name, target in place.exits.items():
                if target not in found and (more := cost(place, exit_name)) is not None:
                    heappush(open_, (spent + more, len(found) + len(open_), target))
        return found


def _without(place: Place, exits: set[str]) -> Place:
    return replace(place, exits={name: spot for name, spot in place.exits.items() if name not in exits}) if exits else place


def _answers(place: Place) -> bool:
    facts = place.facts
    return facts.to_agent or bool(facts.services or facts.queues or facts.transfers or facts.scripts)


def presses(place: Place, exit_name: str) -> float | None:
    """Keys of menus pressed; what a caller misses is no way to anything."""
    if place.asks and exit_name in MISSED:
        return None
    return 1 if exit_name in place.facts.keys or exit_name in place.shared else 0


def own_presses(place: Place, exit_name: str) -> float | None:
    """The same without the keys that every menu has."""
    return None if exit_name in place.shared else presses(place, exit_name)


def levels(place: Place, exit_name: str) -> float | None:
    """Menus passed. What comes after an agent is no menu tree any more, and a question for a value no level of one."""
    if place.facts.to_agent:
        return None
    return 0 if place.asks_for_a_value and exit_name in place.facts.keys else presses(place, exit_name)


def presses_unidentified(place: Place, exit_name: str) -> float | None:
    """The same for a caller who types nothing but keys of menus: no card number, no PIN."""
    return None if place.asks and not place.facts.keys else presses(place, exit_name)
