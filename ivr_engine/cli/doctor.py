"""`ivr-engine doctor`: what works on this machine, what does not, and how to mend it."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from ivr_engine.config import Settings, load_settings, mistyped
from ivr_engine.errors import CommandRefused, EngineError, SetupError

OLDEST_ASTERISK = 20
LEAST_FREE_MB = 200
WIDTH = 100
PBX_START = "ivr-engine pbx start flows/sample-bank, or ivr-engine run flows/sample-bank"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check. `needed`: without it a centre does not run; otherwise something smaller is missing."""

    check: str
    ok: bool
    detail: str
    mend: str = ""
    needed: bool = True


Check = Callable[[Settings], Finding]


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command(help="What works on this machine, what does not, how to mend it. Example: ivr-engine doctor --json")(doctor)


def doctor(as_json: bool = typer.Option(False, "--json", help="One JSON object a check.")) -> None:
    """Check this machine; exit 3 when something needed is missing."""
    findings = list(_examine())
    for finding in findings:
        typer.echo(json.dumps(asdict(finding), ensure_ascii=False) if as_json else _line(finding))
    if any(finding.needed and not finding.ok for finding in findings):
        raise typer.Exit(3)


def _line(finding: Finding) -> str:
    mark = "ok  " if finding.ok else ("FAIL" if finding.needed else "note")
    text = [finding.detail, *([f"mend: {finding.mend}"] if finding.mend and not finding.ok else [])]
    wrapper = textwrap.TextWrapper(WIDTH - 22, break_long_words=False, break_on_hyphens=False)
    lines = [line for part in text for line in wrapper.wrap(part)]
    return f"{mark}  {finding.check:<14}  " + f"\n{'':22}".join(lines)


def _examine() -> Iterator[Finding]:
    try:
        settings = load_settings()
    except SetupError as error:
        yield Finding(check="settings", ok=False, detail=str(error), mend="correct the setting that is named")
        return
    yield Finding(
        check="settings", ok=True, detail=f"state in {settings.state_dir}, SIP on {settings.bind}:{settings.sip_port}"
    )
    for check in CHECKS:
        yield check(settings)


def _variables(_settings: Settings) -> Finding:
    wrong = [f"{name} (meant {meant}?)" for name, meant in mistyped().items()]
    return Finding(
        check="variables",
        ok=not wrong,
        detail=f"no setting: {', '.join(wrong)}" if wrong else "each is a setting",
        mend="correct the name in the environment",
        needed=False,
    )


def _python(_settings: Settings) -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding(check="python", ok=sys.version_info >= (3, 11), detail=found, mend="install Python 3.11 or newer")


def _state_dir(settings: Settings) -> Finding:
    folder = settings.state_dir.absolute()
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        mend = f"make {nearest} a folder that this user may write, or set IVR_ENGINE_STATE_DIR"
        return Finding(check="state folder", ok=False, detail=f"{folder} cannot be written", mend=mend)
    free_mb = shutil.disk_usage(nearest).free // 2**20
    return Finding(
        check="state folder",
        ok=free_mb >= LEAST_FREE_MB,
        detail=f"{folder}, {free_mb} MB free",
        mend=f"free some space: at least {LEAST_FREE_MB} MB, or set IVR_ENGINE_STATE_DIR",
    )


def _secrets(settings: Settings) -> Finding:
    from ivr_engine.adapters.asterisk.pbx_secrets import keep_secrets

    path = settings.pbx_dir / "secrets.json"
    if not path.exists():
        return Finding(check="secrets", ok=True, detail="will be made at the first start")
    try:
        keep_secrets(settings.pbx_dir, ())
    except SetupError as error:
        return Finding(check="secrets", ok=False, detail=str(error), mend="as said there")
    return Finding(check="secrets", ok=True, detail=f"{path}, readable by its owner only")


def _asterisk(settings: Settings) -> Finding:
    from ivr_engine.adapters.asterisk.pbx_install import find

    found = find(settings.cache_dir.expanduser())
    if found is None:
        detail = f"none of version {OLDEST_ASTERISK} or newer"
        return Finding(check="asterisk", ok=False, detail=detail, mend="ivr-engine pbx install")
    return Finding(check="asterisk", ok=True, detail=f"{found.version} ({found.kind})")


def _pbx(settings: Settings) -> Finding:
    from ivr_engine.adapters.asterisk.pbx import Pbx

    status = Pbx(settings.pbx_dir).status()
    detail = f"runs as process {status.pid}, SIP {status.sip}" if status.running else "does not run"
    return Finding(check="pbx", ok=status.running, detail=detail, mend=PBX_START, needed=False)


def _ports(settings: Settings) -> Finding:
    from ivr_engine.adapters.asterisk.pbx import Pbx
    from ivr_engine.adapters.asterisk.pbx_ports import Protocol, is_local, port_holder, port_is_free

    ports: list[tuple[str, Protocol, int]] = []
    if not Pbx(settings.pbx_dir).status().running:
        ports += [("SIP", "udp", settings.sip_port), ("AMI", "tcp", settings.ami_port)]
    if _running_engine(settings) is None:
        ports.append(("AGI", "tcp", settings.agi_port))
    if not is_local(settings.bind):
        detail = f"this machine has no address {settings.bind}"
        return Finding(check="ports", ok=False, detail=detail, mend="set IVR_ENGINE_BIND to one of its own")
    taken = [
        f"{name} {settings.bind}:{port}/{protocol} is held by {port_holder(port, protocol)}"
        for name, protocol, port in ports
        if not port_is_free(settings.bind, port, protocol)
    ]
    mend = "end that process, or choose other ports: IVR_ENGINE_SIP_PORT, IVR_ENGINE_AMI_PORT, IVR_ENGINE_AGI_PORT"
    return Finding(check="ports", ok=not taken, detail="; ".join(taken) or "free, or ours", mend=mend)


def _voice(_settings: Settings) -> Finding:
    from ivr_engine.adapters.prompts.espeak import Espeak

    async def name() -> str:
        async with Espeak() as voice:
            return voice.voice

    try:
        return Finding(check="voice", ok=True, detail=asyncio.run(name()))
    except SetupError as error:
        return Finding(check="voice", ok=False, detail=str(error), mend="pip install 'ivr-engine[tts]'", needed=False)


def _store(settings: Settings) -> Finding:
    from ivr_engine.adapters.store import open_reader

    if isinstance(settings.database, Path) and not settings.database.exists():
        return Finding(check="database", ok=True, detail=f"{settings.database} will be made at the first start")
    try:
        with open_reader(settings.database) as reader:
            newest = next(iter(reader.find(limit=1)), None)
    except EngineError as error:
        return Finding(
            check="database",
            ok=False,
            detail=str(error),
            mend="as said there; docs/operations.md tells how to restore a backup",
        )
    return Finding(check="database", ok=True, detail=f"{reader.name}, newest call {newest.call if newest else 'none'}")


def _engine(settings: Settings) -> Finding:
    status = _running_engine(settings)
    if status is None:
        return Finding(
            check="engine", ok=False, detail="does not run", mend="ivr-engine run flows/sample-bank", needed=False
        )
    detail = ", ".join(f"{name} {value}" for name, value in status.items() if value != "")
    if status["store"] != "healthy":
        mend = "as said there; what is not on disk yet is kept in memory and written once it can be"
        return Finding(check="engine", ok=False, detail=detail, mend=mend)
    mend = "ivr-engine pbx status; not running or renewed secrets: ivr-engine pbx start flows/sample-bank"
    return Finding(check="engine", ok=status["switch"] == "up", detail=detail, mend=mend)


def _emergency(settings: Settings) -> Finding:
    """What an operator switched on for bad days, and may have forgotten."""
    status = _running_engine(settings) or {}
    on = [f"{status[name]} {name}" for name in ("broadcasts", "reroutes") if status.get(name)]
    return Finding(
        check="emergency",
        ok=not on,
        detail=f"{' and '.join(on)} on; they end by themselves" if on else "nothing is on",
        mend="wanted? else ivr-engine broadcast list, ivr-engine reroute list, and `off`",
        needed=False,
    )


def _running_engine(settings: Settings) -> dict[str, object] | None:
    from ivr_engine.adapters.control import NoEngine, ask

    try:
        status: dict[str, object] = asyncio.run(ask(settings.control_socket, "status"))
    except (NoEngine, CommandRefused):
        return None
    return status


def _softphone(_settings: Settings) -> Finding:
    there = importlib.util.find_spec("pjsua2") is not None
    detail = "pjsua2 is there" if there else "pjsua2 is missing: no `ivr-engine call`, no demo"
    return Finding(check="softphone", ok=there, detail=detail, mend="pip install 'ivr-engine[phone]'", needed=False)


def _sipp(_settings: Settings) -> Finding:
    path = shutil.which("sipp")
    detail = str(Path(path)) if path else "missing: no system tests, no load benchmarks"
    return Finding(check="sipp", ok=path is not None, detail=detail, mend="apt-get install sip-tester", needed=False)


def _graphviz(_settings: Settings) -> Finding:
    path = shutil.which("dot")
    detail = str(Path(path)) if path else "missing: `ivr-engine diagram` draws Mermaid and DOT, no SVG and PNG"
    mend = "apt-get install graphviz fonts-wqy-microhei"
    return Finding(check="graphviz", ok=path is not None, detail=detail, mend=mend, needed=False)


CHECKS: tuple[Check, ...] = (
    _variables,
    _python,
    _state_dir,
    _secrets,
    _asterisk,
    _pbx,
    _ports,
    _voice,
    _store,
    _engine,
    _emergency,
    _softphone,
    _sipp,
    _graphviz,
)
