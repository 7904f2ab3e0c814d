"""Settings: where things live and which ports they use. Parsed from a TOML file and the environment; opens nothing else.

Order, last wins: defaults, `ivr-engine.toml` (or the file named by IVR_ENGINE_CONFIG), environment variables
`IVR_ENGINE_<NAME>` such as IVR_ENGINE_SIP_PORT=5062.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

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
    host_service_port: int = 18080
    call_limit_s: int = 7200
    debian_mirror: str = ""  # for a private Asterisk; empty: this host's own, else the public one
    carrier: str = ""  # host:port to which transfers to numbers outside are sent; empty: none can be made
    log_level: str = "info"

    @property
    def pbx_dir(self) -> Path:
        """The PBX's own configuration, run, log and spool folders."""
        return self.state_dir / "pbx"

    @property
    def database(self) -> Path:
        """Journal and records."""
        return self.state_dir / "engine.sqlite3"

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


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force.

    Raises:
        SetupError: the file cannot be read, or a value is unknown or of the wrong type.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("IVR_ENGINE_CONFIG")
    path = Path(named or "ivr-engine.toml")
    values: dict[str, object] = {}
    if named or path.exists():
        values |= _read(path)
    known = {field.name for field in fields(Settings)}
    for name in known:
        text = environ.get(f"IVR_ENGINE_{name.upper()}")
        if text is not None:
            values[name] = text
    unknown = values.keys() - known
    if unknown:
        raise SetupError(f"{path}: unknown setting {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    return Settings(**{name: _convert(name, value) for name, value in values.items()})  # type: ignore[arg-type]


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SetupError(f"{path}: cannot be read: {error}") from error


def _convert(name: str, value: object) -> object:
    wanted = type(getattr(Settings(), name))
    try:
        if issubclass(wanted, Path):
            return Path(str(value)).expanduser().absolute()
        return wanted(value)
    except (TypeError, ValueError) as error:
        raise SetupError(f"setting {name} must be a {wanted.__name__}, not {value!r}") from error
