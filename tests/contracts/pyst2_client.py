"""Run as a process: pyst2, a client we did not write, on either port of a switch. Prints what it understood as JSON.

    python -m tests.contracts.pyst2_client agi PORT SOUND     serves one call: answers, plays, takes a key, hangs up
    python -m tests.contracts.pyst2_client ami PORT USER SECRET

pyst2 0.5.1 works here and nowhere in the engine: its AGI installs a signal handler, so it needs a process of its own, and
its Manager is threads that mix up concurrent answers.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

from asterisk.agi import AGI, AGIError
from asterisk.manager import Manager

LIMIT_S = 30.0


def serve_one_call(port: int, sound: str) -> dict[str, Any]:
    """What pyst2 hears and says in one FastAGI session."""
    with socket.create_server(("127.0.0.1", port)) as server:
        print(server.getsockname()[1], file=sys.stderr, flush=True)  # noqa: T201 - the parent waits for it
        server.settimeout(LIMIT_S)
        connection, _ = server.accept()
    with connection, connection.makefile("r") as incoming, connection.makefile("w") as outgoing:
        connection.settimeout(LIMIT_S)
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a stream, not a file of ours
            agi = AGI(incoming, outgoing, nowhere)
            agi.answer()
            found = {
                "keys": sorted(agi.env),
                "number": agi.env["agi_arg_2"],
                "arguments": sum(key.startswith("agi_arg_") for key in agi.env),
                "played": agi.stream_file(sound),
                "silence": agi.wait_for_digit(200),
                "key": agi.wait_for_digit(10_000),
                "refused": _refusal(agi),
            }
            agi.set_variable("IVR_DONE", "1")
            agi.hangup()
            return found


def _refusal(agi: AGI) -> str:
    try:
        agi.execute("DANCE")
    except AGIError as error:
        return type(error).__name__
    return ""


def ask_the_manager(port: int, user: str, secret: str) -> dict[str, Any]:
    """What pyst2 makes of the manager port."""
    manager = Manager()
    manager.connect("127.0.0.1", port)
    answers = {"login": manager.login(user, secret), "ping": manager.ping(), "status": manager.status()}
    return {name: answer.get_header("Response") for name, answer in answers.items()}
    # without close(): it raises when the switch has closed first, and the threads end with the process


if __name__ == "__main__":
    port, *words = sys.argv[2:]
    result = ask_the_manager(int(port), *words) if sys.argv[1] == "ami" else serve_one_call(int(port), *words)
    print(json.dumps(result))  # noqa: T201 - the parent reads it
