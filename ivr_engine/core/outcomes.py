"""How things end. Every enumeration here is closed: a new ending is a new member, never a free text."""

from __future__ import annotations

from enum import StrEnum


class Disposition(StrEnum):
    """The one terminal fact about a call; exactly one stands in its record."""

    ANSWERED_AGENT = "answered_agent"
    SERVED_OUTSIDE = "served_outside"  # the flow passed the caller on to a number outside, where somebody answered
    SELF_SERVED = "self_served"  # the flow ran to its own end without an agent
    ABANDONED_IVR = "abandoned_ivr"  # the caller left while the flow was talking or listening
    ABANDONED_QUEUE = "abandoned_queue"  # ... while waiting with no agent offered
    ABANDONED_RINGING = "abandoned_ringing"  # ... while an agent's telephone rang
    OVERFLOWED = "overflowed"  # left a queue (time, length, closed, nobody staffed) and reached nobody afterwards
    CALLBACK_BOOKED = "callback_booked"
    CALLBACK_MISSED = "callback_missed"  # we called back, and caller and agent were not joined
    REJECTED_OVERLOAD = "rejected_overload"
    REJECTED_POLICY = "rejected_policy"  # number not served, forged session, blocked caller
    FAILED_SYSTEM = "failed_system"  # our fault or the flow author's
    LOST_PBX_CRASH = "lost_pbx_crash"
    UNKNOWN_RECONCILED = "unknown_reconciled"  # closed at a later start because the call was no longer there


class EndedBy(StrEnum):
    """Who ended a call or a conversation."""

    CALLER = "caller"
    AGENT = "agent"
    ENGINE = "engine"
    SWITCH = "switch"  # the PBX ended it: absolute time-out, crash, shutdown
    UNKNOWN = "unknown"
    TRANSFER = "transfer"  # of a conversation alone: the agent passed the caller on


class ConsultOutcome(StrEnum):
    """How an agent's asking of a colleague, or of somebody outside, ended."""

    TRANSFERRED = "transferred"  # the one who was asked has the caller now
    RETURNED = "returned"  # the agent went back to the caller
    LEFT = "left"  # the one who was asked hung up; the agent has the caller again
    NOT_REACHED = "not_reached"  # busy, declined, no answer; the agent has the caller again
    ABANDONED = "abandoned"  # the caller, or the agent who asked, was gone before there was an answer


class TransferGoal(StrEnum):
    """What kind of place a caller was passed on to."""

    QUEUE = "queue"
    AGENT = "agent"
    OUTSIDE = "outside"
    FLOW = "flow"  # of the centre's own; the call goes on there


class OfferOutcome(StrEnum):
    """How one reservation of an agent ended; each offer has exactly one."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"  # rang to the deadline
    DECLINED = "declined"
    BUSY = "busy"
    UNREACHABLE = "unreachable"  # telephone not registered or not there
    UNAVAILABLE = "unavailable"  # the telephone itself says that nobody can be reached now
    MISCONFIGURED = "misconfigured"  # the telephone's name is not known where it should be
    NO_CODEC = "no_codec"  # caller and telephone have no codec in common
    FORWARDED = "forwarded"  # the telephone wanted the call sent elsewhere, which is refused
    CONGESTED = "congested"  # no line free just now: worth one more try
    FAILED = "failed"  # the switch could not place the call to the agent, for any other reason
    CALLER_GONE = "caller_gone"
    WITHDRAWN = "withdrawn"  # taken back by the centre


class QueueOutcome(StrEnum):
    """How one visit to a queue ended; offered = the sum over these plus the visits still open."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TIMEOUT = "timeout"  # waited longer than the queue's max_wait
    FULL = "full"  # the queue's max_length was reached on arrival
    CLOSED = "closed"
    UNSTAFFED = "unstaffed"  # nobody logged in who could ever take it
    FLOWOUT = "flowout"  # the caller pressed a key that leads elsewhere
    MOVED = "moved"  # a supervisor took the caller to another queue; the next visit is that queue's
    OVERFLOWED = "overflowed"  # went on to wait in another queue, as the queue's rules say; the next visit is that queue's
    FAILED = "failed"


class CallbackEnd(StrEnum):
    """How a booked callback ended; each has exactly one."""

    TALKED = "talked"
    UNREACHED = "unreached"  # the attempts are used up
    EXPIRED = "expired"  # not done within the queue's expiry
    CANCELLED = "cancelled"  # by a person
    REPLACED = "replaced"  # the same number booked again for the same queue; the place is kept
    FORBIDDEN = "forbidden"  # not among the numbers that may be called


class Hours(StrEnum):
    """What a calendar says of an instant."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"  # closed, because of the day


class EmergencyEnd(StrEnum):
    """How an emergency broadcast or reroute ended."""

    WITHDRAWN = "withdrawn"  # an operator turned it off
    REPLACED = "replaced"  # an operator set another in its place
    EXPIRED = "expired"


class SurveyOutcome(StrEnum):
    """How a survey ended for a caller who stayed on the line."""

    COMPLETE = "complete"
    PARTIAL = "partial"  # the caller stopped answering
    DECLINED = "declined"


class GatherEnd(StrEnum):
    """What ended the listening for keys."""

    COMPLETE = "complete"  # the most keys that may come have come
    END_KEY = "end_key"
    TIMEOUT = "timeout"  # with whatever keys had come by then


class RequestOutcome(StrEnum):
    """How a request to an outside service ended. Named outcomes of the service itself are plain texts beside OK."""

    OK = "ok"
    REFUSED = "refused"  # the service answered with a named outcome of its own (not_found, wrong_pin, ...)
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"  # no connection, 5xx
    INVALID = "invalid"  # the answer is too large or not the JSON we expect


class Presence(StrEnum):
    """The agent's own choice."""

    LOGGED_OUT = "logged_out"
    READY = "ready"
    PAUSED = "paused"  # with a reason code


class Activity(StrEnum):
    """What the engine has the agent doing; derived, never chosen."""

    IDLE = "idle"
    OFFERED = "offered"  # reserved: the telephone is being rung
    TALKING = "talking"
    WRAP_UP = "wrap_up"
