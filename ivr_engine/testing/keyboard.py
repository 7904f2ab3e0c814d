"""A person at the terminal as the caller of a rehearsed call."""

from __future__ import annotations

from collections.abc import Callable

from ivr_engine.flows.waits import CallerGone, Keyed, KeysWait, Played, PlayWait
from ivr_engine.flows.walk import KEYS
from ivr_engine.testing.callers import take
from ivr_engine.testing.transcript import Passage


class KeyboardCaller:
    """Shows what is said and asks for keys; the end of input hangs up, an empty line stays silent."""

    def __init__(self, *, ask: Callable[[str], str], show: Callable[[str], None]) -> None:
        self._ask = ask
        self._show = show

    def listen(self, wait: PlayWait, passage: Passage) -> Played | CallerGone:
        """Show the prompts."""
        del wait
        self._tell(passage)
        return Played()

    def press(self, wait: KeysWait, passage: Passage) -> Keyed | CallerGone:
        """Show the prompts and take a line of keys; anything else in it is passed over."""
        self._tell(passage)
        try:
            typed = self._ask(f"{passage.node:<20} keys?    ")
        except EOFError:
            self._show("")
            return CallerGone()
        keyed, _rest = take(wait, wait.typed_ahead + "".join(key for key in typed if key in KEYS))
        return keyed

    def _tell(self, passage: Passage) -> None:
        for words in passage.heard:
            self._show(f"{passage.node:<20} hears    {words}")
