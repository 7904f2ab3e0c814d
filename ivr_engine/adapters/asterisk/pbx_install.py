"""Where the PBX program comes from: this machine's, else the distribution's package, else a private Debian tree.

The private tree is only unpacked, never configured or entered: its own dynamic loader runs the program, so neither root nor
user namespaces nor a chroot are needed, and the program sees the host's paths.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ivr_engine.errors import SetupError

OLDEST_MAJOR = 20
PUBLIC_MIRROR = "http://deb.debian.org/debian"  # when neither the setting nor this host's apt names another
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITE = "unstable"  # the only Debian suite that carries Asterisk

Say = Callable[[str], object]
Kind = Literal["machine", "package", "private"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An Asterisk that runs here: `argv` starts it (append options), `version` as it names itself, such as "22.10.1"."""

    argv: tuple[str, ...]
    version: str
    modules_dir: Path
    data_dir: Path
    kind: Kind


def install(cache: Path, *, mirror: str = "", say: Say = print) -> Installation:
    """Find an Asterisk of version 20 or later, or provide one. A second call takes well under a second.

    Args:
        cache: folder for a private tree, about 270 MB.
        mirror: Debian mirror for a private tree; empty: the one this host's apt uses, else the public one.
        say: told each step that takes time.

    Raises:
        SetupError: none could be provided; the message names the command that mends it.
    """
    return find(cache) or _from_package(say) or _private(cache.expanduser().absolute(), mirror or host_mirror(), say)


def find(cache: Path) -> Installation | None:
    """The Asterisk that `install` would return at once, without changing anything."""
    return _on_machine("machine") or _in_tree(_tree(cache.expanduser().absolute()))


def host_mirror() -> str:
    """The Debian mirror of this host's apt, if it has one, else the public one."""
    if shutil.which("apt-get"):
        listed = _run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages"])
        found = re.search(r"^Debian (https?://\S+/debian)/?$", listed.stdout, re.MULTILINE)
        if found:
            return found[1]
    return PUBLIC_MIRROR


def _on_machine(kind: Kind) -> Installation | None:
    path = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        return None
    modules = next((folder for folder in _machine_modules() if (folder / "pbx_config.so").exists()), None)
    data = next((folder for folder in _machine_data() if folder.is_dir()), None)
    if modules is None or data is None:
        return None
    return _if_recent((path,), modules, data, kind)


def _machine_modules() -> Iterator[Path]:
    yield from sorted(Path("/usr/lib").glob("*-linux-gnu/asterisk/modules"))
    yield from (
        Path("/usr/lib/asterisk/modules"),
        Path("/usr/lib64/asterisk/modules"),
        Path("/usr/local/lib/asterisk/modules"),
    )


def _machine_data() -> tuple[Path, ...]:
    return (Path("/usr/share/asterisk"), Path("/var/lib/asterisk"))


def _if_recent(argv: tuple[str, ...], modules: Path, data: Path, kind: Kind) -> Installation | None:
    answer = _run([*argv, "-V"])
    found = re.search(r"Asterisk (?:certified[-/])?((\d+)\.[\w.]+)", answer.stdout)
    if answer.returncode or not found or int(found[2]) < OLDEST_MAJOR:
        return None
    return Installation(argv=argv, version=found[1].split("~")[0], modules_dir=modules, data_dir=data, kind=kind)


def _from_package(say: Say) -> Installation | None:
    """The distribution's package, if apt offers a recent one and we may install it."""
    if shutil.which("apt-cache") is None:
        return None
    found = re.search(r"Candidate: (?:\d+:)?(\d+)\.", _run(["apt-cache", "policy", "asterisk"]).stdout)
    if not found or int(found[1]) < OLDEST_MAJOR or _privilege() is None:
        return None
    say(f"installing the distribution's Asterisk {found[1]}")
    with _no_service_start():
        _apt_install("asterisk")
    return _on_machine("package")


def _private(cache: Path, mirror: str, say: Say) -> Installation:
    tree = _tree(cache)
    with _locked(cache / "asterisk.lock"):
        found = _in_tree(tree)  # another start may have made it while we waited
        if found is None:
            _need("mmdebstrap", shutil.which("mmdebstrap") is not None, say)
            _need("debian-archive-keyring", KEYRING.exists(), say)
            say(f"fetching Asterisk from {mirror} ({SUITE}) into {tree}")
            _unpack(tree, mirror)
            found = _in_tree(tree)
    if found is None:
        raise SetupError(f"{tree}: the Asterisk in it does not run. Remove the folder and try again: rm -r '{tree}'")
    return found


def _tree(cache: Path) -> Path:
    return cache / "asterisk"


def _in_tree(tree: Path) -> Installation | None:
    """A private tree's program, run by the tree's own loader and libraries; the architecture is read off the tree."""
    modules = next(iter(tree.glob("usr/lib/*-linux-gnu*/asterisk/modules")), None)
    if modules is None:
        return None
    libraries = modules.parent.parent
    loader = next(iter(sorted(libraries.glob("ld-linux*.so.*"))), None)
    if loader is None:
        return None
    argv = (str(loader), "--library-path", str(libraries), str(tree / "usr/sbin/asterisk"))
    return _if_recent(argv, modules, tree / "usr/share/asterisk", "private")


def _unpack(tree: Path, mirror: str) -> None:
    """Resolve and unpack the packages beside `tree`, then move them into place in one step."""
    draft = Path(tempfile.mkdtemp(prefix="asterisk.", dir=tree.parent))
    try:
        draft.chmod(0o755)
        done = _run(
            [
                "mmdebstrap",
                "--variant=extract",
                "--mode=chrootless",
                "--include=asterisk",
                "--quiet",
                f"--keyring={KEYRING}",
                '--aptopt=Acquire::Check-Valid-Until "false"',  # a snapshot mirror's Release file is old by design
                SUITE,
                str(draft / "tree"),
                mirror,
            ]
        )
        if done.returncode:
            remedy = "choose another mirror: IVR_ENGINE_DEBIAN_MIRROR=URL"
            raise SetupError(f"Asterisk could not be fetched from {mirror}; {remedy}\n{_tail(done.stderr)}")
        if tree.exists():  # unusable, or we would not be here
            shutil.rmtree(tree)
        (draft / "tree").rename(tree)
    except OSError as error:
        raise SetupError(f"{tree}: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _need(package: str, present: bool, say: Say) -> None:  # noqa: FBT001 - reads as a condition where it is called
    if not present:
        say(f"installing {package}")
        _apt_install(package)


def _apt_install(package: str) -> None:
    privilege = _privilege()
    command = f"apt-get install -y --no-install-recommends {package}"
    if privilege is None:
        raise SetupError(f"{package} is missing and we may not install it. Run as root: {command}")
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    done = _run([*privilege, *environment, *command.split()])
    if done.returncode:  # the package lists of a fresh machine are empty
        _run([*privilege, "apt-get", "update"])
        done = _run([*privilege, *environment, *command.split()])
    if done.returncode:
        raise SetupError(f"{package} could not be installed. Run as root: {command}\n{_tail(done.stderr)}")


def _privilege() -> tuple[str, ...] | None:
    """The prefix that makes a command run as root, or None if we cannot be root without a password."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and _run(["sudo", "-n", "true"]).returncode == 0:
        return ("sudo", "-n")
    return None


@contextmanager
def _no_service_start() -> Iterator[None]:
    """Keep the package from starting a PBX on the public SIP port (invoke-rc.d: policy-rc.d answers 101, forbidden)."""
    policy = Path("/usr/sbin/policy-rc.d")
    privilege = _privilege()
    ours = privilege is not None and not policy.exists()
    if ours:
        _run([*(privilege or ()), "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {policy} && chmod 755 {policy}"])
    try:
        yield
    finally:
        if ours:
            _run([*(privilege or ()), "rm", "-f", str(policy)])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; the kernel frees it if we die."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}. Choose another cache folder: IVR_ENGINE_CACHE_DIR") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _run(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        return subprocess.run(  # noqa: S603 - fixed programs; no part of the line comes from outside this machine
            argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(argv, 127, "", str(error))


def _tail(text: str) -> str:
    return "\n".join(text.strip().split("\n")[-8:])
