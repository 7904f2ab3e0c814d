"""Finds every state that a call can be in, flow by flow, and every way between them.

Each flow is walked by itself (see `boundary`): once for each beginning that makes a difference, however many flows enter it
and however deep. What it can come back with is kept with its states, so that whoever enters the same beginning goes on at
once. States differ only in what can still matter (see `relevance`), and of replies that lead the same way and look the
same to every expression in the flow one is followed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from ivr_engine.core.events import AuthorFault, Event, FlowFailed, NodeEntered
from ivr_engine.core.events.flow import HoursChecked, SubflowEntered
from ivr_engine.core.ids import CallId, FlowName, Instant, Language, Millis
from ivr_engine.flows.definition import CentreDefinition, Node
from ivr_engine.flows.engine import begin, resume
from ivr_engine.flows.session import CallFacts, Frame, Turn
from ivr_engine.flows.utterances import Utterance
from ivr_engine.flows.waits import KeysWait, Played, PlayWait, RecordWait
from ivr_engine.testing import pace
from ivr_engine.testing.exploration.boundary import EDGE, edge_below, with_edges
from ivr_engine.testing.exploration.choices import Choice, Examples, candidates
from ivr_engine.testing.exploration.graph import Call, Doing, Exploration, Fault, State, Way, root_of, trail_to, ways_back
from ivr_engine.testing.exploration.likeness import Likeness
from ivr_engine.testing.exploration.moments import moment_when, moments
from ivr_engine.testing.exploration.relevance import Relevance
from ivr_engine.testing.exploration.states import States, copy_of, put_aside, taken_up
from ivr_engine.testing.simulation import words

EARLY: Final = 15  # states of one node and try that are looked at before those of other nodes
MOST_STATES: Final = 20_000  # of one flow
_CALL: Final = CallId("explored")


def explore(centre: CentreDefinition, examples: Examples, *, most: int = MOST_STATES) -> Exploration:
    """Walk every way of every number's flow until no new state comes up, or one flow has `most` of them.

    What tests reroute, and what they dial without showing a number, is walked as well.
    """
    walker = _Walker(centre, examples, most)
    for number in centre.numbers:
        for moment in walker.moments:
            walker.dial(Call(number, moment))
    for number, flow in examples.reroutes:
        for moment in walker.moments:
            walker.dial(Call(number, moment, reroute=flow))
    for number in examples.withheld:
        walker.dial(Call(number, walker.moments[0], caller=""))
    walker.walk()
    return walker.found


class _Walker:
    def __init__(self, centre: CentreDefinition, examples: Examples, most: int) -> None:
        self.found = Exploration(centre=centre)
        self.moments = moments(centre)
        self._centre = with_edges(centre)
        self._relevance = Relevance(centre)
        self._likeness = Likeness(self._relevance)
        self._examples = examples
        self._states = States(
            self._centre, relevance=self._relevance, moments=self.moments, most=most, on_new=self._note_new
        )
        self._waiting: deque[State] = deque()
        self._later: deque[State] = deque()
        self._fresh: deque[tuple[State, State]] = deque()
        self._owed: deque[tuple[State, State]] = deque()
        self._places: Counter[tuple[str, str, int]] = Counter()
        self._faults: set[tuple[str, str, str]] = set()
        self._refused: dict[object, set[str]] = {}

    def dial(self, call: Call) -> None:
        """Begin a call, unless one that is the same to its flow was begun already."""
        flow = call.reroute or self._centre.numbers[call.number]
        call = self._states.essential_call(flow, call, first=True)
        if any(state.call == call and state.session.flow == flow for state in self.found.starts):
            return

        def run(moment: Instant) -> Turn:
            facts = CallFacts(call=_CALL, number=call.number, caller=call.caller, arrived=moment)
            return begin(self._centre, facts, flow, moment)

        for moment, turn in self._at_every_hour(run, flow, call.moment):
            state = self._state_after(turn, [], replace(call, moment=moment))
            if state is not None:
                self.found.starts.append(state)
                self.found.beginnings.append(turn.events)
                self._note_faults(turn.events, (), state)

    def walk(self) -> None:
        """Look at each state once; first at the places of the flows where few states were found yet.

        So that the bound does not cut off a part of a flow, no place has more than EARLY states looked at before all others
        had theirs.
        """
        while self._waiting or self._later or self._fresh or self._owed:
            if self._fresh:
                self._spread(*self._fresh.popleft())
            elif self._owed:
                self._take_up(*self._owed.popleft())
            else:
                self._look((self._waiting or self._later).popleft())
        self.found.stopped = dict(self._states.stopped)

    # -- from a state by what somebody outside does

    def _look(self, state: State) -> None:
        wait = state.session.wait
        if wait is None:
            return
        seen: set[object] = set()
        spoken = self._spoken(state)
        refused = self._refused.setdefault(_question(state), set())
        for choice in candidates(self._centre, self._node(state), wait, self._examples):
            if (state.stays and choice.stays != state.stays) or choice.entry in refused:
                continue
            for moment, turn in self._at_every_hour(self._reply(state, choice), state.session.flow, state.call.moment):
                likeness = self._likeness.of(state, choice, turn), self._entered_hours(turn, moment)
                if likeness in seen:
                    self._note_refused(refused, choice, turn)
                else:
                    seen.add(likeness)
                    self._note_assumed(choice)
                    self._go(state, choice, turn, replace(state.call, moment=moment), spoken)

    def _note_refused(self, refused: set[str], choice: Choice, turn: Turn) -> None:
        """An entry that does not pass the check, when one like it is known: it never will, so it is tried no more."""
        accepted = any(isinstance(event, NodeEntered) for event in turn.events) or turn.session.attempt == 0
        if choice.entry and choice.keys > 1 and not accepted:
            refused.add(choice.entry)

    def _reply(self, state: State, choice: Choice) -> Callable[[Instant], Turn]:
        return lambda moment: resume(self._centre, copy_of(state.session), choice.reply, moment)

    def _at_every_hour(
        self, run: Callable[[Instant], Turn], flow: FlowName, moment: Instant
    ) -> Iterator[tuple[Instant, Turn]]:
        """The turn; where it enters other flows, once for each combination of what their calendars can say then."""
        turns = {moment: run(moment)}
        shown: dict[object, Instant] = {}
        entered: frozenset[FlowName] = frozenset()
        own = self._relevance.hours(flow, moment)
        while not (now := frozenset(each for turn in turns.values() for each in _entered(turn))) <= entered:
            entered |= now
            alike = [each for each in (moment, *self.moments) if self._relevance.hours(flow, each) == own]
            shown = {}
            for each in alike:
                shown.setdefault(self._relevance.hours_of_all(entered, each), each)
            turns |= {each: run(each) for each in shown.values() if each not in turns}
        yield from ((each, turns[each]) for each in (shown.values() if shown else turns))

    def _entered_hours(self, turn: Turn, moment: Instant) -> object:
        return self._relevance.hours_of_all(_entered(turn), moment)

    def _go(self, state: State, choice: Choice, turn: Turn, call: Call, spoken: Millis) -> None:
        asked_again = turn.session.node == state.session.node and turn.session.attempt > state.session.attempt
        end = self._state_after(turn, state.session.stack, call, choice.stays if asked_again else "")
        if end is None:
            return
        way = Way(begin=state, end=end, choice=choice, events=turn.events, spoken=spoken)
        self._add(way)
        if is_faulty(turn.events):
            self._note_faults(turn.events, (*trail_to(state), way), root_of(state))

    def _add(self, way: Way) -> None:
        end = way.end
        way.begin.ways.append(way)
        end.before.append(way)
        if end.first is None and end.entered_by is None and end is not way.begin and end not in self.found.starts:
            end.first = way
        for left in list(end.returns):
            self._note_return(way.begin, left, way)

    # -- what comes back

    def _note_return(self, state: State, left: State, way: Way | None) -> None:
        if left not in state.returns:
            state.returns[left] = way
            self._fresh.append((state, left))

    def _spread(self, state: State, left: State) -> None:
        """Tell those before, and those who entered a flow here, what can come back."""
        for way in state.before:
            if way.back is None or way.begin.doing is Doing.ENTERED:
                self._note_return(way.begin, left, way)
        for caller in list(state.callers):
            self._take_up(caller, left)

    def _take_up(self, caller: State, left: State) -> None:
        def run(moment: Instant) -> Turn:
            return resume(self._centre, taken_up(left.session, caller.session), Played(), moment)

        for moment, turn in self._at_every_hour(run, caller.session.flow, caller.call.moment):
            end = self._state_after(turn, caller.session.stack, replace(caller.call, moment=moment))
            if end is None or caller.entry is None:
                continue
            way = Way(begin=caller, end=end, back=left, events=turn.events)
            self._add(way)
            if is_faulty(turn.events):
                trail = (*trail_to(caller), *ways_back(caller.entry, left), way)
                self._note_faults(turn.events, trail, root_of(caller))

    # -- states

    def _state_after(self, turn: Turn, below: list[Frame], call: Call, stays: str = "") -> State | None:
        """The state of the flow that stood above `below`; of flows entered since then, each gets a state of its own."""
        session = turn.session
        if session.node == EDGE:
            left = self._states.left(session)
            self._note_return(left, left, None)
            return left
        if len(session.stack) <= len(below):
            return self._states.at(session, call, Doing.OVER if turn.wait is None else Doing.WAITS, stays=stays)
        return self._entered(turn, below, call)

    def _entered(self, turn: Turn, below: list[Frame], call: Call) -> State | None:
        session, depth = turn.session, len(below)
        frame = session.stack[depth]
        edge = edge_below(self._centre, below, frame.flow)
        inner = replace(turn, session=replace(session, stack=[edge, *session.stack[depth + 1 :]]))
        entry = self._state_after(inner, [edge], call)
        if entry is None:
            return None
        state = self._states.at(put_aside(session, frame, below), call, Doing.ENTERED, entry=entry)
        if state is not None and state not in entry.callers:
            entry.callers.append(state)
            if entry.first is None and entry.entered_by is None:
                entry.entered_by = state
            # Not at once: how the call came to this state is not noted yet.
            self._owed += [(state, left) for left in entry.returns]
        return state

    def _note_new(self, state: State) -> None:
        self.found.states.append(state)
        if state.doing is Doing.WAITS:
            self._put_off(state)

    def _put_off(self, state: State) -> None:
        place = state.session.flow, state.session.node, state.session.attempt
        self._places[place] += 1
        (self._waiting if self._places[place] <= EARLY else self._later).append(state)

    def _node(self, state: State) -> Node:
        return self._centre.flows[state.session.flow].nodes[state.session.node]

    def _spoken(self, state: State) -> Millis:
        wait = state.session.wait
        if not isinstance(wait, PlayWait | KeysWait | RecordWait):
            return Millis(0)
        languages = (wait.language,) if self._relevance.reads_language else self._centre.languages
        return Millis(max(self._lasts(wait.prompts, language) for language in languages))

    def _lasts(self, prompts: tuple[Utterance, ...], language: Language) -> int:
        return sum(pace.speaking(words(self._centre, each, language)) for each in prompts)

    # -- notes

    def _note_assumed(self, choice: Choice) -> None:
        operation = choice.operation
        if operation and operation not in self._examples.bodies and operation not in self.found.assumed:
            self.found.assumed.append(operation)

    def _note_faults(self, events: tuple[Event, ...], trail: tuple[Way, ...], root: State) -> None:
        for event in events:
            if not isinstance(event, FAULTY):
                continue
            key = (event.flow, event.node, event.code)
            if key not in self._faults:
                self._faults.add(key)
                self.found.faults.append(self._fault(event, trail, root))

    def _fault(self, event: AuthorFault | FlowFailed, trail: tuple[Way, ...], root: State) -> Fault:
        began = dict(zip(self.found.starts, self.found.beginnings, strict=True)).get(root, ())
        said = [each for events in (began, *(way.events for way in trail)) for each in events]
        hours = {each.calendar: each.state for each in said if isinstance(each, HoursChecked)}
        return Fault(
            flow=event.flow,
            node=event.node,
            code=event.code,
            message=event.message,
            ends_call=isinstance(event, FlowFailed),
            way=tuple(way for way in trail if way.choice is not None),
            call=replace(root.call, moment=moment_when(self._centre, self.moments, hours) or root.call.moment),
        )


FAULTY = (AuthorFault, FlowFailed)


def is_faulty(events: tuple[Event, ...]) -> bool:
    """Whether the flow misbehaved."""
    return any(isinstance(event, FAULTY) for event in events)


def _question(state: State) -> object:
    """What is asked: an entry that passes the check of one question may fail that of another, in the same node."""
    return state.node, tuple(state.session.memo)


def _entered(turn: Turn) -> frozenset[FlowName]:
    """The flows that were entered during the turn."""
    return frozenset(event.entered for event in turn.events if isinstance(event, SubflowEntered))
