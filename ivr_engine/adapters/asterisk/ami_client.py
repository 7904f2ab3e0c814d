"""The manager connection: panoramisk opens it and carries its actions; framing, deadlines and recovery are ours.

panoramisk 1.4 replays actions after a reconnect, forgets none, dies of an exception in a handler and never notices a
silent peer. So it is given our own protocol class, and its reconnecting is switched off. Nothing of it is visible outside.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeVar, cast

from panoramisk import Manager
from panoramisk.actions import Action

from ivr_engine.adapters.asterisk.ami_codec import AmiMessage, AmiReader, encode_action
from ivr_engine.errors import SwitchError, WireError

ACTION_LIMIT_S = 5.0
CONNECT_LIMIT_S = 5.0
PING_EVERY_S = 5.0
LIST_EVERY_S = 10.0
LIST_PAUSE_S = 0.1
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 4.0  # the PBX is on this machine: asking often costs nothing
FIRST_REFUSED_PAUSE_S = 5.0
LONGEST_REFUSED_PAUSE_S = 60.0
EVENTS_LIMIT = 10_000
DESK = "desk"  # the context of dialplans/desk.conf
PENDING_LIMIT = 1000

_OF_A_CHANNEL = ("Channel", "Uniqueid", "Linkedid", "ChannelState", "Context", "Application", "Data", "BridgeID")
_LISTED = {name: name for name in ("Event", "EventList", "Response", "Message", *_OF_A_CHANNEL)}
"""What is kept of the messages of a list: Asterisk says some thirty things of each channel, and there may be a thousand."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class LoginRefused(SwitchError):
    """Asterisk does not accept our name and password."""


@dataclass(slots=True)
class _Pending:
    """One action that waits for its answer: the response, or for a list the events up to its end."""

    answer: asyncio.Future[Sequence[AmiMessage]]
    listing: bool
    events: list[AmiMessage] = field(default_factory=list)

    def take(self, message: AmiMessage) -> bool:
        """Accept a message of this action; True when it was the last."""
        if self.listing:
            message = AmiMessage(tuple([(_LISTED[name], value) for name, value in message.headers if name in _LISTED]))
        if message.event:
            self.events.append(message)
            return message.get("EventList") in {"Complete", "Cancelled"}
        self.events.append(message)
        return not (self.listing and message.response == "Success")


class AmiProtocol(asyncio.Protocol):
    """A connection as panoramisk wants it: events go into one bounded queue, answers to their actions."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[AmiMessage] = asyncio.Queue(EVENTS_LIMIT)
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reader = AmiReader()
        self._pending: dict[str, _Pending] = {}
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's call."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its class

    def data_received(self, data: bytes) -> None:
        """Asyncio's call."""
        self._reader.feed(data)
        try:
            while (message := self._reader.next_message()) is not None:
                self._deliver(message)
        except WireError as error:
            self.abort(str(error))
        except asyncio.QueueFull:
            self.abort("more events than could be handled")

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's call."""
        self._fail(str(exc) if exc else "Asterisk closed the connection")

    def send(self, action: Action, *, as_list: bool | None = None) -> asyncio.Future[Sequence[AmiMessage]]:
        """Panoramisk's call: send the action; its answer comes in the future, which fails when the connection is lost."""
        if self._transport is None or self.lost.done():
            raise SwitchError("the manager connection is down")
        if len(self._pending) >= PENDING_LIMIT:
            raise SwitchError("the manager connection answers too slowly")
        identifier = action.id
        fields = [(name, value) for name, value in action.items() if name not in {"Action", "ActionID"}]
        data = encode_action(action["Action"], identifier, fields)
        future: asyncio.Future[Sequence[AmiMessage]] = asyncio.get_running_loop().create_future()
        self._pending[identifier] = _Pending(future, listing=bool(as_list))
        future.add_done_callback(lambda _: self._pending.pop(identifier, None))
        self._transport.write(data)
        return future

    def abort(self, reason: str) -> None:
        """Give the connection up at once."""
        self._fail(reason)
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Panoramisk's call."""
        self.abort("closed")

    def _deliver(self, message: AmiMessage) -> None:
        pending = self._pending.get(message.get("ActionID"))
        if pending is not None and (pending.listing or not message.event):
            if pending.take(message) and not pending.answer.done():
                pending.answer.set_result(pending.events)
        elif message.event:
            self.events.put_nowait(message)

    def _fail(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)
        for pending in list(self._pending.values()):
            if not pending.answer.done():
                pending.answer.set_exception(SwitchError(f"the manager connection was lost: {reason}"))


class _Link(Manager):  # type: ignore[misc] # panoramisk has no types
    """panoramisk's manager for one connection: it does not reconnect, ping or log in on its own."""

    def connection_made(self, f: asyncio.Future[tuple[asyncio.Transport, AmiProtocol]]) -> None:
        """Panoramisk's call when the connection stands or failed; whoever awaits `connect` hears of it."""
        if not f.cancelled() and f.exception() is None:
            self.protocol = f.result()[1]


class AmiClient:
    """Keeps one manager connection up while it is entered.

    On each (re)connection `on_reached` is given the answer to Status before any event; then `on_event` gets the events one
    by one, in order. `on_lost` says why the stream broke, once for each time that it did or could not be had. `on_listed` is
    given the answer to Status again every `list_every_s`, and soon after `list_soon`.
    """

    def __init__(  # noqa: PLR0913 - plain settings and ports, all by keyword
        self,
        *,
        host: str,
        port: int,
        username: str,
        secret: str,
        on_reached: Callable[[Sequence[AmiMessage]], None],
        on_lost: Callable[[str], None],
        on_event: Callable[[AmiMessage], None],
        on_listed: Callable[[Sequence[AmiMessage]], None] = lambda _channels: None,
        list_every_s: float = LIST_EVERY_S,
        ping_every_s: float = PING_EVERY_S,
    ) -> None:
        self._address = (host, port)
        self._credentials = (username, secret)
        self._on_reached = on_reached
        self._on_lost = on_lost
        self._on_event = on_event
        self._on_listed = on_listed
        self._list_every_s = list_every_s
        self._list_now = asyncio.Event()
        self._ping_every_s = ping_every_s
        self._group = asyncio.TaskGroup()
        self._keeper: asyncio.Task[None] | None = None
        self._link: _Link | None = None
        self._protocol: AmiProtocol | None = None
        self._changed = asyncio.Event()
        self._refusal: LoginRefused | None = None
        self._originated: dict[str, asyncio.Future[AmiMessage]] = {}
        self.handler_faults = 0

    @property
    def up(self) -> bool:
        """Logged in, and the state at that instant reported."""
        return self._protocol is not None and not self._protocol.lost.done()

    async def __aenter__(self) -> AmiClient:
        """Start reaching for Asterisk."""
        await self._group.__aenter__()
        self._keeper = self._group.create_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection and stop reaching."""
        if self._keeper is not None:
            self._keeper.cancel()
        await self._group.__aexit__(None, None, None)

    async def reached(self, limit: float) -> None:
        """Return once up. Raises SwitchError after `limit` seconds, or at once when the login is refused."""
        host, port = self._address
        try:
            async with asyncio.timeout(limit):
                while not self.up and self._refusal is None:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            raise SwitchError(f"no Asterisk manager on {host}:{port} within {limit:g} s; is the PBX running?") from error
        if self._refusal is not None:
            raise self._refusal

    async def act(self, action: str, **fields: str) -> AmiMessage:
        """Send one action and give its response.

        Raises:
            SwitchError: the connection is down or lost, no answer in time, or the answer is an error.
            WireError: a value cannot be sent.
        """
        if self._protocol is None or self._link is None:
            raise SwitchError("the manager connection is down")
        return (await self._ask(self._link, action, fields))[0]

    async def send_key(self, channel: str, key: str) -> None:
        """See call_control.Signals."""
        await self.act("PlayDTMF", Channel=channel, Digit=key, Receive="true")

    async def hang_up(self, channel: str) -> None:
        """See call_control.Signals."""
        await self.act("Hangup", Channel=channel, Cause="16")

    async def send_to_desk(self, channel: str) -> None:
        """See call_control.Signals."""
        await self.act("Redirect", Channel=channel, Context=DESK, Exten="s", Priority="1")

    async def kick(self, channel: str, room: str) -> None:
        """See call_control.Signals."""
        await self.act("ConfbridgeKick", Conference=room, Channel=channel)

    def list_soon(self) -> None:
        """Have the channels listed at once; many wishes within a moment are one."""
        self._list_now.set()

    async def redirect(self, channel: str, context: str) -> None:
        """Send the channel to the beginning of a context of the dialplan. Raises SwitchError."""
        await self.act("Redirect", Channel=channel, Context=context, Exten="s", Priority="1")

    @asynccontextmanager
    async def originate(self, **fields: str) -> AsyncIterator[asyncio.Future[AmiMessage]]:
        """Have a call made; the future is the event that says what became of it.

        The event carries our random ActionID, so that no other session's can be taken for it.

        Raises:
            SwitchError: as `act`.
        """
        if self._link is None:
            raise SwitchError("the manager connection is down")
        identifier = secrets.token_hex(16)
        ended = self._originated[identifier] = asyncio.get_running_loop().create_future()
        try:
            await self._ask(self._link, "Originate", {"Async": "true", **fields}, identifier=identifier)
            yield ended
        finally:
            del self._originated[identifier]

    async def _ask(
        self, link: _Link, action: str, fields: dict[str, str], *, listing: bool = False, identifier: str = ""
    ) -> Sequence[AmiMessage]:
        request = Action({"Action": action, "ActionID": identifier or secrets.token_hex(16), **fields})
        try:
            async with asyncio.timeout(ACTION_LIMIT_S):
                answer: Sequence[AmiMessage] = await link.send_action(request, as_list=listing)
        except TimeoutError as error:
            raise SwitchError(f"Asterisk did not answer {action} within {ACTION_LIMIT_S:g} s") from error
        if answer[0].response != "Success":
            raise SwitchError(f"Asterisk refused {action}: {answer[0].get('Message')}")
        return answer

    async def _keep(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            try:
                reason = await self._live_once()
                pause = FIRST_PAUSE_S
            except LoginRefused as error:
                self._refusal, reason = error, str(error)
                pause = min(max(pause * 2, FIRST_REFUSED_PAUSE_S), LONGEST_REFUSED_PAUSE_S)
            except (SwitchError, OSError) as error:
                reason, pause = self._plain(error), min(pause * 2, LONGEST_PAUSE_S)
            self._lose(reason)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads reconnections, guards nothing

    def _plain(self, error: SwitchError | OSError) -> str:
        """What to tell an operator."""
        if isinstance(error, SwitchError):
            return str(error)
        host, port = self._address
        return f"no Asterisk manager answers on {host}:{port}; does the PBX run? ivr-engine pbx status"

    def _lose(self, reason: str) -> None:
        self._link = self._protocol = None
        self._changed.set()
        _log.debug("event stream lost: %s", reason)
        self._tell("loss", self._on_lost, reason)

    def _tell(self, what: str, handler: Callable[[T], None], value: T) -> None:
        try:
            handler(value)
        except Exception:  # noqa: BLE001 - one event that cannot be handled must not cost the stream; counted and shown
            self.handler_faults += 1
            _log.exception("%s could not be handled", what)

    async def _live_once(self) -> str:
        """One connection from login to loss; the reason of the loss."""
        host, port = self._address
        link = _Link(host=host, port=port, protocol_factory=AmiProtocol, loop=asyncio.get_running_loop())
        async with asyncio.timeout(CONNECT_LIMIT_S):
            _, protocol = await link.connect()
        link.protocol = protocol
        try:
            await self._log_in(link)
            await self._reach(link, protocol)
            return await self._follow(link, protocol)
        finally:
            protocol.close()

    async def _reach(self, link: _Link, protocol: AmiProtocol) -> None:
        """Say that the stream is up, with the channels that there are."""
        channels = await self._channels(link)
        self._refusal = None
        self._link, self._protocol = link, protocol
        self._tell("connection", self._on_reached, channels)
        self._changed.set()

    async def _channels(self, link: _Link) -> Sequence[AmiMessage]:
        """All channels. Many take a megabyte: whoever asks lets go of them before it waits for anything else."""
        return (await self._ask(link, "Status", {}, listing=True))[1:]

    async def _log_in(self, link: _Link) -> None:
        username, secret = self._credentials
        try:
            await self._ask(link, "Login", {"Username": username, "Secret": secret, "Events": "call"})
        except SwitchError as error:
            if link.protocol.lost.done() and "refused" not in str(error):
                raise
            raise LoginRefused(f"{error}; user {username!r} and its secret must be those of manager.conf") from error

    async def _follow(self, link: _Link, protocol: AmiProtocol) -> str:
        async with asyncio.TaskGroup() as group:
            work = (self._handle_events(protocol), self._ping(link, protocol), self._list(link, protocol))
            followers = [group.create_task(each) for each in work]
            reason = await asyncio.shield(protocol.lost)
            for follower in followers:
                follower.cancel()
        return reason

    async def _handle_events(self, protocol: AmiProtocol) -> None:
        while True:
            message = await protocol.events.get()
            ended = self._originated.get(message.get("ActionID")) if message.event == "OriginateResponse" else None
            if ended is not None and not ended.done():
                ended.set_result(message)
            self._tell(message.event, self._on_event, message)

    async def _list(self, link: _Link, protocol: AmiProtocol) -> None:
        with suppress(SwitchError):
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._list_every_s):
                        await self._list_now.wait()
                await asyncio.sleep(LIST_PAUSE_S)  # what is wished for next within a moment gets the same list
                self._list_now.clear()
                await self._tell_channels(link)
        protocol.abort("Asterisk does not list its channels")

    async def _tell_channels(self, link: _Link) -> None:
        self._tell("list of channels", self._on_listed, await self._channels(link))

    async def _ping(self, link: _Link, protocol: AmiProtocol) -> None:
        with suppress(SwitchError):
            while True:
                await asyncio.sleep(self._ping_every_s)
                await self._ask(link, "Ping", {})
        protocol.abort("Asterisk does not answer Ping")
