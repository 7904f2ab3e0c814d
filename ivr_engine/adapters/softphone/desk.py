"""Inside the telephone process: its lines, and the orders that may be given to them."""

from __future__ import annotations

import heapq
import json
import re
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import pjsua2 as pj

from ivr_engine.adapters.softphone.lines import LINES_PER_PROCESS, Answering, Line, PhoneEvent, PhoneEventKind
from ivr_engine.adapters.softphone.pjsip import CLOCK_HZ, PjObject, account_config, call_options, tones
from ivr_engine.adapters.softphone.telephone_call import Detail, TelephoneCall
from ivr_engine.core.ids import Millis

FROM = re.compile(r'^(?:"?(?P<name>.*?)"?\s*)?<?sips?:(?P<number>[^@>;]*)@')


class Timers:
    """What is to be done when, on the monotonic clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def after(self, ms: int, do: Callable[[], None]) -> None:
        """Do it `ms` milliseconds from now."""
        heapq.heappush(self._heap, (time.monotonic() + ms / 1000, next(self._order), do))

    def run_due(self) -> None:
        """Do what is due."""
        while self._heap and self._heap[0][0] <= time.monotonic():
            heapq.heappop(self._heap)[2]()


class Account(pj.Account):  # type: ignore[misc]  # pjsua2 has no types
    """One line."""

    def __init__(self, desk: Desk, name: str, line: Line) -> None:
        super().__init__()
        self.desk = desk
        self.name = name
        self.line = line
        self.answering = line.answering
        self.registered = False
        self._tone: PjObject = None

    def mouth(self, devices: PjObject) -> PjObject:
        """What this telephone says: its tone, or silence, either of which keeps RTP flowing."""
        if not self.line.tone_hz:
            return devices.getCaptureDevMedia()
        if self._tone is None:
            self._tone = pj.ToneGenerator()
            self._tone.createToneGenerator(CLOCK_HZ)
            self._tone.play(tones(self.line.tone_hz), True)  # noqa: FBT003  # PJSIP's signature: loop
        return self._tone

    def onRegState(self, prm: PjObject) -> None:  # noqa: N802  # PJSIP's name
        """The registrar answered, or did not."""
        self.registered = prm.code == 200 and prm.expiration > 0
        kind = PhoneEventKind.REGISTERED if self.registered else PhoneEventKind.UNREGISTERED
        if prm.code != 200:
            kind = PhoneEventKind.REGISTRATION_FAILED
        self.desk.report(kind, line=self.name, code=prm.code, reason=prm.reason)

    def onIncomingCall(self, prm: PjObject) -> None:  # noqa: N802  # PJSIP's name
        """Ring, and do what the line's policy says."""
        busy = self.desk.in_call(self)
        call = self.desk.keep(TelephoneCall(self.desk, self, self.desk.next_name(), prm.callId))
        info = call.getInfo()
        found = FROM.match(info.remoteUri)
        call.report(PhoneEventKind.INCOMING, **(found.groupdict(default="") if found else {}))
        policy = Answering.busy() if busy else self.answering
        call.reply(180)
        call.talk = policy.talk
        if policy.code is not None:
            code = policy.code
            self.desk.timers.after(policy.after, lambda: call.reply(code))


class Desk:
    """The lines and calls of this process, and the orders that may be given to them."""

    def __init__(self, endpoint: PjObject, address: str, write: Callable[[str], None]) -> None:
        self.endpoint = endpoint
        self.timers = Timers()
        self._address = address
        self._write = write
        self._began = time.monotonic()
        self._lines: dict[str, Account] = {}
        self._calls: dict[str, TelephoneCall] = {}
        self._names = count(1)

    def report(self, kind: PhoneEventKind, **details: Detail) -> None:
        """Tell the driving side."""
        self.tell(PhoneEvent(kind=kind, at=self.now(), **details))

    def tell(self, event: PhoneEvent) -> None:
        """Tell the driving side what has its time already."""
        self._write(json.dumps(event.encode()) + "\n")

    def now(self) -> Millis:
        """Milliseconds since this process began."""
        return Millis(int((time.monotonic() - self._began) * 1000))

    def next_name(self) -> str:
        """A name for a call that came in."""
        return f"in-{next(self._names)}"

    def keep(self, call: TelephoneCall) -> TelephoneCall:
        """Python must hold the call as long as PJSIP does."""
        self._calls[call.name] = call
        return call

    def in_call(self, account: Account) -> bool:
        """The line has a call already."""
        return any(call.account is account and not call.over for call in self._calls.values())

    def obey(self, order: Mapping[str, Any]) -> None:
        """Carry out one order; one that PJSIP refuses is reported."""
        try:
            self._obey(order)
        except pj.Error as error:
            self.report(PhoneEventKind.FAILED, line=order.get("line", ""), call=order.get("call", ""), reason=error.reason)

    def _obey(self, order: Mapping[str, Any]) -> None:
        do = order["do"]
        if do == "connect":
            self._connect(order["line"], Line.decode(order["with"]))
        elif do == "leave":
            self._lines[order["line"]].setRegistration(False)  # PJSIP's signature: renew
        elif do == "policy":
            self._lines[order["line"]].answering = Answering(**order["answering"])
            self.report(PhoneEventKind.POLICY_SET, line=order["line"])
        elif do == "dial":
            self._dial(self._lines[order["line"]], order["call"], order["uri"])
        elif order["call"] in self._calls:  # else it comes too late, after the end of its call
            self._about(self._calls[order["call"]], order)

    def tick(self) -> None:
        """What one turn of the pump has to do beside SIP: timers, samples, forgetting calls that are over."""
        try:
            self.timers.run_due()
        except pj.Error as error:
            self.report(PhoneEventKind.FAILED, reason=error.reason)
        for call in tuple(self._calls.values()):
            call.listen()
            if call.told():
                del self._calls[call.name]

    def leave(self) -> None:
        """End every call and unregister every line."""
        for call in self._calls.values():
            call.end()
        for account in self._lines.values():
            if account.registered:
                account.setRegistration(False)  # PJSIP's signature: renew

    @property
    def left(self) -> bool:
        """Nothing is going on any more."""
        return not self._calls and not any(account.registered for account in self._lines.values())

    def _connect(self, name: str, line: Line) -> None:
        if len(self._lines) >= LINES_PER_PROCESS:
            raise ValueError(f"a telephone process holds {LINES_PER_PROCESS} lines")
        account = self._lines[name] = Account(self, name, line)
        account.create(account_config(line, self._address))
        self.report(PhoneEventKind.CONNECTED, line=name)

    def _dial(self, account: Account, name: str, uri: str) -> None:
        call = self.keep(TelephoneCall(self, account, name))
        call.report(PhoneEventKind.DIALLED)
        try:
            call.makeCall(uri, call_options(0))
        except pj.Error as error:
            call.over = True
            call.report(PhoneEventKind.ENDED, code=0, reason=error.reason, near=True)

    def _about(self, call: TelephoneCall, order: Mapping[str, Any]) -> None:
        do = order["do"]
        if do == "press":
            call.press(order["keys"], order["key_ms"], order["gap_ms"])
        elif do == "answer":
            call.reply(order["code"])
        elif do == "hang_up":
            call.end()
        elif do == "hold":
            call.put_on_hold(on=order["on"])
        elif do == "record":
            call.record_to = order["path"]
            call.start_recording()
