"""Requests to outside services over HTTP with JSON bodies; the convention is described in docs/services.md.

Nothing here is logged: what is sent and what comes back are personal data.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx

from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.errors import SetupError
from ivr_engine.flows.waits import Json, Responded

MOST_BYTES = 65_536
MOST_CONNECTIONS = 100
MOST_UNREAD = 32_768  # asked of the system for each connection: what a service pushes at us before we say no
COARSE_S = 0.001  # uvloop counts in whole milliseconds and rings a timer up to one early; a flow's limit is a least
RESULT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_READ = httpx.ByteStream(b"")
INVALID = Responded(outcome=RequestOutcome.INVALID)
UNAVAILABLE = Responded(outcome=RequestOutcome.UNAVAILABLE)


class HttpLookup:
    """Asks the services named in `services` (service -> base URL) and nobody else; keeps connections open between requests.

    Redirects are not followed and proxies from the environment are not used: what a caller keyed goes where the
    configuration says, or nowhere.

    Raises:
        SetupError: a base URL is not http:// or https:// with a host.
    """

    def __init__(self, services: Mapping[str, str], *, most_bytes: int = MOST_BYTES) -> None:
        self._services = {name: _base(name, url) for name, url in services.items()}
        self._most_bytes = most_bytes
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113  # `ask` bounds the whole exchange; a bound per step would let it drip on
            transport=httpx.AsyncHTTPTransport(
                trust_env=False,
                limits=httpx.Limits(max_connections=MOST_CONNECTIONS),
                socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, MOST_UNREAD)],
            ),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def serve(self, services: Mapping[str, str]) -> None:
        """Ask these from now on, too; a service known already by its new address, for calls that run as well.

        Raises:
            SetupError: as for the constructor; nothing changed.
        """
        self._services |= {name: _base(name, url) for name, url in services.items()}

    async def ask(self, *, service: str, operation: str, send: Mapping[str, Json], limit: Millis) -> Responded:
        """See `ports.lookup.Lookup`."""
        began = time.monotonic()
        responded = await self._bounded(service, operation, send, limit)
        took = Millis(int((time.monotonic() - began) * 1000))
        return Responded(outcome=responded.outcome, body=responded.body, result=responded.result, took=took)

    async def _bounded(self, service: str, operation: str, send: Mapping[str, Json], limit: Millis) -> Responded:
        base = self._services.get(service)
        if base is None:
            return UNAVAILABLE
        try:
            async with asyncio.timeout(limit / 1000 + COARSE_S):
                return await self._exchange(f"{base}/{quote(operation, safe='')}", send)
        except TimeoutError:
            return Responded(outcome=RequestOutcome.TIMEOUT)
        except httpx.HTTPError:
            return UNAVAILABLE

    async def _exchange(self, url: str, send: Mapping[str, Json]) -> Responded:
        try:
            content = json.dumps(dict(send), allow_nan=False).encode()
        except ValueError:
            return INVALID
        async with self._posted(url, content) as response:
            if response.status_code >= 500:
                return UNAVAILABLE
            body = await self._body(response)
        return INVALID if body is None else _responded(response.status_code, body)

    @asynccontextmanager
    async def _posted(self, url: str, content: bytes) -> AsyncIterator[httpx.Response]:
        response: httpx.Response | None = None
        try:
            headers = {"Content-Type": "application/json"}
            async with self._client.stream("POST", url, content=content, headers=headers) as response:
                yield response
        finally:
            if response is not None:  # httpx's own stream holds it: a circle of 40 objects for the garbage collector
                response.stream = _READ

    async def _body(self, response: httpx.Response) -> bytes | None:
        """The body, or None as soon as it is known to be too large. Raw bytes: a compressed answer is not asked for."""
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > self._most_bytes:
            return None  # the rest of it is not read: it would stand in a heap that does not shrink again
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._most_bytes:
                return None
        return bytes(body)


def _responded(status: int, body: bytes) -> Responded:
    try:
        answer = json.loads(body, parse_constant=_no_such_constant)
    except (ValueError, RecursionError):
        return INVALID
    if not isinstance(answer, dict):
        return INVALID
    if status == 200:
        return Responded(outcome=RequestOutcome.OK, body=answer)
    result = answer.get("result")
    if 400 <= status < 500 and isinstance(result, str) and RESULT_NAME.fullmatch(result):
        return Responded(outcome=RequestOutcome.REFUSED, result=result)
    return INVALID


def _no_such_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _base(name: str, url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SetupError(f"service {name}: {url!r} is not a URL") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise SetupError(f"service {name}: {url!r} must be http://HOST:PORT or https://HOST:PORT, without ? or #")
    return url.rstrip("/")
