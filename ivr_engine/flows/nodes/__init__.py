"""The node kinds, listed by hand; a test walks this list and executes the example in each kind's docstring."""

from __future__ import annotations

from collections.abc import Mapping

from ivr_engine.flows.nodes.agi import Agi
from ivr_engine.flows.nodes.authenticate import Authenticate
from ivr_engine.flows.nodes.base import NodeSpec
from ivr_engine.flows.nodes.branch import Branch
from ivr_engine.flows.nodes.callback import Callback
from ivr_engine.flows.nodes.collect import Collect
from ivr_engine.flows.nodes.emit import Emit
from ivr_engine.flows.nodes.hangup import Hangup
from ivr_engine.flows.nodes.hours import Hours
from ivr_engine.flows.nodes.menu import Menu
from ivr_engine.flows.nodes.notify import Notify
from ivr_engine.flows.nodes.play import Play
from ivr_engine.flows.nodes.queue import Queue
from ivr_engine.flows.nodes.record import Record
from ivr_engine.flows.nodes.request import Request
from ivr_engine.flows.nodes.return_ import Return
from ivr_engine.flows.nodes.set import Set
from ivr_engine.flows.nodes.subflow import SubFlow
from ivr_engine.flows.nodes.survey import Survey
from ivr_engine.flows.nodes.ticket import Ticket
from ivr_engine.flows.nodes.transfer import Transfer
from ivr_engine.flows.nodes.voicemail import Voicemail

KINDS: Mapping[str, type[NodeSpec]] = {
    kind.KIND: kind
    for kind in (
        Play,
        Menu,
        Collect,
        Set,
        Branch,
        Request,
        Authenticate,
        Hours,
        Queue,
        Transfer,
        Callback,
        Record,
        Voicemail,
        Agi,
        Notify,
        Ticket,
        Emit,
        SubFlow,
        Return,
        Hangup,
        Survey,
    )
}
