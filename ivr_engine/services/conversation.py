"""One conversation of a caller with an agent, and all that an agent may do in it: hold, ask, pass on, confer.

It begins as a call that the switch keeps by itself, and stays one unless it is taken apart. Then caller and agent are lines
of their own: each line's task does what its duty is at the present stage, and starts anew whenever the stage changes.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ivr_engine.acd.stages import MUSIC_STAGES, STAGES, Stage, StageStep
from ivr_engine.acd.transitions import IllegalTransition, advance
from ivr_engine.core.ids import AgentId, CallId, FlowName, Millis, QueueName
from ivr_engine.core.outcomes import ConsultOutcome, EndedBy, OfferOutcome
from ivr_engine.errors import CommandRefused, SwitchError
from ivr_engine.flows.waits import CallerGone
from ivr_engine.ports.switch import CallControl, Joined
from ivr_engine.services.duties import HOLDER, REFUSALS, SECOND, Duty
from ivr_engine.services.talk_facts import Party, Surroundings, TalkFacts

LINE_WITHIN_S = 3.0  # measured: a telephone that is taken out comes as a line after about 2 ms
NOBODY_COMES_S = 1.0
RING_COLLEAGUE = Millis(20_000)


class Conversation:
    """See the module. `after` says, once it is over, where the caller goes."""

    def __init__(self, *, call: CallId, holder: Party, line: CallControl, music: str, around: Surroundings) -> None:
        self.call = call
        self.holder = holder
        self.second: Party | None = None
        self.stage = Stage.TALKING
        self.apart = False  # caller and agent are lines of their own
        self.waits_on = False  # the centre has the caller again
        self.outside: Party | None = None  # whom the caller is to be connected with
        self.flow: FlowName | None = None  # into which the caller was passed
        self.ended_by = EndedBy.UNKNOWN
        self._line = line
        self._music = music
        self._facts = TalkFacts(call=call, around=around)
        self._lines: dict[str, CallControl] = {}
        self._moved = asyncio.Event()
        self._caller_waits = False
        self._parting = False

    # --- what agents ask for ------------------------------------------------------------------------------------------

    async def hold(self) -> None:
        """See ports.inbound.ConversationCommands."""
        await self._take_apart(StageStep.HOLD)

    async def resume(self) -> None:
        """See the port."""
        self._check(StageStep.BACK)
        if self.stage is Stage.CONFERENCE:
            raise CommandRefused(REFUSALS[StageStep.BACK])
        asked = self.second
        if asked is not None:
            self._release(ConsultOutcome.RETURNED)
        self._go(StageStep.BACK)
        if asked is not None:
            await self._hang_up_asked()

    async def transfer_to_agent(self, colleague: AgentId) -> None:
        """Pass the caller on to a colleague who is free; if they do not answer, to the line of the queue."""
        self._alone()
        self._facts.transferred(self._agent(), colleague=colleague)
        await self._pass_on()

    async def transfer_to_queue(self, queue: QueueName) -> None:
        """Pass the caller on to a queue."""
        self._alone()
        self._facts.transferred(self._agent(), queue=queue)
        await self._pass_on()

    async def transfer_outside(self, outside: Party) -> None:
        """Pass the caller on to a number."""
        self._alone()
        agent = self._agent()
        self._facts.music(self.holder, on=False)
        self._facts.parted_outside(agent, outside, consulted=False)
        self.outside = outside
        await self._out_of_it(EndedBy.TRANSFER)

    async def transfer_into(self, flow: FlowName) -> None:
        """Pass the caller into a flow, which goes on with the same call."""
        self._alone()
        agent = self._agent()
        self._facts.music(self.holder, on=False)
        self._facts.passed_into(agent, flow)
        self.flow = flow
        await self._out_of_it(EndedBy.TRANSFER)

    async def consult(self, asked: Party) -> None:
        """Ask a colleague or a number."""
        self._check(StageStep.ASK)
        self._facts.asked(self._agent(), asked)
        self.second = asked
        try:
            await self._take_apart(StageStep.ASK)
        except CommandRefused:
            self._release(ConsultOutcome.ABANDONED)
            raise

    async def complete(self) -> None:
        """See the port."""
        self._check(StageStep.COMPLETE)
        if self.stage is Stage.CONSULTING:
            await self._part_from_asked()
            self._hand_over()
            return
        leaving = self._lines.get(self.holder.phone)
        self._hand_over()
        if leaving is not None:
            await self._nudge(leaving)

    async def conference(self) -> None:
        """See the port."""
        self._check(StageStep.CONFER)
        await self._part_from_asked()
        self._go(StageStep.CONFER)
        if self.second is not None:
            self._facts.conferred(self._agent(), self.second)

    # --- what the lines do --------------------------------------------------------------------------------------------

    async def keep_caller(self) -> None:
        """The caller's part, once the conversation was taken apart: until it is over."""
        self._caller_waits = True
        try:
            while self.stage is not Stage.OVER:
                await self._keep_caller_once()
        finally:
            await self._interrupt_lines()

    async def serve_line(self, phone: str, control: CallControl) -> None:
        """An agent's part, or that of a telephone outside, once it was taken out of the conversation."""
        self._lines[phone] = control
        self._tell()
        try:
            while (duty := self._duty(phone)) is not Duty.LEAVE:
                if isinstance(await self._do(duty, control), CallerGone):
                    self._line_left(phone)
                    return
        except SwitchError:
            self._line_left(phone)
        finally:
            del self._lines[phone]

    def phone_holds(self, *, holds: bool) -> None:
        """The agent's telephone has a hold key of its own, which the switch answers with music."""
        if self.stage is Stage.TALKING and not self.apart:
            self._facts.music(self.holder, on=holds)

    def over(self, joined: Joined) -> Millis:
        """The switch's own call of the two is over; how long they talked."""
        self._facts.music(self.holder, on=False)
        return self._facts.less_music(joined.talked)

    def close(self) -> None:
        """Say how it ended, unless it goes on elsewhere."""
        if not self.goes_on_elsewhere:
            self._facts.music(self.holder, on=False)
            self._facts.ended(self.holder, self.ended_by)

    @property
    def goes_on_elsewhere(self) -> bool:
        """The caller was passed on: the centre has them again, or somebody outside, or a flow."""
        return self.waits_on or self.outside is not None or self.flow is not None

    def outside_over(self, joined: Joined) -> None:
        """Connecting the caller with the number they were passed on to is over."""
        if self.outside is not None:
            self._facts.outside_over(self.outside, joined.outcome, joined.talked)

    def end(self, ended_by: EndedBy) -> None:
        """Whatever it was, it is over. Repetitions change nothing."""
        if self.stage is not Stage.OVER:
            self.ended_by = ended_by
            self._release(ConsultOutcome.ABANDONED)
            self._go(StageStep.END)

    async def _keep_caller_once(self) -> None:
        reply: object = None
        before = self.stage
        if before in MUSIC_STAGES:
            reply = await self._line.hold(self._moved.wait(), sounds=(), music=self._music)
        elif self._lines:
            reply = await self._line.confer(self.call, leads=False)
        if reply is None and self.stage is before:
            reply = await self._line.hold(self._somebody_says(), sounds=(), music=self._music)
        if isinstance(reply, CallerGone):
            self.end(EndedBy.CALLER)

    async def _somebody_says(self) -> None:
        """The room let the caller go, or nobody is there yet: a line tells what became of it, or they are all gone."""
        before = self.stage
        with suppress(TimeoutError):
            async with asyncio.timeout(NOBODY_COMES_S):
                await self._moved.wait()
        if self.stage is before and not self._lines:
            self.end(EndedBy.AGENT)

    def _duty(self, phone: str) -> Duty:
        if phone == self.holder.phone:
            return HOLDER.get(self.stage, Duty.ROOM)
        if self.second is not None and phone == self.second.phone:
            return SECOND.get(self.stage, Duty.LEAVE)
        return Duty.LEAVE

    async def _do(self, duty: Duty, control: CallControl) -> object:
        if duty is Duty.WAIT:
            return await control.hold(self._moved.wait(), sounds=(), music="")
        if duty is Duty.ROOM:
            return await control.confer(self.call, leads=True)
        return await self._ask_second(control)

    async def _ask_second(self, control: CallControl) -> object:
        asked = self.second
        if asked is None:
            return None
        joined = await self._ring(asked, control)
        while self._parting:
            await self._moved.wait()
        if joined.caller_gone:
            return CallerGone()
        if self.second is asked and self.stage is Stage.ASKING:
            self._release(ConsultOutcome.NOT_REACHED, rang=joined.outcome)
            self._go(StageStep.BACK)
        elif self.second is asked and self.stage is Stage.CONSULTING and asked.phone not in self._lines:
            self._release(ConsultOutcome.LEFT)
            self._go(StageStep.BACK)
        return None

    async def _ring(self, asked: Party, control: CallControl) -> Joined:
        def picked_up() -> None:
            self._reached(asked)

        if asked.agent is None:
            return await control.transfer(asked.number, ring=RING_COLLEAGUE, music="", on_answer=picked_up)
        return await control.join(agent=asked.agent, phone=asked.phone, ring=RING_COLLEAGUE, music="", on_answer=picked_up)

    def _reached(self, asked: Party) -> None:
        if self.second is not asked or self.stage is not Stage.ASKING:
            return
        self._facts.reached(self._agent(), asked)
        self._go(StageStep.REACH)

    def _line_left(self, phone: str) -> None:
        """Somebody hung up who was a line of their own."""
        if self.stage is Stage.OVER:
            return
        if phone != self.holder.phone:
            if self.second is not None and phone == self.second.phone:
                self._release(ConsultOutcome.LEFT)
                self._go(StageStep.BACK)
        elif self.stage in (Stage.CONSULTING, Stage.CONFERENCE):
            self._hand_over()
        elif self.stage is Stage.TALKING:
            self.end(EndedBy.AGENT)
        else:
            self._put_back()

    # --- how it is done -----------------------------------------------------------------------------------------------

    async def _take_apart(self, step: StageStep) -> None:
        """Let the caller hear music and have the agent as a line of their own.

        Raises:
            CommandRefused: not at this stage, or the switch does not do it; all is as it was.
        """
        self._check(step)
        before, was_apart = self.stage, self.apart
        self.apart = True
        self._go(step)
        try:
            await self._pull_out(before, was_apart=was_apart)
        except SwitchError as error:
            self.apart, self.stage = was_apart, before
            self._facts.music(self.holder, on=before in MUSIC_STAGES)
            if self._caller_waits and not was_apart:
                self.end(EndedBy.AGENT)  # hung up at this very moment
            raise CommandRefused(f"the switch does not do it: {error}") from error

    async def _pull_out(self, before: Stage, *, was_apart: bool) -> None:
        if not was_apart:
            await self._line.part()
            await self._until_line(self.holder.phone)
        elif before is Stage.TALKING and self.holder.phone in self._lines:
            await self._lines[self.holder.phone].leave_room()

    async def _until_line(self, phone: str) -> None:
        try:
            async with asyncio.timeout(LINE_WITHIN_S):
                while phone not in self._lines and self.stage is not Stage.OVER:
                    await self._moved.wait()
        except TimeoutError as error:
            raise SwitchError("the telephone did not come out of the conversation") from error

    async def _part_from_asked(self) -> None:
        """Take whoever is asked out of the agent's call, to be put together with the caller."""
        self._parting = True
        try:
            await self._lines[self.holder.phone].part()
        except (KeyError, SwitchError) as error:
            raise CommandRefused(f"the switch does not do it: {error}") from error
        finally:
            self._parting = False
            self._tell()

    async def _hang_up_asked(self) -> None:
        with suppress(SwitchError, KeyError):  # hung up already
            await self._lines[self.holder.phone].drop()

    async def _pass_on(self) -> None:
        self.waits_on = True
        await self._out_of_it(EndedBy.TRANSFER)

    async def _out_of_it(self, ended_by: EndedBy) -> None:
        """The agent is out of the conversation; the caller goes on."""
        self.end(ended_by)
        try:
            if self.apart:
                await self._interrupt_lines()
            else:
                await self._line.drop()
        except SwitchError as error:
            raise CommandRefused(f"hang up to pass the caller on; the switch does not do it: {error}") from error

    async def _interrupt_lines(self) -> None:
        for line in list(self._lines.values()):
            await self._nudge(line)

    async def _nudge(self, line: CallControl) -> None:
        """Have the line look at its duty again, whatever it is at."""
        with suppress(SwitchError):
            await line.leave_room()
        with suppress(SwitchError):
            await line.drop()

    def _put_back(self) -> None:
        """The agent is gone while the caller hears music: back to the head of the line, nobody is stranded."""
        self._release(ConsultOutcome.ABANDONED)
        self._facts.music(self.holder, on=False)
        if self.holder.agent is not None:
            self._facts.transferred(self.holder.agent)
            self.waits_on = True
        self.end(EndedBy.TRANSFER)

    def _hand_over(self) -> None:
        """Whoever was asked has the caller from now on."""
        asked = self.second
        if asked is None:
            return
        self._facts.handed_over(self.holder, self._agent(), asked)
        self.holder, self.second = asked, None
        self._go(StageStep.COMPLETE)

    def _release(self, outcome: ConsultOutcome, *, rang: OfferOutcome | None = None) -> None:
        asked, self.second = self.second, None
        if asked is not None:
            self._facts.released(self._agent(), asked, outcome, rang=rang)

    def _alone(self) -> None:
        if self.second is not None or self.stage not in (Stage.TALKING, Stage.HELD):
            raise CommandRefused("somebody is asked: complete it, or go back to the caller first")

    def _agent(self) -> AgentId:
        if self.holder.agent is None:
            raise CommandRefused("the caller is with a number outside")
        return self.holder.agent

    def _check(self, step: StageStep) -> None:
        try:
            advance(STAGES, self.stage, step)
        except IllegalTransition as error:
            raise CommandRefused(REFUSALS[step]) from error

    def _go(self, step: StageStep) -> None:
        self.stage = advance(STAGES, self.stage, step)
        self._facts.music(self.holder, on=self.stage in MUSIC_STAGES)
        self._tell()

    def _tell(self) -> None:
        """Wake every line; who waits from now on waits for the next change."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
