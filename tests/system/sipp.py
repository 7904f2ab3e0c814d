"""Callers and agents played by SIPp: scenarios are a few steps, run with a bound, and leave their messages behind.

    run = await call(to="95500", pbx=address, folder=tmp_path, steps=(hear(2_000), press("1"), hear(1_000), hang_up()))
    assert run.succeeded == 1, run

    async with agent("a1001", secret, pbx=address, folder=tmp_path, behaviour=refuse(486)):
        ...

SIPp sends keys as RFC 4733 events of payload type 96, so that is what a caller offers. It sends media through a raw socket:
`press` needs root (or CAP_NET_RAW).
"""

from __future__ import annotations

import asyncio
import csv
import re
import shutil
import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr_engine.errors import SetupError
from tests.ports import free_port, free_ports, is_free

# Measured: SIPp takes 400 ms a key, begins half a second late, and drops what is still going on when the next step sends.
KEY_MS = 400
KEY_LEAD_MS = 600
RUN_LIMIT_S = 90.0
UNANSWERED_MS = 60_000
"""Who has not been answered by then gives up."""

HEADERS = """Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
Call-ID: [call_id]
"""
CALLER_SDP = """v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [auto_media_port] RTP/AVP 0 96
a=rtpmap:0 PCMU/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-16
"""
AGENT_SDP = """v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [auto_media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
"""
CALLER_PARTIES = """From: {sender};tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
"""
REPLY = "[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContact: <sip:[local_ip]:[local_port]>\n"
SAVED_REPLY = (
    "Via:[$via]\nFrom:[$from]\nTo:[$to];tag=[pid]SIPp[call_number]\n[last_Call-ID:]\nCSeq:[$cseq]\n"
    "Contact: <sip:[local_ip]:[local_port]>\n"
)
"""To the INVITE, whatever came after it."""
TAGGED_REPLY = REPLY.replace("[last_To:]", "[last_To:];tag=[pid]SIPp[call_number]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SippRun:
    """What a SIPp run came to. `messages` and `errors` are its logs, for the text of a failed assertion."""

    succeeded: int
    failed: int
    messages: str
    errors: str

    def sent(self, first_line: str) -> int:
        """How many messages, sent or received, begin like this."""
        return sum(line.startswith(first_line) for line in self.messages.splitlines())


@dataclass(frozen=True, slots=True)
class Message:
    """One of a SIPp log. `at`: seconds; `sent`: by this SIPp; `first`: its first line; `number`: the user part of From."""

    at: float
    sent: bool
    first: str
    number: str
    method: str


def messages_of(log: Path) -> Iterator[Message]:
    """Every message of a log, in its order."""
    for found in _LOGGED.finditer(_text(log)):
        at = datetime.strptime(found["at"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()
        yield Message(at, found["way"] == "sent", found["first"].strip(), found["number"], found["method"])


_LOGGED = re.compile(
    r"^-{40,} (?P<at>[\d: .-]+)\nUDP message (?P<way>sent|received)[^\n]*\n\n(?P<first>[^\n]*)\n"
    r"(?:(?!-{40}).*\n)*?From: ?[^\n]*?sip:(?P<number>[^@\n]*)@[^\n]*\n(?:(?!-{40}).*\n)*?CSeq: ?\d+ (?P<method>\w+)",
    re.MULTILINE,
)

# --- what a caller does ----------------------------------------------------------------------------------------------


def hear(milliseconds: int) -> str:
    """Listen for so long. A hang-up of the far side in the meantime fails the call."""
    return f'<pause milliseconds="{milliseconds}"/>' if milliseconds else ""  # a pause of 0 may last for ever


def hear_between(least: int, most: int) -> str:
    """Listen for a random time between so many milliseconds."""
    return f'<pause distribution="uniform" min="{least}" max="{most}"/>'


def press(keys: str, *, last: bool = False) -> str:
    """Press keys. With `last` the next step begins at once, so that the far side may hang up on the last key."""
    playing = f'<nop><action><exec play_dtmf="{keys}"/></action></nop>'
    return playing if last else playing + hear(KEY_LEAD_MS + KEY_MS * len(keys))


def hang_up() -> str:
    """The caller hangs up: a last step."""
    return _send(f"BYE [next_url] SIP/2.0\n[routes]\n{HEADERS}{CALLER_PARTIES}CSeq: 9 BYE", retransmit=True) + _recv(200)


def far_hang_up(within: int = 30_000) -> str:
    """The far side hangs up within so many milliseconds: a last step."""
    return _recv_request("BYE", f'timeout="{within}"') + _send(f"SIP/2.0 200 OK\n{REPLY}")


# --- what an agent's telephone does ----------------------------------------------------------------------------------


def answer(*, after: int = 0, talk: int | None = None) -> str:
    """Ring, answer after `after` ms; hang up `talk` ms later, or wait for the caller to."""
    ok = _send(f"SIP/2.0 200 OK\n{TAGGED_REPLY}Content-Type: application/sdp", AGENT_SDP, retransmit=True)
    bye = "BYE [$contact] SIP/2.0\n" + HEADERS + "From:[$to];tag=[pid]SIPp[call_number]\nTo:[$from]\nCSeq: 1 BYE"
    end = far_hang_up() if talk is None else hear(talk) + _send(bye, retransmit=True) + _recv(200)
    return _ring() + hear(after) + ok + _recv_request("ACK") + end


def refuse(code: int, reason: str = "No", *, after: int = 0) -> str:
    """Ring, then refuse: 486 busy, 603 declined, 480 away, 404 nobody of that name, ..."""
    return _ring() + hear(after) + _send(f"SIP/2.0 {code} {reason}\n{TAGGED_REPLY}", retransmit=True) + _recv_request("ACK")


def answer_unless_cancelled(*, after: int) -> str:
    """Ring, answer after `after` ms unless the caller was quicker, and stay until the caller leaves.

    When both happen at once it does what a real telephone does: the answer counts, a CANCEL that crosses it is taken.
    """
    ok = _send(f"SIP/2.0 200 OK\n{SAVED_REPLY}Content-Type: application/sdp", AGENT_SDP, retransmit=True)
    over = _send(f"SIP/2.0 200 OK\n{TAGGED_REPLY}")
    return (
        _ring()
        + _recv_request("CANCEL", f'timeout="{after}" ontimeout="1"')
        + over
        + _terminated()
        + _recv_request("ACK", 'next="9"')
        + '<label id="1"/>\n'
        + ok
        + '<label id="2"/>\n'
        + _recv_request("CANCEL", 'optional="true" next="3"')  # it crossed our answer, which counts
        + _recv_request("ACK")
        + far_hang_up()
        + '<nop next="9"/>\n<label id="3"/>\n'
        + _send(f"SIP/2.0 200 OK\n{TAGGED_REPLY}").replace("<send>", '<send next="2">')
        + '<label id="9"/>\n'
    )


def ring_on(within: int = 60_000) -> str:
    """Never answer; the caller or the PBX gives up."""
    cancelled = _recv_request("CANCEL", f'timeout="{within}"') + _send(f"SIP/2.0 200 OK\n{TAGGED_REPLY}")
    return _ring() + cancelled + _terminated() + _recv_request("ACK")


# --- running ---------------------------------------------------------------------------------------------------------


async def call(
    *,
    to: str,
    pbx: str,
    folder: Path,
    steps: Sequence[str],
    sender: bytes | None = None,
    number: str = "13800138000",
    calls: int = 1,
    rate: int = 1,
) -> SippRun:
    """Callers who all do the same. `sender`: the raw name-addr of the From header, for hostile ones."""
    shown = f"<sip:{number}@[local_ip]>".encode() if sender is None else sender
    options = ("-s", to, "-m", str(calls), "-r", str(rate))
    async with _running("caller", _callers(shown, steps), options, pbx=pbx, folder=folder, port=free_port()) as process:
        return await _finish(process, "caller", folder)


def _callers(shown: bytes, steps: Sequence[str]) -> bytes:
    invite = (
        f"INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n{HEADERS}{CALLER_PARTIES}CSeq: 1 INVITE\n"
        "Contact: <sip:[local_ip]:[local_port]>\nContent-Type: application/sdp"
    )
    patience = f'timeout="{UNANSWERED_MS}"'  # or those whom a dying PBX said 100 to would wait for ever
    early = "".join(_recv(code, f'optional="true" {patience}') for code in (100, 180, 183))
    ack = _send(f"ACK [next_url] SIP/2.0\n[routes]\n{HEADERS}{CALLER_PARTIES}CSeq: 1 ACK")
    answered = _recv(200, f'rrs="true" {patience}')
    body = _send(invite, CALLER_SDP, retransmit=True) + early + answered + ack + "".join(steps)
    return _scenario("caller", body).encode().replace(b"{sender}", shown)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Callers who come as long as the block runs. `name` names their logs."""

    name: str
    folder: Path
    process: asyncio.subprocess.Process

    def seen(self, first_line: str) -> int:
        """How many messages so far, sent or received, begin like this."""
        return _text(self.folder / f"{self.name}.messages").count(f"\n{first_line}")

    def dialogues(self) -> int:
        """How many calls were answered: each has its ACK."""
        messages = _text(self.folder / f"{self.name}.messages")
        return len(set(re.findall(r"^ACK .*?^Call-ID: (\S+)", messages, re.MULTILINE | re.DOTALL)))

    async def is_through(self, *, within_s: float = RUN_LIMIT_S) -> SippRun:
        """Returns when all its calls have been."""
        return await _finish(self.process, self.name, self.folder, within_s=within_s)

    def lets_nobody_come(self) -> None:
        """No new callers from now on."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGUSR1)  # SIPp: no new calls, then end

    async def comes_to_its_end(self) -> SippRun:
        """No new callers; returns when the last one is through."""
        self.lets_nobody_come()
        return await self.is_through()


@asynccontextmanager
async def crowd(
    name: str,
    *,
    to: str,
    pbx: str,
    folder: Path,
    steps: Sequence[str],
    digits: str,
    at_once: int,
    rate: int = 5,
    per_s: int = 1,
    calls: int = 0,
) -> AsyncIterator[Crowd]:
    """Up to `at_once` callers at a time, a new one for each who leaves, `calls` in all if given; `rate` new ones in `per_s`
    seconds at most.

    The nth caller's telephone number is `digits` and n.
    """
    scenario = _callers(f"<sip:{digits}[call_number]@[local_ip]>".encode(), steps)
    options = (
        "-s",
        to,
        "-r",
        str(rate),
        "-rp",
        str(per_s * 1000),
        "-l",
        str(at_once),
        *(("-m", str(calls)) if calls else ()),
    )
    async with _running(name, scenario, options, pbx=pbx, folder=folder, port=free_port()) as process:
        yield Crowd(name, folder, process)


async def register(account: str, secret: str, *, pbx: str, folder: Path, port: int, expires: int = 300) -> SippRun:
    """Register by digest from `port`; `expires` 0 unregisters."""

    def request(cseq: int) -> str:
        return (
            f"REGISTER sip:[remote_ip]:[remote_port] SIP/2.0\n{HEADERS}From: <sip:{account}@[remote_ip]>;tag=[call_number]\n"
            f"To: <sip:{account}@[remote_ip]>\nCSeq: {cseq} REGISTER\nContact: <sip:{account}@[local_ip]:[local_port]>\n"
            f"Expires: {expires}"
        )

    answer_to_401 = f"{request(2)}\n[authentication username={account} password={secret}]"
    body = (
        _send(request(1), retransmit=True) + _recv(401, 'auth="true"') + _send(answer_to_401, retransmit=True) + _recv(200)
    )
    name = f"register-{account}"
    scenario = _scenario(name, body).encode()
    async with _running(name, scenario, ("-m", "1"), pbx=pbx, folder=folder, port=port) as process:
        return await _finish(process, name, folder)


@asynccontextmanager
async def agent(
    account: str, secret: str, *, pbx: str, folder: Path, behaviour: str, port: int | None = None
) -> AsyncIterator[int]:
    """A registered telephone that treats every call alike. Gives its port; the process ends with the block.

    An empty secret does not register: a telephone that is called directly.
    """
    secrets = {account: secret} if secret else {}
    async with agents(account, secrets, pbx=pbx, folder=folder, behaviour=behaviour, port=port) as at:
        yield at


@asynccontextmanager
async def agents(
    name: str,
    secrets: Mapping[str, str],
    *,
    pbx: str,
    folder: Path,
    behaviour: str,
    port: int | None = None,
    expires: int = 300,
) -> AsyncIterator[int]:
    """As `agent`, for several accounts at one port; `secrets` by account."""
    port = port or free_port()
    for account, secret in secrets.items():
        registered = await register(account, secret, pbx=pbx, folder=folder, port=port, expires=expires)
        if registered.succeeded != 1:
            raise AssertionError(f"{account} could not register:\n{registered.errors}{registered.messages}")
    saved = "".join(
        f'<ereg regexp="{pattern}" search_in="hdr" header="{header}:" check_it="true" assign_to="{header.lower()}"/>'
        for header, pattern in (("From", ".*"), ("To", ".*"), ("Via", ".*"), ("CSeq", ".*"), ("Contact", "sip:[^&gt;;]+"))
    )
    body = f'<recv request="INVITE" crlf="true"><action>{saved}</action></recv>{behaviour}'
    used = '<Reference variables="from,to,via,cseq,contact"/>'
    scenario = _scenario(f"agent-{name}", body + used).encode()
    async with _running(f"agent-{name}", scenario, (), pbx="", folder=folder, port=port) as process:
        await _listening(process, port)
        yield port


async def _listening(process: asyncio.subprocess.Process, port: int) -> None:
    """Return once SIPp has its port: a call that comes earlier would find nobody there."""
    async with asyncio.timeout(RUN_LIMIT_S):
        while is_free(port):
            if process.returncode is not None:
                raise AssertionError(f"SIPp ended at once ({process.returncode}); is port {port} taken?")
            await asyncio.sleep(0.01)  # SIPp announces nothing


@asynccontextmanager
async def _running(
    name: str, scenario: bytes, options: Sequence[str], *, pbx: str, folder: Path, port: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    sipp = shutil.which("sipp")
    if sipp is None:
        raise SetupError("SIPp is missing: apt-get install sip-tester")
    path = folder / f"{name}.xml"
    path.write_bytes(scenario)
    logs = ("-trace_msg", "-message_file", f"{name}.messages", "-trace_err", "-error_file", f"{name}.errors")
    statistics = ("-trace_stat", "-stf", f"{name}.csv", "-fd", "1")
    place = ("-i", "127.0.0.1", "-p", str(port), "-mp", str(free_ports(6)), *((pbx,) if pbx else ()))
    process = await asyncio.create_subprocess_exec(
        sipp, "-sf", path.name, "-nostdin", *options, *logs, *statistics, *place,
        cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _refuse_unprivileged(errors: str) -> None:
    """Keys and media need a raw socket. Without one every scenario fails in a way that looks like a fault of ours."""
    if "raw IPv4 socket" in errors:
        pytest.fail(
            "SIPp may not open raw sockets, so it cannot press keys. Run the tests as root, or once as root: "
            "setcap cap_net_raw+ep $(readlink -f $(command -v sipp))",
            pytrace=False,
        )


async def _finish(process: asyncio.subprocess.Process, name: str, folder: Path, *, within_s: float = RUN_LIMIT_S) -> SippRun:
    async with asyncio.timeout(within_s):
        await process.wait()
    succeeded, failed = _counts(folder / f"{name}.csv")
    _refuse_unprivileged(_text(folder / f"{name}.errors"))
    return SippRun(
        succeeded=succeeded,
        failed=failed,
        messages=_text(folder / f"{name}.messages"),
        errors=_text(folder / f"{name}.errors"),
    )


def _counts(statistics: Path) -> tuple[int, int]:
    rows = list(csv.DictReader(_text(statistics).splitlines(), delimiter=";"))
    return (int(rows[-1]["SuccessfulCall(C)"]), int(rows[-1]["FailedCall(C)"])) if rows else (0, 0)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


# --- SIPp's XML ------------------------------------------------------------------------------------------------------


def _scenario(name: str, body: str) -> str:
    return f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="{name}">\n{body}\n</scenario>\n'


def _send(head: str, sdp: str = "", *, retransmit: bool = False) -> str:
    head = head.rstrip("\n")
    length = "[len]" if sdp else "0"
    timer = ' retrans="500"' if retransmit else ""
    return f"<send{timer}><![CDATA[\n{head}\nContent-Length: {length}\n\n{sdp}]]></send>\n"


def _recv(code: int, attributes: str = "") -> str:
    return f'<recv response="{code}" {attributes}/>\n'


def _recv_request(method: str, attributes: str = "") -> str:
    return f'<recv request="{method}" {attributes}/>\n'


def _terminated() -> str:
    return _send(f"SIP/2.0 487 Request Terminated\n{SAVED_REPLY}", retransmit=True)


def _ring() -> str:
    return _send(f"SIP/2.0 180 Ringing\n{TAGGED_REPLY}")
