"""What leads where in flows that enter each other: a call goes back only to the flow that entered the one it is in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from ivr_engine.flows.norms.places import ENTERED, Place, Spot

Before = Mapping[Spot, list[Spot]]


class Passages:
    """The steps between places, where a way may go only through the places that are passable.

    A step stays within a flow; a flow that is entered and comes back is one step of the flow that entered it, to the exits
    for the results with which it can come back on such a way. Flows never enter themselves again (R418).
    """

    def __init__(self, places: Mapping[Spot, Place], passable: Callable[[Place], bool]) -> None:
        self._places = places
        self._passable = passable
        self._known: dict[Spot, frozenset[str]] = {}

    def leading_to(self, goals: Iterable[Place]) -> frozenset[Spot]:
        """The goals, and every place with a way to one of them: back to the flows before first, then into others."""
        below = self._closure({place.spot for place in goals}, self._stepped, self._entered)
        return frozenset(self._closure(below, self._stepped, self._returned))

    @cached_property
    def _stepped(self) -> Before:
        return _reversed(self._steps())

    @cached_property
    def _entered(self) -> Before:
        return _reversed(self._entering())

    @cached_property
    def _returned(self) -> Before:
        return _reversed(self._returning())

    def _closure(self, found: set[Spot], *before: Before) -> set[Spot]:
        found, waiting = set(found), list(found)
        while waiting:
            spot = waiting.pop()
            nearer = {each for edges in before for each in edges.get(spot, ())}
            fresh = [each for each in nearer - found if self._passable(self._places[each])]
            found.update(fresh)
            waiting += fresh
        return found

    def _steps(self) -> Iterator[tuple[Spot, Spot]]:
        return ((place.spot, target) for place in self._places.values() for target in self._steps_of(place))

    def _steps_of(self, place: Place) -> list[Spot]:
        if place.entered is None:
            return [target for target in place.exits.values() if target[0] == place.spot[0]]
        returned = (place.back_from_flow(result) for result in self._results(place.entered))
        return [target for target in returned if target is not None]

    def _results(self, start: Spot) -> frozenset[str]:
        """The results with which a flow can come back on ways that are passable."""
        if start not in self._known:
            found, waiting = {start}, [start]
            while waiting:
                place = self._places[waiting.pop()]
                fresh = set(self._steps_of(place)) - found if self._passable(place) else set()
                found |= fresh
                waiting += fresh
            self._known[start] = frozenset(result for spot in found if (result := self._places[spot].facts.result))
        return self._known[start]

    def _entering(self) -> Iterator[tuple[Spot, Spot]]:
        for place in self._places.values():
            yield from ((place.spot, target) for target in place.exits.values() if target[0] != place.spot[0])

    def _returning(self) -> Iterator[tuple[Spot, Spot]]:
        """From each node that goes back, to where the flows that entered its flow go on."""
        for caller in (place for place in self._places.values() if ENTERED in place.exits):
            for place in self._places.values():
                if place.facts.result and caller.entered is not None and place.spot[0] == caller.entered[0]:
                    target = caller.back_from_flow(place.facts.result)
                    yield from () if target is None else ((place.spot, target),)


def _reversed(edges: Iterable[tuple[Spot, Spot]]) -> Before:
    before: dict[Spot, list[Spot]] = {}
    for spot, target in edges:
        before.setdefault(target, []).append(spot)
    return before
