"""SIPp as the load: a scenario of benchmarks/scenarios/, run in a folder of its own, and what it counted."""

from __future__ import annotations

import asyncio
import csv
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rig import free_port
from ivr_engine.errors import SetupError

SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Counted:
    """Calls that went as the scenario says, and calls that did not."""

    succeeded: int
    failed: int

    @property
    def failures(self) -> float:
        """The share of calls that failed, 0 to 1; 1 when there were none at all."""
        total = self.succeeded + self.failed
        return self.failed / total if total else 1.0


async def run(
    scenario: str, options: Sequence[str], *, sip: str, folder: Path, limit_s: float, port: int | None = None
) -> Counted:
    """Run a scenario to its end.

    Raises:
        SetupError: SIPp is missing, or not done within `limit_s`.
    """
    async with started(scenario, (*options, sip), folder=folder, port=port) as process:
        try:
            async with asyncio.timeout(limit_s):
                await process.wait()
        except TimeoutError as error:
            raise SetupError(f"SIPp was not done with {scenario} within {limit_s:g} s; is this machine busy?") from error
    rows = list(csv.DictReader((folder / f"{scenario}.csv").read_text(encoding="utf-8").splitlines(), delimiter=";"))
    if not rows:
        raise SetupError(f"SIPp counted nothing in {scenario}: {(folder / 'sipp.log').read_text(encoding='utf-8')[-500:]}")
    return Counted(succeeded=int(rows[-1]["SuccessfulCall(C)"]), failed=int(rows[-1]["FailedCall(C)"]))


@asynccontextmanager
async def started(
    scenario: str, options: Sequence[str], *, folder: Path, port: int | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """SIPp while the block runs."""
    program = shutil.which("sipp")
    if program is None:
        raise SetupError("SIPp is missing: apt-get install sip-tester")
    _make_room(folder, scenario)
    place = ("-i", "127.0.0.1", "-p", str(port or free_port()), "-mp", str(free_port() & ~3))
    counts = ("-trace_stat", "-stf", f"{scenario}.csv", "-fd", "1")
    with (folder / "sipp.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            program, "-sf", str(SCENARIOS / f"{scenario}.xml"), "-nostdin", *place, *counts, *options,
            cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _make_room(folder: Path, scenario: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{scenario}.csv").unlink(missing_ok=True)
