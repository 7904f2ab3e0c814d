"""Inside the telephone process: one call."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pjsua2 as pj

from ivr_engine.adapters.softphone.hearing import Burst, Ear, amplitude_of
from ivr_engine.adapters.softphone.lines import PhoneEvent, PhoneEventKind
from ivr_engine.adapters.softphone.pjsip import PjObject, call_options
from ivr_engine.core.ids import Millis

if TYPE_CHECKING:
    from ivr_engine.adapters.softphone.desk import Account, Desk

# How long the end of a call waits for its recording to be complete.
RECORDING_S = 1.0
Detail = Any  # a field of PhoneEvent


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
            self.audio = None  # on hold PJSIP has taken its port away; asking that one for its level is an error
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

    def put_on_hold(self, *, on: bool) -> None:
        """As by the telephone's own hold key: say in a re-INVITE that nothing is received (RFC 3264), or take it back."""
        options = pj.CallOpParam(True)  # noqa: FBT003 - PJSIP's signature: with its default settings
        if on:
            self.setHold(options)
        else:
            options.opt.flag = pj.PJSUA_CALL_UNHOLD
            self.reinvite(options)

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


def is_complete(recording: str | None) -> bool:
    """There is no recording, or its header has its final length. PJSIP closes the file from its audio thread."""
    if recording is None or not Path(recording).exists():
        return True
    with Path(recording).open("rb") as file:
        header = file.read(8)
    return header[:4] == b"RIFF" and int.from_bytes(header[4:], "little") == Path(recording).stat().st_size - 8
