"""A caller who is passed on to a colleague or a queue, keeping the arrival: nobody who came later is served first."""

from __future__ import annotations

from ivr_engine.acd import conversations, offers, visits
from ivr_engine.acd.agents import Agent
from ivr_engine.acd.consultations import free_colleague, talking_call
from ivr_engine.acd.queues import WaitingCall
from ivr_engine.acd.state import Moment
from ivr_engine.acd.stimuli import CallEntered, Transfer
from ivr_engine.core.events import CallTransferred
from ivr_engine.core.ids import QueueName, WorkKind
from ivr_engine.core.outcomes import EndedBy, TransferGoal
from ivr_engine.errors import CommandRefused

RULE = "transfer"
"""The rule of an offer for which nobody was compared."""


def transfer(moment: Moment, command: Transfer) -> None:
    """End the agent's conversation and let the caller wait on, or ring the colleague. A refusal changes nothing."""
    agent = moment.agent(command.agent)
    call = talking_call(moment, agent, command.call)
    colleague = None if command.colleague is None else free_colleague(moment, agent, command.colleague, call.kind)
    queue = command.queue or call.queue
    if command.queue is not None or colleague is not None:  # who is merely put back has a place there
        check_queue(moment, queue, call.kind)
    _record(moment, call, agent, colleague=colleague, queue=queue)
    conversations.part(moment, call, ended_by=EndedBy.TRANSFER, talked=command.talked)
    _wait_on(moment, call, queue, agent=agent, colleague=colleague)


def check_queue(moment: Moment, queue: QueueName, kind: WorkKind) -> None:
    """Raises CommandRefused when work of this kind cannot be put into the queue now."""
    policy = moment.state.queues.get(queue)
    if policy is None:
        known = ", ".join(sorted(moment.state.queues))
        raise CommandRefused(f"there is no queue {queue}; known: {known}")
    if policy.kind != kind:
        raise CommandRefused(f"queue {queue} takes work of the kind {policy.kind}, and this is {kind}")
    if not policy.open or queue in moment.state.closed:
        raise CommandRefused(f"queue {queue} is closed")
    if policy.max_length is not None and len(moment.state.lines[queue]) >= policy.max_length:
        raise CommandRefused(f"queue {queue} is full: {policy.max_length} callers wait")


def _record(moment: Moment, call: WaitingCall, agent: Agent, *, colleague: Agent | None, queue: QueueName) -> None:
    goal = TransferGoal.QUEUE if colleague is None else TransferGoal.AGENT
    to = queue if colleague is None else colleague.agent
    moment.events.append(CallTransferred(call=call.call, agent=agent.agent, goal=goal, to=to))


def _wait_on(moment: Moment, call: WaitingCall, queue: QueueName, *, agent: Agent, colleague: Agent | None) -> None:
    entering = CallEntered(
        call=call.call,
        queue=queue,
        needs=call.needs if queue == call.queue else (),  # another queue's people need not have the same skills
        priority=call.priority,
        language=call.language,
        prefers=call.prefers if queue == call.queue else (),
        arrived=call.arrived,
        kind=call.kind,
    )
    entered = visits.enter(moment, entering) if colleague is None else visits.admit(moment, entering)
    if entered is None:
        return
    offers.not_again_soon(moment, entered, agent.agent)
    if colleague is not None:
        offers.offer_to(moment, entered, colleague.agent, rule=RULE)
