"""What the centre says: its prompts, ready to be played, and what agents hear after a feature code."""

from __future__ import annotations

from contextlib import AsyncExitStack

from ivr_engine.adapters.asterisk.gateway import Confirmations
from ivr_engine.adapters.prompts.espeak import Espeak
from ivr_engine.adapters.prompts.library import SoundLibrary
from ivr_engine.adapters.prompts.tones import NoVoice, ToneOnFailure, write_tone
from ivr_engine.config import Settings
from ivr_engine.errors import SetupError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Prompt
from ivr_engine.ports.log import Log
from ivr_engine.ports.prompts import PromptLibrary, Synthesiser


async def open_prompts(stack: AsyncExitStack, settings: Settings, definition: CentreDefinition, log: Log) -> SoundLibrary:
    """The centre's prompts, all of them ready; what cannot be spoken is reported, not fatal."""
    prompts = await stack.enter_async_context(SoundLibrary(settings.sounds_dir, await _voice(stack, log)))
    for fault in await prompts.prepare(definition):
        log.error("prompt_unusable", fault=str(fault))
    return prompts


async def confirmations_of(
    settings: Settings, definition: CentreDefinition, prompts: PromptLibrary, log: Log
) -> Confirmations:
    """What agents hear after a feature code: the centre's words, or a tone."""
    tone = write_tone(settings.sounds_dir)
    audible = ToneOnFailure(prompts, tone=tone, report=lambda reason: log.warning("confirmation_is_a_tone", reason=reason))
    language = definition.languages[0]
    return Confirmations(
        done=await audible.sound(Prompt("agent_done"), language),
        refused=await audible.sound(Prompt("agent_refused"), language),
    )


async def _voice(stack: AsyncExitStack, log: Log) -> Synthesiser:
    try:
        return await stack.enter_async_context(Espeak())
    except SetupError as error:
        log.warning("no_voice", error=str(error))
        return NoVoice(str(error))
