"""The PBX of a centre: planned, installed, started, brought up to date."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from ivr_engine.adapters.asterisk.pbx import Pbx, PbxStatus
from ivr_engine.adapters.asterisk.pbx_config import FallbackSounds, PbxPlan
from ivr_engine.adapters.asterisk.pbx_install import find, install
from ivr_engine.adapters.asterisk.pbx_secrets import keep_secrets
from ivr_engine.bootstrap.speech import open_prompts
from ivr_engine.config import Settings
from ivr_engine.errors import PromptError
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.utterances import Prompt
from ivr_engine.ports.log import Log
from ivr_engine.ports.prompts import PromptLibrary


async def pbx_plan(*, settings: Settings, definition: CentreDefinition, log: Log) -> PbxPlan:
    """What the PBX of a centre is to be: its numbers, its agents' telephones, its fallback words (made here)."""
    async with AsyncExitStack() as stack:
        return await plan_of(settings, definition, await open_prompts(stack, settings, definition, log), log)


async def plan_of(settings: Settings, definition: CentreDefinition, prompts: PromptLibrary, log: Log) -> PbxPlan:
    """As `pbx_plan`, with prompts that are open already."""
    phones = tuple(sorted(agent.phone for agent in definition.agents.values()))
    greeting = await _fallback_words("fallback_greeting", definition, prompts, log)
    goodbye = await _fallback_words("fallback_goodbye", definition, prompts, log)
    return PbxPlan(
        folder=settings.pbx_dir,
        secrets=keep_secrets(settings.pbx_dir, phones),
        numbers=tuple(sorted(definition.numbers)),
        phones=phones,
        bind=settings.bind,
        sip_port=settings.sip_port,
        rtp_first=settings.rtp_first,
        rtp_last=settings.rtp_last,
        ami_port=settings.ami_port,
        agi_host=settings.bind,
        agi_port=settings.agi_port,
        other_engines=tuple(filter(None, settings.other_engines.split(","))),
        call_limit_s=settings.call_limit_s,
        silence_s=settings.phone_silence_s,
        session_s=settings.session_timer_s,
        fallback=FallbackSounds(greeting=greeting, goodbye=goodbye),
        calls_out=bool(definition.outbound),
    )


async def start_pbx(*, settings: Settings, definition: CentreDefinition, log: Log) -> PbxStatus:
    """The centre's PBX, installed if need be and running; a running one is brought up to date.

    Raises:
        SetupError: it cannot be installed or started; the text says why and how to mend it.
    """
    plan = await pbx_plan(settings=settings, definition=definition, log=log)
    installation = await asyncio.to_thread(install, settings.cache_dir, mirror=settings.debian_mirror, say=log.info)
    return await asyncio.to_thread(Pbx(settings.pbx_dir).start, plan, installation)


def update_pbx(settings: Settings, plan: PbxPlan) -> tuple[str, ...]:
    """What changed at the PBX of this state folder; nothing where none of ours runs."""
    installation = find(settings.cache_dir)
    return Pbx(settings.pbx_dir).update(plan, installation) if installation is not None else ()


def phone_secret(settings: Settings, phone: str) -> str:
    """The generated password of an agent's telephone, for whoever sets one up."""
    return keep_secrets(settings.pbx_dir, (phone,)).phones[phone]


async def _fallback_words(name: str, definition: CentreDefinition, prompts: PromptLibrary, log: Log) -> tuple[Path, ...]:
    """The files of one prompt in every language that has it; silence is reported, not fatal."""
    paths: list[Path] = []
    for language in definition.languages:
        if name in definition.prompts[language]:
            try:
                paths.append((await prompts.sound(Prompt(name), language)).path)
            except PromptError as error:
                log.error("fallback_silent", prompt=name, language=language, error=str(error))
    return tuple(paths)
