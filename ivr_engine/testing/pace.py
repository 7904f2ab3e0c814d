"""How long things take in a rehearsal: estimates, good enough for virtual time and for comparing paths.

An announcer speaks about four Chinese characters, or fifteen Latin ones, a second.
"""

from __future__ import annotations

from typing import Final

from ivr_engine.core.ids import Millis

IDEOGRAPH: Final = 250  # ms of one Chinese character
LETTER: Final = 65  # ms of any other character
BREATH: Final = 300  # ms before and after a prompt
KEY: Final = Millis(600)  # pressing one key
_FIRST_IDEOGRAPH: Final = "\u2e80"


def speaking(words: str) -> Millis:
    """How long it takes to say the words."""
    ideographs = sum(character >= _FIRST_IDEOGRAPH for character in words)
    return Millis(BREATH + ideographs * IDEOGRAPH + (len(words) - ideographs) * LETTER)
