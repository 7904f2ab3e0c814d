"""One FastAGI connection: one command at a time, each with a deadline.

A caller who leaves is the value `Gone`. Asterisk says it in four ways, whichever comes first: the connection ends, a HANGUP
line, a 511 to a command, or (seen by whoever sent the command) result -1.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from ivr_engine.adapters.asterisk.agi_codec import (
    AgiMessage,
    Closed,
    Environment,
    HangupNotice,
    Reply,
    ReplyReader,
    encode_command,
)
from ivr_engine.adapters.asterisk.agi_connection import AgiConnection
from ivr_engine.errors import SwitchError, WireError

READ_WITHIN_S = 0.01  # measured: Asterisk reads a line within 1 ms
BREAK_EVERY_S, BREAK_LIMIT_S = 0.1, 5.0
DEAD_CHANNEL = 511


@dataclass(frozen=True, slots=True)
class Gone:
    """The caller is no longer on the line."""


class AgiSession:
    """A connection whose environment has been read."""

    def __init__(self, environment: Environment, connection: AgiConnection) -> None:
        self.environment = environment
        self.gone: asyncio.Future[Gone] = asyncio.get_running_loop().create_future()
        self._connection = connection
        self._replies = ReplyReader(connection.lines)
        self._pending: deque[asyncio.Future[Reply | Gone]] = deque()
        self._broken = ""
        connection.listen(self._hear)

    @property
    def busy(self) -> bool:
        """A command has been sent and not been answered."""
        return bool(self._pending)

    @property
    def left(self) -> bool:
        """The caller has left; a line that broke tells of no caller."""
        return self.gone.done() and not self._broken

    async def command(self, verb: str, *values: str, limit: float) -> Reply | Gone:
        """Send one command and give its answer within `limit` seconds.

        Raises:
            SwitchError: no answer in time, one that makes no sense, or another command is still unanswered.
            WireError: a value cannot be sent.
        """
        line = encode_command(verb, *values)
        if self.gone.done():
            return self._gone_or_broken(verb)
        if self._pending:
            raise SwitchError(f"{verb} was to be sent while another command is unanswered")
        return await self._answer_to(verb, self._send(line), limit)

    async def command_until(self, done: asyncio.Future[Any], verb: str, *values: str, limit: float) -> Reply | Gone:
        """The same for a command that Asterisk breaks off when another line arrives, and break it off once `done` is.

        Of the commands in use only WAIT FOR DIGIT does that and still answers, with result 1 (res_agi.c).

        Raises:
            SwitchError, WireError: as `command`.
        """
        if self.gone.done():
            return self._gone_or_broken(verb)
        reply = self._send(encode_command(verb, *values))
        since = _now()
        await asyncio.wait({reply, done}, return_when=asyncio.FIRST_COMPLETED)
        if not reply.done():
            await asyncio.wait({reply}, timeout=max(0.0, since + READ_WITHIN_S - _now()))
            await self._break_off(verb)
        return await self._answer_to(verb, reply, limit)

    def raise_if_broken(self) -> None:
        """Tell a line that broke from a caller who left.

        Raises:
            SwitchError: the line broke.
        """
        if self._broken:
            raise SwitchError(self._broken)

    def note_gone(self) -> Gone:
        """The sender of a command read from its result that the caller left; the other signs follow a little later."""
        self._leave()
        return Gone()

    def give_up(self, reason: str) -> None:
        """The line is to count as broken."""
        self._break(reason)

    def _send(self, line: bytes) -> asyncio.Future[Reply | Gone]:
        """Write a line; its answer comes after those to all lines before."""
        reply: asyncio.Future[Reply | Gone] = asyncio.get_running_loop().create_future()
        self._pending.append(reply)
        self._connection.write(line)
        return reply

    async def _answer_to(self, verb: str, answer: asyncio.Future[Reply | Gone], limit: float) -> Reply | Gone:
        overdue = asyncio.get_running_loop().call_later(limit, self._break, f"no answer to {verb} within {limit:g} s")
        try:
            reply = await answer  # who is cancelled here leaves a cancelled future behind, whose answer is still awaited
        finally:
            overdue.cancel()
        return self._gone_or_broken(verb) if isinstance(reply, Gone) else reply

    async def _break_off(self, verb: str) -> None:
        """Send lines that do nothing until everything is answered.

        One is enough, unless Asterisk was so slow that it took both lines from the connection at once: the second then lies
        in its buffer, and only a further line has it looked at (measured; the reason why nothing else is ever sent ahead).
        """
        deadline = _now() + BREAK_LIMIT_S
        while self._pending and _now() < deadline:
            self._send(encode_command("NOOP"))
            # Asterisk holds the second of two answers back until the first is acknowledged; that may take 40 ms (measured).
            self._connection.acknowledge_at_once()
            await asyncio.wait(set(self._pending), timeout=BREAK_EVERY_S)
        if self._pending:
            self._break(f"{verb} could not be broken off within {BREAK_LIMIT_S:g} s")

    async def close(self) -> None:
        """End the connection; what Asterisk does next is the dialplan's matter."""
        self._leave()
        await self._connection.close()

    def _hear(self) -> None:
        """Hand what came to whoever waits for it."""
        try:
            while (message := self._replies.next_message()) is not None:
                self._deliver(message)
                if isinstance(message, Closed):
                    return
        except WireError as error:
            self._break(str(error))

    def _deliver(self, message: AgiMessage) -> None:
        if isinstance(message, HangupNotice) or (isinstance(message, Reply) and message.code == DEAD_CHANNEL):
            self._leave()
        elif isinstance(message, Closed):
            self._end()
        elif self._pending:
            self._answer(message)
        elif not self.gone.done():
            raise WireError("an answer to no command")

    def _end(self) -> None:
        if not self.gone.done():  # every hang-up is announced; a line that ends without a word broke
            self._break("the line to Asterisk ended without a hang-up")

    def _answer(self, reply: Reply | Gone) -> None:
        pending = self._pending.popleft()
        if not pending.done():
            pending.set_result(reply)

    def _leave(self) -> None:
        while self._pending:
            self._answer(Gone())
        if not self.gone.done():
            self.gone.set_result(Gone())

    def _break(self, reason: str) -> None:
        self._broken = self._broken or reason
        self._leave()
        self._connection.abort()

    def _gone_or_broken(self, verb: str) -> Gone:
        if self._broken:
            raise SwitchError(f"{verb}: {self._broken}")
        return Gone()


def _now() -> float:
    return asyncio.get_running_loop().time()
