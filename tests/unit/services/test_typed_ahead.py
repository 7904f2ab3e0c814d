"""Keys that a caller presses while nobody asks for any: kept for who asks next, by the rules of keys typed ahead."""

from __future__ import annotations

import pytest

from ivr_engine.core.events import NodeEntered, PromptsPlayed, TransferEnded
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.testing.builders import centre
from ivr_engine.testing.line import Act, AgentDoes, Press, PressMeanwhile, ScriptedLine
from tests.unit.services.office import Office

ASK = {"request": {"service": "host", "operation": "balance", "into": "account"}, "failed": "end"}
NODES = {
    "ask": {**ASK, "next": "say"},
    "say": {"play": ["words"], "next": "choose"},
    "choose": {"menu": {"prompt": "menu", "keys": {"1": "next_menu", "2": "end"}}, "failed": "end"},
    "next_menu": {"menu": {"prompt": "menu", "keys": {"3": "third", "4": "end"}}, "failed": "end"},
    "third": {"play": ["goodbye"], "next": "end"},
    "end": {"hangup": {}},
}
PIN_NODES = {
    "pin": {"collect": {"prompt": "enter_pin", "into": "pin", "digits": 6, "end_key": "#", "secret": True}, "next": "ask"}
    | {"failed": "end"},
    **NODES,
}


async def walked(nodes: dict[str, object], *script: Act) -> tuple[Office, list[str]]:
    office = Office(definition=centre(nodes))
    await office.serve(ScriptedLine(*script), number="95500")
    return office, [event.node for event in office.facts(NodeEntered) if isinstance(event, NodeEntered)]


# Making the words of the first prompt asks for no key here; the request is the first thing that takes its time.
async def test_keys_pressed_while_a_service_is_asked_pass_over_words_and_answer_the_next_menus() -> None:
    office, nodes = await walked(NODES, PressMeanwhile("13"))
    assert nodes == ["ask", "say", "choose", "next_menu", "third", "end"]
    assert [event.node for event in office.facts(PromptsPlayed) if isinstance(event, PromptsPlayed)] == ["third"]


async def test_an_end_key_that_came_too_late_for_a_whole_entry_is_no_key_typed_ahead() -> None:
    office, nodes = await walked(PIN_NODES, Press("123456"), PressMeanwhile("#"), Press("2"))
    assert nodes == ["pin", "ask", "say", "choose", "end"]
    said = [event.node for event in office.facts(PromptsPlayed) if isinstance(event, PromptsPlayed)]
    assert said == ["pin", "say"]  # the 2 stopped these words; a # kept would have passed them over


@pytest.mark.parametrize("outcome", [OfferOutcome.ANSWERED, OfferOutcome.CALLER_GONE])
async def test_a_transfer_that_the_caller_ends_is_recorded(outcome: OfferOutcome) -> None:
    nodes = {"out": {"transfer": {"to": "desk"}, "next": "end", "failed": "end"}, "end": {"hangup": {}}}
    office, _ = await walked(nodes, AgentDoes(outcome, talked=Millis(700), caller_gone=True))
    (over,) = office.facts(TransferEnded)
    assert isinstance(over, TransferEnded)
    assert (over.to, over.outcome, over.talked) == ("desk", outcome, 700)
