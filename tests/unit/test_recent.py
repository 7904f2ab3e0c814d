"""What is kept of calls that are over stays for a while, and no longer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.core.recent import Recent

SPAN = 10
NOTES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2 * SPAN)), max_size=40)
"""Keys, and the time from the note before."""


@given(NOTES)
def test_after_each_note_those_of_the_last_span_are_known_as_last_noted(notes: list[tuple[int, int]]) -> None:
    recent, now, latest = Recent[int, int](span=SPAN), 0, dict[int, int]()
    for key, later in notes:
        now += later
        latest[key] = now
        recent.note(key, now, now)
        assert all(recent.get(key) == at for key, at in latest.items() if at >= now - SPAN)
        known = {key: recent.get(key) for key in latest if key in recent}
        assert known == {key: latest[key] for key in known}
        assert len(recent) == len(known)


@given(st.lists(st.integers(0, SPAN), min_size=1))
def test_where_notes_come_steadily_nothing_is_known_for_longer_than_four_spans(gaps: list[int]) -> None:
    recent, now = Recent[int, None](span=SPAN), 0
    for gap in gaps:
        now += gap
        recent.note(now, None, now)
        assert not any(at in recent for at in range(now - 4 * SPAN))


def test_what_was_noted_just_before_a_freeze_is_known_after_it() -> None:
    recent = Recent[str, str](span=SPAN)
    recent.note("first", "caller", 0)
    recent.note("second", "caller", 100 * SPAN)
    assert recent.get("first") == "caller"
    recent.note("third", "caller", 200 * SPAN)
    assert "first" not in recent


def test_what_is_forgotten_is_not_known_and_may_be_noted_again() -> None:
    recent = Recent[str, str](span=SPAN)
    recent.note("call", "caller", 0)
    recent.note("call", "caller", 2 * SPAN)
    recent.forget("call")
    recent.forget("call")
    assert recent.get("call") is None
    recent.note("call", "engine", 2 * SPAN + 1)
    assert recent.get("call") == "engine"
