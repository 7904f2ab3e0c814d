"""The gateway between a fake Asterisk's two ports and fakes of ours: what becomes of calls, facts and feature codes."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from ivr_engine.adapters.asterisk.ami_codec import AmiMessage
from ivr_engine.adapters.asterisk.arrivals import clean_name
from ivr_engine.adapters.asterisk.feature_codes import FeatureCodes
from ivr_engine.adapters.asterisk.gateway import AsteriskGateway, Confirmations
from ivr_engine.adapters.asterisk.translate import AgentAnswered, ChannelEnded, HangupAsked, Translator
from ivr_engine.core.ids import AgentId, CallId, Millis
from ivr_engine.core.outcomes import EndedBy
from ivr_engine.errors import CommandRefused
from ivr_engine.ports.inbound import AgentView, Arrival, LiveLine
from ivr_engine.ports.switch import CallControl, Joined, Sound
from tests.adapters.agi_peer import CALL, CHANNEL, SECRET, AgiPeer, calling, environment
from tests.adapters.ami_peer import PASSWORD, AmiPeer, block, manager_port

DONE = Sound(Path("/sounds/done.wav"), "done")
REFUSED = Sound(Path("/sounds/refused.wav"), "refused")


class Office:
    """Every port that the gateway calls. `serve` decides what becomes of a caller."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[object] = asyncio.Queue()
        self.arrivals: list[Arrival] = []
        self.joined: list[Joined] = []
        self.ended = set[CallId]()
        self.plan = "hold"
        self.keeps = asyncio.Event()
        self.keeps.set()
        self.doubts = False
        self.seen: list[tuple[LiveLine, ...]] = []

    @property
    def takes_calls(self) -> bool:
        return self.plan != "decline"

    def declines(self, arrival: Arrival) -> bool:
        if self.plan == "decline":
            self.arrivals.append(arrival)
        return self.plan == "decline"

    def has_ended(self, call: CallId) -> bool:
        return call in self.ended

    async def handle_call(self, arrival: Arrival, control: CallControl) -> None:
        self.arrivals.append(arrival)
        if self.plan == "join":
            self.joined.append(
                await control.join(
                    agent=AgentId("ann"),
                    phone="1001",
                    ring=Millis(20_000),
                    music="default",
                    on_answer=lambda: self.told.put_nowait("answered"),
                )
            )
        if self.plan == "hold":
            await control.hold(asyncio.Future(), sounds=[], music="default")
        if self.plan == "hang up":
            await control.hang_up()

    def call_over(self, call: CallId, *, ended_by: EndedBy, talked: Millis | None, cause: str, certain: bool) -> bool:
        self.told.put_nowait((call, ended_by, talked is not None, cause))
        if self.doubts and not certain:
            return True
        self.ended.add(call)
        return False

    def switch_lost(self, reason: str) -> None:
        self.told.put_nowait("lost")

    def switch_reached(self, live: frozenset[CallId]) -> None:
        self.told.put_nowait(live)

    def lines_seen(self, lines: Sequence[LiveLine]) -> None:
        self.seen.append(tuple(lines))

    async def login(self, agent: AgentId, *, phone: str = "", source: str = "command") -> None:
        del phone, source
        self.told.put_nowait(("login", agent))

    async def ready(self, agent: AgentId) -> None:
        raise CommandRefused("log in first")

    async def pause(self, agent: AgentId, reason: str) -> None:
        self.told.put_nowait(("pause", agent, reason))

    async def logout(self, agent: AgentId) -> None:
        self.told.put_nowait(("logout", agent))

    async def extend(self, agent: AgentId, by: Millis) -> None:
        self.told.put_nowait(("extend", agent, str(by)))

    async def hold(self, agent: AgentId) -> None:
        self.told.put_nowait(("hold", agent))

    async def resume(self, agent: AgentId) -> None:
        self.told.put_nowait(("resume", agent))

    async def complete(self, agent: AgentId) -> None:
        self.told.put_nowait(("complete", agent))

    async def conference(self, agent: AgentId) -> None:
        self.told.put_nowait(("conference", agent))

    async def transfer(self, agent: AgentId, to: str) -> None:
        self.told.put_nowait(("transfer", agent, to))

    async def transfer_into(self, agent: AgentId, flow: str) -> None:
        raise NotImplementedError

    async def consult(self, agent: AgentId, to: str) -> None:
        self.told.put_nowait(("consult", agent, to))

    async def handle_leg(self, call: CallId, phone: str, control: CallControl) -> None:
        del control
        self.told.put_nowait(("leg", call, phone))

    def phone_holds(self, call: CallId, phone: str, *, holds: bool) -> None:
        self.told.put_nowait(("holds", call, phone, holds))

    async def kept(self) -> None:
        await self.keeps.wait()

    async def agents(self) -> tuple[AgentView, ...]:
        return ()

    async def next(self) -> object:
        async with asyncio.timeout(5):
            return await self.told.get()


@asynccontextmanager
async def gateway(office: Office, ami_port: int) -> AsyncIterator[AsteriskGateway]:
    async with AsteriskGateway(
        bind="127.0.0.1",
        agi_port=0,
        agi_secret=SECRET,
        ami_port=ami_port,
        ami_secret=PASSWORD,
        call_limit=Millis(60_000),
        calls=office,
        listener=office,
        codes=FeatureCodes(
            agents=office,
            conversations=office,
            agent_of={"1001": AgentId("ann")}.get,
            kept=office.kept,
        ),
        legs=office,
        confirmations=Confirmations(done=DONE, refused=REFUSED),
    ) as entered:
        yield entered


@asynccontextmanager
async def running(plan: str = "hold") -> AsyncIterator[tuple[Office, AmiPeer, AsteriskGateway]]:
    office = Office()
    office.plan = plan
    async with manager_port() as ami, gateway(office, ami.port) as entered:
        await entered.reached(5)
        await office.next()
        yield office, ami, entered


def caller_says_hello(peer: AgiPeer, *, name: str = "") -> None:
    peer.say(environment("95500", "13800138000", base64.b64encode(name.encode()).decode(), "1"))


def about_caller(event: str, **fields: str) -> bytes:
    return block(Event=event, Channel=CHANNEL, Uniqueid=CALL, **fields)


async def test_a_caller_is_answered_and_served() -> None:
    async with running() as (office, _, entered), calling(entered.agi_port) as peer:
        caller_says_hello(peer, name="王\u202e\n小明")
        await peer.is_served()
        assert await peer.heard() == 'SET MUSIC "ON" "default"'
        assert office.arrivals == [Arrival(call=CallId(CALL), number="95500", caller="13800138000", caller_name="王小明")]


async def test_a_second_session_for_a_call_that_is_being_served_is_dropped() -> None:
    async with running() as (office, _, entered), calling(entered.agi_port) as peer, calling(entered.agi_port) as double:
        caller_says_hello(peer)
        await peer.is_served()
        caller_says_hello(double)
        assert await double.heard() == ""
        assert len(office.arrivals) == 1


async def test_calls_are_served_while_the_event_stream_is_down() -> None:
    async with manager_port() as nobody:
        pass
    office = Office()
    async with gateway(office, nobody.port) as entered, calling(entered.agi_port) as peer:
        caller_says_hello(peer)
        await peer.is_served()
        assert await peer.heard() == 'SET MUSIC "ON" "default"'
        peer.leave()
    assert len(office.arrivals) == 1


async def test_an_answer_of_which_no_event_told_is_seen_in_the_list() -> None:
    async with running("join") as (office, ami, entered), calling(entered.agi_port) as peer:
        caller_says_hello(peer)
        await peer.is_served()
        assert (await peer.heard()).startswith('EXEC "Dial"')
        caller = {"Channel": CHANNEL, "Uniqueid": CALL, "Linkedid": CALL, "BridgeID": "b", "Application": "Dial"}
        for other, bridge in (("1001", "another"), ("1002", "b"), ("1001", "b")):
            agent = {"Channel": f"PJSIP/{other}-0000000a", "Uniqueid": "9.9", "Linkedid": CALL, "BridgeID": bridge}
            ami.channels = [caller, agent]
            entered.look_soon()
            await ami.next("Status")
        assert await office.next() == "answered"
        assert office.told.empty()
        peer.leave()


async def test_the_agents_answer_comes_from_the_event_stream_and_the_callers_end_is_confirmed() -> None:
    async with running("join") as (office, ami, entered), calling(entered.agi_port) as peer:
        caller_says_hello(peer)
        await peer.is_served()
        assert (await peer.heard()).startswith('EXEC "Dial"')
        ami.say(about_caller("DialEnd", DialStatus="ANSWER", DestChannel="PJSIP/1002-00000009"))
        ami.say(block(Event="Hangup", Channel="PJSIP/trunk-00000098", Uniqueid="9.8", Cause="16"))
        assert await office.next() == ("9.8", EndedBy.SWITCH, False, "16"), (
            "another telephone's answer would have come first"
        )
        ami.say(about_caller("DialEnd", DialStatus="ANSWER", DestChannel="PJSIP/1001-0000000a"))
        assert await office.next() == "answered"
        ami.say(about_caller("HangupRequest") + about_caller("Hangup", Cause="16"))
        ami.say(block(Event="Hangup", Channel="PJSIP/trunk-00000099", Uniqueid="9.9", Cause="16"))
        assert await office.next() == ("9.9", EndedBy.SWITCH, False, "16"), "an unconfirmed end would have come first"
        peer.leave()
        assert await office.next() == (CALL, EndedBy.CALLER, True, "16")


async def test_the_hold_key_of_a_telephone_is_told_of_the_conversation_it_belongs_to() -> None:
    leg = {"Channel": "PJSIP/1001-0000000a", "Uniqueid": "1.7"}
    async with running("join") as (office, ami, entered), calling(entered.agi_port) as peer:
        caller_says_hello(peer)
        await peer.is_served()
        assert (await peer.heard()).startswith('EXEC "Dial"')
        ami.say(block(Event="Hold", Channel="PJSIP/1002-0000000b", Uniqueid="9.9"))  # of no conversation of ours
        ami.say(about_caller("DialBegin", DestChannel=leg["Channel"], DestUniqueid=leg["Uniqueid"]))
        ami.say(block(Event="Hold", **leg) + block(Event="Unhold", **leg))
        assert await office.next() == ("holds", CALL, "1001", True)
        assert await office.next() == ("holds", CALL, "1001", False)


async def test_a_telephone_at_the_desk_is_served_for_the_caller_it_was_taken_from() -> None:
    async with running("join") as (office, ami, entered), calling(entered.agi_port) as peer:
        caller_says_hello(peer)
        await peer.is_served()
        assert (await peer.heard()).startswith('EXEC "Dial"')
        ami.say(about_caller("DialBegin", DestChannel="PJSIP/1001-0000000a", DestUniqueid="1.7"))
        ami.say(block(Event="Hold", Channel="PJSIP/1001-0000000a", Uniqueid="1.7"))
        await office.next()  # the event stream has been read so far
        async with calling(entered.agi_port) as desk:
            desk.say(environment(call="1.7", script="desk"))
            assert await office.next() == ("leg", CALL, "1001")
            assert await desk.heard() == "HANGUP"
        async with calling(entered.agi_port) as stranger:
            stranger.say(environment(call="6.6", script="desk"))
            assert await stranger.heard() == "HANGUP", "nobody knows from which conversation"


def test_a_call_is_joined_on_uvloop_too() -> None:
    # its transports are of classes of their own, which asyncio's tests would never show
    uvloop.run(test_the_agents_answer_comes_from_the_event_stream_and_the_callers_end_is_confirmed())


async def test_the_dialplans_farewell_ends_the_joining() -> None:
    async with running("join") as (office, _, entered):
        async with calling(entered.agi_port) as peer:
            caller_says_hello(peer)
            await peer.is_served()
            assert (await peer.heard()).startswith('EXEC "Dial"')
            peer.leave()
        async with calling(entered.agi_port) as farewell:
            farewell.say(environment("CANCEL", "1500", "0", script="over"))
            assert await farewell.heard() == ""
    assert [joined.cause for joined in office.joined] == ["CANCEL/0"]


async def test_without_the_event_stream_the_dialplans_farewell_ends_the_call() -> None:
    async with manager_port() as nobody:
        pass
    office = Office()
    async with gateway(office, nobody.port) as entered, calling(entered.agi_port) as farewell:
        assert await office.next() == "lost"
        farewell.say(environment("ANSWER", "1500", "16", script="over"))
        while (told := await office.next()) == "lost":
            pass
        assert told == (CALL, EndedBy.UNKNOWN, False, "16")


async def test_an_end_that_we_made_is_ours() -> None:
    async with running("hang up") as (office, ami, entered), calling(entered.agi_port) as peer:
        caller_says_hello(peer)
        await peer.is_served()
        await peer.expect("HANGUP", answer="200 result=1")
        assert await peer.heard() == ""
        ami.say(about_caller("Hangup", Cause="16"))
        assert await office.next() == (CALL, EndedBy.ENGINE, False, "16")


async def test_a_call_that_the_handler_leaves_is_the_dialplans_again_without_the_done_mark() -> None:
    async with running("leave") as (_, _, entered), calling(entered.agi_port) as peer:
        caller_says_hello(peer)
        await peer.is_served()
        assert await peer.heard() == ""


async def test_the_calls_that_outlived_a_lost_stream_are_told_on_the_way_back() -> None:
    async with running() as (office, ami, _):
        ami.channels = [
            {"Channel": CHANNEL, "Uniqueid": CALL},
            {"Channel": "PJSIP/1001-00000011", "Uniqueid": "1.2"},
            {"Channel": "PJSIP/trunk-00000012", "Uniqueid": "1.3"},
        ]
        ami.drop()
        assert await office.next() == "lost"
        assert await office.next() == frozenset({CALL, "1.3"})


FEATURE_CODES = [
    (("1001", "login", ""), ("login", "ann"), "done"),
    (("1001", "pause", "3"), ("pause", "ann", "3"), "done"),
    (("1001", "pause"), ("pause", "ann", ""), "done"),
    (("1001", "logout", ""), ("logout", "ann"), "done"),
    (("1001", "extend", ""), ("extend", "ann", "30000"), "done"),
    (("1001", "ready", ""), None, "refused"),
    (("1001", "dance", ""), None, "refused"),
    (("6666", "login", ""), None, "refused"),
]


@pytest.mark.parametrize(("arguments", "command", "sound"), FEATURE_CODES)
async def test_a_feature_code_is_carried_out_and_confirmed(
    arguments: tuple[str, ...], command: tuple[str, ...] | None, sound: str
) -> None:
    async with running() as (office, _, entered), calling(entered.agi_port) as peer:
        peer.say(environment(*arguments, script="agent"))
        await peer.expect("ANSWER", answer="200 result=0")
        await peer.expect(f'STREAM FILE "/sounds/{sound}" ""', answer="200 result=0 endpos=1")
        await peer.expect('SET VARIABLE "IVR_DONE" "1"', answer="200 result=1")
        if command is not None:
            assert await office.next() == command
        assert office.told.empty()


async def test_a_feature_code_is_confirmed_once_what_it_did_is_kept() -> None:
    async with running() as (office, _, entered), calling(entered.agi_port) as peer:
        office.keeps.clear()
        peer.say(environment("1001", "login", "", script="agent"))
        assert await office.next() == ("login", "ann")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.heard(), 0.1)
        office.keeps.set()
        await peer.expect("ANSWER", answer="200 result=0")


def message(event: str, *headers: tuple[str, str]) -> AmiMessage:
    return AmiMessage((("Event", event), *headers))


OURS = (("Channel", "PJSIP/trunk-1"), ("Uniqueid", "1.1"))
LEG = ("DestChannel", "PJSIP/ann-2-0000000a")
FACTS = [
    (message("DialEnd", *OURS, ("DialStatus", "ANSWER"), LEG), AgentAnswered(CallId("1.1"), "ann-2")),
    (message("DialEnd", *OURS, ("DialStatus", "BUSY"), LEG), None),
    (message("DialEnd", *OURS, ("DialStatus", "ANSWER"), ("DestChannel", "Local/s@x-00000001;1")), None),
    (message("HangupRequest", *OURS), HangupAsked(CallId("1.1"))),
    (message("Hangup", *OURS, ("Cause", "16")), ChannelEnded(CallId("1.1"), "16")),
    (message("Hangup", *OURS, ("Cause", "<b>")), ChannelEnded(CallId("1.1"), "")),
    (message("Hangup", ("Channel", "PJSIP/1001-1"), ("Uniqueid", "1.2"), ("Cause", "16")), None),
    (message("Newchannel", *OURS), None),
]


@pytest.mark.parametrize(("seen", "fact"), FACTS)
def test_events_become_facts(seen: AmiMessage, fact: object) -> None:
    assert Translator(trunk="trunk").fact(seen) == fact


def test_an_event_that_repeats_a_field_is_refused_and_an_unknown_one_counted() -> None:
    translator = Translator(trunk="trunk")
    assert translator.fact(message("Hangup", *OURS, ("Uniqueid", "2.2"), ("Cause", "16"))) is None
    assert translator.fact(message("Hangup", *OURS)) is None
    assert translator.fact(message("VarSet")) is None
    assert (translator.refused, translator.ignored) == (2, 1)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (b"Ann Lee", "Ann Lee"),
        ("王小明".encode(), "王小明"),
        (b"a\r\nb\0c\x1b[2Jd", "abc[2Jd"),
        ("a\u202eb\u2028c\u0085d\u200be".encode(), "abcde"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"x" * 300, "x" * 79),
        (b"${EVAL}' OR 1=1 --, &\"", "${EVAL}' OR 1=1 --, &\""),
    ],
)
def test_a_hostile_name_loses_its_controls_and_nothing_else(raw: bytes, clean: str) -> None:
    assert clean_name(base64.b64encode(raw).decode()) == clean


@pytest.mark.parametrize("encoded", ["", "%%%", "QQ", "Q" * 5000, "中"])
def test_a_name_that_is_no_base64_is_no_name(encoded: str) -> None:
    assert len(clean_name(encoded)) <= 79


async def test_a_call_for_which_engines_were_asked_in_vain_is_as_patient_again_as_at_first() -> None:
    async with running() as (_, _, gateway), calling(gateway.agi_port) as peer:
        peer.say(environment("95500", "13800138000", "", "7"))
        await peer.is_served()
        await peer.expect('SET VARIABLE "ATTEMPT" "1"', answer="200 result=1")
