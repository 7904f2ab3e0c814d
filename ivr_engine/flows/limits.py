"""Every limit of the flow engine, named in one place. Reaching one is a readable failure, never a hang or a crash."""

from __future__ import annotations

from typing import Final

from ivr_engine.core.ids import Millis

NODES_PER_TURN: Final = 500  # nodes walked without waiting; more is a loop
ATTEMPTS: Final = 10  # tries a menu or collect may allow
TYPED_AHEAD: Final = 32  # keys kept from interrupted prompts; later ones are dropped
FLOWS_DEEP: Final = 12  # flows one call may be in at once, each begun by the one before
PLAYS_SKIPPED: Final = 10  # play nodes in one turn passed over because the caller has typed ahead
KEYS: Final = 64  # keys one collect may take
RECORDING: Final = Millis(600_000)  # longest recording of a caller
ARGUMENTS: Final = 20  # values a script takes, and values it gives
MENUS: Final = 20  # menus on the way here that `back` remembers
LEVEL: Final = 9  # highest level of identification
LOCK_AFTER: Final = 20  # refusals a lock may allow
LOCK_WITHIN: Final = Millis(7 * 24 * 3_600_000)  # longest time refusals count
QUESTIONS: Final = 20  # of one survey
POINTS: Final = 1_000  # one answer of a survey may count, either side of zero
PROMPTS: Final = 50  # things one node may say
SENT_VALUES: Final = 50  # fields of one request
VARIABLES: Final = 200  # variables of one session
VALUE_SIZE: Final = 65_536  # characters and items of one variable's value, counted through
LARGEST_NUMBER: Final = 10**30  # beyond it JSON libraries differ
VALUE_DEPTH: Final = 20  # lists within lists
ANSWER_CHARS: Final = 200  # of a value kept in the call record
TEXT_CHARS: Final = 2_000  # of one text said aloud
BROADCAST_CHARS: Final = 500  # of an emergency broadcast: more than a minute, and nobody listens longer
REASON_CHARS: Final = 200  # of why an emergency broadcast or reroute was set or ended, and of who did it
EMERGENCY_AHEAD: Final = Millis(30 * 24 * 3_600_000)  # longest an emergency may be set for; what lasts belongs into the flow
PRIORITY: Final = 1_000_000  # highest priority, either side of zero
SKILL_LEVEL: Final = 10  # highest skill level
TIMEOUT: Final = Millis(600_000)  # longest time-out a node may ask for


def fits(value: object) -> bool:
    """Whether a value is small enough to be a variable."""
    return _weight(value, VALUE_DEPTH) <= VALUE_SIZE


def _weight(value: object, depth: int) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, int | float):
        return 1 if -LARGEST_NUMBER < value < LARGEST_NUMBER else VALUE_SIZE + 1  # infinities and NaN are too large as well
    if not isinstance(value, dict | list):
        return 1
    if depth == 0:
        return VALUE_SIZE + 1
    if isinstance(value, dict):
        return 1 + sum(len(name) + _weight(item, depth - 1) for name, item in value.items())
    return 1 + sum(_weight(item, depth - 1) for item in value)
