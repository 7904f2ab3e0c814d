"""Values as words: what a caller hears for an amount, a card number, a date. Pure, one module per language.

A recorded voice reads words, a synthesiser reads words, a text-mode caller prints words: all three get them from here, so
no synthesiser's own idea of how to read `1234.50` is ever trusted.
"""

from __future__ import annotations

from ivr_engine.flows.reading.reader import Readable, read, supported
from ivr_engine.flows.reading.values import CURRENCIES, ReadingError

__all__ = ["CURRENCIES", "Readable", "ReadingError", "read", "supported"]
