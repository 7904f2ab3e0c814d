"""The manager connection: in order, with deadlines, never replayed, always recovered."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from ivr_engine.adapters.asterisk import ami_client
from ivr_engine.adapters.asterisk.ami_client import AmiClient, LoginRefused
from ivr_engine.adapters.asterisk.ami_codec import AmiMessage
from ivr_engine.errors import SwitchError, WireError
from tests.adapters.ami_peer import PASSWORD, USERNAME, AmiPeer, block, manager_port


class Diary:
    """What the client told, in order."""

    def __init__(self) -> None:
        self.entries: asyncio.Queue[str] = asyncio.Queue()

    def reached(self, channels: Sequence[AmiMessage]) -> None:
        self.entries.put_nowait(
            "reached " + ",".join(channel.get("Uniqueid") for channel in channels if channel.get("Channel"))
        )

    def listed(self, channels: Sequence[AmiMessage]) -> None:
        headers = {name for channel in channels for name, _ in channel.headers}
        self.entries.put_nowait(f"listed {len(channels)}: {', '.join(sorted(headers))}")

    def lost(self, reason: str) -> None:
        self.entries.put_nowait(f"lost {reason}")

    def event(self, message: AmiMessage) -> None:
        if message.event == "Trouble":
            raise ZeroDivisionError
        self.entries.put_nowait(message.event)

    async def next(self) -> str:
        async with asyncio.timeout(5):
            return await self.entries.get()


@asynccontextmanager
async def connected(
    peer: AmiPeer, *, secret: str = PASSWORD, ping_every_s: float = 60
) -> AsyncIterator[tuple[AmiClient, Diary]]:
    diary = Diary()
    async with AmiClient(
        host="127.0.0.1",
        port=peer.port,
        username=USERNAME,
        secret=secret,
        on_reached=diary.reached,
        on_lost=diary.lost,
        on_event=diary.event,
        on_listed=diary.listed,
        ping_every_s=ping_every_s,
    ) as client:
        yield client, diary


async def test_live_channels_come_first_and_events_follow_in_order() -> None:
    async with manager_port() as peer:
        peer.channels = [{"Channel": "PJSIP/trunk-1", "Uniqueid": "1.1"}]
        peer.before_list_end = block(Event="Early")
        async with connected(peer) as (client, diary):
            await client.reached(5)
            peer.say(b"".join(block(Event=f"E{number}") for number in range(20)))
            told = [await diary.next() for _ in range(22)]
    assert told == ["reached 1.1", "Early", *(f"E{number}" for number in range(20))]


async def test_of_a_list_just_what_is_asked_of_channels_is_kept_and_only_until_it_is_told() -> None:
    async with manager_port() as peer:
        said = {"Channel": "PJSIP/trunk-1", "Uniqueid": "1.1", "CallerIDNum": "139", "Data": "x", "Seconds": "7"}
        peer.channels = [said] * 300
        async with connected(peer) as (client, diary):
            assert (await diary.next()).startswith("reached 1.1,1.1,")
            client.list_soon()
            assert await diary.next() == "listed 301: Channel, Data, Event, EventList, Uniqueid"
            peer.say(block(Event="Next"))
            assert await diary.next() == "Next"
            kept = [each for each in gc.get_objects() if isinstance(each, AmiMessage) and each.event.startswith("Status")]
    assert not kept


async def test_a_handler_that_fails_costs_neither_the_connection_nor_the_next_event() -> None:
    async with manager_port() as peer, connected(peer) as (client, diary):
        assert await diary.next() == "reached "
        peer.say(block(Event="Trouble") + block(Event="Next"))
        assert await diary.next() == "Next"
        assert client.handler_faults == 1
        assert peer.logins == 1


async def test_an_answer_is_told_from_an_event_that_looks_like_one() -> None:
    async with manager_port() as peer, connected(peer) as (client, diary):
        await diary.next()
        peer.mute.add("Originate")
        asking = asyncio.gather(client.act("Originate", Channel="x"), return_exceptions=True)
        identifier = (await peer.next("Originate"))["ActionID"]
        peer.say(block(Event="OriginateResponse", Response="Failure", ActionID=identifier))
        assert await diary.next() == "OriginateResponse"
        peer.say(block(Response="Success", ActionID=identifier, Message="queued"))
        (answer,) = await asking
        assert isinstance(answer, AmiMessage)
        assert answer.get("Message") == "queued"


async def test_what_a_lost_connection_left_unanswered_fails_and_is_never_sent_again() -> None:
    async with manager_port() as peer, connected(peer) as (client, diary):
        await diary.next()
        peer.mute.add("Hangup")
        asking = asyncio.gather(client.hang_up("PJSIP/trunk-1"), return_exceptions=True)
        await peer.next("Hangup")
        peer.mute.clear()
        peer.drop()
        (failure,) = await asking
        assert isinstance(failure, SwitchError)
        assert (await diary.next()).startswith("lost ")
        with pytest.raises(SwitchError):
            await client.hang_up("PJSIP/trunk-1")
        assert await diary.next() == "reached "
        await client.act("Ping")
        seen = [peer.actions.get_nowait()["Action"] for _ in range(peer.actions.qsize())]
        assert seen == ["Login", "Status", "Ping"]


async def test_a_peer_that_stops_answering_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_client, "ACTION_LIMIT_S", 0.05)
    async with manager_port() as peer:
        peer.mute.add("Ping")
        async with connected(peer, ping_every_s=0.01) as (_, diary):
            assert await diary.next() == "reached "
            assert await diary.next() == "lost Asterisk does not answer Ping"
            peer.mute.clear()
            assert await diary.next() == "reached "


async def test_an_action_without_an_answer_times_out_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_client, "ACTION_LIMIT_S", 0.02)
    async with manager_port() as peer, connected(peer) as (client, _):
        await client.reached(5)
        peer.mute.add("Setvar")
        for _ in range(3):
            with pytest.raises(SwitchError, match="did not answer Setvar"):
                await client.act("Setvar", Channel="x")
        assert client._protocol is not None
        assert client._protocol._pending == {}


async def test_a_wrong_password_is_said_plainly_and_tried_slowly() -> None:
    async with manager_port() as peer, connected(peer, secret="wrong") as (client, diary):
        with pytest.raises(LoginRefused, match=r"Authentication failed.*manager\.conf"):
            await client.reached(5)
        assert (await diary.next()).startswith("lost Asterisk refused Login")
        assert peer.logins == 1


async def test_no_asterisk_at_all_is_said_plainly_and_reached_for_again() -> None:
    async with manager_port() as peer:
        pass  # the port is free again and nobody listens
    async with connected(peer) as (client, diary):
        assert (await diary.next()).startswith("lost ")
        assert (await diary.next()).startswith("lost ")
        with pytest.raises(SwitchError, match="is the PBX running"):
            await client.reached(0.01)


@pytest.mark.parametrize("banner", [b"SSH-2.0-OpenSSH_9\r\n", b"x" * 300_000])
async def test_something_else_on_the_port_is_told_apart(banner: bytes) -> None:
    async with manager_port() as peer:
        peer.banner = banner
        async with connected(peer) as (_, diary):
            assert (await diary.next()).startswith("lost ")


async def test_an_error_answer_and_an_unsendable_value_are_errors() -> None:
    async with manager_port() as peer, connected(peer) as (client, _):
        await client.reached(5)
        with pytest.raises(SwitchError, match="Permission denied"):
            await client.act("Refused")
        with pytest.raises(WireError):
            await client.hang_up("x\r\nAction: Hangup")
        await client.send_key("PJSIP/trunk-1", "D")
        sent = await peer.next("PlayDTMF")
        assert {name: sent[name] for name in ("Channel", "Digit", "Receive")} == {
            "Channel": "PJSIP/trunk-1",
            "Digit": "D",
            "Receive": "true",
        }


async def test_more_events_than_can_be_kept_break_the_stream_instead_of_losing_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_client, "EVENTS_LIMIT", 5)
    async with manager_port() as peer, connected(peer) as (_, diary):
        await diary.next()
        peer.say(b"".join(block(Event="Flood") for _ in range(50)))
        while not (told := await diary.next()).startswith("lost"):
            assert told == "Flood"
        assert told == "lost more events than could be handled"
        assert await diary.next() == "reached "
