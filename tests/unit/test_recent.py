"""What is kept of calls that are over stays for a while, and no longer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.core.recent import Recent

SPAN = 10
NOTES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), max_size=40)
"""Keys, and the time from the note before."""


@given(NOTES)
def test_after_each_note_just_those_of_the_last_span_are_known(notes: list[tuple[int, int]]) -> None:
    recent, now, latest = Recent[int, int](span=SPAN), 0, dict[int, int]()
    for key, later in notes:
        now += later
        latest[key] = now
        recent.note(key, now, now)
        lately = {key: at for key, at in latest.items() if at >= now - SPAN}
        assert {each: recent.get(each) for each in range(6) if each in recent} == lately
        assert len(recent) == len(lately)


def test_what_is_forgotten_is_not_known_and_may_be_noted_again() -> None:
    recent = Recent[str, str](span=SPAN)
    recent.note("call", "caller", 0)
    recent.forget("call")
    recent.forget("call")
    assert recent.get("call") is None
    recent.note("call", "engine", 1)
    assert recent.get("call") == "engine"
