"""The sample bank's books as its flows ask them."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from ivr_engine.testing.sample_bank import CODE, CUSTOMERS, OPERATIONS, Bank, Refusal

C1, C2 = {"customer": "C1"}, {"customer": "C2"}
ACCOUNT = CUSTOMERS["C1"].accounts[0][0]


@pytest.fixture
def bank() -> Bank:
    return Bank()


def refused(bank: Bank, operation: str, **request: object) -> str:
    with pytest.raises(Refusal) as refusal:
        bank.answer(operation, request)
    return str(refusal.value)


def order(bank: Bank, amount: str) -> dict[str, Any]:
    return bank.answer("prepare", {**C1, "kind": "transfer", "to": "Li", "amount": amount})


@pytest.mark.parametrize("number", CUSTOMERS["C1"].numbers)
def test_a_customer_is_known_by_card_identity_number_or_account(bank: Bank, number: str) -> None:
    assert bank.answer("verify", {"id": number, "pin": "123456"}) == {"id": "C1", "segment": "basic", "risk": 3}


def test_wrong_pins_and_unknown_numbers_are_told_alike_and_lock(bank: Bank) -> None:
    for number in (CUSTOMERS["C1"].numbers[0], "1"):
        assert [refused(bank, "verify", id=number, pin="0") for _ in range(4)] == ["wrong_pin"] * 3 + ["locked"]
    assert refused(bank, "verify", id=CUSTOMERS["C1"].numbers[0], pin="123456") == "locked"


@pytest.mark.parametrize(
    ("operation", "request_", "part"),
    [
        ("profile", C1, {"segment": "basic", "card": True, "funds": True, "solved": "1234"}),
        ("profile", C2, {"segment": "vip", "card": False, "funds": True, "solved": ""}),
        ("accounts", C2, {"accounts": [{"number": "622000000003", "last4": "0003", "balance": "1002003.05"}]}),
        ("payees", C2, {"names": ["Li Lei"]}),
        ("card", C1, {"owed": "2500.00", "instalments": True}),
        ("repay_every_month", C1, {}),
        ("instalment", {"amount": "1200.00", "months": 12}, {"fee": "86.40", "monthly": "107.20", "rate": "7.2"}),
        ("bill", {"biller": "water", "contract": "30001234"}, {"amount": "86.40"}),
        ("quote", {"fund": "000456"}, {"price": "0.87", "grade": 5}),
        ("securities", C1, {"cash": "5000.00"}),
        ("insurance", C1, {"due": "2027-04-01"}),
    ],
)
def test_the_books_answer(bank: Bank, operation: str, request_: dict[str, Any], part: dict[str, Any]) -> None:
    answer = bank.answer(operation, request_)
    assert {name: answer[name] for name in part} == part


@pytest.mark.parametrize(
    ("operation", "request_", "result"),
    [
        ("nothing", {}, "unknown_operation"),
        ("profile", {"customer": "C9"}, "not_found"),
        ("entries", {"account": "1"}, "not_found"),
        ("prepare", {**C1, "amount": "200000.01"}, "over_limit"),
        ("prepare", {**C1, "amount": "90000"}, "insufficient_funds"),
        ("prepare", {**C1, "amount": "-1"}, "bad_request"),
        ("prepare", {**C1, "amount": "NaN"}, "bad_request"),
        ("prepare", {**C1, "amount": "much"}, "bad_request"),
        ("post", {"order": "1"}, "not_found"),
        ("check_code", {"order": "1", "code": CODE}, "not_found"),
        ("card", C2, "no_card"),
        ("instalment", {"amount": "10", "months": 5}, "bad_request"),
        ("bill", {"contract": "30005678"}, "nothing_owed"),
        ("bill", {"contract": "30000000"}, "not_found"),
        ("quote", {"fund": "1"}, "not_found"),
        ("securities", C2, "not_found"),
    ],
)
def test_the_books_refuse(bank: Bank, operation: str, request_: dict[str, Any], result: str) -> None:
    assert refused(bank, operation, **request_) == result


def test_entries_are_of_an_account(bank: Bank) -> None:
    assert len(bank.answer("entries", {"account": ACCOUNT})["entries"]) == 5


def test_an_order_is_posted_once_however_often_it_is_asked(bank: Bank) -> None:
    prepared = order(bank, "1200.5")
    assert (prepared["amount"], prepared["step_up"]) == ("1200.50", False)
    first, again = (bank.answer("post", {"order": prepared["id"]}) for _ in range(2))
    assert first == again
    assert len(bank.posted) == 1


def test_two_orders_are_two_even_if_they_are_alike(bank: Bank) -> None:
    assert order(bank, "5")["id"] != order(bank, "5")["id"]


def test_much_money_wants_a_code(bank: Bank) -> None:
    prepared = order(bank, "60000")
    assert prepared["step_up"]
    assert refused(bank, "check_code", order=prepared["id"], code="1") == "wrong_code"
    assert bank.answer("check_code", {"order": prepared["id"], "code": CODE}) == {}


def test_over_http_a_refusal_has_a_status_and_a_name(bank: Bank) -> None:
    assert bank.operations["quote"]({"fund": "000123"}) == (HTTPStatus.OK, {"price": "1.25", "grade": 3})
    assert bank.operations["quote"]({}) == (HTTPStatus.FORBIDDEN, {"result": "not_found"})


def test_the_documentation_lists_every_operation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "services.md").read_text(encoding="utf-8")
    assert [name for name in OPERATIONS if f"`{name}`" not in page] == []
