"""What the journal costs: events a second onto the disk, and how much longer a turn takes because it is recorded.

    python -m benchmarks.journal

*Events*: the facts of whole calls (24 events each, and a record at the end) are appended to a store on this machine's disk;
the clock stops when `flush` says that all of it is there. The baseline, measured in the same run, is SQLite alone: the same
rows, as text made beforehand, by `executemany` in transactions of the same size, with the same guarantees (WAL,
synchronous=FULL). `ratio` is the engine's rate over the baseline's; `goal` is the 20,000 events/s that the project asks for,
over the baseline's.

*Turn*: a peer in a process of its own sends a caller's reply over a loopback socket and waits for the engine's next
instruction: what a turn is on the line, without the switch's own time. There are 500 turns a second. The same is done with a
journal that keeps nothing; the medians' ratio is to stay at or below 1.2.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.flow_turns import DEFINITION, REPLIES
from ivr_engine.adapters.store import Pace, SqlStore
from ivr_engine.adapters.store.rows import Row, journal_row, to_json
from ivr_engine.cdr.open_calls import OpenCalls
from ivr_engine.core.events import CallArrived, CallEnded, Event, Recorded
from ivr_engine.core.ids import CallId, Instant
from ivr_engine.core.outcomes import EndedBy
from ivr_engine.flows.engine import begin, resume
from ivr_engine.flows.session import CallFacts
from ivr_engine.services.recorder import Recorder
from ivr_engine.testing.builders import MAIN
from ivr_engine.testing.clock import START, ManualClock
from ivr_engine.testing.memory import MemoryStore

WANTED = 20_000  # events a second
TURN_LIMIT = 1.2
CALLS = 5_000
ROUNDS = 3  # the best counts, the others met the machine's other work
TURNS = 1_500
PAUSE = 0.002  # seconds between turns: 500 a second


def call_events(call: CallId) -> list[Event]:
    """All that happens in one call."""
    facts = CallFacts(call=call, number="95500", caller="13800138000", caller_name="", arrived=START)
    turn = begin(DEFINITION, facts, MAIN, START)
    events: list[Event] = [CallArrived(call=call, number="95500", caller="13800138000"), *turn.events]
    for reply in REPLIES:
        turn = resume(DEFINITION, turn.session, reply, START)
        events += turn.events
    return [*events, CallEnded(call=call, ended_by=EndedBy.CALLER)]


async def engine_rate(calls: Sequence[list[Event]], folder: Path) -> float:
    """Events a second from the first append to the last on disk, records included."""
    async with SqlStore(folder / "engine.sqlite3", spool=folder / "engine.spool", spool_size=1_048_576) as store:
        open_calls = OpenCalls()
        began = perf_counter()
        for events in calls:
            for recorded in store.append(events, START):
                if record := open_calls.apply(recorded):
                    store.save(record)
            await asyncio.sleep(0)
        await store.flush()
        took = perf_counter() - began
    return sum(len(events) for events in calls) / took


def sqlite_rate(rows: Sequence[Row], folder: Path) -> float:
    """Rows a second of SQLite alone."""
    plain = [(r["sequence"], r["at_ms"], r["type"], r["call"], r["agent"], to_json(r["body"])) for r in rows]
    connection = sqlite3.connect(folder / "plain.sqlite3", isolation_level=None)
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "CREATE TABLE journal (sequence INTEGER PRIMARY KEY, at_ms BIGINT, type TEXT, call TEXT, agent TEXT, body JSON)",
        "CREATE INDEX journal_call ON journal (call, sequence)",
        "CREATE INDEX journal_agent ON journal (agent, sequence)",
        "CREATE INDEX journal_type ON journal (type, sequence)",
    ):
        connection.execute(statement)
    began = perf_counter()
    size = Pace().most
    for first in range(0, len(plain), size):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", plain[first : first + size])
        connection.execute("COMMIT")
    took = perf_counter() - began
    connection.close()
    return len(plain) / took


class _Forgets(MemoryStore):
    """A journal that keeps nothing."""

    def append(self, events: Sequence[Event], at: Instant) -> tuple[Recorded, ...]:
        return tuple(Recorded(sequence=1, at=at, event=event) for event in events)


PEER = """
import socket, sys, time
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for _ in range(int(sys.argv[2])):
    time.sleep(float(sys.argv[3]))
    began = time.perf_counter()
    line.sendall(b"reply")
    line.recv(64)
    print(time.perf_counter() - began)
"""


async def turn_times(store: SqlStore | MemoryStore) -> list[float]:
    """Seconds from a reply sent to the next instruction received."""
    recorder = Recorder(journal=store, records=store, clock=ManualClock())
    server = await asyncio.start_server(lambda reader, writer: _take_turns(reader, writer, recorder), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        peer = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PEER, str(port), str(TURNS), str(PAUSE), stdout=asyncio.subprocess.PIPE
        )
        out, _ = await peer.communicate()
    return [float(line) for line in out.split()]


async def _take_turns(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recorder: Recorder) -> None:
    number = 0
    while True:
        number += 1
        call = CallId(f"c.{number}")
        recorder.record(CallArrived(call=call, number="95500", caller="13800138000"))
        facts = CallFacts(call=call, number="95500", caller="13800138000", caller_name="", arrived=START)
        turn = begin(DEFINITION, facts, MAIN, START)
        recorder.record(*turn.events)
        for reply in REPLIES:
            if not await reader.read(64):
                writer.close()
                return
            turn = resume(DEFINITION, turn.session, reply, START)
            recorder.record(*turn.events)
            writer.write(b"next")
        recorder.record(CallEnded(call=call, ended_by=EndedBy.CALLER))


async def measure_turns(folder: Path) -> tuple[float, float]:
    """Median turn with the journal and without, in turns; the best of the rounds."""
    on, off = [], []
    for number in range(ROUNDS):
        async with SqlStore(folder / f"turns{number}.sqlite3") as store:
            on.append(statistics.median(await turn_times(store)))
        off.append(statistics.median(await turn_times(_Forgets())))
    return min(on), min(off)


def _best(measure: Callable[[Path], float]) -> float:
    rates = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            rates.append(measure(Path(folder)))
    return max(rates)


def main() -> None:
    """Measure and print."""
    calls = [call_events(CallId(f"c.{number}")) for number in range(CALLS)]
    facts = [event for events in calls for event in events]
    rows = [journal_row(Recorded(sequence=n, at=START, event=event)) for n, event in enumerate(facts, start=1)]
    bare = _best(lambda folder: sqlite_rate(rows, folder))
    rate = _best(lambda folder: asyncio.run(engine_rate(calls, folder)))
    print(f"{len(rows):,} events of {CALLS:,} calls")
    print(f"SQLite alone       {bare:>10,.0f} events/s")
    print(f"engine, on disk    {rate:>10,.0f} events/s, with {rate * CALLS / len(rows):,.0f} records/s; wanted {WANTED:,}")
    with tempfile.TemporaryDirectory() as folder:
        on, off = asyncio.run(measure_turns(Path(folder)))
    print(f"turn, journal on   {on * 1e6:>10,.0f} us")
    print(f"turn, journal off  {off * 1e6:>10,.0f} us; on/off {on / off:.2f}, wanted {TURN_LIMIT} or less")
    ratio, goal = rate / bare, WANTED / bare
    print(f"journal ratio={ratio:.3f} goal={goal:.3f} {'met' if ratio >= goal else 'short'}")


if __name__ == "__main__":
    main()
