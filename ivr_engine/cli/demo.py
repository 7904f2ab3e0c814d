"""`ivr-engine demo`: one real call from greeting to agent, survey and record, told as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ivr_engine.cli.centre import load, start_host_service
from ivr_engine.config import Settings, load_settings
from ivr_engine.core.ids import Millis, later
from ivr_engine.errors import EngineError

if TYPE_CHECKING:
    from ivr_engine.adapters.softphone.softphones import SoftphoneCall, Softphones
    from ivr_engine.bootstrap import Engine
    from ivr_engine.core.ids import AgentId, CallId
    from ivr_engine.flows.definition import AgentDefinition, CentreDefinition

CALLER = "13800138000"
BROADCAST = "今晚十点至十二点系统维护，转账暂停办理。"
OPERATOR, WHY_ON, WHY_OFF = "demo", "host maintenance tonight", "the demo is over"
WAITS_S = 8
RINGS_MS = 2_000
TALKS_MS = 5_000
WHOLE_CALL_S = 180
STEP_MS = 60_000

# What the caller presses at which node of flows/sample-bank. Card and PIN are the sample host service's own.
SCRIPT = {
    "language": "2",
    "main_menu": "1",
    "ask_card": "6299990000100015#",
    "ask_pin": "123456",
    "after_balance": "0",
    "survey": "1",
}

Tell = Callable[[str], None]


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command(help="One real call through the sample bank, told as it happens. Example: ivr-engine demo")(demo)


def demo(
    folder: Path = typer.Argument(Path("flows/sample-bank"), help="The sample bank's folder."),
    as_json: bool = typer.Option(False, "--json", help="Print only the stored record, as JSON."),
) -> None:
    """One real call through the sample bank."""
    from ivr_engine.cli.cdr import show_call

    definition, settings = load(folder), load_settings()
    call = asyncio.run(_demo(definition, settings, typer.echo if not as_json else lambda _line: None))
    if not as_json:
        typer.echo(f"\n==> the stored record: ivr-engine cdr show {call}\n")
    show_call(call, as_json=as_json)


async def _demo(definition: CentreDefinition, settings: Settings, tell: Tell) -> CallId:
    from ivr_engine.adapters.asterisk.pbx import Pbx
    from ivr_engine.adapters.control import refuse_second_engine
    from ivr_engine.adapters.logs import open_log
    from ivr_engine.adapters.softphone.softphones import Softphones
    from ivr_engine.bootstrap import engine, start_pbx

    log = open_log(level="warning", json_lines=False)
    async with AsyncExitStack() as stack:
        await refuse_second_engine(settings.control_socket)
        tell("==> starting the sample host service, the PBX and the engine")
        start_host_service(stack, settings)
        if not Pbx(settings.pbx_dir).status().running:
            stack.push_async_callback(asyncio.to_thread, Pbx(settings.pbx_dir).stop)  # leave the machine as it was
        status = await start_pbx(settings=settings, definition=definition, log=log)
        tell(f"==> Asterisk {status.version} ({status.kind}) takes SIP at {status.sip}")
        running = await stack.enter_async_context(engine(settings=settings, definition=definition, log=log))
        await running.gateway.reached(15)
        phones = await stack.enter_async_context(Softphones(bind=settings.bind))
        async with asyncio.timeout(WHOLE_CALL_S):
            call = await _call(running, phones, definition, settings, tell)
    return call


async def _call(running: Engine, phones: Softphones, definition: CentreDefinition, settings: Settings, tell: Tell) -> CallId:
    """Let the first agent log in and wait, the caller dial; tell the facts; give the finished call."""
    from ivr_engine.cli.story import Story
    from ivr_engine.core.events import CallEnded, CallQueued, NodeEntered

    number = min(definition.numbers)
    story = Story(definition, tell)
    with running.recorder.subscribed() as facts:
        await _agent_at_work(running, phones, definition, settings)
        async with _broadcast(running, number), asyncio.TaskGroup() as presses:
            caller = await _dial(phones, settings, number)
            script = dict(SCRIPT)
            async for fact in facts:
                story.hear(fact)
                if isinstance(fact.event, NodeEntered) and fact.event.node in script:
                    presses.create_task(_hear_and_press(caller, script.pop(fact.event.node)))
                if isinstance(fact.event, CallQueued):
                    presses.create_task(_get_ready(running, definition))
                if isinstance(fact.event, CallEnded):
                    await _report(running, fact.event.call, caller, tell)
                    return fact.event.call
    raise EngineError("the call never ended")


@asynccontextmanager
async def _broadcast(running: Engine, number: str) -> AsyncIterator[None]:
    """Callers hear of tonight's maintenance first, as with `ivr-engine broadcast on`; not where other words stand."""
    from ivr_engine.adapters.clock import SystemClock
    from ivr_engine.flows.emergency import Wish, Word

    desk = running.services.emergency
    if desk.broadcasts():
        yield
        return
    until = later(SystemClock().now(), Millis(WHOLE_CALL_S * 1000))
    await desk.broadcast(Wish(number=number, text=BROADCAST), Word(by=OPERATOR, reason=WHY_ON), until=until)
    try:
        yield
    finally:
        if any(each.by == OPERATOR for each in desk.broadcasts()):
            desk.end_broadcasts(number, "", Word(by=OPERATOR, reason=WHY_OFF))


async def _agent_at_work(running: Engine, phones: Softphones, definition: CentreDefinition, settings: Settings) -> None:
    """A real telephone registers as the first agent's and will answer; the agent logs in and is not ready yet."""
    from ivr_engine.adapters.softphone.lines import Answering, Line
    from ivr_engine.bootstrap import phone_secret
    from ivr_engine.core.outcomes import Presence

    agent = _first_agent(definition)
    await phones.connect(
        Line(
            number=agent.phone,
            pbx=f"{settings.bind}:{settings.sip_port}",
            secret=phone_secret(settings, agent.phone),
            tone_hz=300,
            answering=Answering.answer(after=RINGS_MS, talk=TALKS_MS),
        )
    )
    if await _presence(running, agent.agent) == Presence.LOGGED_OUT:  # else an earlier run left the agent at work
        await running.services.desks.agents.login(agent.agent)
    await running.services.desks.agents.pause(agent.agent, "demo")


async def _presence(running: Engine, agent: AgentId) -> str:
    return next(view.presence for view in await running.services.desks.agents.agents() if view.agent == agent)


async def _get_ready(running: Engine, definition: CentreDefinition) -> None:
    """Let the caller hear the place in the queue and some music first."""
    await asyncio.sleep(WAITS_S)
    await running.services.desks.agents.ready(_first_agent(definition).agent)


def _first_agent(definition: CentreDefinition) -> AgentDefinition:
    return min(definition.agents.values(), key=lambda each: each.agent)


async def _dial(phones: Softphones, settings: Settings, number: str) -> SoftphoneCall:
    from ivr_engine.adapters.softphone.lines import Line

    caller = await phones.connect(Line(number=CALLER, pbx=f"{settings.bind}:{settings.sip_port}"))
    call = await caller.dial(number)
    await call.answered()
    return call


async def _hear_and_press(caller: SoftphoneCall, keys: str) -> None:
    """As a patient caller does: hear the prompt out, then press."""
    await caller.falls_quiet(STEP_MS)
    await caller.press(keys)


async def _report(running: Engine, call: CallId, caller: SoftphoneCall, tell: Tell) -> None:
    """What the caller's telephone measured, and whether the call was what the demo promises."""
    from ivr_engine.core.outcomes import Disposition

    heard = caller.heard
    tell(f"==> the caller's telephone heard {len(heard.bursts)} stretches of sound, {heard.sound / 1000:.1f} s in all")
    await running.store.flush()
    record = running.store.get(call)
    if record is None or record.disposition is not Disposition.ANSWERED_AGENT or not record.answers:
        found = record.disposition if record else "no record"
        raise EngineError(f"the demo call should reach an agent and leave an answer, but: {found}. ivr-engine doctor")
