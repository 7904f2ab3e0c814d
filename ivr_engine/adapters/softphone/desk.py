"""Inside the telephone process: lines, calls, and the orders that may be given to them."""

from __future__ import annotations

import heapq
import json
import re
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pjsua2 as pj

from ivr_engine.adapters.softphone.hearing import Burst, Ear, amplitude_of
from ivr_engine.adapters.softphone.lines import LINES_PER_PROCESS, Answering, Line, PhoneEvent, PhoneEventKind
from ivr_engine.adapters.softphone.pjsip import CLOCK_HZ, PjObject, account_config, call_options, tones
from ivr_engine.core.ids import Millis

FROM = re.compile(r'^(?:"?(?P<name>.*?)"?\s*)?<?sips?:(?P<number>[^@>;]*)@')
# How long the end of a call waits for its recording to be complete.
RECORDING_S = 1.0
Detail = Any  # a field of PhoneEvent


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


class TelephoneCall(pj.Call):  # type: ignore[misc]  # pjsua2 has no types
    """One call. PJSIP calls the on... methods from the pump."""

    def __init__(self, desk: Desk, account: Account, name: str, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self.desk = desk
        self.account = account
        self.name = name
        self.near = False
        self.over = False
        self.answered_at: float | None = None
        self.talk: Millis | None = None
        self.record_to: str | None = None
        self.audio: PjObject = None
        self.recorder: PjObject = None
        self._farewell: PhoneEvent | None = None
        self._told_by = 0.0
        self.ear = Ear()

    def report(self, kind: PhoneEventKind, **details: Detail) -> None:
        """Tell the driving side."""
        self.desk.report(kind, line=self.account.name, call=self.name, **details)

    def onCallState(self, _prm: PjObject) -> None:  # noqa: N802  # PJSIP's name
        """The call rings, is answered, or is over."""
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            self.report(PhoneEventKind.RINGING, code=info.lastStatusCode)
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._answered()
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._ended(info.lastStatusCode, info.lastReason)

    def onCallMediaState(self, _prm: PjObject) -> None:  # noqa: N802  # PJSIP's name
        """Audio flows: listen to it, say the line's tone, record."""
        info = self.getInfo()  # kept: the media list of a temporary is freed memory
        if not any(
            media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE for media in info.media
        ):
            return
        self.audio = self.getAudioMedia(-1)
        devices = self.desk.endpoint.audDevManager()
        self.audio.startTransmit(devices.getPlaybackDevMedia())  # PJSIP measures only what somebody listens to
        self.account.mouth(devices).startTransmit(self.audio)
        self.start_recording()

    def onDtmfDigit(self, prm: PjObject) -> None:  # noqa: N802  # PJSIP's name
        """The far side pressed a key."""
        self.report(PhoneEventKind.KEY_HEARD, keys=prm.digit)

    def start_recording(self) -> None:
        """Record what is received, from now on, if asked to and possible."""
        if self.record_to and self.audio and not self.recorder:
            self.recorder = pj.AudioMediaRecorder()
            self.recorder.createRecorder(self.record_to)
            self.audio.startTransmit(self.recorder)

    def listen(self) -> None:
        """Take one sample of the level."""
        if self.audio is None or self.answered_at is None:
            return
        was_sounding = self.ear.sounding
        at = Millis(int((time.monotonic() - self.answered_at) * 1000))
        # "Tx" as PJSIP's bridge sees it: what this port brings in from the network.
        burst = self.ear.level(at, amplitude_of(self.audio.getTxLevel()))
        if burst:
            self._heard(burst)
        elif self.ear.sounding and not was_sounding:
            self.report(PhoneEventKind.SOUND, began=at)

    def press(self, keys: str, key_ms: int, gap_ms: int) -> None:
        """Send the keys one after the other; report when the last is out."""
        if self.over or self.audio is None:
            return
        if not keys:
            self.report(PhoneEventKind.PRESSED)
            return
        key = pj.CallSendDtmfParam()
        key.method, key.digits, key.duration = pj.PJSUA_DTMF_METHOD_RFC2833, keys[0], key_ms
        self.sendDtmf(key)
        self.desk.timers.after(key_ms + gap_ms, lambda: self.press(keys[1:], key_ms, gap_ms))

    def reply(self, code: int) -> None:
        """Answer or refuse a call that came in."""
        if self.over or self.answered_at is not None:
            return
        self.near = self.near or code >= 300
        self.answer(call_options(code))

    def end(self) -> None:
        """Hang up, cancel or decline, whichever fits."""
        if not self.over:
            self.near = True
            self.hangup(call_options(0))

    def _answered(self) -> None:
        if self.answered_at is None:
            self.answered_at = time.monotonic()
            self.report(PhoneEventKind.ANSWERED)
            if self.talk is not None:
                self.desk.timers.after(self.talk, self.end)

    def _heard(self, burst: Burst) -> None:
        self.report(PhoneEventKind.HEARD, began=burst.began, lasted=burst.lasted, level=round(burst.level, 4))

    def _ended(self, code: int, reason: str) -> None:
        self.over = True
        burst = self.ear.end()
        if burst:
            self._heard(burst)
        self.recorder = self.audio = None  # deleting the recorder completes its file, a moment later
        self._farewell = PhoneEvent(
            kind=PhoneEventKind.ENDED, at=self.desk.now(), line=self.account.name, call=self.name,
            code=code, reason=reason, near=self.near,
        )  # fmt: skip
        self._told_by = time.monotonic() + RECORDING_S

    def told(self) -> bool:
        """The call is over and its end reported, which waits until its recording is complete."""
        if not self.over:
            return False
        if self._farewell and (is_complete(self.record_to) or time.monotonic() > self._told_by):
            self.desk.tell(self._farewell)
            self._farewell = None
        return self._farewell is None


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
        """Carry out one order; one that comes too late, after the end of its call, is nothing."""
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
        elif order["call"] in self._calls:
            self._about(self._calls[order["call"]], order)

    def tick(self) -> None:
        """What one turn of the pump has to do beside SIP: timers, samples, forgetting calls that are over."""
        self.timers.run_due()
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
        elif do == "record":
            call.record_to = order["path"]
            call.start_recording()


def is_complete(recording: str | None) -> bool:
    """There is no recording, or its header has its final length. PJSIP closes the file from its audio thread."""
    if recording is None or not Path(recording).exists():
        return True
    with Path(recording).open("rb") as file:
        header = file.read(8)
    return header[:4] == b"RIFF" and int.from_bytes(header[4:], "little") == Path(recording).stat().st_size - 8
