#!/usr/bin/env python3
"""A script of the kind many shops still have: AGI by pyst2, synchronous, one process a call. Run by the node kind `agi`.

    scripts: {points: {run: points.py, timeout: 10s}}                                         # centre.yaml
    agi: {script: points, arguments: ["{{ call.caller }}"], read: {POINTS: points}}           # a flow

Put it, executable, where Asterisk looks for AGI scripts (`astagidir` of asterisk.conf; with the private Asterisk of
`ivr-engine pbx` that is `var/pbx/lib`), on a machine that has pyst2. It takes the caller's number and sets POINTS.
"""

from __future__ import annotations

from asterisk.agi import AGI  # type: ignore[import-untyped]  # pyst2 has no types


def points_of(number: str) -> int:
    """As many points as the last two digits say; a real script asks its database."""
    return int(number[-2:]) if number[-2:].isdigit() else 0


def main() -> None:
    """One call."""
    agi = AGI()
    agi.set_variable("POINTS", str(points_of(agi.env.get("agi_arg_1", ""))))


if __name__ == "__main__":
    main()
