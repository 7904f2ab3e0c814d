"""One Asterisk of our own: started apart from the starter, found again by its pid file, ended without touching others."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from ivr_engine.adapters.asterisk.pbx_config import PbxPlan, changed_files, write_configuration
from ivr_engine.adapters.asterisk.pbx_install import Installation
from ivr_engine.adapters.asterisk.pbx_ports import Protocol, is_local, port_holder, port_is_free
from ivr_engine.adapters.asterisk.pbx_process import (
    PbxRecord,
    bare_environment,
    end,
    keep_record,
    living_record,
    spawn,
    until,
)
from ivr_engine.errors import SetupError, SwitchError

BOOT_S = 30.0
COMMAND_S = 15.0
LAST_LINES = 8
RELOADED = ("res_pjsip.so", "pbx_config.so", "app_queue.so", "res_musiconhold.so", "manager")


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxStatus:
    """What is known about the PBX of a folder. All None but `running` if there is none."""

    running: bool
    pid: int | None = None
    version: str | None = None
    kind: str | None = None
    sip: str | None = None
    ami_port: int | None = None
    folder: str | None = None


class Pbx:
    """The PBX of one folder. Every method may be called from any process; none needs the one that started it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._pid_file = self._folder / "run" / "pbx.json"

    def start(self, plan: PbxPlan, installation: Installation) -> PbxStatus:
        """Render the configuration and start Asterisk; return when it answers SIP and AMI.

        One that runs already is given the new configuration instead; its ports must be the plan's.

        Raises:
            SetupError: a port is taken, a folder cannot be written, or Asterisk did not come up (with its last words).
        """
        running = self._record()
        if running is not None:
            _refuse_other_ports(running, plan)
            write_configuration(plan, installation)
            self.reload()
            return self.status()
        _refuse_taken_ports(plan)
        write_configuration(plan, installation)
        self._spawn(plan, installation)
        self._await_ready(plan)
        return self.status()

    def stop(self) -> bool:
        """End the PBX, and calls with it. False if there was none."""
        record = self._record()
        if record is None:
            return False
        end(record)
        self._pid_file.unlink(missing_ok=True)
        return True

    def update(self, plan: PbxPlan, installation: Installation) -> tuple[str, ...]:
        """Bring a running PBX up to date; the names of the files that changed. Calls go on; none running is no fault.

        Raises:
            SetupError: it runs on other ports than the plan's, or the folder cannot be written.
            SwitchError: it does not answer.
        """
        running = self._record()
        if running is None:
            return ()
        _refuse_other_ports(running, plan)
        changed = changed_files(plan, installation)
        if changed:
            write_configuration(plan, installation)
            self.reload()
        return changed

    def status(self) -> PbxStatus:
        """Whether it runs, and where."""
        record = self._record()
        if record is None:
            return PbxStatus(running=False)
        return PbxStatus(
            running=True,
            pid=record.pid,
            version=record.version,
            kind=record.kind,
            sip=record.sip,
            ami_port=record.ami_port,
            folder=str(self._folder),
        )

    def reload(self) -> None:
        """Take over changed phones, dialplan, queue, music and AMI user. Calls go on. Ports need stop and start.

        Raises:
            SwitchError: the PBX does not run or does not answer.
        """
        for module in RELOADED:
            self.command(f"module reload {module}")

    def command(self, line: str) -> str:
        """Run one command of Asterisk's command line through its socket, return what it printed.

        Raises:
            SwitchError: the PBX does not run or does not answer.
        """
        record = self._record()
        if record is None:
            raise SwitchError(f"no PBX runs in {self._folder}; start it: ivr-engine pbx start")
        argv = [*record.argv, "-C", str(self._conf), "-rx", line]
        try:
            done = subprocess.run(  # noqa: S603 - the program of our own pid file
                argv,
                env=bare_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=COMMAND_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SwitchError(f"the PBX in {self._folder} does not answer: {error}") from error
        if done.returncode:
            raise SwitchError(f"the PBX in {self._folder} does not answer: {done.stdout.strip() or done.stderr.strip()}")
        return done.stdout

    @property
    def _conf(self) -> Path:
        return self._folder / "etc" / "asterisk.conf"

    def _record(self) -> PbxRecord | None:
        return living_record(self._pid_file)

    def _spawn(self, plan: PbxPlan, installation: Installation) -> None:
        pid, born = spawn((*installation.argv, "-C", str(self._conf), "-f", "-n"), plan.log_dir / "console.log")
        record = PbxRecord(
            pid=pid,
            born=born,
            version=installation.version,
            kind=installation.kind,
            sip=f"{plan.bind}:{plan.sip_port}",
            ami_port=plan.ami_port,
            argv=installation.argv,
        )
        keep_record(self._pid_file, record)

    def _await_ready(self, plan: PbxPlan) -> None:
        """Answering AMI, fully booted, answering SIP: in that order each is the later."""
        until(lambda: self._record() is None or _gave_up(plan) or self._is_ready(plan), BOOT_S)
        if self._record() is None or _gave_up(plan):
            self.stop()
            raise SetupError(f"Asterisk gave up while starting:\n{_last_words(plan)}")
        if not self._is_ready(plan):
            self.stop()
            raise SetupError(
                f"Asterisk did not answer on SIP {plan.bind}:{plan.sip_port} in {BOOT_S:g} s:\n{_last_words(plan)}"
            )

    def _is_ready(self, plan: PbxPlan) -> bool:
        return _ami_answers(plan.ami_port) and self._is_booted() and _sip_answers(plan.bind, plan.sip_port)

    def _is_booted(self) -> bool:
        try:
            return "fully booted" in self.command("core waitfullybooted")
        except SwitchError:
            return False


def _refuse_other_ports(running: PbxRecord, plan: PbxPlan) -> None:
    if (running.sip, running.ami_port) != (f"{plan.bind}:{plan.sip_port}", plan.ami_port):
        raise SetupError(
            f"the PBX runs on SIP {running.sip}, AMI port {running.ami_port}; for new ports first: ivr-engine pbx stop"
        )


def _refuse_taken_ports(plan: PbxPlan) -> None:
    if not is_local(plan.bind):
        raise SetupError(f"this machine has no address {plan.bind}; choose one of its own: IVR_ENGINE_BIND=ADDRESS")
    wanted: tuple[tuple[str, str, int, Protocol, str], ...] = (
        ("SIP", plan.bind, plan.sip_port, "udp", "IVR_ENGINE_SIP_PORT"),
        ("AMI", "127.0.0.1", plan.ami_port, "tcp", "IVR_ENGINE_AMI_PORT"),
    )
    for name, address, port, protocol, setting in wanted:
        if not port_is_free(address, port, protocol):
            holder = port_holder(port, protocol)
            raise SetupError(
                f"{name} port {address}:{port}/{protocol} is held by {holder}. End it, or choose another: {setting}=PORT"
            )


def _gave_up(plan: PbxPlan) -> bool:
    """A required module is missing. Asterisk says so, and may then hang on its way out (seen with 22.10.1)."""
    console = plan.log_dir / "console.log"
    return console.exists() and "*** Failed to load module" in console.read_text(encoding="utf-8", errors="replace")


def _last_words(plan: PbxPlan) -> str:
    words = []
    for path in (plan.log_dir / "messages.log", plan.log_dir / "console.log"):
        if path.exists():
            words += path.read_text(encoding="utf-8", errors="replace").strip().split("\n")[-LAST_LINES:]
    return "\n".join(words)


def _ami_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(64).startswith(b"Asterisk Call Manager")
    except OSError:
        return False


def _sip_answers(bind: str, port: int) -> bool:
    """Any answer to an OPTIONS request will do (RFC 3261 section 11)."""
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect((bind, port))
            probe.send(_options(bind, port, probe.getsockname()[1]))
            return probe.recv(2048).startswith(b"SIP/2.0 ")
        except OSError:
            return False


def _options(bind: str, port: int, own_port: int) -> bytes:
    host = f"[{bind}]" if ":" in bind else bind
    tag = time.monotonic_ns()
    lines = (
        f"OPTIONS sip:{host}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{own_port};branch=z9hG4bK{tag};rport",
        "Max-Forwards: 1",
        f"From: <sip:ready@{host}>;tag={tag}",
        f"To: <sip:{host}>",
        f"Call-ID: ready-{tag}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
