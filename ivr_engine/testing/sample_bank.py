"""The sample bank's books: what the flows of `flows/sample-bank` ask about customers who are identified, and post.

`OPERATIONS` is the whole of it: the name of an operation, and the function that answers it. Each takes the bank and the
request, and gives the answer or raises `Refusal` with the result's name. All customers and numbers are invented.
"""

from __future__ import annotations

import hmac
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Any

Request = Mapping[str, Any]
Answer = dict[str, Any]
Operation = Callable[[Request], tuple[HTTPStatus, Answer]]

MOST_WRONG_PINS = 3
LIMIT = Decimal("200000.00")
STEP_UP = Decimal("50000.00")
CODE = "135246"
CENT = Decimal("0.01")
# Yearly rate in per cent of each number of instalments.
RATES: Mapping[int, Decimal] = {3: Decimal("7.2"), 6: Decimal("7.2"), 12: Decimal("7.2")}


class Refusal(Exception):
    """The bank says no, by the name of the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody with an account; `numbers` are the cards, identity number and account they are known by."""

    name: str
    numbers: tuple[str, ...]
    pin: str = field(repr=False)
    accounts: tuple[tuple[str, str], ...]  # number, balance
    segment: str = "basic"
    risk: int = 3  # 1 careful .. 5 bold
    card: Mapping[str, Any] | None = None
    payees: tuple[str, ...] = ()
    solved: str = ""
    securities: Mapping[str, str] | None = None
    policy: Mapping[str, str] | None = None


CUSTOMERS: Mapping[str, Customer] = {
    "C1": Customer(
        name="王小明",
        numbers=("6299990000100015", "11010119900101004X", "622000000001"),
        pin="123456",
        accounts=(("622000000001", "1234.50"), ("622000000002", "80000.00")),
        card={"last4": "6015", "owed": "2500.00", "least": "250.00", "instalments": True},
        payees=("王芳", "李雷", "韩梅"),
        solved="1234",
        securities={"cash": "5000.00"},
        policy={"last4": "7788", "due": "2027-04-01", "premium": "600.00"},
    ),
    "C2": Customer(
        name="Han Mei",
        numbers=("6299990000200021", "622000000003"),
        pin="246810",
        accounts=(("622000000003", "1002003.05"),),
        segment="vip",
        risk=5,
        payees=("Li Lei",),
    ),
}
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


class Bank:
    """The books behind the operations. Orders live as long as the service does; `posted` are those that moved money."""

    def __init__(self, customers: Mapping[str, Customer] = CUSTOMERS) -> None:
        self.customers = customers
        self.wrong: Counter[str] = Counter()
        self.orders: dict[str, Decimal] = {}
        self.posted: dict[str, str] = {}
        self._ids = count(700_001)
        self._lock = threading.Lock()

    def answer(self, operation: str, request: Request) -> Answer:
        """What the bank says.

        Raises:
            Refusal: with the name of the result; `unknown_operation` for one that is none.
        """
        if operation not in OPERATIONS:
            raise Refusal("unknown_operation")
        with self._lock:
            return OPERATIONS[operation](self, request)

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What may be asked over HTTP, by name: each gives status and body."""
        return {name: partial(self._responded, name) for name in OPERATIONS}

    def _responded(self, operation: str, request: Request) -> tuple[HTTPStatus, Answer]:
        try:
            return HTTPStatus.OK, self.answer(operation, request)
        except Refusal as refusal:
            return HTTPStatus.FORBIDDEN, {"result": str(refusal)}

    def new_id(self) -> str:
        """A number that no order and no receipt has yet."""
        return str(next(self._ids))


def _customer(bank: Bank, request: Request) -> Customer:
    customer = bank.customers.get(str(request.get("customer")))
    if customer is None:
        raise Refusal("not_found")
    return customer


def _amount(request: Request) -> Decimal:
    try:
        amount = Decimal(str(request.get("amount")))
    except InvalidOperation:
        raise Refusal("bad_request") from None
    if not amount.is_finite() or amount <= 0:
        raise Refusal("bad_request")
    return amount.quantize(CENT)


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
    return {"name": customer.name, "segment": customer.segment, "solved": customer.solved, **holds}


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


def _prepare(bank: Bank, request: Request) -> Answer:
    customer, amount = _customer(bank, request), _amount(request)
    if amount > LIMIT:
        raise Refusal("over_limit")
    if amount > sum(Decimal(balance) for _, balance in customer.accounts):
        raise Refusal("insufficient_funds")
    order = bank.new_id()
    bank.orders[order] = amount
    return {"id": order, "amount": str(amount), "fee": "0.00", "step_up": amount > STEP_UP}


def _check_code(bank: Bank, request: Request) -> Answer:
    if str(request.get("order")) not in bank.orders:
        raise Refusal("not_found")
    if not hmac.compare_digest(str(request.get("code")).encode(), CODE.encode()):
        raise Refusal("wrong_code")
    return {}


def _post(bank: Bank, request: Request) -> Answer:
    """An order is posted once; asked again, it tells the same reference."""
    order = str(request.get("order"))
    if order not in bank.orders:
        raise Refusal("not_found")
    if order not in bank.posted:
        bank.posted[order] = bank.new_id()
    return {"reference": bank.posted[order]}


def _card(bank: Bank, request: Request) -> Answer:
    card = _customer(bank, request).card
    if card is None:
        raise Refusal("no_card")
    return dict(card)


def _instalment(_bank: Bank, request: Request) -> Answer:
    amount, months = _amount(request), request.get("months")
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


OPERATIONS: Mapping[str, Callable[[Bank, Request], Answer]] = {
    "verify": _verify,
    "profile": _profile,
    "accounts": _accounts,
    "entries": _entries,
    "payees": _payees,
    "prepare": _prepare,
    "check_code": _check_code,
    "post": _post,
    "card": _card,
    "repay_every_month": _repay_every_month,
    "instalment": _instalment,
    "bill": _bill,
    "quote": _quote,
    "securities": _held("securities"),
    "insurance": _held("policy"),
}
