"""What a benchmark stands on: an Asterisk and an engine of its own, started as the product starts them, and their CPU time.

Everything lives in a temporary folder, on free ports of 127.0.0.1, and ends with the block. The engine is a process of its
own, so that its CPU time is its own.
"""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import socket
import sys
import tempfile
import wave
from array import array
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ivr_engine.adapters.asterisk.pbx import Pbx
from ivr_engine.adapters.asterisk.pbx_install import install
from ivr_engine.adapters.control import ask
from ivr_engine.adapters.flow_files import load_centre
from ivr_engine.adapters.logs import open_log
from ivr_engine.adapters.prompts.library import SoundLibrary
from ivr_engine.adapters.prompts.tones import NoVoice
from ivr_engine.bootstrap import pbx_plan
from ivr_engine.config import Settings, load_settings
from ivr_engine.errors import DefinitionError, EngineError, SetupError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Prompt

CENTRES = Path(__file__).parent / "centres"
TICKS = os.sysconf("SC_CLK_TCK")
RTP_FIRST, RTP_LAST = 61000, 65499  # above the ephemeral ports of Linux, below which tests have theirs; 2,250 legs
READY_S = 30.0
STOP_S = 20.0
POLL_S = 0.05
AHEAD = -10  # of the usual niceness
Sounds = Mapping[str, Path]  # prompt name: sound file without its suffix, as the dialplan wants it
WITHOUT_UVLOOP = "import sys; sys.modules['uvloop'] = None; from ivr_engine.cli.app import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A started PBX and the centre it serves. `sip` is address:port."""

    folder: Path
    centre: Path
    settings: Settings
    definition: CentreDefinition
    pbx: Pbx
    pbx_pid: int
    sip: str


@asynccontextmanager
async def rig(centre: str, *, agents: str = "", plain: Callable[[Sounds], Mapping[str, str]]) -> AsyncIterator[Rig]:
    """A PBX for benchmarks/centres/`centre`, with `agents` as its agents.yaml.

    `plain` gives what the baseline needs: text to append to the PBX's configuration files, by name. It is told the very
    sound files that the engine plays.
    """
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as name:
        folder = Path(name)
        definition = _centre(folder / "centre", centre, agents)
        settings = _settings(folder)
        log = open_log(level="error", json_lines=False)
        pbx = Pbx(settings.pbx_dir)
        try:
            # Telephones are not probed: SIPp would take each probe for a call.
            plan = replace(await pbx_plan(settings=settings, definition=definition, log=log), qualify_s=0)
            status = await asyncio.to_thread(pbx.start, plan, await asyncio.to_thread(install, settings.cache_dir))
            _append(settings.pbx_dir / "etc", plain(await _sounds(settings, definition)))
            pbx.reload()
            assert status.pid is not None
            assert status.sip is not None
            yield Rig(
                folder=folder,
                centre=folder / "centre",
                settings=settings,
                definition=definition,
                pbx=pbx,
                pbx_pid=status.pid,
                sip=status.sip,
            )
        finally:
            pbx.stop()


@asynccontextmanager
async def engine(at: Rig, *, uvloop: bool = True) -> AsyncIterator[int]:
    """`ivr-engine run` as a process of its own; gives its id. Without `uvloop` it runs as if that were not installed."""
    start = ("-m", "ivr_engine") if uvloop else ("-c", WITHOUT_UVLOOP)
    own = {f"IVR_ENGINE_{field.name.upper()}": str(getattr(at.settings, field.name)) for field in fields(Settings)}
    with (at.folder / "engine.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *start, "run", str(at.centre), "--no-pbx",
            env=os.environ | own, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        await _ready(at, process)
        yield process.pid
    finally:
        await _end(process)


def rearrange(at: Rig, name: str, text: str) -> None:
    """Give the running PBX another configuration file."""
    (at.settings.pbx_dir / "etc" / name).write_text(text, encoding="utf-8")
    at.pbx.reload()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its threads so far: fields 14 and 15 of proc(5) stat."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A port nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def machine() -> str:
    """One line that says what the figures were taken on."""
    model = "unknown processor"
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), model)
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{os.cpu_count()} cores ({model}), load {os.getloadavg()[0]:.1f} before the run, Python {python}"


def go_first() -> None:
    """Let this process and all it starts run before other work of the machine, where that is permitted.

    For latencies of milliseconds under a light load: who waits for a processor is not what is measured.
    """
    with suppress(PermissionError):
        os.nice(AHEAD)


def run(main: Callable[[], Any]) -> None:
    """Run a benchmark's coroutine function; what the machine lacks is said in one line, with exit code 3."""
    try:
        asyncio.run(main())
    except SetupError as error:
        print(error, file=sys.stderr)
        raise SystemExit(3) from error


def _centre(folder: Path, name: str, agents: str) -> CentreDefinition:
    shutil.copytree(CENTRES / name, folder)
    (folder / "recordings").mkdir()
    _write_tone(folder / "recordings" / "greeting.wav", hertz=440, seconds=1.0)
    _write_tone(folder / "recordings" / "thanks.wav", hertz=660, seconds=0.5)
    (folder / "agents.yaml").write_text(agents or "agents: {}\n", encoding="utf-8")
    loaded = load_centre(folder)
    if loaded.definition is None:
        raise DefinitionError(tuple(str(issue) for issue in loaded.issues))
    return loaded.definition


def _write_tone(path: Path, *, hertz: float, seconds: float) -> None:
    samples = array("h", (round(8000 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(int(8000 * seconds))))
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.tobytes())


def _settings(folder: Path) -> Settings:
    usual = load_settings()
    return Settings(
        state_dir=folder / "var",
        spool_mb=1,
        calls_limit=100_000,  # what is measured here is the engine, not its limits
        calls_per_s_limit=10_000,
        lag_limit_ms=60_000,
        cache_dir=usual.cache_dir.expanduser(),
        sip_port=free_port(),
        ami_port=free_port(socket.SOCK_STREAM),
        agi_port=free_port(socket.SOCK_STREAM),
        rtp_first=RTP_FIRST,
        rtp_last=RTP_LAST,
        debian_mirror=usual.debian_mirror,
        log_level="error",
    )


def _append(etc: Path, extra: Mapping[str, str]) -> None:
    for name, text in extra.items():
        with (etc / name).open("a", encoding="utf-8") as file:
            file.write("\n" + text)


async def _sounds(settings: Settings, definition: CentreDefinition) -> Sounds:
    language = definition.languages[0]
    async with SoundLibrary(settings.sounds_dir, NoVoice("a benchmark's prompts are recordings")) as library:
        await library.prepare(definition)
        names = definition.prompts[language]
        return {name: (await library.sound(Prompt(name), language)).path.with_suffix("") for name in names}


async def _ready(at: Rig, process: asyncio.subprocess.Process) -> None:
    """The engine is ready when its event stream is up; it announces that only to who asks."""
    with suppress(TimeoutError):
        async with asyncio.timeout(READY_S):
            while process.returncode is None:
                with suppress(EngineError):  # not there yet
                    status = await ask(at.settings.control_socket, "status")
                    if status["switch"] == "up":
                        return
                await asyncio.sleep(POLL_S)
    raise SetupError(
        f"the engine did not start:\n{(at.folder / 'engine.log').read_text(encoding='utf-8', errors='replace')}"
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()
