"""Settings: where things live and which ports they use. Parsed from a TOML file and the environment; opens nothing else.

Order, last wins: defaults, `ivr-engine.toml` (or the file named by IVR_ENGINE_CONFIG), environment variables
`IVR_ENGINE_<NAME>` such as IVR_ENGINE_SIP_PORT=5062.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType

from ivr_engine.errors import SetupError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting has a default that works on one machine; all addresses are loopback unless changed."""

    state_dir: Path = Path("var")
    cache_dir: Path = Path("~/.cache/ivr-engine")
    bind: str = "127.0.0.1"
    sip_port: int = 5080
    rtp_first: int = 20000
    rtp_last: int = 20999
    ami_port: int = 15038
    agi_port: int = 14573
    other_engines: str = ""  # HOST:PORT of engines that the PBX asks when this one does not answer, by commas
    host_service_port: int = 18080
    call_limit_s: int = 7200
    phone_silence_s: int = 30  # an agent's telephone that sends no sound for so long in a call is dead; 0: never
    session_timer_s: int = 600  # within this span each side of a call is asked by SIP whether it is there; 0: if it wants
    presence_limit_s: int = 43_200  # how old an agent's last choice may be to count after a start
    debian_mirror: str = ""  # for a private Asterisk; empty: this host's own, else the public one
    carrier: str = ""  # host:port to which transfers to numbers outside are sent; empty: none can be made
    database_url: str = ""  # PostgreSQL; empty: a file in state_dir
    spool_mb: int = 64
    calls_limit: int = 500
    calls_per_s_limit: int = 100
    lag_limit_ms: int = 250
    log_level: str = "info"

    @property
    def pbx_dir(self) -> Path:
        """The PBX's own configuration, run, log and spool folders."""
        return self.state_dir / "pbx"

    @property
    def database(self) -> Path | str:
        """Journal and records: a file, or a database URL."""
        return self.database_url or self.state_dir / "engine.sqlite3"

    @property
    def spool(self) -> Path:
        """What the database would not take yet."""
        return self.state_dir / "engine.spool"

    @property
    def versions_dir(self) -> Path:
        """Copies of the centre's files as they were loaded."""
        return self.state_dir / "versions"

    @property
    def control_socket(self) -> Path:
        """Where the command line reaches a running engine."""
        return self.state_dir / "control.sock"

    @property
    def recordings_dir(self) -> Path:
        """What callers said, as WAV files."""
        return self.state_dir / "recordings"

    @property
    def sounds_dir(self) -> Path:
        """Synthesised prompts, by content hash."""
        return self.state_dir / "sounds"


LOG_LEVELS = ("debug", "info", "warning", "error")
PREFIX = "IVR_ENGINE_"
FILE_VARIABLE = f"{PREFIX}CONFIG"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force.

    Raises:
        SetupError: the file cannot be read, or a value is unknown or makes no sense; the text says where it was set.
    """
    environ = os.environ if environ is None else environ
    named = environ.get(FILE_VARIABLE)
    path = Path(named or "ivr-engine.toml")
    given: dict[str, tuple[object, str]] = {}
    if named or path.exists():
        given |= {name: (value, str(path)) for name, value in _read(path).items()}
    unknown = given.keys() - _names()
    if unknown:
        raise SetupError(f"{path}: unknown setting {', '.join(sorted(unknown))}; known: {', '.join(sorted(_names()))}")
    for name in _names():
        text = environ.get(variable(name))
        if text is not None:
            given[name] = (text, variable(name))
    settings = Settings(**{name: _convert(name, *value) for name, value in given.items()})  # type: ignore[arg-type]
    _refuse_clashes(settings)
    return settings


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def mistyped(environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Variables that look like a setting and are none, each with the setting that was perhaps meant."""
    environ = os.environ if environ is None else environ
    known = [variable(name) for name in sorted(_names())]
    strange = sorted(name for name in environ if name.startswith(PREFIX) and name not in {*known, FILE_VARIABLE})
    close = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.85) for name in strange}
    return {name: found[0] for name, found in close.items() if found}


def _names() -> set[str]:
    return {field.name for field in fields(Settings)}


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SetupError(f"{path}: is no TOML file: {error}") from error


def _convert(name: str, value: object, origin: str) -> object:
    wanted, make = _RULES[name]
    try:
        return make(value)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: `~` of a user without a home
        given = "this (not repeated: it may hold a password)" if name == "database_url" else repr(value)
        raise SetupError(f"{origin}: setting {name} must be {wanted}, not {given}") from error


def _folder(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(value)
    return Path(value).expanduser().absolute()


def _address(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return str(ipaddress.ip_address(value))


def _whole(first: int, last: int) -> Callable[[object], int]:
    def make(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):  # TOML has truth values and fractions, too
            raise TypeError(value)
        number = int(value)
        if not first <= number <= last:
            raise ValueError(value)
        return number

    return make


def _none_or(first: int, last: int) -> Callable[[object], int]:
    some = _whole(first, last)
    return lambda value: 0 if value in (0, "0") and not isinstance(value, bool) else some(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _carrier(value: object) -> str:
    text = _text(value)
    host, _colon, port = text.rpartition(":")
    if text and (not host or not 1 <= int(port) <= 65535):
        raise ValueError(value)
    return text


def _engines(value: object) -> str:
    text = _text(value)
    for each in text.split(",") if text else ():
        if not _carrier(each):
            raise ValueError(value)
    return text


def _database_url(value: object) -> str:
    text = _text(value)
    if text and not re.fullmatch(r"(sqlite|postgresql)(\+\w+)?://.+", text):
        raise ValueError(value)
    return text


def _level(value: object) -> str:
    if value not in LOG_LEVELS:
        raise ValueError(value)
    return str(value)


_PORT = ("a port, 1024 to 65535", _whole(1024, 65535))
_FOLDER = ("the name of a folder", _folder)

# Setting -> what it must be, in words and as the function that makes it.
_RULES: Mapping[str, tuple[str, Callable[[object], object]]] = MappingProxyType(
    {
        "state_dir": _FOLDER,
        "cache_dir": _FOLDER,
        "bind": ("an address of this machine such as 127.0.0.1", _address),
        "sip_port": _PORT,
        "rtp_first": _PORT,
        "rtp_last": _PORT,
        "ami_port": _PORT,
        "agi_port": _PORT,
        "other_engines": ("HOST:PORT of other engines by commas, or empty", _engines),
        "host_service_port": _PORT,
        "call_limit_s": ("seconds, 1 to 86400", _whole(1, 86_400)),
        "phone_silence_s": ("seconds, 2 to 3600, or 0", _none_or(2, 3_600)),
        "session_timer_s": ("seconds, 90 to 86400 (RFC 4028 allows no less), or 0", _none_or(90, 86_400)),
        "presence_limit_s": ("seconds, 1 to 604800", _whole(1, 604_800)),
        "debian_mirror": ("the URL of a Debian mirror, or empty", _text),
        "carrier": ("HOST:PORT or empty", _carrier),
        "database_url": ("a URL such as postgresql://ivr@db.bank.example/ivr, or empty", _database_url),
        "spool_mb": ("mebibytes, 1 to 65536", _whole(1, 65_536)),
        "calls_limit": ("calls at once, 1 to 100000", _whole(1, 100_000)),
        "calls_per_s_limit": ("new calls a second, 1 to 10000", _whole(1, 10_000)),
        "lag_limit_ms": ("milliseconds, 10 to 60000", _whole(10, 60_000)),
        "log_level": (f"one of {', '.join(LOG_LEVELS)}", _level),
    }
)


def _refuse_clashes(settings: Settings) -> None:
    """Ports that cannot be had together."""
    owners: dict[int, str] = {}
    for name in ("ami_port", "agi_port", "host_service_port"):  # TCP; SIP and RTP are UDP
        port = getattr(settings, name)
        if port in owners:
            raise SetupError(f"settings {owners[port]} and {name} are both {port}; give one another port: {variable(name)}")
        owners[port] = name
    if settings.rtp_first >= settings.rtp_last:
        raise SetupError(
            f"settings rtp_first and rtp_last: {settings.rtp_first}-{settings.rtp_last} is no range of ports; "
            f"set {variable('rtp_first')} below {variable('rtp_last')}"
        )
    if settings.rtp_first <= settings.sip_port <= settings.rtp_last:
        raise SetupError(
            f"setting sip_port {settings.sip_port} lies in the RTP ports {settings.rtp_first}-{settings.rtp_last}; "
            f"choose another: {variable('sip_port')}"
        )
