"""The sample bank's customers and tables: who is known by which number, and what they hold. All of it is invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

Request = Mapping[str, Any]
Answer = dict[str, Any]

CENT = Decimal("0.01")


class Refusal(Exception):
    """The bank says no, by the name of the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How the bank reaches a customer. `right`: the customer has confirmed it."""

    phone_last4: str
    district: str
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody with an account; `numbers` are the cards, identity number and account they are known by.

    `telephones` tell only which language is preferred. Of `fund_accounts` (number, cash) the first is the main one.
    """

    name: str
    numbers: tuple[str, ...]
    pin: str = field(repr=False)
    accounts: tuple[tuple[str, str], ...]  # number, balance
    segment: str = "basic"
    risk: int = 3  # 1 careful .. 5 bold
    card: Mapping[str, Any] | None = None
    payees: tuple[str, ...] = ()
    solved: str = ""
    preferred: str = ""
    securities: Mapping[str, str] | None = None
    policy: Mapping[str, str] | None = None
    telephones: tuple[str, ...] = ()
    language: str = ""
    fund_accounts: tuple[tuple[str, str], ...] = ()
    payment_pin: str = field(default="", repr=False)
    contact: Contact | None = None
    borrows: bool = False


CUSTOMERS: Mapping[str, Customer] = {
    "C1": Customer(
        name="王小明",
        numbers=("6299990000100015", "11010119900101004X", "622000000001"),
        pin="123456",
        accounts=(("622000000001", "1234.50"), ("622000000002", "80000.00")),
        card={"last4": "6015", "owed": "2500.00", "least": "250.00", "instalments": True, "foreign": True},
        payees=("王芳", "李雷", "韩梅"),
        solved="1234",
        securities={"cash": "5000.00"},
        policy={"last4": "7788", "due": "2027-04-01", "premium": "600.00"},
        telephones=("13900000001",),
        language="zh-CN",
        fund_accounts=(("880000003001", "5000.00"), ("880000003002", "300.00"), ("880000003003", "0.00")),
        payment_pin="654321",
        contact=Contact(phone_last4="0001", district="示例市人民区", right=True),
        borrows=True,
    ),
    "C2": Customer(
        name="Han Mei",
        numbers=("6299990000200021", "622000000003"),
        pin="246810",
        accounts=(("622000000003", "1002003.05"),),
        segment="vip",
        risk=5,
        payees=("Li Lei",),
        telephones=("13900000002",),
        language="en",
        contact=Contact(phone_last4="0002", district="Example District", right=False),
    ),
}


def customer_of(customers: Mapping[str, Customer], request: Request) -> Customer:
    """Whom a request is about. Raises Refusal `not_found`."""
    customer = customers.get(str(request.get("customer")))
    if customer is None:
        raise Refusal("not_found")
    return customer


def amount_of(request: Request) -> Decimal:
    """The amount of a request in hundredths. Raises Refusal `bad_request`."""
    try:
        amount = Decimal(str(request.get("amount")))
    except InvalidOperation:
        raise Refusal("bad_request") from None
    if not amount.is_finite() or amount <= 0:
        raise Refusal("bad_request")
    return amount.quantize(CENT)
