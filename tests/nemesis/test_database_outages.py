"""The database is locked, gone or hung under callers in every state: calls go on, and afterwards nothing is missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import pytest

from tests.nemesis.conftest import TIMES, Stands
from tests.nemesis.harms import locked
from tests.nemesis.killing import harm_again_and_again, told
from tests.nemesis.stand import People, Stand
from tests.postgresql import Server, gone

pytestmark = pytest.mark.system

FEW = People()
MORE = People(menu=4, secret=3, story=3, request=2, counter=4, desk=6, line=8)
OUTAGES: Mapping[str, Callable[[Stand, Server], AbstractContextManager[None]]] = {
    "locked": lambda stand, _server: locked(stand),
    "gone": lambda _stand, server: gone(server),
    "hung": lambda _stand, server: server.stalled(),
}
LIMIT_S = 40.0
POLL_S = 0.1
LEAST_SERVED = 2
"""An outage goes on until so many calls have ended in it."""


@dataclass
class Outages:
    """What is done to the database of a stand. `served`: calls that ended while it failed; `late`: the engine, in ms."""

    stand: Stand
    server: Server
    kind: str
    served: int = 0
    late: list[int] = field(default_factory=list)

    async def strike(self) -> None:
        """One outage, from its beginning until the engine is well again."""
        outage = OUTAGES[self.kind](self.stand, self.server)
        await asyncio.to_thread(outage.__enter__)
        try:
            await self._store_is("failing")
            await self._goes_on()
        finally:
            await asyncio.to_thread(outage.__exit__, None, None, None)
        await self._store_is("healthy")

    async def _goes_on(self) -> None:
        """Callers come and go while nothing can be written."""
        deadline, before = time.monotonic() + LIMIT_S, self._ended()
        while (served := self._ended() - before) < LEAST_SERVED:
            assert time.monotonic() < deadline, f"seed {self.stand.seed}: nobody is served while the store fails"
            await self._look()
        self.served += served

    async def _store_is(self, wanted: str) -> None:
        deadline = time.monotonic() + LIMIT_S
        while (await self._look() == "healthy") != (wanted == "healthy"):
            assert time.monotonic() < deadline, f"seed {self.stand.seed}: the store is not {wanted}"

    async def _look(self) -> str:
        """How the store is; another process, which announces nothing."""
        status = await self.stand.site.ask("status")
        self.late.append(status["lag_ms"])
        await asyncio.sleep(POLL_S)
        return str(status["store"])

    def _ended(self) -> int:
        """Calls that are over, by the engine's log: the journal cannot be read now."""
        return self.stand.site.log.read_text(encoding="utf-8").count(" call_ended ")


@pytest.mark.parametrize("kind", sorted(OUTAGES))
@pytest.mark.parametrize(
    ("people", "times"),
    [(FEW, 1), pytest.param(MORE, 20 * TIMES, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])],
    ids=["few", "many"],
)
async def test_callers_do_not_notice_that_the_database_fails(
    stand_for: Stands, postgresql_server: Server, people: People, times: int, kind: str
) -> None:
    url = "" if kind == "locked" else postgresql_server.new_database()
    stand = await asyncio.to_thread(stand_for, people, database_url=url)
    outages = Outages(stand, postgresql_server, kind)
    found = await harm_again_and_again(stand, outages.strike, times=times)
    print(f"{told(stand)} served in {times} outages: {outages.served}, most late {max(outages.late)} ms")  # noqa: T201 - what a soak did is its result
    assert not found, "\n".join([told(stand), *found])
