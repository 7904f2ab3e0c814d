"""The ports that tests give to what they start never meet."""

from __future__ import annotations

import socket
import subprocess
import sys

from tests.ports import BLOCK, free_port, free_ports, rtp_range


def test_no_port_is_given_out_twice_in_a_row_and_none_lies_in_an_rtp_range() -> None:
    singles = [free_port() for _ in range(50)] + [free_port(socket.SOCK_STREAM) for _ in range(50)]
    ranges = [range(first, last + 1) for first, last in (rtp_range(100), rtp_range(100), rtp_range(500))]

    assert len(set(singles)) == 100
    assert not [port for port in singles if any(port in row for row in ranges)]


def test_ports_in_a_row_start_at_an_even_one_and_are_given_to_nobody_else() -> None:
    first, then = free_ports(6), free_port()

    assert first % 2 == 0
    assert then not in range(first, first + 6)


def test_two_processes_never_choose_the_same() -> None:
    ours = free_port() // BLOCK
    theirs = subprocess.check_output([sys.executable, "-c", "from tests.ports import free_port; print(free_port())"])

    assert int(theirs) // BLOCK != ours
