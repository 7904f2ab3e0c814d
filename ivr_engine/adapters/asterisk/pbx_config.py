"""What a PBX is to be (`PbxPlan`), and its rendering from the templates of `asterisk-conf/` and `dialplans/`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from types import MappingProxyType

import ivr_engine
from ivr_engine.adapters.asterisk.pbx_install import Installation
from ivr_engine.adapters.asterisk.pbx_music import write_music
from ivr_engine.adapters.asterisk.pbx_secrets import PbxSecrets, write_private
from ivr_engine.errors import SetupError

LONGEST_NUMBER = 24  # digits; E.164 allows 15, national service numbers with prefixes a few more
PORTS_PER_LEG = 2  # RTP and RTCP
USUAL_SESSION_S = 1800  # RFC 4028, section 4
STRETCH_S = 60  # of waiting at the fallback between two questions for an engine
PATIENCE_S = 15  # more than the watchdog gives an engine that hangs
LONGEST_SOCKET_PATH = 107  # bytes of sun_path in <sys/un.h>, less its final NUL

GOAL_CODES = MappingProxyType({"*11": "login", "*24": "consult", "*25": "transfer"})

# What the engine may hear; Asterisk drops every other event before it is written. Without this, one answered call is about
# 105 events and 53 KB. An event that the engine is to read from now on is added here.
READ_EVENTS = (
    "FullyBooted",
    "Shutdown",
    "DialBegin",
    "DialEnd",
    "OriginateResponse",
    "Hold",
    "Unhold",
    "HangupRequest",
    "Hangup",
)
_OF_CALLERS = frozenset({"HangupRequest", "Hangup"})  # heard of callers' channels only, not of telephones that were rung

_ENGINE = re.compile(r"[A-Za-z0-9.-]{1,100}:[0-9]{1,5}")
_PHONE = re.compile(r"[A-Za-z0-9_-]{1,32}")
_RESERVED_NAMES = frozenset({"trunk", "trunk-addresses", "transport", "global"})
_NUMBER = re.compile(rf"[0-9]{{1,{LONGEST_NUMBER}}}")
_MUSIC_CLASS = re.compile(r"[a-z0-9_-]{1,32}")
_UNSAFE_IN_PATH = re.compile(r"[^\w./ +-]")  # anything with a meaning in a configuration line or an application's arguments


class ConfTemplate(Template):
    """`@name`, because `$` belongs to the dialplan. `@@` is one `@`."""

    delimiter = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackSounds:
    """What callers hear while no engine answers: 8 kHz sound files (slin, wav, ulaw), in order. May all be empty."""

    greeting: tuple[Path, ...] = ()
    loss_report: tuple[Path, ...] = ()
    goodbye: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxPlan:
    """Everything a PBX is started with.

    Ports are UDP for SIP and RTP (`rtp_last` inclusive), TCP for AMI and AGI. AMI listens on 127.0.0.1 whatever `bind` is.
    `other_engines` are HOST:PORT, asked in turn when the first does not answer.
    `trunk_addresses` are the hosts or networks callers may come from. `music` maps further classes to folders of 8 kHz sound
    files; class `default` is generated if absent. `qualify_s`: how often registered phones are probed, 0 never. `silence_s`:
    how long an agent's telephone may send no sound in a call before it counts as dead, 0 for ever. `session_s`: within this
    span each side of a call is asked by SIP whether it is there (RFC 4028), 0 only where the other side wants it.
    `calls_out`: the engine may make calls (AMI `originate`), which it needs for callbacks alone.

    Raises:
        SetupError: a value cannot be used; the message names it.
    """

    folder: Path
    secrets: PbxSecrets
    numbers: tuple[str, ...]
    phones: tuple[str, ...]
    bind: str = "127.0.0.1"
    sip_port: int = 5080
    rtp_first: int = 20000
    rtp_last: int = 20999
    ami_port: int = 15038
    agi_host: str = "127.0.0.1"
    agi_port: int = 14573
    other_engines: tuple[str, ...] = ()
    call_limit_s: int = 7200
    trunk_addresses: tuple[str, ...] = ("127.0.0.1",)
    fallback: FallbackSounds = field(default_factory=FallbackSounds)
    music: Mapping[str, Path] = field(default_factory=dict)
    qualify_s: int = 30
    silence_s: int = 30
    session_s: int = 600
    calls_out: bool = False

    def __post_init__(self) -> None:
        _check_names(self)
        _check_addresses(self)
        _check_paths(self)
        if self.max_calls < 1:
            raise SetupError(
                f"RTP ports {self.rtp_first}-{self.rtp_last} are too few for {len(self.phones)} phones and one call"
            )

    @property
    def max_calls(self) -> int:
        """Calls the RTP range can carry while every phone still gets a leg."""
        return (self.rtp_last - self.rtp_first + 1) // PORTS_PER_LEG - len(self.phones)

    @property
    def etc_dir(self) -> Path:
        """The rendered configuration."""
        return self.folder.absolute() / "etc"

    @property
    def log_dir(self) -> Path:
        """`messages.log` and `console.log`."""
        return self.folder.absolute() / "log"

    @property
    def run_dir(self) -> Path:
        """Pid file and control socket."""
        return self.folder.absolute() / "run"


def _check_names(plan: PbxPlan) -> None:
    for phone in plan.phones:
        if not _PHONE.fullmatch(phone) or phone in _RESERVED_NAMES:
            raise SetupError(
                f"phone {phone!r}: a SIP account is 1 to 32 of A-Z a-z 0-9 _ -, and not {', '.join(sorted(_RESERVED_NAMES))}"
            )
        if phone not in plan.secrets.phones:
            raise SetupError(f"phone {phone!r} has no secret; make the plan's secrets with keep_secrets(folder, phones)")
    if len(set(plan.phones)) != len(plan.phones):
        raise SetupError("a phone is named twice")
    for number in plan.numbers:
        if not _NUMBER.fullmatch(number):
            raise SetupError(f"service number {number!r}: 1 to {LONGEST_NUMBER} digits")


def _check_addresses(plan: PbxPlan) -> None:
    for engine in plan.other_engines:
        if not _ENGINE.fullmatch(engine):
            raise SetupError(f"other engine {engine!r}: HOST:PORT, such as 10.0.0.2:14573")
    try:
        for address in (plan.bind, plan.agi_host):
            ipaddress.ip_address(address)
        for network in plan.trunk_addresses:
            ipaddress.ip_network(network, strict=False)
    except ValueError as error:
        raise SetupError(f"PBX address: {error}") from error
    for port in (plan.sip_port, plan.rtp_first, plan.rtp_last, plan.ami_port, plan.agi_port):
        if not 1024 <= port <= 65535:
            raise SetupError(f"PBX port {port}: choose 1024 to 65535")


def _check_paths(plan: PbxPlan) -> None:
    sounds = plan.fallback.greeting + plan.fallback.loss_report + plan.fallback.goodbye
    for path in (plan.folder.absolute(), *sounds, *plan.music.values()):
        if not path.is_absolute() or _UNSAFE_IN_PATH.search(str(path)):
            raise SetupError(f"path {str(path)!r}: must be absolute, of letters, digits, spaces and . _ + - only")
    for name in plan.music:
        if not _MUSIC_CLASS.fullmatch(name):
            raise SetupError(f"music class {name!r}: 1 to 32 of a-z 0-9 _ -")
    socket = plan.run_dir / "asterisk.ctl"
    if len(str(socket).encode()) > LONGEST_SOCKET_PATH:
        raise SetupError(f"{socket}: longer than a socket's {LONGEST_SOCKET_PATH} bytes; use a shorter state folder")


def write_configuration(plan: PbxPlan, installation: Installation) -> tuple[Path, ...]:
    """Render every template into the plan's folders. Files have mode 0600, folders 0700; each is replaced atomically.

    Raises:
        SetupError: templates are missing or the folder cannot be written.
    """
    for name in ("etc", "lib", "log", "run", "spool"):
        _make_folder(plan.folder.absolute() / name)
    if "default" not in plan.music:
        write_music(_music_folder(plan))
    written = []
    for name, text in render(plan, installation).items():
        write_private(plan.etc_dir / name, text)
        written.append(plan.etc_dir / name)
    return tuple(written)


def changed_files(plan: PbxPlan, installation: Installation) -> tuple[str, ...]:
    """The names of the files that `write_configuration` would change."""
    return tuple(name for name, text in render(plan, installation).items() if _written(plan.etc_dir / name) != text)


def _written(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def render(plan: PbxPlan, installation: Installation) -> dict[str, str]:
    """File name -> contents, for every template."""
    values = _values(plan, installation)
    phone = ConfTemplate((template_folder("asterisk-conf") / "phone.part").read_text(encoding="utf-8"))
    files = {path.name: ConfTemplate(path.read_text(encoding="utf-8")).substitute(values) for path in _templates()}
    files["pjsip.conf"] += "".join(
        phone.substitute(values, phone=name, secret=plan.secrets.phones[name]) for name in plan.phones
    )
    return files


def template_folder(name: str) -> Path:
    """`asterisk-conf` or `dialplans`: inside an installed package, else beside it in a checkout.

    Raises:
        SetupError: neither place has it.
    """
    package = Path(ivr_engine.__file__).parent
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise SetupError(f"the folder {name} is missing beside {package}; install ivr-engine again")


def _templates() -> list[Path]:
    return [path for name in ("asterisk-conf", "dialplans") for path in sorted(template_folder(name).glob("*.conf"))]


def _values(plan: PbxPlan, installation: Installation) -> dict[str, object]:
    folder = plan.folder.absolute()
    return {
        "etc_dir": plan.etc_dir,
        "lib_dir": folder / "lib",
        "spool_dir": folder / "spool",
        "run_dir": plan.run_dir,
        "log_dir": plan.log_dir,
        "modules_dir": installation.modules_dir,
        "data_dir": installation.data_dir,
        "max_calls": plan.max_calls,
        "bind": plan.bind,
        "sip_port": plan.sip_port,
        "rtp_first": plan.rtp_first,
        "rtp_last": plan.rtp_last,
        "ami_port": plan.ami_port,
        "ami_secret": plan.secrets.ami,
        "engines": _engines(plan),
        "patience_s": PATIENCE_S,
        "agi_secret": plan.secrets.agi,
        "call_limit_s": plan.call_limit_s,
        "stretch_s": STRETCH_S,
        "qualify_s": plan.qualify_s,
        "silence_s": plan.silence_s,
        "timers": "always" if plan.session_s else "yes",
        "session_s": plan.session_s or USUAL_SESSION_S,
        "trunk_matches": "\n".join(f"match = {address}" for address in plan.trunk_addresses),
        "ami_write": "call,originate" if plan.calls_out else "call",
        "event_filters": "\n".join(map(_event_filter, READ_EVENTS)),
        "music_classes": _music_classes(plan),
        "queue_members": "\n".join(f"member => PJSIP/{phone}" for phone in plan.phones),
        "number_patterns": _number_patterns(plan.numbers),
        "goal_patterns": _goal_patterns(),
        "greeting": _playback(plan.fallback.greeting),
        "loss_report": _playback(plan.fallback.loss_report),
        "goodbye": _playback(plan.fallback.goodbye),
    }


def _event_filter(name: str) -> str:
    if name in _OF_CALLERS:
        return f"eventfilter(action(include),name({name}),header(Channel),method(starts_with)) = PJSIP/trunk-"
    return f"eventfilter(action(include),name({name})) ="


def _engines(plan: PbxPlan) -> str:
    addresses = (f"{plan.agi_host}:{plan.agi_port}", *plan.other_engines)
    urls = [f"AGI_URL_{number} = agi://{address}" for number, address in enumerate(addresses, start=1)]
    return "\n".join([*urls, f"ENGINES = {len(urls)}"])


def _number_patterns(numbers: tuple[str, ...]) -> str:
    """The centre's own numbers by name, then one exact-length pattern for each length, with and without a leading plus."""
    lengths = range(1, LONGEST_NUMBER + 1)
    patterns = [*sorted(set(numbers)), *(f"_{'X' * n}" for n in lengths), *(f"_+{'X' * n}" for n in lengths)]
    entry = "exten => {},1,Set(NUMBER=${{FILTER(0-9+,${{EXTEN}})}})\n same => n,Goto(service,s,1)"
    return "\n".join(entry.format(pattern) for pattern in patterns)


def _goal_patterns() -> str:
    """Codes that are followed by whom they are about, one exact-length pattern for each length."""
    entry = (
        "exten => _{}{},1,Set(VERB={})\n same => n,Set(ARGUMENT=${{FILTER(0-9,${{EXTEN:3}})}})\n"
        " same => n,Goto(agent-command,s,1)"
    )
    return "\n".join(
        entry.format(code, "X" * digits, verb)
        for code, verb in GOAL_CODES.items()
        for digits in range(1, LONGEST_NUMBER + 1)
    )


def _music_classes(plan: PbxPlan) -> str:
    folders = {"default": _music_folder(plan), **plan.music}
    return "\n".join(f"[{name}]\nmode = files\ndirectory = {folder}\nsort = alpha\n" for name, folder in folders.items())


def _music_folder(plan: PbxPlan) -> Path:
    return plan.folder.absolute() / "music"


def _playback(sounds: tuple[Path, ...]) -> str:
    """Asterisk picks the format itself: it wants the path without its suffix."""
    if not sounds:
        return " same => n,NoOp(nothing to say)"
    return f" same => n,Playback({'&'.join(str(path.with_suffix('')) for path in sounds)})"


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.chmod(0o700)
    except OSError as error:
        raise SetupError(f"{path}: cannot be made: {error.strerror}. Choose another folder: IVR_ENGINE_STATE_DIR") from error
