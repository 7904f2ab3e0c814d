"""The probe against a peer that speaks SIP by the letter, late, twice, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from ivr_engine.adapters.sip_probe import response_to_call
from ivr_engine.errors import SwitchError


class Peer(asyncio.DatagramProtocol):
    """Answers the INVITE of number `deaf` + 1 with each of `says`, in order; keeps what it hears."""

    def __init__(self, *says: str, deaf: int = 0) -> None:
        self._says = says
        self._deaf = deaf
        self.heard: list[str] = []
        self.acknowledged = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        text = data.decode()
        self.heard.append(text)
        if text.startswith("ACK"):
            self.acknowledged.set()
        elif len(self.heard) == self._deaf + 1:
            rest = text.partition("\r\n")[2].replace("\r\nTo: <sip:ready@", "\r\nTo: <sip:tagged@")
            for said in self._says:
                assert self._transport is not None
                self._transport.sendto(f"SIP/2.0 {said}\r\n{rest}".encode(), address)


@asynccontextmanager
async def listening(peer: Peer) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: peer, local_addr=("127.0.0.1", 0))
    yield int(transport.get_extra_info("sockname")[1])
    transport.close()


@pytest.mark.parametrize(
    ("peer", "status"),
    [
        (Peer("486 Busy Here"), 486),
        (Peer("100 Trying", "180 Ringing", "503 Service Unavailable"), 503),
        (Peer("486 Busy Here", deaf=1), 486),
    ],
    ids=["at once", "after ringing", "after the first request was lost"],
)
async def test_the_final_response_counts_and_is_acknowledged_with_its_own_to(peer: Peer, status: int) -> None:
    async with listening(peer) as port:
        assert await response_to_call("ready", host="127.0.0.1", port=port, limit_s=5) == status
        await asyncio.wait_for(peer.acknowledged.wait(), 5)
    assert "\r\nTo: <sip:tagged@" in peer.heard[-1]


async def test_a_pbx_that_says_nothing_final_is_named() -> None:
    peer = Peer("100 Trying")
    async with listening(peer) as port:
        with pytest.raises(SwitchError, match="gave no final response"):
            await response_to_call("ready", host="127.0.0.1", port=port, limit_s=0.2)
