"""The small sample host service of a fictitious bank, over HTTP with JSON: card balances behind a PIN, and its books.

    python -m ivr_engine.testing.host_service --port 18080

It follows the convention of docs/services.md. Tests start it in their own process and switch its faults at run time:

    with HostService() as host:
        host.fault = Fault.ERROR
"""

from __future__ import annotations

import argparse
import hmac
import json
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

from ivr_engine.testing.sample_bank import Bank
from ivr_engine.testing.sample_desk import Answer, Desk, Operation

MOST_WRONG_PINS = 3
MOST_BYTES = 16_384
HUGE_BYTES = 200_000
# A hanging answer is held this long if nobody closes the service before.
HANG_S = 60.0


class Fault(StrEnum):
    """What the service does instead of answering well."""

    NONE = "none"
    SLOW = "slow"  # answers well, after `delay` seconds
    ERROR = "error"  # 500
    BAD_JSON = "bad_json"
    NOT_AN_OBJECT = "not_an_object"  # good JSON, wrong shape
    HUGE = "huge"  # an answer far over the limit
    HANG = "hang"  # takes the request and stays silent
    DROP = "drop"  # closes the connection without a word
    REDIRECT = "redirect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One card's account. The balance is decimal text: money is never a binary fraction."""

    pin: str = field(repr=False)
    balance: str
    currency: str = "CNY"


# Invented: the issuer number 629999 belongs to nobody. All of them pass the Luhn check.
ACCOUNTS: Mapping[str, Account] = {
    "6299990000100015": Account(pin="123456", balance="1234.50"),
    "6299990000200021": Account(pin="246810", balance="1002003.05"),
    "6299990000300037": Account(pin="135790", balance="-20.00"),
    "6299990000000040000": Account(pin="112233", balance="0.00"),
}


class Ledger:
    """Answers `balance`, and locks a card after three wrong PINs in a row until the service starts again."""

    def __init__(self, accounts: Mapping[str, Account] = ACCOUNTS) -> None:
        self._accounts = accounts
        self._wrong: Counter[str] = Counter()
        self._lock = threading.Lock()

    def balance(self, request: Mapping[str, Any]) -> Answer:
        """The HTTP status and body for `{card, pin}`."""
        card, pin = str(request.get("card", "")), str(request.get("pin", ""))
        account = self._accounts.get(card)
        if account is None:
            return _refused(HTTPStatus.NOT_FOUND, "not_found")
        with self._lock:
            return self._checked(account, card, pin)

    def _checked(self, account: Account, card: str, pin: str) -> Answer:
        if self._wrong[card] >= MOST_WRONG_PINS:
            return _refused(HTTPStatus.FORBIDDEN, "locked")
        if not hmac.compare_digest(pin.encode(), account.pin.encode()):
            self._wrong[card] += 1
            return _refused(HTTPStatus.FORBIDDEN, "locked" if self._wrong[card] >= MOST_WRONG_PINS else "wrong_pin")
        self._wrong[card] = 0
        return HTTPStatus.OK, {"balance": account.balance, "currency": account.currency}


class HostService:
    """The service on a loopback port (0: any free one). Use it as a context manager; `url` is where it is.

    `fault` may be set at any time and holds for the requests that follow, `faults` for those to one operation alone; `delay`
    is in seconds. `requests` counts them. A new `ledger`, `bank` or `desk` forgets what was done.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, fault: Fault = Fault.NONE, delay: float = 5.0) -> None:
        self.fault = fault
        self.delay = delay
        self.faults: dict[str, Fault] = {}
        self.requests = 0
        self.ledger = Ledger()
        self.bank = Bank()
        self.desk = Desk(frozenset(ACCOUNTS))
        self.closing = threading.Event()
        self._server = _Server((host, port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What may be asked, by name: of the ledger, the bank and the desk as they are now."""
        return {"balance": self.ledger.balance, **self.bank.operations, **self.desk.operations}

    @property
    def url(self) -> str:
        """Base URL, without a trailing slash."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def wait(self) -> None:
        """Serve until interrupted."""
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], service: HostService) -> None:
        super().__init__(address, _Request)
        self.service = service

    def handle_error(self, _request: object, _client_address: object) -> None:
        """A client that has gone is not news; anything else would be seen by the client as a dropped connection."""


class _Request(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = HANG_S
    disable_nagle_algorithm = True
    faults: ClassVar[Mapping[Fault, tuple[HTTPStatus, bytes]]] = {
        Fault.ERROR: (HTTPStatus.INTERNAL_SERVER_ERROR, b'{"error": "the host is out of order"}'),
        Fault.BAD_JSON: (HTTPStatus.OK, b'{"balance": '),
        Fault.NOT_AN_OBJECT: (HTTPStatus.OK, b'["1234.50"]'),
        Fault.HUGE: (HTTPStatus.OK, b'{"balance": "' + b"9" * HUGE_BYTES + b'"}'),
        Fault.REDIRECT: (HTTPStatus.TEMPORARY_REDIRECT, b""),
    }

    def do_POST(self) -> None:  # the base class names it
        service = self.server.service
        service.requests += 1
        fault = service.faults.get(self._operation(), service.fault)
        body = self._body()
        if fault in (Fault.HANG, Fault.DROP):
            service.closing.wait(HANG_S if fault is Fault.HANG else 0)
            self.close_connection = True
            return
        if fault is Fault.SLOW:
            service.closing.wait(service.delay)
        self._send(*(self.faults[fault] if fault in self.faults else self._answer(body)))

    def _operation(self) -> str:
        return self.path.partition("?")[0].removeprefix("/")

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        return self.rfile.read(min(int(length), MOST_BYTES)) if length.isdecimal() else b""

    def _answer(self, body: bytes) -> tuple[HTTPStatus, bytes]:
        try:
            request = json.loads(body)
        except (ValueError, RecursionError):
            request = None
        operation = self.server.service.operations.get(self._operation())
        if operation is None:
            status, answer = _refused(HTTPStatus.NOT_FOUND, "unknown_operation")
        elif not isinstance(request, dict):
            status, answer = _refused(HTTPStatus.BAD_REQUEST, "bad_request")
        else:
            status, answer = operation(request)
        return status, json.dumps(answer).encode()

    def _send(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.TEMPORARY_REDIRECT:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent: a request line tells nothing, a body is personal data."""


def _refused(status: HTTPStatus, result: str) -> Answer:
    return status, {"result": result}


def main() -> None:
    """Serve until Ctrl-C."""
    cards = "\n".join(f"  {card:<20} PIN {account.pin}  {account.balance} CNY" for card, account in ACCOUNTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m ivr_engine.testing.host_service",
        description="Sample host service of a fictitious bank: POST /balance with {card, pin}, and docs/services.md.",
        epilog=f"cards (invented):\n{cards}\n\nthree wrong PINs in a row lock a card until the service starts again",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=18080, help="port to listen on (default 18080; 0: any free one)")
    parser.add_argument("--fault", type=Fault, choices=list(Fault), default=Fault.NONE, help="misbehave like this")
    parser.add_argument("--delay", type=float, default=5.0, help="seconds that --fault slow takes (default 5)")
    args = parser.parse_args()
    try:
        service = HostService(host=args.host, port=args.port, fault=args.fault, delay=args.delay)
    except OSError as error:
        sys.exit(f"host_service: cannot listen on {args.host}:{args.port}: {error.strerror}; choose another with --port")
    with service:
        sys.stdout.write(f"host service at {service.url}\n")
        sys.stdout.flush()
        try:
            service.wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
