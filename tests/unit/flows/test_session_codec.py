"""A session survives storage at every wait, whatever the caller, the services and the agents do."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.core.events import codec
from ivr_engine.core.ids import AgentId
from ivr_engine.core.outcomes import GatherEnd, QueueOutcome, RequestOutcome
from ivr_engine.errors import StoreError
from ivr_engine.flows.effects import HangUp
from ivr_engine.flows.session_codec import from_plain, to_plain
from ivr_engine.flows.waits import (
    CallerGone,
    Json,
    Keyed,
    KeysWait,
    Played,
    PlayWait,
    QueueLeft,
    QueueWait,
    Reply,
    RequestWait,
    Responded,
    Wait,
)
from ivr_engine.testing.builders import centre, prompts
from tests.unit.flows.walking import Walked, keyed

NODES: dict[str, Any] = {
    "greeting": {"play": ["hello", {"digits": "{{ call.caller }}"}], "next": "menu", "failed": "menu"},
    "menu": {
        "menu": {
            "prompt": "menu",
            "keys": {
                "1": "card",
                "2": {"set": {"language": "en", "count": "{{ default(count, 0) + 1 }}"}, "next": "menu"},
                "3": "loop",
                "0": "agent",
                "#": "say",
            },
        },
        "failed": "agent",
    },
    "card": {
        "collect": {"prompt": "card", "into": "card", "digits": "2..4", "secret": True},
        "next": "date",
        "failed": "menu",
    },
    "date": {"collect": {"prompt": "date", "into": "day", "digits": 8, "check": "date"}, "next": "ask", "failed": "ask"},
    "ask": {
        "request": {"service": "host", "operation": "x", "send": {"card": "{{ card }}", "day": "{{ day }}"}, "into": "a"},
        "next": "say",
        "exits": {"not_found": "card"},
        "failed": "menu",
    },
    "say": {
        "play": [{"money": "{{ a.balance }}"}, {"date": "{{ day }}"}, {"text": "{{ text(a.balance) }}{{ last(card, 2) }}"}],
        "next": "check",
        "failed": "check",
    },
    "check": {"branch": [{"when": "{{ default(a, 0) == 1 }}", "next": "loop"}], "else": "menu"},
    "loop": {"set": {"n": "{{ default(n, 0) + 1 }}"}, "next": "loop"},
    "agent": {
        "queue": {"name": "cards", "skills": {"card": 2}, "priority": "{{ count }}"},
        "next": "menu",
        "failed": "end",
    },
    "end": {"hangup": {}},
}
ALL = prompts(["hello", "menu", "card", "date", "invalid_key", "no_input", "system_fault"])
DEFINITION = centre(NODES, prompts={"zh": ALL, "en": ALL}, answers=("count", "card", "a", "day"))

KEYS = st.text(alphabet="0123#*", max_size=9) | st.just("20260302") | st.text(max_size=4)
BODIES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("12.50"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["balance", "x"]), inner, max_size=2),
    max_leaves=5,
)
RESULTS = st.sampled_from(["", "not_found", "next", "failed", "say"]) | st.text(max_size=9)


def replies(wait: Wait) -> st.SearchStrategy[Reply]:
    """Whatever may answer this wait, sensible or not."""
    match wait:
        case PlayWait():
            own: st.SearchStrategy[Any] = st.builds(Played, key=st.just("") | KEYS)
        case KeysWait():
            own = st.builds(Keyed, keys=KEYS, ended=st.sampled_from(GatherEnd), interrupted=st.booleans())
        case RequestWait():
            own = st.builds(Responded, outcome=st.sampled_from(RequestOutcome), body=BODIES, result=RESULTS)
        case QueueWait():
            own = st.builds(QueueLeft, outcome=st.sampled_from(QueueOutcome), agent=st.none() | st.just(AgentId("7")))
    return st.one_of(own, own, own, own, own, own, own, st.just(CallerGone()))


def go_through_a_random_call(data: st.DataObject) -> None:
    call = Walked(DEFINITION)
    gone = False
    for _ in range(30):
        wait = call.turn.wait
        assert wait == call.turn.session.wait
        stored = json.loads(json.dumps(to_plain(call.turn.session), allow_nan=False))
        assert from_plain(stored) == call.turn.session
        if wait is None:
            break
        reply = data.draw(replies(wait))
        gone = isinstance(reply, CallerGone)
        call.reply(reply)
    assert (call.turn.effects == (HangUp(),)) is (call.turn.wait is None and not gone)
    for event in call.events:
        assert codec.from_plain(json.loads(json.dumps(codec.to_plain(event)))) == event


@given(st.data())
def test_random_callers_services_and_agents_never_crash_a_call(data: st.DataObject) -> None:
    go_through_a_random_call(data)


@given(st.text(alphabet="456789", min_size=4, max_size=4), st.data())
def test_a_secret_card_never_reaches_an_event(card: str, data: st.DataObject) -> None:
    call = Walked(DEFINITION, Played(), keyed("1"), keyed(card))
    for _ in range(8):
        if call.turn.wait is None:
            break
        reply = data.draw(replies(call.turn.wait).filter(lambda each: card not in str(vars_of(each))))
        call.reply(reply)
    assert card not in json.dumps([codec.to_plain(event) for event in call.events])


def vars_of(reply: Reply) -> list[object]:
    """What a reply holds; its repr shows nothing."""
    return [getattr(reply, each.name) for each in fields(reply)]


def test_going_on_from_storage_is_the_same_as_going_on() -> None:
    replies: list[Reply] = [Played(key="1"), keyed("123", GatherEnd.END_KEY), keyed("20260302")]
    kept, stored = Walked(DEFINITION), Walked(DEFINITION)
    for reply in replies:
        stored.turn = replace(stored.turn, session=from_plain(json.loads(json.dumps(to_plain(stored.turn.session)))))
        assert kept.reply(reply).events == stored.reply(reply).events
    assert kept.turn.session == stored.turn.session


SOUND = to_plain(Walked(DEFINITION).turn.session)


@pytest.mark.parametrize(
    "damage",
    [
        {"wait": {"kind": "nonsense"}},
        {"wait": {"kind": "play"}},
        {"wait": {"kind": "play", "prompts": [{"kind": "prompt"}], "language": "zh"}},
        {"wait": 7},
        {"extra": 1},
        {"facts": {}},
        {"node": 7},
        {"variables": 7},
        {"secrets": 7},
    ],
)
def test_a_damaged_session_is_refused_without_showing_what_is_in_it(damage: dict[str, Any]) -> None:
    with pytest.raises(StoreError) as refusal:
        from_plain({**SOUND, "typed_ahead": "918273", **damage})
    assert "918273" not in str(refusal.value)


@pytest.mark.parametrize("missing", sorted(SOUND))
def test_a_session_with_a_field_missing_is_refused(missing: str) -> None:
    if missing in ("typed_ahead", "stray", "attempt", "steps", "ending", "stack", "given", "memo", "menus", "place"):
        assert from_plain({name: value for name, value in SOUND.items() if name != missing}).wait is not None
        return
    with pytest.raises(StoreError):
        from_plain({name: value for name, value in SOUND.items() if name != missing})
