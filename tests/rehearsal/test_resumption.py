"""Whatever a conversation with the sample bank has come to, an engine that takes it over goes on as if nothing had been.

Every conversation test of the bank is played and each of its turns noted. Then, for each wait, the call is taken up from
what could be stored by then and given the replies that followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ivr_engine.core.events import Event, FlowResumed, PromptsPlayed
from ivr_engine.core.ids import Instant
from ivr_engine.flows.checkpoint import Checkpoints, go_on
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.engine import resume
from ivr_engine.flows.session import Session, Turn
from ivr_engine.flows.session_codec import Plain, from_plain, to_plain
from ivr_engine.flows.waits import KeysWait, PlayWait, RecordWait, Reply, RequestWait
from ivr_engine.flows.walk import ONE_MOMENT
from ivr_engine.testing.rehearsal.performance import perform
from ivr_engine.testing.rehearsal.script import ConversationTest
from ivr_engine.testing.stage import Stage
from tests.rehearsal.test_sample_bank import DEFINITION, TESTS

SHORTEST_SECRET = 4


@dataclass(frozen=True)
class Step:
    """A wait: the session at it, what of it could be stored, the reply, and what the reply brought."""

    session: Plain
    stored: Plain | None
    reply: Reply
    at: Instant
    events: tuple[Event, ...]


class NotedStage(Stage):
    """Notes every turn."""

    def __init__(self, definition: CentreDefinition, *, now: Instant) -> None:
        super().__init__(definition, now=now)
        self.steps: list[Step] = []
        self._checkpoints = Checkpoints(definition)

    def reply(self, session: Session, reply: Reply) -> Turn:
        before, stored = json.loads(json.dumps([to_plain(session), self._checkpoints.of(session)]))
        turn = super().reply(session, reply)
        self.steps.append(Step(before, stored, reply, self.now, turn.events))
        return turn


def steps_of(test: ConversationTest) -> list[Step]:
    stage = NotedStage(DEFINITION, now=test.instant)
    assert perform(DEFINITION, test, stage=stage).failure is None
    return stage.steps


def values_in(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON has no narrower type
    if isinstance(value, dict):
        for each in value.values():
            yield from values_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from values_in(each)
    else:
        yield str(value)


def secrets_of(session: Plain) -> set[str]:
    """What the caller keyed in secret and the session still knows, in variables, memo and waits."""
    places = [session, *session["stack"]]
    found = {str(place["variables"][name]) for place in places for name in place["secrets"] if name in place["variables"]}
    memo = session["memo"]
    found |= {str(memo[name]) for name in ("id", "pin") if name in memo}
    if session["wait"]["kind"] == "verify":
        found |= {session["wait"]["subject"], session["wait"]["pin"]}
    return {each for each in found if len(each) >= SHORTEST_SECRET}


def without_one_moment(event: Event) -> Event:
    if isinstance(event, PromptsPlayed) and event.prompts[:1] == (ONE_MOMENT,):
        return replace(event, prompts=event.prompts[1:])
    return event


def said(wait: object) -> bool:
    return isinstance(wait, PlayWait | KeysWait | RecordWait)


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name)
def test_a_call_taken_up_at_any_wait_goes_on_as_it_would_have(test: ConversationTest) -> None:
    steps = steps_of(test)
    for start, step in enumerate(steps):
        if step.stored is None or step.session["typed_ahead"]:
            continue  # what stands instead is the wait before, or the caller has to press again
        turn = go_on(DEFINITION, from_plain(step.stored), step.at)
        assert turn is not None
        assert [type(each) for each in turn.events] == [FlowResumed]
        assert not said(turn.wait) or turn.wait.prompts[0].name == ONE_MOMENT  # type: ignore[union-attr]
        for later in steps[start:]:
            turn = resume(DEFINITION, turn.session, later.reply, later.at)
            assert tuple(map(without_one_moment, turn.events)) == later.events
        assert turn.wait is None


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name)
def test_what_is_stored_holds_no_secret_and_what_is_not_stored_needs_one(test: ConversationTest) -> None:
    known: set[str] = set()
    for step in steps_of(test):
        known |= secrets_of(step.session)
        if step.stored is not None:
            text = " ".join(values_in(step.stored))
            assert not [secret for secret in known if secret in text.split(" ")], step.stored["node"]
        else:
            assert secrets_of(step.session), f"{step.session['node']} could have been stored"


def test_what_must_happen_once_is_asked_for_again_word_for_word() -> None:
    """Orders, tickets and messages carry an id or a key, and that is in what is stored: the service knows it is the same."""
    asked = set()
    for step in (step for test in TESTS for step in steps_of(test)):
        wait = step.session["wait"]
        if wait["kind"] == "request" and wait["operation"] in ("post", "ticket", "notify"):
            assert step.stored is not None
            turn = go_on(DEFINITION, from_plain(step.stored), step.at)
            assert turn is not None
            assert isinstance(turn.wait, RequestWait)
            assert dict(turn.wait.send) == wait["send"]
            asked.add(wait["operation"])
    assert asked == {"post", "ticket", "notify"}


def test_a_secret_entry_begins_again_at_its_first_secret() -> None:
    """Card, PIN, balance: lost at the PIN or at the request, the call is back at the card number."""
    stored: dict[str, set[bool]] = {}
    for step in (step for test in TESTS for step in steps_of(test) if step.session["flow"] == "main"):
        stored.setdefault(step.session["node"], set()).add(step.stored is not None)
    assert (stored["main_menu"], stored["after_balance"]) == ({True}, {True}), "card and PIN are not needed any more"
    assert (stored["ask_pin"], stored["fetch"]) == ({False}, {False})
    assert True in stored["ask_card"]


def test_a_call_on_a_version_that_is_gone_enters_its_node_anew_and_says_so() -> None:
    newer = replace(DEFINITION, version="newer")
    for step in (step for test in TESTS[:40] for step in steps_of(test) if step.stored is not None):
        assert step.stored is not None
        turn = go_on(newer, from_plain(step.stored), step.at)
        assert turn is not None
        resumed = turn.events[0]
        assert isinstance(resumed, FlowResumed)
        assert (resumed.version, resumed.previous, resumed.node) == ("newer", DEFINITION.version, step.stored["node"])
        assert len(turn.events) > 1
        assert turn.session.version == "newer"


def test_a_call_at_a_node_that_is_gone_cannot_go_on() -> None:
    step = next(step for test in TESTS for step in steps_of(test) if step.stored is not None)
    assert step.stored is not None
    session = from_plain({**step.stored, "node": "no_such_node"})
    assert go_on(DEFINITION, session, step.at) is None
