"""The language in which a subcommand tells of problems: the one asked for, else that of the terminal, else English."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr_engine.flows.messages import Wordings


class Tongue(StrEnum):
    """A language that messages are written in."""

    CHINESE = "zh"
    ENGLISH = "en"


def wordings(asked: Tongue | None = None) -> Wordings:
    """The sentences of the language asked for, or of the terminal's (`LC_ALL`, `LC_MESSAGES`, `LANG`)."""
    from ivr_engine.flows.messages import ENGLISH

    if (asked or _of_the_terminal()) is Tongue.ENGLISH:
        return ENGLISH
    from ivr_engine.flows.messages_zh import CHINESE

    return CHINESE


def _of_the_terminal() -> Tongue:
    locale = next((found for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (found := os.environ.get(name))), "")
    return Tongue.CHINESE if locale.lower().startswith("zh") else Tongue.ENGLISH
