"""What a caller's session does besides playing, listening and joining: it records, and it lets a script take over."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from ivr_engine.adapters.asterisk.agi_codec import Reply
from ivr_engine.adapters.asterisk.agi_session import AgiSession, Gone
from ivr_engine.core.ids import Millis
from ivr_engine.errors import SwitchError
from ivr_engine.flows.waits import CallerGone, RecordWait, ScriptOver, ScriptWait

SLACK_S = 10.0
ASK_LIMIT_S = 5.0
SAMPLES_PER_MS = 8
_SCRIPT = re.compile(r"[A-Za-z0-9_./:-]{1,200}")
_ARGUMENT = re.compile(r"[A-Za-z0-9.@+*#:/_-]{0,80}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


async def record_voice(session: AgiSession, wait: RecordWait, path: Path) -> Millis:
    """Record to `path`, a WAV file; how long the recording is. A caller who hangs up ends it like any other end.

    Without an offset the sixth value would be taken for a beep, whose file the switch may not have (res_agi, RECORD FILE).
    """
    began = asyncio.get_running_loop().time()
    reply = await session.command(
        "RECORD FILE",
        str(path.with_suffix("")),
        "wav",
        wait.end_key,
        str(wait.longest),
        "0",
        f"s={max(1, round(wait.silence / 1000))}",
        limit=wait.longest / 1000 + SLACK_S,
    )
    if isinstance(reply, Gone):  # the notice came before the answer, which then never comes
        return Millis(min(wait.longest, round((asyncio.get_running_loop().time() - began) * 1000)))
    if reply.code != 200 or reply.endpos is None:
        raise SwitchError(f"the switch refused to record ({reply.code})")
    if reply.result == "-1":
        session.note_gone()
    return Millis(reply.endpos // SAMPLES_PER_MS)


async def run_script(session: AgiSession, wait: ScriptWait) -> ScriptOver | CallerGone:
    """Run the script and read what it set.

    Raises:
        SwitchError: also when script, argument or variable hold characters that would end them; nothing runs then.
    """
    parts = ((_SCRIPT, (wait.run,)), (_ARGUMENT, wait.arguments), (_VARIABLE, wait.read))
    if not all(pattern.fullmatch(each) for pattern, texts in parts for each in texts):
        raise SwitchError(f"script {wait.script}: its name, arguments and variables may not hold such characters")
    ran = await session.command("EXEC", "AGI", ",".join((wait.run, *wait.arguments)), limit=wait.timeout / 1000)
    if isinstance(ran, Gone):
        return CallerGone()
    status = await _variable(session, "AGISTATUS")
    if status != "SUCCESS":
        return CallerGone() if session.gone.done() else ScriptOver(done=False, values={})
    return ScriptOver(done=True, values={name: await _variable(session, name) for name in wait.read})


async def _variable(session: AgiSession, name: str) -> str:
    reply = await session.command("GET VARIABLE", name, limit=ASK_LIMIT_S)
    return reply.data if isinstance(reply, Reply) and reply.result == "1" else ""
