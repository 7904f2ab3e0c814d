"""Routing policies side by side on one bank-like centre, as the engine's own rules express them.

General, card, VIP and English callers (G, C, V, E); 48 agents in five groups. A group's level 1 is what it is for; levels
are turned round here, since the engine's best level is the highest. The published figures are simulations too: `margin` is
the half width of their 95 % confidence interval of the service level over all callers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ivr_engine.acd.agents import AgentProfile
from ivr_engine.acd.queues import STRICTLY, QueuePolicy, RelaxStep
from ivr_engine.acd.rules import CentreRules
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import AgentId, Millis, QueueName, SkillName
from ivr_engine.metrics.confidence import Estimate
from ivr_engine.metrics.occupancy import gini
from ivr_engine.metrics.visits import Tally, total
from ivr_engine.testing.day.callers import CallerKind, Traffic
from tests.theory.experiment import Batch, Setting, agents, batches, exponential, figure, occupancy, steady

BEST = 9
PER_MINUTE = {"G": 6.0, "C": 3.0, "V": 0.8, "E": 0.2}
TALK = {"G": 4.0, "C": 5.0, "V": 5.0, "E": 6.0}
PATIENCE = 4.0
GROUPS: tuple[tuple[str, int, Mapping[str, int]], ...] = (
    ("g1-", 20, {"G": 1}),
    ("g2-", 11, {"C": 1}),
    ("g3-", 8, {"G": 1, "C": 1}),
    ("g4-", 6, {"V": 1, "G": 2, "C": 2}),
    ("g5-", 3, {"E": 1, "V": 2, "G": 3, "C": 3}),
)
STATIC = {"V": 3, "E": 2, "C": 1, "G": 0}
KEPT = {"V": SkillName("for_vip"), "E": SkillName("for_english")}
"""Marks the groups 4 and 5, so that a reserve can be kept in each: those callers, and no others, ask for the mark."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A row of the panel. `levels`: published service level of all callers, then of G, C, V, E."""

    name: str
    strategy: str
    levels: tuple[float, float, float, float, float]
    margin: float = 0.008
    call_rule: str = "place"
    priority: Mapping[str, int] = field(default_factory=dict)
    rate: Mapping[str, int] = field(default_factory=dict)
    share: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[int, ...] = ()
    reserve: int = 0


LEAST = "least_skilled"
CHANCE = Policy(name="by chance", strategy="by_chance", levels=(0.808, 0.862, 0.845, 0.423, 0.171))
"""The row of the published panel that no rule of the engine is: see `experiment.chance_decides`."""

PANEL = (
    Policy(name="longest idle", strategy="longest_idle", levels=(0.816, 0.866, 0.847, 0.476, 0.211)),
    Policy(name="most idle", strategy="most_idle", levels=(0.825, 0.865, 0.850, 0.555, 0.312)),
    Policy(name="level", strategy="best_skill", call_rule="level", levels=(0.823, 0.854, 0.841, 0.624, 0.403)),
    Policy(name="least skilled", strategy=LEAST, levels=(0.829, 0.864, 0.853, 0.588, 0.383)),
    Policy(
        name="least skilled, accumulating",
        strategy=LEAST,
        call_rule="accumulating",
        rate={"G": 1, "C": 1, "V": 4, "E": 4},
        levels=(0.826, 0.859, 0.846, 0.618, 0.386),
    ),
    Policy(
        name="least skilled, queue shares",
        strategy=LEAST,
        call_rule="share",
        share={"G": 55, "C": 35, "V": 6, "E": 4},
        levels=(0.831, 0.863, 0.855, 0.610, 0.402),
    ),
    Policy(
        name="least skilled, strict priority",
        strategy=LEAST,
        priority=STATIC,
        levels=(0.832, 0.843, 0.887, 0.660, 0.389),
        margin=0.017,
    ),
    Policy(
        name="levels after 10 and 20 s, strict priority",
        strategy="best_skill",
        priority=STATIC,
        steps=(10, 20),
        levels=(0.826, 0.835, 0.865, 0.690, 0.497),
        margin=0.017,
    ),
    Policy(
        name="levels after 20 and 40 s, strict priority",
        strategy="best_skill",
        priority=STATIC,
        steps=(20, 40),
        levels=(0.790, 0.792, 0.824, 0.700, 0.597),
    ),
    Policy(
        name="reserve 1, least skilled, strict priority",
        strategy=LEAST,
        priority=STATIC,
        reserve=1,
        levels=(0.787, 0.772, 0.833, 0.726, 0.767),
    ),
    Policy(
        name="reserve 2, least skilled, strict priority",
        strategy=LEAST,
        priority=STATIC,
        reserve=2,
        levels=(0.744, 0.715, 0.787, 0.771, 0.873),
    ),
)


def setting(policy: Policy, minutes: float) -> Setting:
    return Setting(
        queues=[_queue(policy, name) for name in PER_MINUTE],
        staff=[agent for prefix, number, levels in GROUPS for agent in _group(policy, prefix, number, levels)],
        traffic=[_traffic(policy, name, minutes) for name in PER_MINUTE],
        rules=CentreRules(
            call_rule=policy.call_rule, reserve=dict.fromkeys(KEPT.values(), policy.reserve) if policy.reserve else {}
        ),
    )


def _queue(policy: Policy, name: str) -> QueuePolicy:
    steps = tuple(
        RelaxStep(after=Millis(1000 * after), lower={SkillName(name): BEST - place})
        for place, after in enumerate(policy.steps, start=1)
    )
    return QueuePolicy(
        name=QueueName(name),
        wrap_up=Millis(0),
        strategy=policy.strategy,
        priority_worth=STRICTLY,
        rate=policy.rate.get(name, 1),
        share=policy.share.get(name, 0),
        relax=steps,
    )


def _group(policy: Policy, prefix: str, number: int, levels: Mapping[str, int]) -> list[AgentProfile]:
    skills = {SkillName(name): BEST + 1 - level for name, level in levels.items()}
    first = next(iter(levels))
    if policy.reserve and first in KEPT:
        skills[KEPT[first]] = BEST
    return agents(prefix, number, *levels, skills=skills)


def _traffic(policy: Policy, name: str, minutes: float) -> Traffic:
    needs = (SkillNeed(skill=SkillName(name), level=BEST if policy.steps else 1),)
    kind = CallerKind(
        name=name,
        queue=QueueName(name),
        talk=exponential(1 / TALK[name]),
        patience=exponential(1 / PATIENCE),
        needs=needs,
        priority=policy.priority.get(name, 0),
        prefers=(SkillNeed(skill=KEPT[name], level=1),) if policy.reserve and name in KEPT else (),
    )
    return steady(kind, PER_MINUTE[name], minutes)


IN_TIME = Millis(20_000)


def level(tally: Tally) -> float:
    """Answered within 20 s / all who were answered or gave up.

    Callers whose 20 s are over are offered to more agents, so many are answered after exactly 20 s. The published
    simulation kept time in floating point, where rounding lets half of those count as within; so half of them do here.
    """
    at_most, below = (tally.counts(span).answered_in_time for span in (IN_TIME, Millis(IN_TIME - 1)))
    return (at_most + below) / 2 / (tally.answered + tally.abandoned)


def levels(found: Sequence[Batch]) -> tuple[Estimate, ...]:
    """Of all callers, then of G, C, V, E, as in `Policy.levels`."""

    def of(queue: str) -> Estimate:
        return figure(found, lambda batch: level(total(t for (name, _), t in batch.by_kind.items() if name == queue)))

    return figure(found, lambda batch: level(batch.everybody)), *map(of, PER_MINUTE)


def run(policy: Policy, callers: int) -> list[Batch]:
    """So many callers measured, in twenty batches, after a twentieth of as many that are not."""
    minutes = callers / sum(PER_MINUTE.values())
    return batches(setting(policy, minutes * 1.06), warm_up=minutes / 20, batch=minutes / 20, number=20)


def row(policy: Policy, found: Sequence[Batch]) -> str:
    """For people: service levels (published in brackets), who gave up, utilisation by group, its Gini coefficient."""
    shown = "  ".join(
        f"{each.mean:.3f} ({published:.3f})" for each, published in zip(levels(found), policy.levels, strict=True)
    )
    whole = total(batch.everybody for batch in found)
    groups = " ".join(f"{sum(occupancy(batch, prefix) for batch in found) / len(found):.2f}" for prefix, _, _ in GROUPS)
    uneven = gini([_share(found, agent) for agent in found[0].work.agents()])
    gave_up = 100 * whole.abandoned / whole.offered
    return f"{policy.name:<42}{shown}  gave up {gave_up:.1f} %  {groups}  Gini {uneven:.4f}"


def _share(found: Sequence[Batch], agent: AgentId) -> float:
    return sum(batch.work.agents()[agent].busy for batch in found)
