"""The desk of the sample host service: what is lost is frozen once, orders are kept, one key opens one ticket."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

import pytest

from ivr_engine.testing.host_service import ACCOUNTS, Fault, HostService
from ivr_engine.testing.sample_desk import IDENTITIES, Desk

CARD = "6299990000100015"


@pytest.fixture
def desk() -> Desk:
    return Desk(frozenset(ACCOUNTS))


@pytest.mark.parametrize(
    ("lost", "number"), [("card", CARD), ("account", "622000000001"), *(("identity", each) for each in sorted(IDENTITIES))]
)
def test_what_is_lost_is_frozen_once(desk: Desk, lost: str, number: str) -> None:
    status, answer = desk.freeze({"lost": lost, "number": number})
    assert (status, answer) == (HTTPStatus.OK, {"reference": "700001"})
    assert desk.freeze({"lost": lost, "number": number}) == (HTTPStatus.CONFLICT, {"result": "already_frozen"})
    assert desk.frozen == {number}


@pytest.mark.parametrize(
    "request_", [{}, {"lost": "card", "number": "1"}, {"lost": "identity", "number": CARD}, {"lost": [], "number": CARD}]
)
def test_what_nobody_knows_is_not_frozen(desk: Desk, request_: dict[str, Any]) -> None:
    assert desk.freeze(request_) == (HTTPStatus.NOT_FOUND, {"result": "not_found"})
    assert desk.frozen == set()


def test_orders_are_kept_whatever_they_are_about(desk: Desk) -> None:
    answers = [desk.freeze_order({"lost": "card", "number": number})[1]["reference"] for number in ("1", "2")]
    assert (answers, desk.ordered) == (["900001", "900002"], ["1", "2"])


def test_one_key_opens_one_ticket(desk: Desk) -> None:
    numbers = [desk.ticket({"type": "opinion", "key": key})[1]["number"] for key in ("a", "b", "a")]
    assert numbers == ["500001", "500002", "500001"]


def test_a_message_leaves_its_template_and_nothing_personal(desk: Desk) -> None:
    assert desk.notify({"to": "13800138000", "template": "loss_report"}) == (HTTPStatus.OK, {})
    assert desk.sent == ["loss_report"]


def test_the_other_centre_finds_why_a_caller_was_handed_over(desk: Desk) -> None:
    assert desk.hand_over({"caller": "13800138000", "language": "en", "reason": "overseas"}) == (HTTPStatus.OK, {})
    assert desk.handed_over == {"13800138000": "overseas"}


def ask(host: HostService, operation: str, **sent: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{host.url}/{operation}", json.dumps(sent).encode(), timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_host_may_be_down_while_the_desk_answers() -> None:
    with HostService() as host:
        host.faults = {"freeze": Fault.ERROR}
        assert ask(host, "freeze", lost="card", number=CARD)[0] == HTTPStatus.INTERNAL_SERVER_ERROR
        assert ask(host, "freeze_order", lost="card", number=CARD) == (HTTPStatus.OK, {"reference": "900001"})
        assert ask(host, "balance", card=CARD, pin="123456")[0] == HTTPStatus.OK
        host.faults = {}
        assert ask(host, "freeze", lost="card", number=CARD) == (HTTPStatus.OK, {"reference": "700001"})
