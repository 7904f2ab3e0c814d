"""What DIALSTATUS and HANGUPCAUSE mean together. Every row was measured on Asterisk 22.10 against real telephones.

| the telephone                | DIALSTATUS  | cause | outcome     |
|------------------------------|-------------|-------|-------------|
| answers                      | ANSWER      | any   | ANSWERED    |
| 486, 600                     | BUSY        | 17    | BUSY        |
| 603, 403                     | CHANUNAVAIL | 21    | DECLINED    |
| 480                          | NOANSWER    | 19    | UNREACHABLE |
| 404                          | CHANUNAVAIL | 1     | UNREACHABLE |
| 408                          | CHANUNAVAIL | 18    | UNREACHABLE |
| not registered, not there    | CHANUNAVAIL | 3, 20 | UNREACHABLE |
| 488 (no common codec)        | CHANUNAVAIL | 58    | FAILED      |
| 500                          | CHANUNAVAIL | 38    | FAILED      |
| 302 (forwarding is refused)  | CHANUNAVAIL | 0     | FAILED      |
| 503                          | CONGESTION  | 34    | FAILED      |
| rings out                    | NOANSWER    | 0     | NO_ANSWER   |
| the caller leaves            | CANCEL      | any   | CALLER_GONE |

HANGUPCAUSE is a property of the caller's channel and may be left over from the offer before, so a telephone that rang
to its deadline is NO_ANSWER whatever the cause says.
"""

from __future__ import annotations

from ivr_engine.core.outcomes import OfferOutcome

_BY_BOTH = {
    ("CHANUNAVAIL", "1"): OfferOutcome.UNREACHABLE,
    ("CHANUNAVAIL", "3"): OfferOutcome.UNREACHABLE,
    ("CHANUNAVAIL", "18"): OfferOutcome.UNREACHABLE,
    ("CHANUNAVAIL", "20"): OfferOutcome.UNREACHABLE,
    ("CHANUNAVAIL", "21"): OfferOutcome.DECLINED,
    ("NOANSWER", "19"): OfferOutcome.UNREACHABLE,
}
_BY_STATUS = {
    "ANSWER": OfferOutcome.ANSWERED,
    "BUSY": OfferOutcome.BUSY,
    "NOANSWER": OfferOutcome.NO_ANSWER,
    "CANCEL": OfferOutcome.CALLER_GONE,
}


def offer_outcome(status: str, cause: str, *, rang_out: bool) -> OfferOutcome:
    """How an offer ended. `rang_out`: the time to ring was used up. What is in no row is FAILED."""
    if status == "NOANSWER" and rang_out:
        return OfferOutcome.NO_ANSWER
    return _BY_BOTH.get((status, cause)) or _BY_STATUS.get(status, OfferOutcome.FAILED)


_RANG = "3"  # Reason of OriginateResponse: it rang (AST_CONTROL_RINGING of frame.h) until its time was up
_BY_CAUSE = {
    "1": OfferOutcome.UNREACHABLE,
    "3": OfferOutcome.UNREACHABLE,
    "17": OfferOutcome.BUSY,
    "18": OfferOutcome.UNREACHABLE,
    "19": OfferOutcome.NO_ANSWER,
    "20": OfferOutcome.UNREACHABLE,
    "21": OfferOutcome.DECLINED,
}


def origination_outcome(reason: str, cause: str) -> OfferOutcome:
    """How a call that we made ended unanswered: `reason` of the Originate, `cause` (Q.850) of the channel, if known.

    Measured: a customer who is busy or declines has reason 0 like one who cannot be reached; only the cause tells.
    """
    return OfferOutcome.NO_ANSWER if reason == _RANG else _BY_CAUSE.get(cause, OfferOutcome.FAILED)


def cause_text(status: str, cause: str) -> str:
    """Both codes as a record shows them, such as `CHANUNAVAIL/21`; only what looks like a code gets in."""
    return f"{status if status.isalpha() else '?'}/{cause if cause.isdecimal() else '?'}"[:40]
