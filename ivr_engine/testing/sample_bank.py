"""The sample bank: what the flows of `flows/sample-bank` ask about customers, and post.

An operation takes a request, and gives the answer or raises `Refusal` with the result's name. Customers stand in
`sample_customers`, orders in `sample_orders`, loans, terms and the like in `sample_products`.
"""

from __future__ import annotations

import hmac
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from http import HTTPStatus

from ivr_engine.testing.sample_customers import CENT, CUSTOMERS, Answer, Customer, Refusal, Request, amount_of, customer_of
from ivr_engine.testing.sample_orders import Orders
from ivr_engine.testing.sample_products import Products

Operation = Callable[[Request], tuple[HTTPStatus, Answer]]

MOST_WRONG_PINS = 3
# Yearly rate in per cent of each number of instalments.
RATES: Mapping[int, Decimal] = {3: Decimal("7.2"), 6: Decimal("7.2"), 12: Decimal("7.2")}
ENTRIES = [
    {"date": "2026-11-20", "amount": "-35.00"},
    {"date": "2026-11-18", "amount": "-120.80"},
    {"date": "2026-11-15", "amount": "8000.00"},
    {"date": "2026-11-09", "amount": "-64.00"},
    {"date": "2026-11-01", "amount": "-1500.00"},
]
FUNDS: Mapping[str, Answer] = {"000123": {"price": "1.25", "grade": 3}, "000456": {"price": "0.87", "grade": 5}}
# A bill is owed on contracts that end so; others are unknown.
BILLS: Mapping[str, str] = {"1234": "86.40", "5678": "0.00"}


def _today() -> date:
    return datetime.now().astimezone().date()


class Bank:
    """The books behind the operations. What is done in them lives as long as the service does."""

    def __init__(self, customers: Mapping[str, Customer] = CUSTOMERS, *, today: Callable[[], date] = _today) -> None:
        self.customers = customers
        self.wrong: Counter[str] = Counter()
        self.orders = Orders(customers)
        self.products = Products(customers, self.orders.payers, today)
        own = {name: partial(each, self) for name, each in _OPERATIONS.items()}
        self._answers: Mapping[str, Callable[[Request], Answer]] = {
            **own,
            **self.orders.operations,
            **self.products.operations,
        }
        self._lock = threading.Lock()

    def answer(self, operation: str, request: Request) -> Answer:
        """What the bank says.

        Raises:
            Refusal: with the name of the result; `unknown_operation` for one that is none.
        """
        if operation not in self._answers:
            raise Refusal("unknown_operation")
        with self._lock:
            return self._answers[operation](request)

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What may be asked over HTTP, by name: each gives status and body."""
        return {name: partial(self._responded, name) for name in self._answers}

    def _responded(self, operation: str, request: Request) -> tuple[HTTPStatus, Answer]:
        try:
            return HTTPStatus.OK, self.answer(operation, request)
        except Refusal as refusal:
            return HTTPStatus.FORBIDDEN, {"result": str(refusal)}


def _customer(bank: Bank, request: Request) -> Customer:
    return customer_of(bank.customers, request)


def _verify(bank: Bank, request: Request) -> Answer:
    number, pin = str(request.get("id")), str(request.get("pin"))
    if bank.wrong[number] >= MOST_WRONG_PINS:
        raise Refusal("locked")
    for name, customer in bank.customers.items():
        if number in customer.numbers and hmac.compare_digest(pin.encode(), customer.pin.encode()):
            bank.wrong[number] = 0
            return {"id": name, "segment": customer.segment, "risk": customer.risk}
    bank.wrong[number] += 1
    raise Refusal("wrong_pin")  # for an unknown number too: nobody finds out which cards exist


def _profile(bank: Bank, request: Request) -> Answer:
    customer = _customer(bank, request)
    holds = {"card": customer.card is not None, "funds": customer.risk > 1}
    news = {"solved": customer.solved, "preferred": customer.preferred}
    return {"name": customer.name, "segment": customer.segment, **news, **holds}


def _accounts(bank: Bank, request: Request) -> Answer:
    accounts = _customer(bank, request).accounts
    return {"accounts": [{"number": number, "last4": number[-4:], "balance": balance} for number, balance in accounts]}


def _entries(bank: Bank, request: Request) -> Answer:
    numbers = {number for customer in bank.customers.values() for number, _ in customer.accounts}
    if str(request.get("account")) not in numbers:
        raise Refusal("not_found")
    return {"entries": ENTRIES}


def _payees(bank: Bank, request: Request) -> Answer:
    return {"names": list(_customer(bank, request).payees)}


def _check_pin(bank: Bank, request: Request) -> Answer:
    """The PIN for payments; wrong ones are counted apart from those of the login."""
    pin, counted = _customer(bank, request).payment_pin, f"payment of {request['customer']}"
    if bank.wrong[counted] >= MOST_WRONG_PINS:
        raise Refusal("locked")
    if not pin or not hmac.compare_digest(str(request.get("pin")).encode(), pin.encode()):
        bank.wrong[counted] += 1
        raise Refusal("wrong_pin")
    bank.wrong[counted] = 0
    return {}


def _text_balance(bank: Bank, request: Request) -> Answer:
    if str(request.get("account")) not in dict(_customer(bank, request).accounts):
        raise Refusal("not_found")
    return {}


def _card(bank: Bank, request: Request) -> Answer:
    card = _customer(bank, request).card
    if card is None:
        raise Refusal("no_card")
    return dict(card)


def _instalment(_bank: Bank, request: Request) -> Answer:
    amount, months = amount_of(request), request.get("months")
    if not isinstance(months, int) or months not in RATES:
        raise Refusal("bad_request")
    fee = (amount * RATES[months] / 100 * months / 12).quantize(CENT)
    return {"fee": str(fee), "monthly": str(((amount + fee) / months).quantize(CENT)), "rate": str(RATES[months])}


def _bill(_bank: Bank, request: Request) -> Answer:
    owed = BILLS.get(str(request.get("contract"))[-4:])
    if owed is None:
        raise Refusal("not_found")
    if owed == "0.00":
        raise Refusal("nothing_owed")
    return {"amount": owed}


def _quote(_bank: Bank, request: Request) -> Answer:
    fund = FUNDS.get(str(request.get("fund")))
    if fund is None:
        raise Refusal("not_found")
    return dict(fund)


def _repay_every_month(bank: Bank, request: Request) -> Answer:
    _card(bank, request)
    return {}


def _held(part: str) -> Callable[[Bank, Request], Answer]:
    """What the customer has with another company of the group."""

    def held(bank: Bank, request: Request) -> Answer:
        found = getattr(_customer(bank, request), part)
        if found is None:
            raise Refusal("not_found")
        return dict(found)

    return held


_OPERATIONS: Mapping[str, Callable[[Bank, Request], Answer]] = {
    "verify": _verify,
    "profile": _profile,
    "accounts": _accounts,
    "entries": _entries,
    "payees": _payees,
    "text_balance": _text_balance,
    "check_pin": _check_pin,
    "card": _card,
    "repay_every_month": _repay_every_month,
    "instalment": _instalment,
    "bill": _bill,
    "quote": _quote,
    "securities": _held("securities"),
    "insurance": _held("policy"),
}
