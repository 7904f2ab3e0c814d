"""libespeak-ng through ctypes. Loaded in the worker process only: the library is GPL-3 and may crash; the engine may not.

The calls follow espeak-ng's public header `speak_lib.h` (API revision 12).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
from array import array

from ivr_engine.errors import PromptError, SetupError

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: the callback runs inside espeak_Synth
_DO_NOT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT
_UTF8 = 1  # espeakCHARS_UTF8; without espeakSSML and espeakPHONEMES no markup in the text has any power
_RATE_PARAMETER = 1  # espeakRATE, words per minute
_CHARACTERS = 1  # POS_CHARACTER
_OLDEST = (1, 51)

# Up to and with what ends a sentence. A full stop ends one only before a space or the end: 3.5 and a.b stay whole.
_SENTENCE = re.compile(r"(?:[^。！？!?.\n]|\.(?!\s|$))+[。！？!?.\n]*\s*|[。！？!?.\n]+\s*")

_REMEDY = "install the offline voice: pip install 'ivr-engine[tts]', or as root: apt-get install libespeak-ng1"


class SpeechLibrary:
    """One loaded libespeak-ng. Not for use from several threads."""

    def __init__(self, words_per_minute: int) -> None:
        """Load the wheel's library, else the system's.

        Raises:
            SetupError: neither is there, or it is older than 1.51.
        """
        path, data = _find()
        try:
            self._lib = ctypes.CDLL(path)
        except OSError as error:
            raise SetupError(f"{path} cannot be loaded: {error}; {_REMEDY}") from error
        _declare(self._lib)
        self.rate = self._lib.espeak_Initialize(_SYNCHRONOUS, 0, data and data.encode(), _DO_NOT_EXIT)
        if self.rate <= 0:
            raise SetupError(f"espeak-ng found no voice data; {_REMEDY}")
        self.version = self._lib.espeak_Info(None).decode().split()[0]
        self._voices = _voices(self.version)
        self._heard: array[int] = array("h")
        self._callback = _CALLBACK(self._hear)  # kept: the library holds only the address
        self._lib.espeak_SetSynthCallback(self._callback)
        self._words_per_minute = words_per_minute

    def speak(self, text: str, language: str) -> array[int]:
        """The samples of the text, mono at `self.rate`. English sentences in a Chinese text get the English voice.

        Raises:
            PromptError: no voice for the language, or the library refused the text.
        """
        self._heard = array("h")
        for passage, passage_language in passages(text, language):
            self._use_voice(passage_language)
            data = passage.encode()
            if self._lib.espeak_Synth(data, len(data) + 1, 0, _CHARACTERS, 0, _UTF8, None, None):
                raise PromptError("espeak-ng refused the text")
        return self._heard

    def phonemes(self, text: str, language: str) -> str:
        """What it would say, in espeak-ng's own phoneme names: shows whether Chinese is spoken as Mandarin."""
        self._use_voice(language)
        buffer = ctypes.create_string_buffer(text.encode())
        place = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses = []
        while place.value:
            clauses.append(self._lib.espeak_TextToPhonemes(ctypes.byref(place), _UTF8, 0).decode())
        return " ".join(clauses)

    def _use_voice(self, language: str) -> None:
        voice = self._voices.get(language.partition("-")[0].lower())
        if voice is None or self._lib.espeak_SetVoiceByName(voice):
            raise PromptError(f"espeak-ng has no voice for language {language!r}; set up: {', '.join(self._voices)}")
        # A voice brings its own speed, so the speed is set after it.
        self._lib.espeak_SetParameter(_RATE_PARAMETER, self._words_per_minute, 0)

    def _hear(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._heard.frombytes(ctypes.string_at(samples, 2 * count))
        return 0


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


def passages(text: str, language: str) -> list[tuple[str, str]]:
    """The text parted where its language changes, at ends of sentences only.

    The Chinese voice would read the figure of `For English, press 2` in Chinese.
    """
    parted: list[tuple[str, str]] = []
    for sentence in _SENTENCE.findall(text):
        tongue = "en" if language.lower().startswith("zh") and _only_latin(sentence) else language
        if parted and parted[-1][1] == tongue:
            parted[-1] = (parted[-1][0] + sentence, tongue)
        else:
            parted.append((sentence, tongue))
    return parted


def _only_latin(sentence: str) -> bool:
    return re.search("[A-Za-z]{2}", sentence) is not None and sentence.isascii()


def _voices(version: str) -> dict[str, bytes]:
    numbers = tuple(int(part) for part in version.partition("-")[0].split(".")[:2])
    if numbers < _OLDEST:
        raise SetupError(f"espeak-ng {version} is too old; {_REMEDY}")
    # Up to 1.51 the voice `cmn` spells Chinese out in English letters; `cmn-latn-pinyin` speaks Mandarin, with some
    # characters of several readings wrong.
    return {"zh": b"cmn" if numbers >= (1, 52) else b"cmn-latn-pinyin", "en": b"en-us"}


def _find() -> tuple[str, str | None]:
    try:
        import espeakng_loader  # noqa: PLC0415 - an extra; its absence is no error
    except ImportError:
        found = ctypes.util.find_library("espeak-ng")
        if found is None:
            raise SetupError(f"no voice on this machine; {_REMEDY}") from None
        return found, None
    return str(espeakng_loader.get_library_path()), str(espeakng_loader.get_data_path())


def _declare(lib: ctypes.CDLL) -> None:
    pointer, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    lib.espeak_Initialize.argtypes = [number, number, text, number]
    lib.espeak_Info.argtypes = [pointer]
    lib.espeak_Info.restype = text
    lib.espeak_SetSynthCallback.argtypes = [_CALLBACK]
    lib.espeak_SetSynthCallback.restype = None
    lib.espeak_SetVoiceByName.argtypes = [text]
    lib.espeak_SetParameter.argtypes = [number, number, number]
    lib.espeak_Synth.argtypes = [
        text, ctypes.c_size_t, ctypes.c_uint, number, ctypes.c_uint, ctypes.c_uint, pointer, pointer,
    ]  # fmt: skip
    lib.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(pointer), number, number]
    lib.espeak_TextToPhonemes.restype = text
