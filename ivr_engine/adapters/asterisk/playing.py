"""Sounds on a caller's line, and the key that stopped them."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence

from ivr_engine.adapters.asterisk.agi_codec import Reply
from ivr_engine.adapters.asterisk.agi_session import AgiSession, Gone
from ivr_engine.errors import SwitchError
from ivr_engine.ports.switch import Sound

INTERRUPTION = "D"  # the key by which we ourselves stop a sound
SOUND_LIMIT_S = 600.0
FAREWELL_LIMIT_S = 0.1  # measured: the session ends 1 to 45 ms after the result
ROW_BYTES = 1800  # of agi_codec.COMMAND_LIMIT

_log = logging.getLogger(__name__)

_ENDS_A_NAME = re.compile(r'[&,|\\"]')


async def play_sounds(session: AgiSession, sounds: Sequence[Sound], escape: str) -> str | Gone:
    """Play them in order; the key of `escape` (none, or all that a caller has) that stopped them, or nothing."""
    key: str | Gone = ""
    for row in rows(sounds) if len(sounds) > 1 else [sounds] if sounds else []:
        key = await (play_sound(session, row[0], escape) if len(row) == 1 else _play_row(session, row, escape))
        if key:
            break
    return key


async def play_sound(session: AgiSession, sound: Sound, escape: str) -> str | Gone:
    """Play one; the key that stopped it, or nothing."""
    reply = await session.command("STREAM FILE", _name(sound), escape, limit=SOUND_LIMIT_S)
    if isinstance(reply, Reply) and reply.result == "-1" and not reply.endpos and not await _leaves(session):
        _log.warning("sound %s cannot be played; can the switch read it?", sound.path)
        return ""
    return key_of(session, reply)


def key_of(session: AgiSession, reply: Reply | Gone) -> str | Gone:
    """The key that a reply tells of, or nothing.

    Raises:
        SwitchError: the command was refused.
    """
    if isinstance(reply, Gone):
        return reply
    if reply.result == "-1":
        return session.note_gone()
    if reply.code != 200 or not reply.result.isdecimal():
        raise SwitchError(f"the switch refused to play or listen ({reply.code})")
    code = int(reply.result)
    return chr(code) if 32 < code < 127 else ""


def rows(sounds: Sequence[Sound]) -> Iterator[Sequence[Sound]]:
    """Cut into rows that one command can play: their names fit into it, and none would be taken for two."""
    row: list[Sound] = []
    for sound in sounds:
        alone = _ENDS_A_NAME.search(_name(sound)) is not None
        if row and (alone or sum(len(_name(each).encode()) + 1 for each in (*row, sound)) > ROW_BYTES):
            yield row
            row = []
        row.append(sound)
        if alone:
            yield row
            row = []
    if row:
        yield row


async def _play_row(session: AgiSession, row: Sequence[Sound], escape: str) -> str | Gone:
    """Several by one command: in the pause between two commands a key can be lost. A missing sound is passed over."""
    application = "Background" if escape else "Playback"
    while True:
        reply = await session.command("EXEC", application, "&".join(map(_name, row)), limit=SOUND_LIMIT_S)
        key = key_of(session, reply)
        if key != INTERRUPTION:  # one that comes late stops a Background, as any key does
            return key


async def _leaves(session: AgiSession) -> bool:
    """Whether the caller is gone. A sound that is missing has the same result, but no end of the session follows it."""
    await asyncio.wait({session.gone}, timeout=FAREWELL_LIMIT_S)
    return session.gone.done()


def _name(sound: Sound) -> str:
    """As the switch wants it: it picks the format itself."""
    return str(sound.path).removesuffix(sound.path.suffix)
