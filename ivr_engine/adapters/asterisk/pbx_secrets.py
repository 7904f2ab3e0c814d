"""The secrets of one PBX folder: made once, kept in a file only its owner can read, kept for good."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ivr_engine.errors import SetupError


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxSecrets:
    """None of them appears in a repr.

    `ami`: password of the AMI user `ivr-engine`. `agi`: 64 hex digits that key each call's token. `phones`: SIP passwords by
    account.
    """

    ami: str = field(repr=False)
    agi: str = field(repr=False)
    phones: Mapping[str, str] = field(repr=False)


def keep_secrets(folder: Path, phones: Iterable[str]) -> PbxSecrets:
    """The secrets stored in `folder`, completed for phones that have none yet.

    Raises:
        SetupError: the file is damaged, open to other users, or cannot be written.
    """
    path = folder / "secrets.json"
    stored = _read(path) if path.exists() else PbxSecrets(ami=_fresh(), agi=_fresh(), phones={})
    missing = {phone: _fresh() for phone in phones if phone not in stored.phones}
    complete = PbxSecrets(ami=stored.ami, agi=stored.agi, phones={**stored.phones, **missing})
    if missing or not path.exists():
        write_private(path, json.dumps(asdict(complete), indent=1, sort_keys=True) + "\n")
    return complete


def write_private(path: Path, text: str) -> None:
    """Replace `path` atomically with `text`, mode 0600, its folder (made if absent) mode 0700.

    Raises:
        SetupError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        raise SetupError(
            f"{path}: cannot be written: {error.strerror}. Choose another folder: IVR_ENGINE_STATE_DIR"
        ) from error


def _fresh() -> str:
    return secrets.token_hex(32)


def _read(path: Path) -> PbxSecrets:
    try:
        if path.stat().st_mode & 0o077:
            raise SetupError(f"{path}: other users may read it. Mend it: chmod 600 '{path}'")
        values = json.loads(path.read_text(encoding="utf-8"))
        return PbxSecrets(ami=values["ami"], agi=values["agi"], phones=dict(values["phones"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(
            f"{path}: damaged ({type(error).__name__}). Move it away; new secrets are made at the next start"
        ) from error
