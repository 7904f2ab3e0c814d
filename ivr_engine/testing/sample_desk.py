"""The people's side of the sample host service: freezing what was lost, tickets, text messages, loss reports kept for later.

Every operation takes the JSON object of a request and gives the HTTP status and body; see docs/services.md. What is frozen
and which tickets there are is forgotten when the service ends. One key asked twice opens one ticket: the caller's request
may arrive again after a break in the connection.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from itertools import count
from typing import Any, Final

from ivr_engine.testing.sample_customers import CUSTOMERS

Answer = tuple[HTTPStatus, dict[str, Any]]
Operation = Callable[[Mapping[str, Any]], Answer]

# Invented, as are the cards; both identity numbers have a correct check digit.
IDENTITIES: Final = frozenset({"11010119900101004X", "110101198001010010"})
ACCOUNT_NUMBERS: Final = frozenset(number for each in CUSTOMERS.values() for number, _balance in each.accounts)
FIRST_REFERENCE, FIRST_ORDER, FIRST_TICKET = 700_001, 900_001, 500_001


class Desk:
    """Freezes `cards`, IDENTITIES and ACCOUNT_NUMBERS, and keeps tickets, messages and orders."""

    def __init__(self, cards: frozenset[str]) -> None:
        self._known = {"card": cards, "identity": IDENTITIES, "account": ACCOUNT_NUMBERS}
        self._lock = threading.Lock()
        self._references, self._orders, self._numbers = count(FIRST_REFERENCE), count(FIRST_ORDER), count(FIRST_TICKET)
        self._tickets: dict[str, str] = {}
        self.frozen: set[str] = set()
        self.ordered: list[str] = []
        self.sent: list[str] = []
        self.handed_over: dict[str, str] = {}
        self.operations: Mapping[str, Operation] = {
            "freeze": self.freeze,
            "freeze_order": self.freeze_order,
            "notify": self.notify,
            "ticket": self.ticket,
            "hand_over": self.hand_over,
        }

    def freeze(self, request: Mapping[str, Any]) -> Answer:
        """`{lost, number}`: freeze it at once. `not_found`, `already_frozen`."""
        number = str(request.get("number", ""))
        if number not in self._known.get(str(request.get("lost")), frozenset()):
            return HTTPStatus.NOT_FOUND, {"result": "not_found"}
        with self._lock:
            if number in self.frozen:
                return HTTPStatus.CONFLICT, {"result": "already_frozen"}
            self.frozen.add(number)
            return HTTPStatus.OK, {"reference": str(next(self._references))}

    def freeze_order(self, request: Mapping[str, Any]) -> Answer:
        """`{lost, number, caller}`: keep it until the host answers again; known or not is for people to find out."""
        with self._lock:
            self.ordered.append(str(request.get("number", "")))
            return HTTPStatus.OK, {"reference": str(next(self._orders))}

    def notify(self, request: Mapping[str, Any]) -> Answer:
        """`{to, template, values, ...}`: a message, of which only the template is kept."""
        with self._lock:
            self.sent.append(str(request.get("template", "")))
        return HTTPStatus.OK, {}

    def ticket(self, request: Mapping[str, Any]) -> Answer:
        """`{type, data, key, ...}`: the number of a ticket, the same one for the same key."""
        with self._lock:
            key = str(request.get("key") or len(self._tickets))
            if key not in self._tickets:
                self._tickets[key] = str(next(self._numbers))
            return HTTPStatus.OK, {"number": self._tickets[key]}

    def hand_over(self, request: Mapping[str, Any]) -> Answer:
        """`{caller, language, reason}`: why the other centre is about to get this caller, for the people there."""
        with self._lock:
            self.handed_over[str(request.get("caller", ""))] = str(request.get("reason", ""))
        return HTTPStatus.OK, {}
