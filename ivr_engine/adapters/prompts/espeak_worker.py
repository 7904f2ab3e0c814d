"""The process that speaks: `python -m ivr_engine.adapters.prompts.espeak_worker WORDS_PER_MINUTE`.

One JSON object per line. First it says `{"voice": ...}` or `{"setup": message}`; then for each
`{"text", "language", "target"}` on standard input it writes the WAV file and says `{}`, or `{"fault": message}`.
It ends when its input ends, hence with the engine, however that ends.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TextIO

from ivr_engine.adapters.prompts.espeak_binding import SpeechLibrary
from ivr_engine.adapters.prompts.pcm import resampled, write_wav
from ivr_engine.errors import PromptError, SetupError


def main() -> int:
    """Speak until the input ends."""
    replies = _private_output()
    words_per_minute = int(sys.argv[1])
    try:
        library = SpeechLibrary(words_per_minute)
    except SetupError as error:
        _say(replies, setup=str(error))
        return 3
    _say(replies, voice=f"espeak-ng {library.version} {words_per_minute}")
    for line in sys.stdin:
        _say(replies, **_serve(library, json.loads(line)))
    return 0


def _serve(library: SpeechLibrary, request: dict[str, str]) -> dict[str, str]:
    try:
        samples = library.speak(request["text"], request["language"])
        write_wav(Path(request["target"]), resampled(samples, library.rate))
    except (PromptError, OSError) as error:
        return {"fault": str(error)}
    return {}


def _private_output() -> TextIO:
    # The C library prints to descriptor 1 when it pleases; the replies move to a descriptor that it does not know.
    private = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return private


def _say(replies: TextIO, **reply: str) -> None:
    replies.write(json.dumps(reply) + "\n")
    replies.flush()


if __name__ == "__main__":
    sys.exit(main())
