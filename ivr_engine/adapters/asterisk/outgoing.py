"""Calls that the engine makes: Originate over AMI, and the FastAGI session of whoever answered.

The channel is given our call's id, so the session that comes in proves by it which call it is. Until it has come the call is
rung; if the manager connection is lost meanwhile, nobody can tell, and the call counts as failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ivr_engine.adapters.asterisk.ami_client import AmiClient
from ivr_engine.adapters.asterisk.ami_codec import AmiMessage
from ivr_engine.adapters.asterisk.call_control import AgiCallControl
from ivr_engine.adapters.asterisk.causes import origination_outcome
from ivr_engine.adapters.asterisk.targets import outside_target, phone_target
from ivr_engine.core.ids import CallId
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.errors import SwitchError, WireError
from ivr_engine.ports.switch import OutgoingCall, Unreached

SLACK_S = 5.0  # after the ringing: for the word of the switch, and for the session of who answered at the last moment
CAUSE_LIMIT_S = 0.5  # the channel's own end is told within milliseconds of the failure, before or after it
CONTEXT = "callback"


def _new_future() -> asyncio.Future[AgiCallControl]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class _Awaited:
    """A call that is being made, and then served until `done`."""

    answered: asyncio.Future[AgiCallControl] = field(default_factory=_new_future)
    ended: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    done: asyncio.Event = field(default_factory=asyncio.Event)


class OutgoingCalls:
    """Makes calls and meets their sessions. `outside`: the endpoint and the address for numbers outside."""

    def __init__(self, *, ami: AmiClient, outside: tuple[str, str]) -> None:
        self._ami = ami
        self._outside = outside
        self._awaited: dict[CallId, _Awaited] = {}

    @property
    def can_dial(self) -> bool:
        """See ports.switch.Dialler."""
        return self._ami.up and all(self._outside)

    @asynccontextmanager
    async def outgoing(self, order: OutgoingCall) -> AsyncIterator[AgiCallControl | Unreached]:
        """See ports.switch.Dialler."""
        awaited = self._awaited[order.call] = _Awaited()
        try:
            reached = await self._ring(order, awaited)
            yield reached
            if isinstance(reached, AgiCallControl):
                await reached.hang_up()
        finally:
            del self._awaited[order.call]
            awaited.done.set()

    def note_ended(self, call: CallId, cause: str) -> None:
        """The event stream says that the channel is no more, and its Q.850 cause."""
        awaited = self._awaited.get(call)
        if awaited is not None and not awaited.ended.done():
            awaited.ended.set_result(cause)

    async def serve(self, call: CallId, control: AgiCallControl) -> None:
        """Hand the line to whoever made the call; returns when they are done with it.

        Raises:
            WireError: nobody made this call, or made it long ago.
        """
        awaited = self._awaited.get(call)
        if awaited is None or awaited.answered.done():
            raise WireError("nobody waits for this call")
        awaited.answered.set_result(control)
        await awaited.done.wait()

    async def _ring(self, order: OutgoingCall, awaited: _Awaited) -> AgiCallControl | Unreached:
        target = phone_target(order.phone) if order.phone else outside_target(self._outside, order.number)
        if not target or not order.reason:
            return Unreached(outcome=OfferOutcome.FAILED, cause="no_carrier" if order.reason else "no_reason")
        fields = {
            "Channel": target, "ChannelId": order.call, "Timeout": str(order.ring),
            "Context": CONTEXT, "Exten": "s", "Priority": "1", "CallerID": f"<{order.shown}>",
        }  # fmt: skip
        try:
            async with asyncio.timeout(order.ring / 1000 + SLACK_S), self._ami.originate(**fields) as ended:
                return await _settled(ended, awaited)
        except TimeoutError:
            return Unreached(outcome=OfferOutcome.FAILED, cause="no_word")
        except SwitchError as error:
            return Unreached(outcome=OfferOutcome.FAILED, cause=type(error).__name__)


async def _settled(ended: asyncio.Future[AmiMessage], awaited: _Awaited) -> AgiCallControl | Unreached:
    await asyncio.wait((ended, awaited.answered), return_when=asyncio.FIRST_COMPLETED)
    if awaited.answered.done() or ended.result().get("Response") == "Success":
        return await awaited.answered
    await asyncio.wait((awaited.ended,), timeout=CAUSE_LIMIT_S)
    reason, cause = ended.result().get("Reason"), awaited.ended.result() if awaited.ended.done() else "?"
    return Unreached(outcome=origination_outcome(reason, cause), cause=f"originate {reason}/{cause}"[:40])
