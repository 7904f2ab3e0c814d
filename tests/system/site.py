"""A whole centre for tests: the sample bank with short spans, a host service, a PBX and the engine's own process.

Each site has a folder and ports of its own, so sites run side by side. Callers and agents come from tests.system.day.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from ivr_engine.adapters.asterisk.pbx import Pbx
from ivr_engine.adapters.asterisk.pbx_secrets import keep_secrets
from ivr_engine.adapters.control import ask
from ivr_engine.config import Settings, load_settings
from ivr_engine.testing.host_service import HostService
from tests.ports import free_port, rtp_range
from tests.system.pbx_fixtures import channels, eventually

SAMPLE_BANK = Path(__file__).parents[2] / "flows" / "sample-bank"
NUMBER = "80000"
PHONES = ("agent1001", "agent1002")
LONGEST_LIFE_S = 30.0
PBX_LIFE_S = 60.0

# What is shorter here than in the sample bank, so that a test takes seconds; and who has waited longest is rung first, so
# that it does not depend on milliseconds of work which agent that is.
SHORTER: Mapping[str, tuple[tuple[str, str], ...]] = {
    "centre.yaml": (
        ("queues:\n  service:\n", "queues:\n  service:\n    strategy: longest_idle\n"),
        ("ring: 15s", "ring: 2s"),
        ("wrap_up: 10s", "wrap_up: 1s"),
        ("announce_position: 30s", "announce_position: 5s"),
        ("max_wait: 5m", "max_wait: 2s"),
    ),
    "main.yaml": (
        ("timeout: 5s", "timeout: 1500ms"),
        ("timeout: 3s", "timeout: 1s"),
        ("secret: true, attempts: 3}", "secret: true, timeout: 1500ms, attempts: 2}"),
    ),
    "survey.yaml": (("timeout: 5s", "timeout: 1500ms"),),
}
# Prompts of which more than a word stays: long enough to be left, or interrupted, in the middle.
LONGER = frozenset({"welcome", "main_menu", "fallback_greeting"})
PROMPT = re.compile(r'^(\w+): "(.*)"$', re.MULTILINE)


def write_centre(folder: Path, host_url: str) -> Path:
    """The sample bank with short spans and short prompts, its host service at `host_url`."""
    centre = folder / "bank"
    shutil.copytree(SAMPLE_BANK, centre)
    for name, changes in SHORTER.items():
        _change(centre / name, *changes)
    _change(centre / "centre.yaml", ("http://127.0.0.1:18080", host_url))
    for prompts in (centre / "prompts").iterdir():
        prompts.write_text(PROMPT.sub(_short_prompt, prompts.read_text(encoding="utf-8")), encoding="utf-8")
    return centre


@dataclass
class Site:
    """A centre at work. `numbers`: telephone numbers for callers, none twice. Closing `host_up` ends the host service.

    `options` of `ivr-engine run`, and `seen`: settings that the engine's process sees otherwise than the PBX does.
    """

    folder: Path
    settings: Settings
    host: HostService
    host_up: ExitStack
    options: tuple[str, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)
    engine: subprocess.Popen[bytes] | None = None
    numbers: Iterator[str] = field(default_factory=lambda: (f"1380000{n:04}" for n in count(1)))

    @property
    def address(self) -> str:
        """Where the PBX takes SIP."""
        return f"{self.settings.bind}:{self.settings.sip_port}"

    @property
    def pbx(self) -> Pbx:
        return Pbx(self.settings.pbx_dir)

    @property
    def secrets(self) -> Mapping[str, str]:
        """What the agents' telephones register with."""
        return keep_secrets(self.settings.pbx_dir, PHONES).phones

    @property
    def agi_secret(self) -> str:
        """What the PBX proves itself to the engine with."""
        return keep_secrets(self.settings.pbx_dir, PHONES).agi

    @property
    def log(self) -> Path:
        return self.folder / "engine.log"

    def start_engine(self) -> None:
        """Returns when the engine serves calls and hears the PBX; starts the PBX too if it is not up."""
        with self.log.open("ab") as log:
            self.engine = subprocess.Popen(
                [sys.executable, "-m", "ivr_engine", "run", str(self.folder / "bank"), *self.options],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        assert eventually(lambda: self.switch_is_up, PBX_LIFE_S), self.log.read_text(encoding="utf-8")

    def stop_engine(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the engine's process: SIGTERM stops it in order, SIGKILL is a crash."""
        if self.engine is not None:
            self.engine.send_signal(how)
            self.engine.wait(LONGEST_LIFE_S)
            self.engine = None

    @property
    def switch_is_up(self) -> bool:
        """Asked on a socket of its own, as this is called with and without an event loop."""
        try:
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(LONGEST_LIFE_S)
                peer.connect(str(self.settings.control_socket))
                peer.sendall(b'{"command": "status"}\n')
                with peer.makefile() as answer:
                    return bool(json.loads(answer.readline())["result"]["switch"] == "up")
        except (OSError, ValueError):
            return False

    @property
    def environment(self) -> dict[str, str]:
        """For `ivr-engine` commands about this site."""
        names = (
            "state_dir",
            "cache_dir",
            "sip_port",
            "rtp_first",
            "rtp_last",
            "ami_port",
            "agi_port",
            "debian_mirror",
            "carrier",
            "spool_mb",
            "calls_limit",
            "calls_per_s_limit",
            "lag_limit_ms",
            "phone_silence_s",
            "session_timer_s",
            "database_url",
            "other_engines",
        )
        ours = {f"IVR_ENGINE_{name.upper()}": str(getattr(self.settings, name)) for name in names}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IVR_ENGINE_")}
        return {**kept, **ours, **self.seen}

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `ivr-engine` with these arguments, as a person would."""
        argv = [sys.executable, "-m", "ivr_engine", *arguments]
        return subprocess.run(
            argv, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=LONGEST_LIFE_S, check=False
        )

    async def ask(self, command: str, **fields: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
        """A command by the engine's control socket."""
        return await ask(self.settings.control_socket, command, **fields)

    def legs(self) -> list[list[str]]:
        """Rows of what the PBX has up at this moment."""
        return channels(self.pbx)

    def written(self) -> dict[str, bytes]:
        """Everything that was stored or logged here, by path: the database with its WAL, the logs of both processes."""
        places = (*self.settings.state_dir.glob("engine.sqlite3*"), self.log, *(self.settings.pbx_dir / "log").iterdir())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in places}


@contextmanager
def site_at(
    folder: Path, *, write: Callable[[Path, str], object] = write_centre, carrier: str = "", **changed: object
) -> Iterator[Site]:
    """A site that is up while the block runs. `write` puts the centre's files into the folder's `bank`.

    `changed` are settings by name.
    """
    first, last = rtp_range(100)
    settings = Settings(
        state_dir=folder / "var",
        spool_mb=1,
        cache_dir=load_settings().cache_dir,
        debian_mirror=load_settings().debian_mirror,
        sip_port=free_port(socket.SOCK_DGRAM),
        ami_port=free_port(socket.SOCK_STREAM),
        agi_port=free_port(socket.SOCK_STREAM),
        rtp_first=first,
        rtp_last=last,
        carrier=carrier,
    )
    with ExitStack() as host_up:
        host = host_up.enter_context(HostService(delay=LONGEST_LIFE_S))
        write(folder, host.url)
        changed_settings = replace(settings, **changed)  # type: ignore[arg-type] # of the names' own kinds
        site = Site(folder=folder, settings=changed_settings, host=host, host_up=host_up)
        try:
            site.start_engine()
            yield site
        finally:
            site.stop_engine()
            site.pbx.stop()


def _change(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"{path.name} has no longer {old!r}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _short_prompt(line: re.Match[str]) -> str:
    name, text = line.groups()
    words, letters = (4, 9) if name in LONGER else (1, 2)
    return f'{name}: "{" ".join(text.split()[:words]) if text.isascii() else text[:letters]}"'
