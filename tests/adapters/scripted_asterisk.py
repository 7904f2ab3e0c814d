"""The switch's side of one call whose caller and agent follow a script: answers as Asterisk 22 was measured to."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Awaitable, Callable

from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.testing.line import Act, AgentDoes, HangUpNow, Listen, Press
from tests.adapters.agi_peer import CALL, CHANNEL, AgiPeer, calling, environment
from tests.adapters.ami_peer import AmiPeer, block

ENDINGS = {
    OfferOutcome.ANSWERED: "ANSWER|16",
    OfferOutcome.NO_ANSWER: "NOANSWER|0",
    OfferOutcome.DECLINED: "CHANUNAVAIL|21",
    OfferOutcome.BUSY: "BUSY|17",
    OfferOutcome.UNREACHABLE: "CHANUNAVAIL|3",
    OfferOutcome.FAILED: "CHANUNAVAIL|38",
    OfferOutcome.CALLER_GONE: "CANCEL|0",
}
_DIAL = re.compile(r'"PJSIP/([^,]+),([0-9]+),')


class ScriptedAsterisk:
    """`begun` is set when a sound or music plays; `picked_up` is for the test to set when it hears of the agent's answer.

    Nobody waits here for keys that do not come; one that would take more than `patience` milliseconds is a failure.
    """

    def __init__(self, ami: AmiPeer, *script: Act, agi_port: int, patience: int) -> None:
        self._ami = ami
        self._script = list(script)
        self._agi_port = agi_port
        self._patience = patience
        self._keys = ""
        self._ending = "|"
        self._here = True
        self.begun = asyncio.Event()
        self.picked_up = asyncio.Event()

    async def call(self) -> None:
        """One call, from its arrival until it is over or the engine gives it back."""
        async with calling(self._agi_port) as peer:
            peer.say(environment("95500", "13800138000", "", "1"))
            while self._here and (command := await peer.heard()):
                await self._obey(peer, command)

    async def _obey(self, peer: AgiPeer, command: str) -> None:
        obey: dict[str, Callable[[AgiPeer, str], Awaitable[None]]] = {
            "STREAM FILE": self._stream,
            "WAIT FOR DIGIT": self._listen,
            "SET MUSIC": self._music,
            'EXEC "Dial"': self._dial,
            'EXEC "Background"': self._row,
            'EXEC "Playback"': self._row,
            "GET FULL VARIABLE": self._tell_ending,
            "HANGUP": self._hang_up,
            "ANSWER": self._agree,
            "SET VARIABLE": self._agree,
        }
        verb = next((verb for verb in obey if command.startswith(verb)), "")
        await obey.get(verb, self._refuse)(peer, command)

    async def _agree(self, peer: AgiPeer, command: str) -> None:
        peer.say("200 result=1" if command.startswith("SET") else "200 result=0")

    async def _refuse(self, peer: AgiPeer, _command: str) -> None:
        peer.say("510 Invalid or unknown command")

    async def _stream(self, peer: AgiPeer, command: str) -> None:
        escape = shlex.split(command)[3]
        if self._take(HangUpNow):
            self._leave(peer, "200 result=-1 endpos=800")
        elif escape == "D":
            self.begun.set()
            assert (await self._ami.next("PlayDTMF"))["Channel"] == CHANNEL
            peer.say(f"200 result={ord('D')} endpos=800")
        elif key := self._next_key(escape):
            peer.say(f"200 result={ord(key)} endpos=800")
        else:
            self._take(Listen)
            peer.say("200 result=0 endpos=8000")

    async def _row(self, peer: AgiPeer, command: str) -> None:
        if self._take(HangUpNow):
            self._leave(peer, "200 result=-1")
        elif "Background" in command and (key := self._next_key("0123456789*#")):
            peer.say(f"200 result={ord(key)}")
        else:
            self._take(Listen)
            peer.say("200 result=0")

    async def _listen(self, peer: AgiPeer, command: str) -> None:
        if not self._take(Listen) and (key := self._next_key("0123456789*#")):
            peer.say(f"200 result={ord(key)}")
        elif self._take(HangUpNow):
            self._leave(peer, "200 result=-1")
        else:
            span = int(shlex.split(command)[3])
            assert span <= self._patience, f"the engine listens for {span} ms"
            peer.say("200 result=0")

    async def _music(self, peer: AgiPeer, command: str) -> None:
        peer.say("200 result=0")
        if '"ON"' in command:
            self.begun.set()
            if self._take(HangUpNow):
                self._leave(peer)

    async def _dial(self, peer: AgiPeer, command: str) -> None:
        dial = _DIAL.search(command)
        assert dial is not None, command
        act = self._take(AgentDoes)
        does = act if isinstance(act, AgentDoes) else AgentDoes(OfferOutcome.NO_ANSWER)
        self._ending = ENDINGS[does.outcome]
        if does.outcome is OfferOutcome.ANSWERED:
            leg = f"PJSIP/{dial[1]}-0000000a"
            self._ami.say(block(Event="DialEnd", Channel=CHANNEL, Uniqueid=CALL, DialStatus="ANSWER", DestChannel=leg))
            await self.picked_up.wait()
        if does.outcome is OfferOutcome.NO_ANSWER:
            await asyncio.sleep(int(dial[2]))  # a telephone that rings out rings for so long
        if does.caller_gone:
            await self._leave_dialling(peer)
        else:
            peer.say("200 result=0")

    async def _leave_dialling(self, peer: AgiPeer) -> None:
        self._leave(peer)
        async with calling(self._agi_port) as farewell:
            status, cause = self._ending.split("|")
            farewell.say(environment(status, "", cause, script="over"))
            assert await farewell.heard() == ""

    async def _tell_ending(self, peer: AgiPeer, _command: str) -> None:
        peer.say(f"200 result=1 ({self._ending})")

    async def _hang_up(self, peer: AgiPeer, _command: str) -> None:
        self._leave(peer, "200 result=1")

    def _leave(self, peer: AgiPeer, *last_words: str) -> None:
        for words in last_words:
            peer.say(words)
        self._here = False
        peer.leave()

    def _next_key(self, wanted: str) -> str:
        if not self._keys and wanted:
            press = self._take(Press)
            self._keys = press.keys if isinstance(press, Press) else ""
        if not self._keys or self._keys[0] not in wanted:
            return ""
        key, self._keys = self._keys[0], self._keys[1:]
        return key

    def _take(self, kind: type[Act]) -> Act | None:
        return self._script.pop(0) if self._script and isinstance(self._script[0], kind) else None
