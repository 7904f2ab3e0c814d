"""A steady load: every kind of caller comes at a rate of its own and leaves again, at sixty parts of what the agents can bear."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from ivr_engine.adapters.store import open_reader
from ivr_engine.core.events import ConversationBegan, ConversationEnded, OfferEnded, OfferMade, Recorded
from ivr_engine.core.ids import AgentId, Instant
from tests.nemesis import bank
from tests.nemesis.stand import PASSING, PIN, People, Stand
from tests.system import sipp

PEOPLE = People(menu=0, secret=0, story=0, request=0, counter=20, desk=8, line=0)
"""Ten agents at the counter, eight at the desk."""

RING_MS, COUNTER_TALK_MS, DESK_TALK_MS = 1_500, 2_000, 30_000
ANSWERS = {
    "desk": sipp.answer(after=RING_MS, talk=DESK_TALK_MS),
    "counter": sipp.answer(after=RING_MS, talk=COUNTER_TALK_MS),
    "line": sipp.answer(talk=200),
}
PER_S = 100
PATIENCE_MS = 60_000
AT_ONCE = 60
"""More of one kind are not on the line at a time."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Callers of one kind. `rate`: new ones in 100 s."""

    name: str
    number: str
    rate: int
    steps: Sequence[str]

    @property
    def digits(self) -> str:
        """The beginning of their telephone numbers."""
        return f"139{NAMES.index(self.name)}"


NAMES = ("menu", "secret", "story", "request", "counter", "desk")
BUSY = 0.6
# An agent of the counter is held 1.5 + 2 s and has 1 s of wrap-up, one of the desk 1.5 + 30 s; some tenths go by between.
COUNTER_RATE = round(BUSY * PER_S * 10 / 4.7)
DESK_RATE = round(BUSY * PER_S * 8 / 31.7)
STREAMS = (
    *(Stream(name=name, number=PASSING[name][0], rate=50, steps=PASSING[name][1]) for name in ("menu", "story", "request")),
    Stream(
        name="secret",
        number=bank.SECRET,
        rate=50,
        steps=(sipp.hear(1_200), sipp.press(PIN), sipp.hear_between(500, 8_000), sipp.hang_up()),
    ),
    Stream(name="counter", number=bank.COUNTER, rate=COUNTER_RATE, steps=(sipp.far_hang_up(PATIENCE_MS),)),
    Stream(name="desk", number=bank.DESK, rate=DESK_RATE, steps=(sipp.far_hang_up(2 * PATIENCE_MS),)),
)


@dataclass
class Load:
    """Who comes and goes at a stand."""

    stand: Stand
    crowds: list[sipp.Crowd] = field(default_factory=list)
    came: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)

    async def ends(self) -> None:
        """No new callers; returns when everybody has left and every call has its record."""
        for crowd in self.crowds:
            run = await crowd.comes_to_its_end()
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
        for crowd, stream in zip(self.crowds, STREAMS, strict=True):
            ours = [number for number in numbers if number.startswith(stream.digits)]
            answered = crowd.dialogues()
            if len(ours) != len(set(ours)) or len(ours) < answered:
                wrong.append(f"I3 {crowd.name}: {answered} calls answered, {len(ours)} records of {len(set(ours))} callers")
        return wrong


@asynccontextmanager
async def steady_load(stand: Stand) -> AsyncIterator[Load]:
    """Callers of every kind come while the block runs. The telephones are registered by whoever harms."""
    load = Load(stand)
    async with AsyncExitStack() as stack:
        for stream in STREAMS:
            crowd = sipp.crowd(
                stream.name, to=stream.number, pbx=stand.site.address, folder=stand.site.folder, steps=stream.steps,
                digits=stream.digits, at_once=AT_ONCE, rate=stream.rate, per_s=PER_S,
            )  # fmt: skip
            load.crowds.append(await stack.enter_async_context(crowd))
        yield load


def busy_share(journal: Sequence[Recorded], agents: int, wrap_up_ms: int = 1_000) -> float:
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
                held += each.at - since.pop(agent, each.at) + (wrap_up_ms if agent.startswith("2") else 0)
    return held / ((times[-1] - times[0]) * agents) if times else 0.0
