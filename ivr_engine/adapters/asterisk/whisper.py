"""What an agent hears before the caller: Dial plays one file, so several sounds become one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from ivr_engine.errors import SwitchError
from ivr_engine.ports.switch import Sound

_SAFE = re.compile(r"[\w./ +-]+")  # nothing that ends an argument of an application


def whisper_file(sounds: Sequence[Sound]) -> str:
    """The path, without its suffix, of a file with all of them; empty without any. Sounds are raw samples, so they add up.

    Raises:
        SwitchError: a file cannot be read or written, or its path cannot be told to the switch.
    """
    if not sounds:
        return ""
    path = sounds[0].path
    if len(sounds) > 1:
        name = hashlib.blake2b("\n".join(str(sound.path) for sound in sounds).encode(), digest_size=16).hexdigest()
        path = path.with_name(f"{name}.sln")
        try:
            if not path.exists():
                path.write_bytes(b"".join(sound.path.read_bytes() for sound in sounds))
        except OSError as error:
            raise SwitchError(f"{path}: what agents hear first cannot be written: {error.strerror}") from error
    if not _SAFE.fullmatch(str(path)):
        raise SwitchError(f"{path}: the switch cannot be told such a path")
    return str(path.with_suffix(""))
