"""The sample bank's books as its flows ask them."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from ivr_engine.testing.sample_bank import Bank
from ivr_engine.testing.sample_customers import CUSTOMERS, Refusal
from ivr_engine.testing.sample_orders import CODE, MOVES_WITHOUT_TRADE
from ivr_engine.testing.sample_products import EDITIONS

ROOT = Path(__file__).parents[2]
C1, C2 = {"customer": "C1"}, {"customer": "C2"}
ACCOUNT = CUSTOMERS["C1"].accounts[0][0]
MAIN, SECOND, THIRD = (number for number, _cash in CUSTOMERS["C1"].fund_accounts)
FRIDAY = date(2026, 3, 6)


@pytest.fixture
def bank() -> Bank:
    return Bank(today=lambda: FRIDAY)


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
        ("text_balance", {**C1, "account": ACCOUNT}, {}),
        ("caller", {"number": "13900000001"}, {"language": "zh-CN"}),
        ("caller", {"number": "+8613900000002"}, {"language": "en"}),
        ("custody", C1, {"main": {"number": MAIN, "last4": "3001", "cash": "5000.00"}}),
        ("loan", {**C1, "loan": "personal", "amount": "1000"}, {"days": ["2026-03-09", "2026-03-10", "2026-03-11"]}),
        ("fx_quote", {"currency": "USD"}, {"hundred": "712.34"}),
        ("notice_deposit", {"days": 7, "amount": "50000"}, {"rate": "0.75"}),
        ("contact", C2, {"phone_last4": "0002", "district": "Example District"}),
        ("merchant_order", {**C1, "order": "20260001"}, {"merchant": "示例商城", "amount": "199.00"}),
        ("check_pin", {**C1, "pin": "654321"}, {}),
        ("staff", {"staff": "100001"}, {"name": "赵云"}),
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
        ("text_balance", {**C2, "account": ACCOUNT}, "not_found"),
        ("caller", {"number": "13800138000"}, "not_found"),
        ("caller", {}, "not_found"),
        ("custody", C2, "not_found"),
        ("loan", {**C2, "loan": "personal", "amount": "1000"}, "not_eligible"),
        ("loan", {**C1, "loan": "personal", "amount": "300001"}, "over_limit"),
        ("loan", {**C1, "loan": "car", "amount": "1"}, "bad_request"),
        ("fx_quote", {"currency": "XAU"}, "not_found"),
        ("notice_deposit", {"days": 7, "amount": "49999"}, "too_little"),
        ("notice_deposit", {"days": 2, "amount": "50000"}, "bad_request"),
        ("prepare", {**C1, "kind": "fx", "source": "USD", "amount": "50001"}, "over_limit"),
        ("prepare", {**C1, "kind": "custody", "source": SECOND, "to": THIRD, "amount": "1"}, "not_allowed"),
        ("prepare", {**C1, "kind": "custody", "source": SECOND, "to": "bank", "amount": "1"}, "not_allowed"),
        ("prepare", {**C1, "kind": "custody", "source": MAIN, "to": MAIN, "amount": "1"}, "not_allowed"),
        ("prepare", {**C2, "kind": "custody", "source": "bank", "to": MAIN, "amount": "1"}, "not_allowed"),
        ("prepare", {**C1, "kind": "custody", "source": SECOND, "to": MAIN, "amount": "300.01"}, "insufficient_funds"),
        ("prepare", {**C2, "kind": "merchant", "to": "20260001", "amount": "199.00"}, "not_allowed"),
        ("merchant_order", {**C2, "order": "20260001"}, "not_signed"),
        ("merchant_order", {**C1, "order": "1"}, "not_found"),
        ("check_pin", {**C2, "pin": ""}, "wrong_pin"),
        ("sign", {**C1, "wish": "lottery", "edition": "2026-1"}, "bad_request"),
        ("sign", {**C1, "wish": "sms_alerts", "edition": "2025-1"}, "other_edition"),
        ("sign", {**C1, "wish": "phone_payment", "edition": "2026-2"}, "signed_already"),
        ("sign", {**C2, "wish": "phone_payment", "edition": "2026-2"}, "contact_first"),
        ("contact", {"customer": "C9"}, "not_found"),
        ("staff", {"staff": "1"}, "not_found"),
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
    assert len(bank.orders.posted) == 1


def test_two_orders_are_two_even_if_they_are_alike(bank: Bank) -> None:
    assert order(bank, "5")["id"] != order(bank, "5")["id"]


def prepared(bank: Bank, kind: str, *, source: str = "", to: str, amount: str) -> str:
    sent = {**C1, "kind": kind, "source": source, "to": to, "amount": amount}
    return str(bank.answer("prepare", sent)["id"])


def moved(bank: Bank, source: str, to: str) -> bool:
    """Whether somebody should look at it."""
    return bool(bank.answer("post", {"order": prepared(bank, "custody", source=source, to=to, amount="1")})["report"])


def test_money_taken_out_after_five_moves_without_a_trade_is_reported(bank: Bank) -> None:
    assert [moved(bank, MAIN, SECOND) for _ in range(MOVES_WITHOUT_TRADE - 1)] == [False] * 4
    assert not moved(bank, MAIN, "bank")
    assert not moved(bank, SECOND, MAIN)
    assert moved(bank, MAIN, "bank")
    assert not moved(bank, "bank", MAIN)


def test_a_trade_ends_the_count(bank: Bank) -> None:
    for _ in range(MOVES_WITHOUT_TRADE):
        moved(bank, MAIN, SECOND)
    bank.answer("post", {"order": prepared(bank, "fund", to="000123", amount="100")})
    assert not moved(bank, MAIN, "bank")


def test_asking_again_for_a_posted_move_counts_no_second_one(bank: Bank) -> None:
    order_id = prepared(bank, "custody", source=MAIN, to=SECOND, amount="1")
    for _ in range(2 * MOVES_WITHOUT_TRADE):
        bank.answer("post", {"order": order_id})
    assert not moved(bank, MAIN, "bank")


def test_a_merchants_order_is_paid_once_even_if_it_was_prepared_twice(bank: Bank) -> None:
    first, second = (prepared(bank, "merchant", to="20260001", amount="199.00") for _ in range(2))
    posted = bank.answer("post", {"order": first})
    assert refused(bank, "post", order=second) == "not_allowed"
    assert bank.answer("post", {"order": first}) == posted
    assert refused(bank, "merchant_order", **C1, order="20260001") == "paid_already"
    assert refused(bank, "prepare", **C1, kind="merchant", to="20260001", amount="199.00") == "not_allowed"


def test_foreign_currency_is_paid_for_at_the_price_that_was_read_out(bank: Bank) -> None:
    sent = {**C1, "kind": "fx", "source": "USD", "to": "account", "amount": "1000"}
    assert bank.answer("prepare", sent)["amount"] == "7123.40"


def test_payment_is_signed_for_once_number_and_address_are_confirmed(bank: Bank) -> None:
    wish = {**C2, "wish": "phone_payment", "edition": EDITIONS["phone_payment"]}
    assert refused(bank, "sign", **wish) == "contact_first"
    bank.answer("confirm_contact", C2)
    assert bank.answer("sign", wish) == {"number": "600001"}
    assert refused(bank, "sign", **wish) == "signed_already"
    assert bank.products.contracts == {("C2", "phone_payment"): "2026-2"}
    assert bank.answer("merchant_order", {**C2, "order": "20260002"})["amount"] == "1280.00"


def test_the_flow_reads_out_the_editions_that_are_in_force() -> None:
    text = (ROOT / "flows" / "sample-bank" / "signup.yaml").read_text(encoding="utf-8")
    assert [wish for wish, edition in EDITIONS.items() if f'wish: {wish}, edition: "{edition}"' not in text] == []


def test_wrong_payment_pins_lock_payment_and_not_the_login(bank: Bank) -> None:
    assert [refused(bank, "check_pin", **C1, pin="0") for _ in range(4)] == ["wrong_pin"] * 3 + ["locked"]
    assert bank.answer("verify", {"id": CUSTOMERS["C1"].numbers[0], "pin": "123456"})["id"] == "C1"


def test_much_money_wants_a_code(bank: Bank) -> None:
    prepared = order(bank, "60000")
    assert prepared["step_up"]
    assert refused(bank, "check_code", order=prepared["id"], code="1") == "wrong_code"
    assert bank.answer("check_code", {"order": prepared["id"], "code": CODE}) == {}


def test_over_http_a_refusal_has_a_status_and_a_name(bank: Bank) -> None:
    assert bank.operations["quote"]({"fund": "000123"}) == (HTTPStatus.OK, {"price": "1.25", "grade": 3})
    assert bank.operations["quote"]({}) == (HTTPStatus.FORBIDDEN, {"result": "not_found"})


def test_the_documentation_lists_every_operation() -> None:
    page = (ROOT / "docs" / "services.md").read_text(encoding="utf-8")
    assert [name for name in Bank().operations if f"`{name}`" not in page] == []
