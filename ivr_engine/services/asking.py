"""What a call asks of the outside while its caller waits: services and the verifier.

Who leaves meanwhile is let go at once, but the question is seen through: it may be moving money. Its answer stands in the
journal after the call's end, and no flow goes on with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from ivr_engine.flows.nodes.serving import answered
from ivr_engine.flows.session import Session
from ivr_engine.flows.waits import CallerGone, Reply, RequestWait, Responded, VerifyWait
from ivr_engine.ports.lookup import Lookup
from ivr_engine.ports.switch import CallControl
from ivr_engine.services.recorder import Recorder
from ivr_engine.services.verifier import Verifier

T = TypeVar("T")


class Asking:
    """Asks, with an ear to the line."""

    def __init__(self, *, lookup: Lookup, verifier: Verifier, recorder: Recorder) -> None:
        self._lookup = lookup
        self._verifier = verifier
        self._recorder = recorder

    async def ask(
        self, wait: RequestWait | VerifyWait, session: Session, control: CallControl, *, left: Callable[[], None]
    ) -> tuple[Reply, str]:
        """The answer, and the keys pressed meanwhile; CallerGone, and `left` was called the moment the caller had left."""
        async with _under_way(self._answer(wait)) as answer:
            heard = await control.listen_during(answer)
            if not isinstance(heard, CallerGone):
                return heard
            left()
            self._note(session, wait, await answer)
            return heard, ""

    async def _answer(self, wait: RequestWait | VerifyWait) -> Reply:
        if isinstance(wait, VerifyWait):
            return await self._verifier.verify(wait)
        return await self._lookup.ask(service=wait.service, operation=wait.operation, send=wait.send, limit=wait.timeout)

    def _note(self, session: Session, wait: RequestWait | VerifyWait, reply: Reply) -> None:
        if isinstance(wait, RequestWait) and isinstance(reply, Responded):
            call, node = session.facts.call, session.node
            self._recorder.record(answered(call, node, reply, service=wait.service, operation=wait.operation))


@asynccontextmanager
async def _under_way(work: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """The work, begun; whoever leaves the block early, by an error or because the engine ends, ends it."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group.create_task(work)
    except BaseExceptionGroup as raised:
        raise raised.exceptions[0] from raised.exceptions[0].__cause__
