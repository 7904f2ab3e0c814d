"""Every event of the catalogue survives event -> dict -> JSON -> dict -> event, and nothing else gets through."""

from __future__ import annotations

import dataclasses
import json
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.core.events import CATALOGUE, CallArrived, Event
from ivr_engine.core.events.codec import from_plain, to_plain
from ivr_engine.core.ids import CallId
from ivr_engine.errors import StoreError

for _kind in CATALOGUE.values():
    _hints = typing.get_type_hints(_kind)
    st.register_type_strategy(
        _kind, st.builds(_kind, **{field.name: st.from_type(_hints[field.name]) for field in dataclasses.fields(_kind)})
    )


@given(event=st.sampled_from(sorted(CATALOGUE)).flatmap(lambda name: st.from_type(CATALOGUE[name])))
def test_every_event_survives_the_journal(event: Event) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(event)))) == event


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"type": "call.unheard_of"},
        {"type": "call.arrived", "call": "1.1", "number": "95500"},
        {"type": "call.arrived", "call": "1.1", "number": "95500", "caller": "1", "colour": "red"},
        {"type": "call.arrived", "call": "1.1", "number": 95500, "caller": "1"},
        {"type": "call.ended", "call": "1.1", "ended_by": "nobody"},
    ],
)
def test_a_row_that_is_not_an_event_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises(StoreError):
        from_plain(plain)


def test_the_type_name_stands_in_the_row() -> None:
    event = CallArrived(call=CallId("1.1"), number="95500", caller="13800138000")
    assert to_plain(event)["type"] == "call.arrived"
