"""One SIP call that asks and never talks: INVITE, the final response, ACK (RFC 3261, sections 17.1.1 and 13.2.2)."""

from __future__ import annotations

import asyncio
import re
import secrets

from ivr_engine.errors import SwitchError

AGAIN_S = 0.5
"""T1 of RFC 3261: after so long without any response the INVITE is sent again."""

_STATUS = re.compile(rb"SIP/2\.0 ([1-6][0-9][0-9]) ")
_TO = re.compile(rb"\r\nTo:[ \t]*([^\r\n]*)", re.IGNORECASE)


class _Line(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, _address: object) -> None:
        """Keep what the other side says."""
        self.heard.put_nowait(data)


async def response_to_call(name: str, *, host: str, port: int, limit_s: float) -> int:
    """Call `name` at the PBX and give the status of its final response, such as 486; nothing is ever said.

    Raises:
        SwitchError: there is none within `limit_s` seconds, or nobody is there.
    """
    loop = asyncio.get_running_loop()
    call = f"{secrets.token_hex(12)}@probe"
    try:
        transport, line = await loop.create_datagram_endpoint(_Line, remote_addr=(host, port))
    except OSError as error:
        raise SwitchError(f"no SIP at {host}:{port}: {error}") from error
    own_host, own_port = transport.get_extra_info("sockname")[:2]
    request = _Request(name, f"{host}:{port}", f"{own_host}:{own_port}", call)
    try:
        async with asyncio.timeout(limit_s):
            final = await _final(transport, line, request)
    except TimeoutError as error:
        raise SwitchError(f"{host}:{port} gave no final response to a SIP call within {limit_s:g} s") from error
    else:
        found = _STATUS.match(final)
        to = _TO.search(final)
        transport.sendto(request.text("ACK", to=to[1].decode("utf-8", "replace") if to else ""))
        return int(found[1]) if found else 0
    finally:
        transport.close()


class _Request:
    """The texts of one call."""

    def __init__(self, name: str, peer: str, own: str, call: str) -> None:
        self._name, self._peer, self._own, self._call = name, peer, own, call
        self._branch, self._tag = f"z9hG4bK{secrets.token_hex(8)}", secrets.token_hex(8)

    def text(self, method: str, *, to: str = "") -> bytes:
        lines = (
            f"{method} sip:{self._name}@{self._peer} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._own};branch={self._branch};rport",
            "Max-Forwards: 10",
            f"From: <sip:probe@{self._own}>;tag={self._tag}",
            f"To: {to or f'<sip:{self._name}@{self._peer}>'}",
            f"Call-ID: {self._call}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:probe@{self._own}>",
            "Content-Length: 0",
        )
        return "\r\n".join((*lines, "", "")).encode()


async def _final(transport: asyncio.DatagramTransport, line: _Line, request: _Request) -> bytes:
    provisional = False
    transport.sendto(request.text("INVITE"))
    while True:
        try:
            async with asyncio.timeout(None if provisional else AGAIN_S):
                said = await line.heard.get()
        except TimeoutError:
            transport.sendto(request.text("INVITE"))
            continue
        found = _STATUS.match(said)
        if found and int(found[1]) >= 200:
            return said
        provisional = provisional or found is not None
