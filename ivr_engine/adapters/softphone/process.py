"""The telephone process: `python -m ivr_engine.adapters.softphone.process [--bind ADDRESS] [--trace FILE]`.

Reads orders from stdin and writes reports to stdout (see `lines`). PJSIP is GPL: only this process loads it. One thread does
everything: it pumps SIP events, reads orders, runs timers and samples sound.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
import time
from collections.abc import Mapping
from typing import Any

import pjsua2 as pj

from ivr_engine.adapters.softphone.desk import Desk
from ivr_engine.adapters.softphone.lines import PhoneEventKind
from ivr_engine.adapters.softphone.pjsip import open_endpoint

PUMP_MS = 10
GOODBYE_S = 1.0


class Orders:
    """Lines from stdin without blocking the pump."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""
        self.closed = False

    def take(self) -> list[Mapping[str, Any]]:
        """The orders that have come since last time."""
        if self.closed or not select.select([self._fd], [], [], 0)[0]:
            return []
        chunk = os.read(self._fd, 65536)
        self.closed = not chunk
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [json.loads(line) for line in lines]


def pump(desk: Desk, orders: Orders) -> None:
    """Serve until stdin closes, then say goodbye within a bounded time."""
    while not orders.closed:
        for order in orders.take():
            desk.obey(order)
        desk.endpoint.libHandleEvents(PUMP_MS)
        desk.tick()
    desk.leave()
    give_up = time.monotonic() + GOODBYE_S
    while not desk.left and time.monotonic() < give_up:
        desk.endpoint.libHandleEvents(PUMP_MS)
        desk.tick()


def main() -> None:
    """Run the process."""
    parser = argparse.ArgumentParser(description="A software telephone, driven by JSON lines on stdin.")
    parser.add_argument("--bind", default="127.0.0.1", help="the address SIP and RTP use")
    parser.add_argument("--trace", default="", help="write SIP messages to this file")
    args = parser.parse_args()
    reports = os.dup(1)
    os.dup2(2, 1)  # PJSIP prints on stdout before it can be told not to
    endpoint, address = open_endpoint(args.bind, args.trace)
    desk = Desk(endpoint, address, lambda text: _write(reports, text))
    desk.report(PhoneEventKind.READY, reason=address)
    pump(desk, Orders(0))
    endpoint.libDestroy(pj.PJSUA_DESTROY_NO_NETWORK)  # goodbyes are said
    sys.stderr.flush()
    os._exit(0)  # PJSIP's objects must not be collected after the library is gone


def _write(fd: int, text: str) -> None:
    data = text.encode()
    while data:
        data = data[os.write(fd, data) :]


if __name__ == "__main__":
    main()
