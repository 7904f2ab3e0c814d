"""A telephone's keypad: RFC 4733 events on a caller's own media socket, each as long and as far from the next as asked."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable

VOICE, EVENT = 0, 96  # payload types that sipp_call offers
PACKET_S = 0.02
PACKET_SAMPLES = 160
QUIET = b"\xff" * PACKET_SAMPLES  # mu-law zero
ENDS = 3  # RFC 4733, 2.5.1.4: the last packet is sent three times
EVENTS = {key: number for number, key in enumerate("0123456789*#")}


class Keypad:
    """Presses keys towards whoever sends media to `media`; blocks while it does, so it runs in a thread."""

    def __init__(self, media: socket.socket) -> None:
        self._media = media
        self._far = media.recvfrom(2048)[1]
        self._sequence, self._timestamp = 0, 0
        self._due = time.monotonic()

    def press(self, keys: Iterable[tuple[str, float, float]]) -> None:
        """Each key with its seconds of quiet before, and its length in seconds; both in packets of 20 ms."""
        for key, quiet, length in keys:
            self.wait(quiet)
            self._key(key, max(1, round(length / PACKET_S)))

    def wait(self, seconds: float) -> None:
        """Hold the telephone, quietly: media goes on, as that of any telephone does."""
        for _ in range(round(seconds / PACKET_S)):
            self._send(VOICE, QUIET)
            self._next_packet()

    def _key(self, key: str, packets: int) -> None:
        for number in range(1, packets + 1):
            self._event(key, duration=number * PACKET_SAMPLES, first=number == 1)
            self._due += PACKET_S
            time.sleep(max(0.0, self._due - time.monotonic()))
        for _ in range(ENDS):
            self._event(key, duration=packets * PACKET_SAMPLES, end=True)
        self._timestamp += packets * PACKET_SAMPLES

    def _event(self, key: str, *, duration: int, first: bool = False, end: bool = False) -> None:
        self._send(EVENT | 0x80 * first, struct.pack("!BBH", EVENTS[key], 0x80 * end | 10, duration))

    def _next_packet(self) -> None:
        """Packets leave when they are due: the hand that holds the telephone, not a wait for the far side."""
        self._timestamp += PACKET_SAMPLES
        self._due += PACKET_S
        time.sleep(max(0.0, self._due - time.monotonic()))

    def _send(self, payload_type: int, payload: bytes) -> None:
        self._sequence += 1
        header = struct.pack("!BBHII", 0x80, payload_type, self._sequence % 65536, self._timestamp, 1)
        self._media.sendto(header + payload, self._far)
