"""Other queues and skills for an agent while the centre works: what they are doing goes on, what they may take changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr_engine.acd.agents import Agent, AgentProfile
from ivr_engine.acd.state import Moment, members_of
from ivr_engine.acd.stimuli import MoveAgent, SetSkill
from ivr_engine.core.events import AgentQueuesChanged, AgentSkillsChanged
from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.ids import SkillName
from ivr_engine.errors import CommandRefused

LEVELS = range(1, 11)


def move_agent(moment: Moment, command: MoveAgent) -> None:
    """Into queues and out of others, at once; said of what is so already it changes nothing.

    Raises:
        CommandRefused: no such agent or queue; nothing changed.
    """
    agent = moment.agent(command.agent)
    for queue in (*command.into, *command.out_of):
        if queue not in moment.state.queues:
            raise CommandRefused(f"there is no queue {queue}: centre.yaml names the queues of this centre")
    before = agent.profile.queues
    staying = [queue for queue in before if queue not in command.out_of]
    after = tuple(dict.fromkeys((*staying, *command.into)))
    if after == before:
        return
    _change(moment, agent, replace(agent.profile, queues=after))
    moment.events.append(AgentQueuesChanged(agent=agent.agent, queues=after, previous=before, by=command.by))


def set_skill(moment: Moment, command: SetSkill) -> None:
    """Another level, a new skill, or one less; said of what is so already it changes nothing.

    Raises:
        CommandRefused: no such agent, skill or level; nothing changed.
    """
    agent = moment.agent(command.agent)
    if command.level is not None and command.level not in LEVELS:
        raise CommandRefused(f"a skill has a level from {LEVELS[0]} to {LEVELS[-1]}, not {command.level}")
    known = moment.state.rules.skills
    if command.level is not None and known and command.skill not in known:
        raise CommandRefused(f"there is no skill {command.skill}; choose from {', '.join(known)}")
    before = agent.profile.skills
    after = {skill: level for skill, level in before.items() if skill != command.skill}
    if command.level is not None:
        after[command.skill] = command.level
    if after == before:
        return
    _change(moment, agent, replace(agent.profile, skills=after))
    moment.events.append(
        AgentSkillsChanged(agent=agent.agent, skills=_listed(after), previous=_listed(before), by=command.by)
    )


def _listed(skills: Mapping[SkillName, int]) -> tuple[SkillNeed, ...]:
    return tuple(SkillNeed(skill=skill, level=level) for skill, level in sorted(skills.items()))


def _change(moment: Moment, agent: Agent, profile: AgentProfile) -> None:
    state = moment.state
    agent.profile = profile
    state.staff.place(agent)
    state.members = members_of(state.queues, state.agents)
    moment.away.add(agent.agent)
    moment.became_free(agent, keeps_turn=True)
