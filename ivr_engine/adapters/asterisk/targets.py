"""What is dialled: built from parts that are checked, for a dial string can hold far more than a number."""

from __future__ import annotations

import re

from ivr_engine.errors import SwitchError

_PHONE = re.compile(r"[A-Za-z0-9_-]{1,32}")
_NUMBER = re.compile(r"[0-9*#+]{1,24}")
_ADDRESS = re.compile(r"[A-Za-z0-9.-]{1,100}(:[0-9]{1,5})?")


def outside_target(outside: tuple[str, str], number: str) -> str:
    """What to dial for a number outside, `outside` being endpoint and address; empty when there is no carrier.

    Raises:
        SwitchError: the number is none.
    """
    endpoint, address = outside
    if not _NUMBER.fullmatch(number):
        raise SwitchError("a number is dialled by digits, *, # and + only")
    return f"PJSIP/{endpoint}/sip:{number}@{address}" if endpoint and _ADDRESS.fullmatch(address) else ""


def phone_target(phone: str) -> str:
    """What to dial for an agent's telephone.

    Raises:
        SwitchError: it is no name of one.
    """
    if not _PHONE.fullmatch(phone):
        raise SwitchError("a telephone may be named by letters, digits, _ and - only")
    return f"PJSIP/{phone}"
