"""The driving side: telephones and calls for asyncio.

    async with Softphones() as phones:
        agent = await phones.connect(Line(number="a1001", pbx="127.0.0.1:5080", secret=secret))
        caller = await phones.connect(Line(number="13800138000", pbx="127.0.0.1:5080"))
        call = await caller.dial("95500")
        await call.answered()
        await call.quiet()
        await call.press("0")
        talk = await agent.incoming()
        await talk.answered()
        await call.hang_up()
        assert (await talk.ended()).near is False

Every wait has a limit in milliseconds and raises `PhoneTimeout`, whose text is what happened so far.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import asdict
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from ivr_engine.adapters.softphone.hearing import Burst, Heard
from ivr_engine.adapters.softphone.lines import LINES_PER_PROCESS, Answering, Line, PhoneEvent, PhoneEventKind
from ivr_engine.adapters.softphone.telephone_process import OrderField, PhoneTimeout, TelephoneProcess, story
from ivr_engine.core.ids import Millis
from ivr_engine.errors import SetupError, SwitchError

KEYS = frozenset("0123456789*#ABCD")
REGISTER_LIMIT = Millis(10_000)
WAIT_LIMIT = Millis(20_000)
# A prompt stops this soon after a key.
BARGE_IN = Millis(300)
FOREVER = Millis(86_400_000)


class SoftphoneCall:
    """One call at one telephone. `number` and `name` are the caller's when the call came in."""

    def __init__(self, process: TelephoneProcess, *, call: str, since: int, number: str = "", name: str = "") -> None:
        self.number = number
        self.name = name
        self._process = process
        self._call = call
        self._since = since

    @property
    def events(self) -> tuple[PhoneEvent, ...]:
        """Everything reported of this call so far."""
        return tuple(event for event in self._process.log.events[self._since :] if event.call == self._call)

    @property
    def heard(self) -> Heard:
        """The bursts of sound that have come and gone."""
        bursts = (event for event in self.events if event.kind is PhoneEventKind.HEARD)
        return Heard(bursts=tuple(Burst(began=e.began, lasted=e.lasted, level=e.level) for e in bursts))

    @property
    def over(self) -> bool:
        """The call has ended."""
        return any(event.kind is PhoneEventKind.ENDED for event in self.events)

    @property
    def sounding(self) -> bool:
        """Something is to be heard now."""
        sounds = (PhoneEventKind.SOUND, PhoneEventKind.HEARD, PhoneEventKind.ENDED)
        last = next((event.kind for event in reversed(self.events) if event.kind in sounds), None)
        return last is PhoneEventKind.SOUND

    @property
    def keys_heard(self) -> str:
        """The keys the far side pressed."""
        return "".join(event.keys for event in self.events if event.kind is PhoneEventKind.KEY_HEARD)

    async def ringing(self, limit: int = WAIT_LIMIT) -> PhoneEvent:
        """Wait until the far telephone rings."""
        return await self._wait(PhoneEventKind.RINGING, limit=limit)

    async def answered(self, limit: int = WAIT_LIMIT) -> PhoneEvent:
        """Wait until the call is answered.

        Raises:
            SwitchError: it ended without an answer; the text has the SIP status.
        """
        event = await self.answered_or_ended(limit)
        if event.kind is PhoneEventKind.ENDED:
            raise SwitchError(f"the call was not answered: {event.code} {event.reason}")
        return event

    async def answered_or_ended(self, limit: int = WAIT_LIMIT) -> PhoneEvent:
        """Wait for the answer or the refusal."""
        return await self._wait(PhoneEventKind.ANSWERED, PhoneEventKind.ENDED, limit=limit)

    async def ended(self, limit: int = WAIT_LIMIT) -> PhoneEvent:
        """Wait for the end. `near` tells whether this side ended it, `code` and `reason` how."""
        return await self._wait(PhoneEventKind.ENDED, limit=limit)

    async def sound(self, limit: int = WAIT_LIMIT) -> PhoneEvent:
        """Wait for the next sound, one that begins after this is called."""
        return await self._wait(PhoneEventKind.SOUND, PhoneEventKind.ENDED, limit=limit, after=len(self._process.log.events))

    async def quiet(self, limit: int = WAIT_LIMIT) -> PhoneEvent:
        """Wait until a prompt has been heard and the line has gone quiet after it; at once if that is so now.

        Only what was heard after the last keys counts, and a prompt which those keys cut short does not. The end of the
        call ends the wait, too.
        """
        after = self._after_last_keys()
        event = await self._wait(PhoneEventKind.HEARD, PhoneEventKind.ENDED, limit=limit, after=after, fresh=True)
        if not self.sounding:
            return event
        after = len(self._process.log.events)
        return await self._wait(PhoneEventKind.HEARD, PhoneEventKind.ENDED, limit=limit, after=after)

    async def falls_quiet(self, limit: int = WAIT_LIMIT) -> PhoneEvent:
        """Wait until the sound that is heard now, or else the next one, has come to its end, or the call has."""
        return await self._wait(PhoneEventKind.HEARD, PhoneEventKind.ENDED, limit=limit, after=len(self._process.log.events))

    async def press(self, keys: str, *, key_ms: int = 100, gap_ms: int = 80) -> None:
        """Press keys by RFC 4733 events; returns when the last one is out.

        Raises:
            ValueError: a character that no telephone has.
            SwitchError: the far side takes no keys (RFC 4733).
        """
        if not set(keys) <= KEYS:
            raise ValueError("keys are 0-9, *, # and A-D")
        after = len(self._process.log.events)
        self._process.order("press", call=self._call, keys=keys, key_ms=key_ms, gap_ms=gap_ms)
        limit = WAIT_LIMIT + len(keys) * (key_ms + gap_ms)
        event = await self._wait(
            PhoneEventKind.PRESSED, PhoneEventKind.FAILED, PhoneEventKind.ENDED, limit=limit, after=after
        )
        if event.kind is PhoneEventKind.FAILED:
            raise SwitchError(f"keys could not be sent: {event.reason}")

    async def hang_up(self, limit: int = WAIT_LIMIT) -> PhoneEvent:
        """Hang up, or cancel, or decline; returns when it is over."""
        self._process.order("hang_up", call=self._call)
        return await self.ended(limit)

    def hold(self, *, on: bool) -> None:
        """Press the telephone's own hold key, or press it again."""
        self._process.order("hold", call=self._call, on=on)

    def reply(self, code: int) -> None:
        """Answer (200) or refuse (486, 603, ...) a call that came in."""
        self._process.order("answer", call=self._call, code=code)

    def record(self, path: Path) -> None:
        """Record what this side hears into a WAV file (8 kHz, 16 bit, mono), complete once the call has ended."""
        self._process.order("record", call=self._call, path=str(path))

    def _after_last_keys(self) -> int:
        events = self._process.log.events
        for at in range(len(events) - 1, self._since - 1, -1):
            if events[at].call == self._call and events[at].kind is PhoneEventKind.PRESSED:
                return at + 1
        return self._since

    def _cut_short(self, burst: PhoneEvent) -> bool:
        """The burst was sounding when keys were pressed, and ended because of them."""
        times = {event.kind: event.at for event in self.events if event.at <= burst.at}
        if PhoneEventKind.PRESSED not in times or PhoneEventKind.ANSWERED not in times:
            return False
        began = times[PhoneEventKind.ANSWERED] + burst.began
        return began < times[PhoneEventKind.PRESSED] and began + burst.lasted < times[PhoneEventKind.PRESSED] + BARGE_IN

    async def _wait(self, *kinds: PhoneEventKind, limit: int, after: int | None = None, fresh: bool = False) -> PhoneEvent:
        def wanted(event: PhoneEvent) -> bool:
            stale = fresh and event.kind is PhoneEventKind.HEARD and event.call == self._call and self._cut_short(event)
            return event.call == self._call and event.kind in kinds and not stale

        start = self._since if after is None else after
        try:
            return await self._process.log.wait(wanted, limit=Millis(limit), after=start)
        except PhoneTimeout as error:
            raise PhoneTimeout(f"{' or '.join(kinds)} not within {limit} ms; {story(self.events)}") from error


class Softphone:
    """One telephone."""

    def __init__(self, process: TelephoneProcess, line: Line, name: str) -> None:
        self.line = line
        self._process = process
        self._name = name
        self._seen = len(process.log.events)
        self._calls = count(1)

    @property
    def address(self) -> str:
        """HOST:PORT where this telephone takes SIP."""
        return self._process.address

    async def dial(self, number: str, *, record: Path | None = None) -> SoftphoneCall:
        """Call a number at the line's PBX, or a whole `sip:` URI. Returns as soon as the INVITE is out."""
        uri = number if number.startswith("sip:") else f"sip:{quote(number, safe='*+')}@{self.line.pbx}"
        name = f"{self._name}-{next(self._calls)}"
        call = SoftphoneCall(self._process, call=name, since=len(self._process.log.events))
        self._process.order("dial", line=self._name, call=name, uri=uri)
        if record:
            call.record(record)
        return call

    async def incoming(self, limit: int = WAIT_LIMIT) -> SoftphoneCall:
        """The next call that rings here. The line's `Answering` treats it; each call is returned once."""
        wanted = PhoneEventKind.INCOMING
        event = await self._process.log.wait(
            lambda event: event.line == self._name and event.kind is wanted, limit=Millis(limit), after=self._seen
        )
        self._seen = self._process.log.events.index(event) + 1
        return SoftphoneCall(self._process, call=event.call, since=self._seen - 1, number=event.number, name=event.name)

    async def answering(self, policy: Answering) -> None:
        """Treat the next incoming calls this way."""
        await self._ordered("policy", PhoneEventKind.POLICY_SET, answering=asdict(policy))

    async def leave(self) -> None:
        """Unregister; the PBX finds nobody here any more."""
        await self._ordered("leave", PhoneEventKind.UNREGISTERED)

    async def events(self) -> AsyncIterator[PhoneEvent]:
        """Everything this telephone reports, from its connection on, without end."""
        log, at = self._process.log, 0
        while True:
            event = await log.wait(lambda event: event.line == self._name, limit=FOREVER, after=at)
            at = log.events.index(event, at) + 1
            yield event

    async def _ordered(self, do: str, done: PhoneEventKind, **fields: OrderField) -> None:
        after = len(self._process.log.events)
        self._process.order(do, line=self._name, **fields)
        await self._process.log.wait(
            lambda event: event.line == self._name and event.kind is done, limit=REGISTER_LIMIT, after=after
        )


class Softphones:
    """Telephones on this machine: `connect` as many as needed, processes are started to hold them.

    `bind`: the local address for SIP and RTP. `trace`: a folder for files of SIP messages. `tell`: called with every event.
    """

    def __init__(
        self,
        *,
        bind: str = "127.0.0.1",
        trace: Path | None = None,
        tell: Callable[[PhoneEvent], None] | None = None,
    ) -> None:
        self._tell = tell
        self._bind = bind
        self._trace = trace
        self._processes: list[TelephoneProcess] = []
        self._lock = asyncio.Lock()
        self._names = count(1)

    async def __aenter__(self) -> Self:
        if importlib.util.find_spec("pjsua2") is None:
            raise SetupError(
                "the software telephone needs PJSIP: pip install 'ivr-engine[phone]' (wheels for Python up to 3.12)"
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(process.stop() for process in self._processes))

    async def connect(self, line: Line) -> Softphone:
        """A telephone; registered when it returns, if the line has a secret.

        Raises:
            SwitchError: the registrar refused; the text has the SIP status.
            PhoneTimeout: no answer from the registrar.
        """
        process = await self._process_with_room()
        name = f"line-{next(self._names)}"
        phone = Softphone(process, line, name)
        process.order("connect", line=name, **{"with": asdict(line)})
        kinds = (PhoneEventKind.CONNECTED, PhoneEventKind.FAILED)
        event = await process.log.wait(lambda event: event.line == name and event.kind in kinds, limit=REGISTER_LIMIT)
        if event.kind is PhoneEventKind.FAILED:
            raise SwitchError(f"there can be no such telephone: {event.reason}")
        if line.secret:
            await self._registered(process, name)
        return phone

    async def connect_all(self, lines: Iterable[Line]) -> tuple[Softphone, ...]:
        """Several telephones, connected at the same time."""
        return tuple(await asyncio.gather(*(self.connect(line) for line in lines)))

    async def _registered(self, process: TelephoneProcess, name: str) -> None:
        kinds = (PhoneEventKind.REGISTERED, PhoneEventKind.REGISTRATION_FAILED)
        event = await process.log.wait(lambda event: event.line == name and event.kind in kinds, limit=REGISTER_LIMIT)
        if event.kind is PhoneEventKind.REGISTRATION_FAILED:
            raise SwitchError(f"the telephone could not register: {event.code} {event.reason}")

    async def _process_with_room(self) -> TelephoneProcess:
        async with self._lock:
            if not self._processes or self._processes[-1].lines >= LINES_PER_PROCESS:
                trace = self._trace / f"telephones-{len(self._processes) + 1}.log" if self._trace else None
                self._processes.append(await TelephoneProcess.start(bind=self._bind, trace=trace, tell=self._tell))
            self._processes[-1].lines += 1
            return self._processes[-1]
