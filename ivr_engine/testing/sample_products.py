"""What the sample bank tells and signs besides accounts: loans, foreign exchange, deposits, terms of services, contacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Final

from ivr_engine.testing.sample_customers import Answer, Contact, Customer, Refusal, Request, amount_of, customer_of
from ivr_engine.testing.sample_orders import price_of_hundred

# The most that can be borrowed, and the yearly rate in per cent.
LOANS: Final[Mapping[str, tuple[Decimal, str]]] = {
    "personal": (Decimal("300000.00"), "4.35"),
    "mortgage": (Decimal("3000000.00"), "3.05"),
}
OUTLET: Final = "人民路支行"
DAYS_OFFERED: Final = 3
DEPOSIT_LEAST: Final = Decimal("50000.00")
DEPOSIT_RATES: Final[Mapping[int, str]] = {1: "0.45", 7: "0.75"}
# The edition of each service's terms that is in force: the one that callers must have heard.
EDITIONS: Final[Mapping[str, str]] = {"sms_alerts": "2026-1", "phone_payment": "2026-2", "funds": "2026-1"}
STAFF: Final[Mapping[str, str]] = {"100001": "赵云", "100002": "Zhang Fei"}
SATURDAY: Final = 5


class Products:
    """`contracts`: the edition that a customer agreed to, by customer and service. `today`: for days at an outlet."""

    def __init__(self, customers: Mapping[str, Customer], payers: set[str], today: Callable[[], date]) -> None:
        self._customers = customers
        self._payers = payers
        self._today = today
        self._numbers = count(600_001)
        self._contacts = {name: each.contact for name, each in customers.items() if each.contact is not None}
        self.contracts: dict[tuple[str, str], str] = {}
        self.operations: Mapping[str, Callable[[Request], Answer]] = {
            "caller": self.caller,
            "loan": self.loan,
            "fx_quote": self.fx_quote,
            "notice_deposit": self.notice_deposit,
            "custody": self.custody,
            "sign": self.sign,
            "contact": self.contact,
            "confirm_contact": self.confirm_contact,
            "staff": self.staff,
        }

    def caller(self, request: Request) -> Answer:
        """The language that whoever calls from this number prefers; nothing else is told of a mere number."""
        number = str(request.get("number"))[-11:]  # with or without +86
        for customer in self._customers.values():
            if number in customer.telephones:
                return {"language": customer.language}
        raise Refusal("not_found")

    def loan(self, request: Request) -> Answer:
        """Whether a loan can be applied for, where, and on which days."""
        customer, amount = customer_of(self._customers, request), amount_of(request)
        if str(request.get("loan")) not in LOANS:
            raise Refusal("bad_request")
        most, rate = LOANS[str(request["loan"])]
        if not customer.borrows:
            raise Refusal("not_eligible")
        if amount > most:
            raise Refusal("over_limit")
        return {"amount": str(amount), "rate": rate, "outlet": OUTLET, "days": self._working_days()}

    def _working_days(self) -> list[str]:
        days = (self._today() + timedelta(days=ahead) for ahead in range(1, 2 * DAYS_OFFERED + 1))
        return [day.isoformat() for day in days if day.weekday() < SATURDAY][:DAYS_OFFERED]

    def fx_quote(self, request: Request) -> Answer:
        """Yuan for a hundred units of a currency."""
        return {"hundred": str(price_of_hundred(str(request.get("currency"))))}

    def notice_deposit(self, request: Request) -> Answer:
        """The yearly rate in per cent."""
        days = request.get("days")
        if not isinstance(days, int) or days not in DEPOSIT_RATES:
            raise Refusal("bad_request")
        if amount_of(request) < DEPOSIT_LEAST:
            raise Refusal("too_little")
        return {"rate": DEPOSIT_RATES[days]}

    def custody(self, request: Request) -> Answer:
        """The fund accounts: the main one, and the others."""
        accounts = customer_of(self._customers, request).fund_accounts
        if not accounts:
            raise Refusal("not_found")
        main, *others = ({"number": number, "last4": number[-4:], "cash": cash} for number, cash in accounts)
        return {"main": main, "others": others}

    def sign(self, request: Request) -> Answer:
        """A contract for a service, once; only on the terms in force, and payment only for who confirmed their contact."""
        name, wish = str(request.get("customer")), str(request.get("wish"))
        customer_of(self._customers, request)
        if wish not in EDITIONS:
            raise Refusal("bad_request")
        if (name, wish) in self.contracts or (wish == "phone_payment" and name in self._payers):
            raise Refusal("signed_already")
        if request.get("edition") != EDITIONS[wish]:
            raise Refusal("other_edition")
        if wish == "phone_payment":
            self._let_pay(name)
        self.contracts[name, wish] = EDITIONS[wish]
        return {"number": str(next(self._numbers))}

    def _let_pay(self, name: str) -> None:
        contact = self._contacts.get(name)
        if contact is None or not contact.right:
            raise Refusal("contact_first")
        self._payers.add(name)

    def contact(self, request: Request) -> Answer:
        """Enough to recognise it, and no more."""
        contact = self._contact(request)
        return {"phone_last4": contact.phone_last4, "district": contact.district}

    def confirm_contact(self, request: Request) -> Answer:
        """The customer says that it is right."""
        self._contacts[str(request.get("customer"))] = replace(self._contact(request), right=True)
        return {}

    def _contact(self, request: Request) -> Contact:
        customer_of(self._customers, request)
        contact = self._contacts.get(str(request["customer"]))
        if contact is None:
            raise Refusal("not_found")
        return contact

    def staff(self, request: Request) -> Answer:
        """Who has a staff number."""
        number = str(request.get("staff"))
        if number not in STAFF:
            raise Refusal("not_found")
        return {"name": STAFF[number]}
