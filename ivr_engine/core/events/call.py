"""Facts about the call as a whole."""

from __future__ import annotations

from typing import ClassVar

from ivr_engine.core.events.base import Event
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import CallId
from ivr_engine.core.outcomes import Disposition, EndedBy


@frozen
class CallArrived(Event):
    """A caller dialled one of our numbers. `caller` is a hint from the network, never an identity."""

    TYPE: ClassVar[str] = "call.arrived"
    call: CallId
    number: str
    caller: str
    caller_name: str = ""


@frozen
class CallRefused(Event):
    """The call was not served: `reason` is a code such as `unknown_number`, `detail` another that says more, or empty."""

    TYPE: ClassVar[str] = "call.refused"
    call: CallId
    reason: str
    detail: str = ""


@frozen
class CallResumed(Event):
    """The call reached a controller again after the one that served it was gone."""

    TYPE: ClassVar[str] = "call.resumed"
    call: CallId


@frozen
class CallReconciled(Event):
    """The switch's list of live lines says otherwise than what was known: `found` is the state of the line, or `gone`.

    The facts recorded at the same instant make up for what was missed.
    """

    TYPE: ClassVar[str] = "call.reconciled"
    call: CallId
    found: str


@frozen
class CallEnded(Event):
    """The call is over. `forced` is set only where the ending itself decides the disposition (crash, reconciliation)."""

    TYPE: ClassVar[str] = "call.ended"
    call: CallId
    ended_by: EndedBy
    forced: Disposition | None = None
