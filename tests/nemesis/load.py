"""A steady load: callers of every kind come at a rate and leave again, at six tenths of what the agents can bear."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from ivr_engine.adapters.store import open_reader
from ivr_engine.core.events import ConversationBegan, ConversationEnded, OfferEnded, OfferMade, Recorded
from ivr_engine.core.ids import AgentId, Instant
from tests.nemesis import bank
from tests.nemesis.stand import PASSING, People, Stand
from tests.system import sipp

PEOPLE = People(menu=0, secret=0, story=0, request=0, counter=20, desk=8, line=0)
"""Ten agents at the counter, eight at the desk."""

RING_MS, COUNTER_TALK_MS, WRAP_UP_MS = 1_500, 2_000, 1_000
BETWEEN_MS = 200
"""What goes by between two steps of a call with an agent, about."""

PER_S = 100
PATIENCE_MS = 60_000
LAST_LEAVES_S = 240.0
AT_ONCE = 60
"""More of one kind are not on the line at a time."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Callers of one kind. `rate`: new ones in 100 s; `digits`: how their telephone numbers begin."""

    name: str
    number: str
    rate: int
    steps: Sequence[str]
    digits: str


def answers(desk_talk_ms: int) -> dict[str, str]:
    """What the telephones of each queue do."""
    return {
        "desk": sipp.answer(after=RING_MS, talk=desk_talk_ms),
        "counter": sipp.answer(after=RING_MS, talk=COUNTER_TALK_MS),
        "line": sipp.answer(talk=200),
    }


def streams(desk_talk_ms: int) -> tuple[Stream, ...]:
    """Everybody who comes; those who want an agent as often as keeps the agents busy for `BUSY` of their time."""
    counter = RING_MS + COUNTER_TALK_MS + WRAP_UP_MS + BETWEEN_MS
    desk = RING_MS + desk_talk_ms + BETWEEN_MS
    agents = {
        "counter": (bank.COUNTER, _rate(PEOPLE.counter // 2, counter), PATIENCE_MS),
        "desk": (bank.DESK, _rate(PEOPLE.desk, desk), PATIENCE_MS + desk_talk_ms),
    }
    return (
        *(
            Stream(name=name, number=PASSING[name][0], rate=50, steps=PASSING[name][1], digits=f"139{number}")
            for number, name in enumerate(("menu", "secret", "story", "request"))
        ),
        *(
            Stream(name=name, number=number, rate=rate, steps=(sipp.far_hang_up(most),), digits=f"1398{len(name)}")
            for name, (number, rate, most) in agents.items()
        ),
    )


def _rate(agents: int, held_ms: int) -> int:
    return round(BUSY * PER_S * agents * 1_000 / held_ms)


BUSY = 0.6


@dataclass
class Load:
    """Who comes and goes at a stand."""

    stand: Stand
    streams: Sequence[Stream]
    crowds: list[sipp.Crowd] = field(default_factory=list)
    came: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)

    async def ends(self) -> None:
        """No new callers; returns when everybody has left and every call has its record."""
        for crowd in self.crowds:
            crowd.lets_nobody_come()
        for crowd in self.crowds:
            run = await crowd.is_through(within_s=LAST_LEAVES_S)
            self.came += run.succeeded + run.failed
            self.failed += run.failed
            if run.failed:
                self.errors.append(f"{crowd.name}: {run.failed} failed: {run.errors[:300]}")
        await self.stand.quiet()

    def unaccounted(self) -> list[str]:
        """I3 from outside: each caller whose call was answered has exactly one record."""
        with open_reader(self.stand.site.settings.database) as reader:
            numbers = [record.caller for record in reader.find()]
        wrong = []
        for crowd, stream in zip(self.crowds, self.streams, strict=True):
            ours = [number for number in numbers if number.startswith(stream.digits)]
            answered = crowd.dialogues()
            if len(ours) != len(set(ours)) or len(ours) < answered:
                wrong.append(f"I3 {crowd.name}: {answered} calls answered, {len(ours)} records of {len(set(ours))} callers")
        return wrong


@asynccontextmanager
async def steady_load(stand: Stand, *, desk_talk_ms: int) -> AsyncIterator[Load]:
    """The agents' telephones are up, and callers of every kind come, while the block runs."""
    load = Load(stand, streams(desk_talk_ms))
    async with AsyncExitStack() as stack:
        await stand.telephones(stack, answers(desk_talk_ms))
        for stream in load.streams:
            crowd = sipp.crowd(
                stream.name, to=stream.number, pbx=stand.site.address, folder=stand.site.folder, steps=stream.steps,
                digits=stream.digits, at_once=AT_ONCE, rate=stream.rate, per_s=PER_S,
            )  # fmt: skip
            load.crowds.append(await stack.enter_async_context(crowd))
        yield load


def busy_share(journal: Sequence[Recorded], agents: int) -> float:
    """Which part of the agents' time was rung, talked or wrapped up, from the first offer to the last parting."""
    since: dict[AgentId, Instant] = {}
    held = 0
    times = [each.at for each in journal if isinstance(each.event, OfferMade | ConversationEnded)]
    for each in journal:
        match each.event:
            case OfferMade(agent=agent) | ConversationBegan(agent=agent):
                since[agent] = each.at
            case OfferEnded(agent=agent):
                held += each.at - since.pop(agent, each.at)
            case ConversationEnded(agent=agent):
                held += each.at - since.pop(agent, each.at) + (WRAP_UP_MS if agent.startswith("2") else 0)
    return held / ((times[-1] - times[0]) * agents) if times else 0.0
