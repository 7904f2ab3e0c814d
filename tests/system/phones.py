"""Telephones at the PBX under test: agents who register, callers who dial.

    async with Phones(pbx="127.0.0.1:5080", secrets={"6001": "..."}, folder=tmp_path) as phones:
        anna = await phones.agent("6001", Answering.answer(after=300, talk=2_000))
        wang = await phones.call("95500", caller="13800138000", name="Wang")
        await wang.quiet()
        await wang.press("0")
        talk = await anna.incoming()
        await talk.answered()
        await talk.ended()
        await wang.press("5")
        await wang.ended()

SIP messages and recordings of every call stay in the folder, so that a failed test can be looked into.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from ivr_engine.adapters.softphone.lines import Answering, Line
from ivr_engine.adapters.softphone.softphones import Softphone, SoftphoneCall, Softphones

AGENT_TONE_HZ = 600


class Phones:
    """Telephones at one PBX. `secrets`: what the agents' telephones register with."""

    def __init__(self, *, pbx: str, secrets: Mapping[str, str], folder: Path) -> None:
        self._pbx = pbx
        self._secrets = secrets
        self._folder = folder
        self._softphones = Softphones(trace=folder)
        self._callers: dict[tuple[str, str], Softphone] = {}
        self._calls = count(1)

    async def __aenter__(self) -> Self:
        await self._softphones.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._softphones.__aexit__(kind, error, trace)

    async def agent(self, phone: str, answering: Answering | None = None, *, tone_hz: int = AGENT_TONE_HZ) -> Softphone:
        """A registered agent's telephone. It says a tone while it talks, so that its caller hears somebody."""
        policy = answering or Answering.answer()
        return await self._softphones.connect(
            Line(number=phone, pbx=self._pbx, secret=self._secrets[phone], tone_hz=tone_hz, answering=policy)
        )

    def learn(self, phone: str, secret: str) -> None:
        """Another agent's telephone, which came with a later version of the centre."""
        self._secrets = {**self._secrets, phone: secret}

    async def feature(self, agent: Softphone, code: str) -> SoftphoneCall:
        """The agent dials a feature code such as *12 and listens to the end."""
        call = await agent.dial(code)
        await call.answered()
        await call.ended()
        return call

    async def call(self, number: str, *, caller: str = "13800138000", name: str = "") -> SoftphoneCall:
        """A caller dials; returns when the call is answered."""
        call = await self.dial(number, caller=caller, name=name)
        await call.answered()
        return call

    async def dial(self, number: str, *, caller: str = "13800138000", name: str = "") -> SoftphoneCall:
        """A caller dials; returns at once."""
        phone = self._callers.get((caller, name))
        if phone is None:
            phone = await self._softphones.connect(Line(number=caller, name=name, pbx=self._pbx))
            self._callers[caller, name] = phone
        return await phone.dial(number, record=self._folder / f"call-{next(self._calls)}.wav")
