"""The prompt library: a recorded file, else the synthesiser, kept on disk as the telephone takes it.

Sounds are raw signed linear, 8 kHz, mono, 16 bit (`.sln`). Either G.711 law is one table look-up away from it, so calls in
a-law and mu-law play the same file, and nothing is lost by coding twice.

Two folders: `prompts/` holds what the centre's files say, and stays; `values/` holds what was said to customers (amounts,
dates, numbers), is emptied at start and end, bounded in number, and names its files by a hash keyed afresh at each start,
so that a name gives no amount away.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ivr_engine.adapters.prompts.folders import SoundFolder
from ivr_engine.adapters.prompts.pcm import levelled, read_wav, resampled
from ivr_engine.core.ids import Language
from ivr_engine.errors import PromptError
from ivr_engine.flows.definition import CentreDefinition, PromptText
from ivr_engine.flows.reading import Readable, read
from ivr_engine.flows.utterances import Prompt, Text, Utterance, label
from ivr_engine.ports.prompts import PromptLibrary, Synthesiser
from ivr_engine.ports.switch import Sound

_FORMAT = 1  # raised when the same words must sound different: another level, another filter
_SYNTHESIS_S = 15.0
_LARGEST_RECORDING = 64 * 2**20

_Make = Callable[[Path], Awaitable[bytes]]
_Prompts = Mapping[Language, Mapping[str, PromptText]]


@dataclass(frozen=True, slots=True)
class PromptFault:
    """A prompt that will not sound as its files want. `spoken`: the synthesiser says it instead of the recording."""

    language: Language
    name: str
    reason: str
    spoken: bool

    def __str__(self) -> str:
        """One line for people."""
        result = "the synthesiser speaks it instead" if self.spoken else "it cannot be played"
        return f"prompt {self.name} in {self.language}: {self.reason}; {result}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edition:
    """The prompts of one version of the centre. `known`: those that were asked for already."""

    texts: _Prompts
    folder: Path
    known: dict[tuple[Language, str], Sound] = field(default_factory=dict)


class SoundLibrary:
    """A `PromptLibrary`. Use with `async with`; call `prepare` with the centre before the first call."""

    def __init__(self, folder: Path, synthesiser: Synthesiser, *, values_kept: int = 2000) -> None:
        self._synthesiser = synthesiser
        self._prompts = SoundFolder(folder.absolute() / "prompts")
        self._values = SoundFolder(folder.absolute() / "values", most=values_kept)
        self._key = secrets.token_bytes(32)
        self._latest = _Edition(texts={}, folder=Path())
        self._editions: dict[str, _Edition] = {}
        self._tasks = asyncio.TaskGroup()
        self._making: dict[Path, asyncio.Task[PromptError | None]] = {}

    async def __aenter__(self) -> Self:
        """Make the folders and forget what was said to customers before. Raises SetupError when that is not possible."""
        self._prompts.open()
        self._values.open()
        self._values.empty()
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for sounds under way, or give them up when the block failed; forget what was said to customers."""
        if kind is not None:
            for task in self._making.values():
                task.cancel()
        try:
            # The block's own exception stays outside: a task group would wrap it, and hide a SetupError.
            await self._tasks.__aexit__(None, None, None)
        finally:
            self._values.empty()

    async def prepare(self, definition: CentreDefinition, *, at_once: int = 4) -> tuple[PromptFault, ...]:
        """Take over the centre's prompts and make all their sounds, `at_once` at a time; what went wrong, by name.

        Prompts that an earlier definition had and this one lacks stay known, for calls that began with it.
        """
        folder = _absolute(definition.folder)
        edition = _Edition(texts=definition.prompts, folder=folder)
        self._latest = _Edition(texts=_merged(self._latest.texts, definition.prompts), folder=folder)
        before = self._known_paths()  # may be on its way to a caller's ear
        self._editions[definition.version] = edition
        limit = asyncio.Semaphore(at_once)
        wanted = [(language, name) for language, texts in definition.prompts.items() for name in sorted(texts)]
        async with asyncio.TaskGroup() as tasks:
            checks = [tasks.create_task(self._check(limit, edition, *prompt)) for prompt in wanted]
        self._latest.known.update(edition.known)
        self._prompts.keep_only({*before, *self._making, *self._known_paths()})
        return tuple(fault for check in checks for fault in check.result())

    def of(self, definition: CentreDefinition) -> PromptLibrary:
        """The library as a call on this version hears it: the words of that version, whatever was prepared since."""
        return _OneEdition(self, self._editions.get(definition.version, self._latest))

    def forget(self, version: str) -> None:
        """No call is on this version any more."""
        self._editions.pop(version, None)

    def _known_paths(self) -> set[Path]:
        editions = (self._latest, *self._editions.values())
        return {sound.path for edition in editions for sound in edition.known.values()}

    def ready(self, utterance: Utterance, language: Language) -> Sound | None:
        """A prompt's sound that was made before; None for values."""
        return self.ready_in(self._latest, utterance, language)

    def ready_in(self, edition: _Edition, utterance: Utterance, language: Language) -> Sound | None:
        """The same in the words of one edition."""
        known = edition.known.get((language, utterance.name)) if isinstance(utterance, Prompt) else None
        return known if known is not None and _there(known.path) else None  # an operator may delete files under us

    async def sound(self, utterance: Utterance, language: Language) -> Sound:
        """The sound for what is to be said; its file exists when this returns.

        `words` of a masked value is its kind only.

        Raises:
            PromptError: the prompt is unknown, the value cannot be read, or neither recording nor synthesiser gives sound.
        """
        return await self.sound_in(self._latest, utterance, language)

    async def sound_in(self, edition: _Edition, utterance: Utterance, language: Language) -> Sound:
        """The same in the words of one edition."""
        if isinstance(utterance, Prompt):
            return await self._named(edition, utterance.name, language)
        return await self._value(utterance, language)

    async def _value(self, utterance: Readable, language: Language) -> Sound:
        words = read(utterance, language)
        path = self._values.path(self._name(words, language, key=self._key))
        self._values.use(path)
        await self._obtain(path, self._speaking(words, language))
        return Sound(path, label(utterance) if utterance.masked else words)

    async def _named(self, edition: _Edition, name: str, language: Language) -> Sound:
        known = self.ready_in(edition, Prompt(name), language)
        if known is not None:
            return known
        prompt = _text(edition, name, language)
        try:
            sound = await self._recorded(edition, prompt)
        except PromptError:
            sound = None  # `prepare` has reported it; the caller hears the synthesiser
        sound = sound or await self._spoken(prompt, language)
        edition.known[language, name] = sound
        return sound

    async def _check(self, limit: asyncio.Semaphore, edition: _Edition, language: Language, name: str) -> list[PromptFault]:
        reasons = []
        async with limit:
            try:
                await self._recorded(edition, _text(edition, name, language))
            except PromptError as error:
                reasons.append(str(error))
            try:
                await self._named(edition, name, language)
            except PromptError as error:
                return [PromptFault(language, name, "; ".join([*reasons, str(error)]), spoken=False)]
        return [PromptFault(language, name, reason, spoken=True) for reason in reasons]

    async def _recorded(self, edition: _Edition, prompt: PromptText) -> Sound | None:
        """The recorded file as a sound; None when the prompt has none."""
        if prompt.file is None:
            return None
        recording = _inside(edition.folder, prompt.file)
        data = await asyncio.to_thread(_read_bytes, recording)
        path = self._prompts.path(hashlib.blake2b(data, digest_size=16, salt=bytes([_FORMAT])).hexdigest())

        async def convert(_scratch: Path) -> bytes:
            return await asyncio.to_thread(_telephone, recording, level=False)

        await self._obtain(path, convert)
        return Sound(path, prompt.text)

    async def _spoken(self, prompt: PromptText, language: Language) -> Sound:
        words = read(Text(prompt.text), language)
        path = self._prompts.path(self._name(words, language, key=b""))
        await self._obtain(path, self._speaking(words, language))
        return Sound(path, words)

    def _name(self, words: str, language: Language, *, key: bytes) -> str:
        source = json.dumps([_FORMAT, self._synthesiser.voice, language, words]).encode()
        return hashlib.blake2b(source, digest_size=16, key=key).hexdigest()

    def _speaking(self, words: str, language: Language) -> _Make:
        async def speak(scratch: Path) -> bytes:
            try:
                async with asyncio.timeout(_SYNTHESIS_S):
                    await self._synthesiser.speak(words, language, scratch)
            except TimeoutError as error:
                raise PromptError(f"the synthesiser gave nothing within {_SYNTHESIS_S:g} s") from error
            return await asyncio.to_thread(_telephone, scratch, level=True)

        return speak

    async def _obtain(self, path: Path, make: _Make) -> None:
        """See to it that `path` exists. However many ask for it, it is made once, and goes on if one of them leaves."""
        if _there(path):
            return
        task = self._making.get(path)
        if task is None:
            task = self._making[path] = self._tasks.create_task(self._make(path, make))
            task.add_done_callback(lambda _: self._making.pop(path, None))
        fault = await asyncio.shield(task)
        if fault is not None:
            raise PromptError(str(fault)) from fault

    async def _make(self, path: Path, make: _Make) -> PromptError | None:
        """Make the file; a failure is a result, for an exception would end the task group and with it the library."""
        scratch = path.with_suffix(".wav")
        try:
            data = await make(scratch)
            SoundFolder.write(path, data)
        except PromptError as error:
            return error
        except OSError as error:
            return PromptError(f"{path.parent}: a sound cannot be written: {error.strerror}")
        finally:
            scratch.unlink(missing_ok=True)
        return None


@dataclass(frozen=True, slots=True)
class _OneEdition:
    """A `PromptLibrary` in the words of one version."""

    library: SoundLibrary
    edition: _Edition

    def ready(self, utterance: Utterance, language: Language) -> Sound | None:
        return self.library.ready_in(self.edition, utterance, language)

    async def sound(self, utterance: Utterance, language: Language) -> Sound:
        return await self.library.sound_in(self.edition, utterance, language)


def _text(edition: _Edition, name: str, language: Language) -> PromptText:
    try:
        return edition.texts[language][name]
    except KeyError:
        raise PromptError(f"no prompt {name!r} in language {language!r}: add it to prompts/{language}.yaml") from None


def _telephone(path: Path, *, level: bool) -> bytes:
    rate, samples = read_wav(path)
    samples = resampled(samples, rate)
    if not samples:
        raise PromptError(f"{path}: holds no sound")
    return (levelled(samples) if level else samples).tobytes()


def _there(path: Path) -> bool:
    # One stat, some microseconds: less than handing it to a thread would cost.
    return path.exists()


def _absolute(folder: str) -> Path:
    return Path(folder).absolute()


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_RECORDING:
            raise PromptError(f"{path}: larger than 64 MB")
        return path.read_bytes()
    except OSError as error:
        raise PromptError(f"{path}: cannot be read: {error.strerror}") from error


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise PromptError(f"{name}: a recorded file must lie inside the centre's folder")
    return path


def _merged(old: _Prompts, new: _Prompts) -> _Prompts:
    return {language: {**old.get(language, {}), **new.get(language, {})} for language in {**old, **new}}
