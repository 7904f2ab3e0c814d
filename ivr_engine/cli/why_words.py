"""The decisions of the centre in a supervisor's words: who was offered what, by which rule, and why others were not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from ivr_engine.cli.cdr_text import local, span
from ivr_engine.core.events.acd import Candidate, Exclusion, PassedOver, SkillNeed
from ivr_engine.core.ids import VOICE, Instant, Millis, WorkKind

UNMEASURED = 10**9
"""What `fastest` compares of somebody without conversations, nor a length of them in agents.yaml."""

NAMED = 4
"""How many agents a line names; `--json` names them all."""

NAMED_BY_AGENT = "transfer"
"""The rule of an offer for which nobody was compared."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "lacks_skill": "without the skill {}",
        "level_too_low": "with {} below the level asked",
        "speaks_not": "not speaking {}",
        "tried_already": "free, but the telephone failed with this caller just now",
        "logged_out": "logged out",
        "paused": "paused ({})",
        "offered": "being rung",
        "talking": "talking",
        "wrap_up": "in wrap-up",
        "waits_for": "free, but the caller waits for {}",
        "reserved": "free, but kept for {}",
        "full": "with {} of that kind in hand, as much as they take",
    }
)
"""A reason code's words; `{}` is what follows the colon of the code. docs/acd.md explains each."""

KEYS: Mapping[str, Callable[[int], str]] = MappingProxyType(
    {
        "longest_idle": lambda key: f"idle for {seconds(key)}",
        "most_idle": lambda key: f"idle {key / 10_000:.1f} % of the time",
        "best_skill": lambda key: f"levels {key} in all",
        "least_skilled": lambda key: f"{-key} skills",
        "round_robin": lambda key: f"offer {-key} was the last" if key else "no offer yet",
        "fewest_calls": lambda key: f"{-key} calls",
        "top_down": lambda key: f"place {-key} in the list",
        "fastest": lambda key: f"talks for {seconds(-key)} on average" if key > -UNMEASURED else "nobody knows how fast",
    }
)
"""What a strategy compared of an agent, in words."""

CALL_KEYS: Mapping[str, Callable[[int], str]] = MappingProxyType(
    {
        "place": lambda key: f"counts as arrived {local(Instant(key))}",
        "accumulating": lambda key: f"waited {seconds(-key)}, times the rate of its queue",
        "share": lambda key: f"its queue {-key / 100:+.1f} callers from its share",
        "level": lambda key: f"levels {-key} in all",
    }
)
"""What a call rule compared of a waiting call, in words."""

WAIT_ENDS: Mapping[str, str] = MappingProxyType(
    {"time": "that was long enough", "unknown": "nobody of that name", "other_queues": "serves none of the queues asked"}
)
"""Why a call no longer waits for one agent, beside the reasons for which an agent is not eligible."""


def seconds(length: int) -> str:
    """Milliseconds: tenths of a second below a minute, minutes and seconds from there."""
    return f"{length / 1000:.1f} s" if length < 60_000 else span(Millis(length))


def reason_words(code: str) -> str:
    """The words of a reason code; a code without words stands as it is."""
    word, _, detail = code.partition(":")
    return REASONS[word].format(detail or "no reason given") if word in REASONS else code


def key_words(rule: str, key: int) -> str:
    """What the rule compared of one agent."""
    return KEYS[rule](key) if rule in KEYS else f"key {key}"


def wait_end_words(code: str) -> str:
    """Why a call no longer waits for the agent it wanted."""
    return WAIT_ENDS.get(code) or reason_words(code)


def skill_words(needs: Sequence[SkillNeed]) -> str:
    """Skills with their levels."""
    return ", ".join(f"{need.skill} at level {need.level} or higher" for need in needs)


def needs_words(needs: Sequence[SkillNeed], language: str) -> str:
    """What a caller needs of an agent."""
    return ", ".join([*([skill_words(needs)] if needs else []), f"language {language}"])


def step_words(step: int) -> str:
    """Which step of relaxation was in force; nothing where none was."""
    return f" at step {step}" if step else ""


def chosen_words(rule: str, candidates: Sequence[Candidate]) -> str:
    """Why the first candidate was taken."""
    if not candidates:
        return f"by rule {rule}"
    if rule == NAMED_BY_AGENT:
        return "because the agent who passed the caller on named them"
    first, others = candidates[0], candidates[1:]
    why = f"by rule {rule}: {_compared(rule, first, candidates)}"
    if not others:
        return f"{why}, the only one eligible"
    beaten = ", ".join(f"{each.agent} {_compared(rule, each, candidates)}" for each in others[:NAMED])
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    return f"{why}, first of {len(candidates)} eligible; after it {beaten}{more}"


def _compared(rule: str, one: Candidate, all_of_them: Sequence[Candidate]) -> str:
    """What was compared, in that order: preferred skills and work in hand where any, the key, on a tie idle time."""
    words = [key_words(rule, one.key)]
    if any(each.in_hand for each in all_of_them):
        words.insert(0, f"{one.in_hand} in hand")
    if any(each.preferred for each in all_of_them):
        words.insert(0, f"{one.preferred} of the preferred skills")
    alike = [each for each in all_of_them if _before_idle(each) == _before_idle(one)]
    if len(alike) > 1 and rule != "longest_idle":
        words.append(f"idle for {seconds(one.idle)}")
    return " and ".join(words)


def _before_idle(one: Candidate) -> tuple[int, int, int]:
    return one.preferred, one.in_hand, one.key


def kind_words(kind: WorkKind) -> str:
    """What kind of work it is, where it is no call."""
    return "" if kind == VOICE else f" as {kind}"


def passed_over_words(agent: str, rule: str, calls: Sequence[PassedOver]) -> list[str]:
    """The other calls that the agent could have taken, in one line; none where there were none."""
    if not calls:
        return []
    words = CALL_KEYS.get(rule, "key {}".format)
    named = "; ".join(f"{each.call} of {each.queue} ({words(each.key)})" for each in calls[:NAMED])
    more = f"; and {len(calls) - NAMED} more" if len(calls) > NAMED else ""
    return [f"before {len(calls)} other{'s' * (len(calls) > 1)} that {agent} could have taken, by {rule}: {named}{more}"]


def excluded_words(excluded: Iterable[Exclusion]) -> list[str]:
    """The others, by reason, the most common first: one line a reason."""
    ordered = sorted(excluded, key=lambda each: each.reason)
    groups = [(reason, [each.agent for each in group]) for reason, group in groupby(ordered, key=lambda each: each.reason)]
    groups.sort(key=lambda group: -len(group[1]))
    return [f"{len(agents)} {reason_words(reason)}: {_names(agents)}" for reason, agents in groups]


def _names(agents: Sequence[str]) -> str:
    more = f" and {len(agents) - NAMED} more" if len(agents) > NAMED else ""
    return ", ".join(agents[:NAMED]) + more
