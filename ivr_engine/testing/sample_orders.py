"""Orders of the sample bank: prepared with an id, confirmed, and posted once however often they are asked for.

What it takes for an order to be possible depends on its kind: money between fund accounts moves only by the main one, a
merchant's order is paid once and only by who signed up for it, foreign currency is paid for at the price of the hour.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Final

from ivr_engine.testing.sample_customers import CENT, Answer, Customer, Refusal, Request, amount_of, customer_of

LIMIT: Final = Decimal("200000.00")
STEP_UP: Final = Decimal("50000.00")
CODE: Final = "135246"
FOREIGN_AT_MOST: Final = 50_000  # units of foreign currency
# Yuan for a hundred units.
HUNDRED: Final[Mapping[str, Decimal]] = {"USD": Decimal("712.34"), "EUR": Decimal("823.45"), "HKD": Decimal("91.56")}
MERCHANTS: Final[Mapping[str, tuple[str, str]]] = {
    "20260001": ("示例商城", "199.00"),
    "20260002": ("示例航空", "1280.00"),
}
# So many moves between a customer's fund accounts without a trade, and then money taken out, is for people to look at.
MOVES_WITHOUT_TRADE: Final = 5
BANK: Final = "bank"
FUNDS_KIND, CUSTODY, MERCHANT, FOREIGN = "fund", "custody", "merchant", ("fx", "fx_repayment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`charged`: what it costs, in yuan."""

    customer: str
    kind: str
    source: str
    to: str
    charged: Decimal


class Orders:
    """The orders of one bank, which asks for one thing at a time. `posted` are those that moved money."""

    def __init__(self, customers: Mapping[str, Customer]) -> None:
        self._customers = customers
        self._ids = count(700_001)
        self._moves: Counter[str] = Counter()
        self._prepared: dict[str, Order] = {}
        self.posted: dict[str, Answer] = {}
        self.paid: set[str] = set()  # merchants' orders
        self.payers: set[str] = {"C1"}  # customers who signed up for payment by telephone
        self.operations: Mapping[str, Callable[[Request], Answer]] = {
            "prepare": self.prepare,
            "check_code": self.check_code,
            "post": self.post,
            "merchant_order": self.merchant_order,
        }

    def prepare(self, request: Request) -> Answer:
        """An order that can be confirmed. Refused: over_limit, insufficient_funds, not_allowed."""
        customer = customer_of(self._customers, request)
        order = Order(
            customer=str(request["customer"]),
            kind=str(request.get("kind")),
            source=str(request.get("source", "")),
            to=str(request.get("to")),
            charged=_charged(request),
        )
        self._judge(order, customer)
        name = str(next(self._ids))
        self._prepared[name] = order
        return {"id": name, "amount": str(order.charged), "fee": "0.00", "step_up": order.charged > STEP_UP}

    def _judge(self, order: Order, customer: Customer) -> None:
        if order.kind == CUSTODY and not _by_the_main_one(order, customer):
            raise Refusal("not_allowed")
        if order.kind == MERCHANT and (order.to in self.paid or order.customer not in self.payers):
            raise Refusal("not_allowed")
        if order.charged > LIMIT:
            raise Refusal("over_limit")
        if order.charged > _there(order, customer):
            raise Refusal("insufficient_funds")

    def check_code(self, request: Request) -> Answer:
        """Whether the code that was sent is the one for this order."""
        if str(request.get("order")) not in self._prepared:
            raise Refusal("not_found")
        if not hmac.compare_digest(str(request.get("code")).encode(), CODE.encode()):
            raise Refusal("wrong_code")
        return {}

    def post(self, request: Request) -> Answer:
        """An order is posted once; asked again, it tells the same reference."""
        name = str(request.get("order"))
        order = self._prepared.get(name)
        if order is None:
            raise Refusal("not_found")
        if name not in self.posted:
            self.posted[name] = self._move(order)
        return dict(self.posted[name])

    def _move(self, order: Order) -> Answer:
        if order.kind == MERCHANT and order.to in self.paid:  # by another order, confirmed in the meantime
            raise Refusal("not_allowed")
        if order.kind == MERCHANT:
            self.paid.add(order.to)
        return {"reference": str(next(self._ids)), "report": self._is_to_be_reported(order)}

    def _is_to_be_reported(self, order: Order) -> bool:
        if order.kind == FUNDS_KIND:
            self._moves[order.customer] = 0
        if order.kind != CUSTODY or order.source == BANK:
            return False
        if order.to == BANK:
            return self._moves[order.customer] >= MOVES_WITHOUT_TRADE
        self._moves[order.customer] += 1
        return False

    def merchant_order(self, request: Request) -> Answer:
        """Whom a merchant's order pays, and how much."""
        customer_of(self._customers, request)
        order = str(request.get("order"))
        if str(request["customer"]) not in self.payers:
            raise Refusal("not_signed")
        if order not in MERCHANTS:
            raise Refusal("not_found")
        if order in self.paid:
            raise Refusal("paid_already")
        merchant, amount = MERCHANTS[order]
        return {"merchant": merchant, "amount": amount}


def _charged(request: Request) -> Decimal:
    amount = amount_of(request)
    if request.get("kind") not in FOREIGN:
        return amount
    if amount > FOREIGN_AT_MOST:
        raise Refusal("over_limit")
    return (amount * price_of_hundred(str(request.get("source"))) / 100).quantize(CENT)


def price_of_hundred(currency: str) -> Decimal:
    """Yuan for a hundred units of a currency. Raises Refusal `not_found`."""
    if currency not in HUNDRED:
        raise Refusal("not_found")
    return HUNDRED[currency]


def _by_the_main_one(order: Order, customer: Customer) -> bool:
    """Between the bank and the main fund account, or between that and another one."""
    if not customer.fund_accounts:
        return False
    main, *others = (number for number, _cash in customer.fund_accounts)
    return (
        main in (order.source, order.to)
        and {order.source, order.to} - {main} <= {BANK, *others}
        and order.source != order.to
    )


def _there(order: Order, customer: Customer) -> Decimal:
    """What can be taken from where the order takes it."""
    funds = dict(customer.fund_accounts)
    if order.kind == CUSTODY and order.source in funds:
        return Decimal(funds[order.source])
    return sum((Decimal(balance) for _number, balance in customer.accounts), Decimal(0))
