"""A real PBX for tests, each in a folder and on ports of its own. tests/system/conftest.py makes the fixtures known:

    from tests.system.pbx_fixtures import pbx_folder, pbx_installation, running_pbx  # noqa: F401 - found by name

`running_pbx` is a started `RunningPbx` with phones 6001 and 6002 and nobody on its AGI port: `agi_peer` listens there.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.pbx import Pbx
from ivr_engine.adapters.asterisk.pbx_config import FallbackSounds, PbxPlan
from ivr_engine.adapters.asterisk.pbx_install import Installation, install
from ivr_engine.adapters.asterisk.pbx_secrets import keep_secrets
from ivr_engine.config import load_settings
from tests.ports import free_port, rtp_range
from tests.system.sounds import write_tone

PHONES = ("6001", "6002")
WAIT_S = 30.0


@dataclass(frozen=True)
class RunningPbx:
    pbx: Pbx
    plan: PbxPlan
    installation: Installation


@pytest.fixture(scope="session")
def pbx_installation() -> Installation:
    """The Asterisk that `ivr-engine pbx install` provides, made if need be."""
    settings = load_settings()
    return install(settings.cache_dir, mirror=settings.debian_mirror)


@pytest.fixture
def pbx_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short: the path of the control socket has to fit into 107 bytes."""
    return tmp_path_factory.mktemp("pbx")


@pytest.fixture
def running_pbx(pbx_folder: Path, pbx_installation: Installation) -> Iterator[RunningPbx]:
    plan = pbx_plan(pbx_folder)
    pbx = Pbx(pbx_folder)
    try:
        pbx.start(plan, pbx_installation)
        yield RunningPbx(pbx, plan, pbx_installation)
    finally:
        pbx.stop()


def pbx_plan(folder: Path) -> PbxPlan:
    """A plan on free ports whose fallback greeting is a loud 1 kHz tone of one second."""
    greeting = write_tone(folder / "greeting.sln", hertz=1000, seconds=1.0)
    first, last = rtp_range(100)
    return PbxPlan(
        folder=folder,
        secrets=keep_secrets(folder, PHONES),
        numbers=("95500",),
        phones=PHONES,
        sip_port=free_port(socket.SOCK_DGRAM),
        ami_port=free_port(socket.SOCK_STREAM),
        agi_port=free_port(socket.SOCK_STREAM),
        rtp_first=first,
        rtp_last=last,
        fallback=FallbackSounds(greeting=(greeting,)),
        qualify_s=0,
    )


def eventually(holds: Callable[[], bool], limit_s: float = WAIT_S) -> bool:
    """Poll, bounded. For states of another process that announces nothing."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


@contextmanager
def sipp_call(
    plan: PbxPlan,
    folder: Path,
    *,
    number: str = "95500",
    caller: str = '"Wang" <sip:13800138000@127.0.0.1>',
    account: tuple[str, str] | None = None,
) -> Iterator[CallLeg]:
    """One caller by SIPp, media at a socket of ours. Ends with the block. `account`: name and secret, if challenged."""
    program = shutil.which("sipp")
    assert program, "sipp is missing: apt-get install sip-tester"
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as media:
        media.bind(("127.0.0.1", 0))
        media.settimeout(WAIT_S)
        scenario = folder / "caller.xml"
        scenario.write_text(_scenario(number, caller, media.getsockname()[1], account), encoding="utf-8")
        argv = [program, f"127.0.0.1:{plan.sip_port}", "-sf", str(scenario), "-m", "1", "-i", "127.0.0.1", "-nostdin"]
        argv += [
            "-p",
            str(free_port(socket.SOCK_DGRAM)),
            "-timeout",
            "90s",
            "-trace_err",
            "-error_file",
            str(folder / "sipp.err"),
        ]
        with subprocess.Popen(argv, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield CallLeg(process, media)
            finally:
                process.kill()


@dataclass(frozen=True)
class CallLeg:
    process: subprocess.Popen[bytes]
    media: socket.socket

    def loudness(self, packets: int) -> list[int]:
        """Peak of each of the next RTP packets, decoded from mu-law (ITU-T G.711)."""
        return [max(abs(_mu_law(byte)) for byte in self.media.recv(2048)[12:]) for _ in range(packets)]

    def result(self) -> int:
        """SIPp's exit code: 0 the scenario was completed, 1 not."""
        return self.process.wait(WAIT_S)


@contextmanager
def agi_peer(port: int) -> Iterator[Callable[[], tuple[list[bytes], socket.socket]]]:
    """Listen as the engine would. Each call of the result takes one connection and the lines of its environment."""
    with closing(socket.create_server(("127.0.0.1", port))) as server:
        server.settimeout(WAIT_S)
        opened: list[socket.socket] = []

        def accept() -> tuple[list[bytes], socket.socket]:
            connection, _ = server.accept()
            connection.settimeout(WAIT_S)
            opened.append(connection)
            text = b""
            while not text.endswith(b"\n\n"):
                text += connection.recv(1)
            return text[:-2].split(b"\n"), connection

        try:
            yield accept
        finally:
            for connection in opened:
                connection.close()


class AmiClient:
    """As little of AMI as a test needs."""

    def __init__(self, port: int, secret: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self._file = self._socket.makefile("rwb")
        self.banner = self._file.readline()
        self.answer = self.act("Login", Username="ivr-engine", Secret=secret)

    def act(self, action: str, **fields: str) -> dict[str, str]:
        lines = [f"Action: {action}", "ActionID: t", *(f"{name}: {value}" for name, value in fields.items())]
        self._file.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._file.flush()
        while True:
            message = self.read()
            if "Response" in message and "Event" not in message:
                return message

    def read(self) -> dict[str, str]:
        message: dict[str, str] = {}
        while line := self._file.readline().decode().strip():
            name, _, value = line.partition(": ")
            message[name] = value
        return message

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def moved_to(plan: PbxPlan, **changes: object) -> PbxPlan:
    """The same plan with other values."""
    return replace(plan, **changes)  # type: ignore[arg-type]  # names and values are the test's own


def channels(pbx: Pbx) -> list[list[str]]:
    """Rows of `core show channels concise`: name, context, exten, priority, state, application, data."""
    rows = [line.split("!") for line in pbx.command("core show channels concise").split("\n")]
    return [row for row in rows if re.match(r"PJSIP/", row[0])]


def _mu_law(byte: int) -> int:
    inverted = ~byte & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + 0x84 << ((inverted & 0x70) >> 4)) - 0x84
    return -magnitude if inverted & 0x80 else magnitude


def _scenario(number: str, caller: str, media_port: int, account: tuple[str, str] | None) -> str:
    """Ring, talk for a minute. SIPp fills in the square brackets."""
    steps = _opening(number, caller, media_port, 1, "")
    accepted = 1
    if account is not None:
        credentials = f"[authentication username={account[0]} password={account[1]}]\n"
        steps += '<recv response="401" auth="true"/>' + _request("ACK", number, caller, 1)
        steps += _opening(number, caller, media_port, 2, credentials)
        accepted = 2
    for answer in (100, 180, 183):
        steps += f'<recv response="{answer}" optional="true"/>'
    steps += '<recv response="200"/>' + _request("ACK", number, caller, accepted) + '<pause milliseconds="60000"/>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="caller">\n{steps}\n</scenario>\n'


def _opening(number: str, caller: str, media_port: int, sequence: int, credentials: str) -> str:
    sdp = (
        "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=audio {media_port} RTP/AVP 0 96\na=rtpmap:0 PCMU/8000\na=rtpmap:96 telephone-event/8000\n"
    )
    return _request("INVITE", number, caller, sequence, headers=f"{credentials}Content-Type: application/sdp\n", body=sdp)


def _request(method: str, number: str, caller: str, sequence: int, *, headers: str = "", body: str = "") -> str:
    length = "[len]" if body else "0"
    tag = "[peer_tag_param]" if method == "ACK" else ""
    retransmit = ' retrans="500"' if method == "INVITE" else ""
    return (
        f"<send{retransmit}><![CDATA[\n{method} sip:{number}@[remote_ip]:[remote_port] SIP/2.0\n"
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
        f"From: {caller};tag=[call_number]\nTo: <sip:{number}@[remote_ip]:[remote_port]>{tag}\n"
        f"Call-ID: [call_id]\nCSeq: {sequence} {method}\nContact: <sip:caller@[local_ip]:[local_port]>\nMax-Forwards: 70\n"
        f"{headers}Content-Length: {length}\n\n{body}]]></send>\n"
    )
