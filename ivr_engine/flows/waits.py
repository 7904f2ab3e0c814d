"""What a call is blocked on, and what unblocks it.

| wait         | who answers       | replies it accepts        |
|--------------|-------------------|---------------------------|
| PlayWait     | the telephone     | Played, CallerGone        |
| KeysWait     | the telephone     | Keyed, CallerGone         |
| RequestWait  | a lookup          | Responded, CallerGone     |
| QueueWait    | the centre        | QueueLeft, CallerGone     |
| VerifyWait   | the verifier      | Verified, CallerGone      |
| RecordWait   | the telephone     | VoiceTaken, CallerGone    |
| TransferWait | the telephone     | TransferOver, CallerGone  |
| ScriptWait   | the telephone     | ScriptOver, CallerGone    |

A wait carries its prompts, so that a key can interrupt them, and its limits in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr_engine.core.events.acd import SkillNeed
from ivr_engine.core.frozen import frozen
from ivr_engine.core.ids import AgentId, Instant, Language, Millis, QueueName
from ivr_engine.core.outcomes import GatherEnd, OfferOutcome, QueueOutcome, RequestOutcome
from ivr_engine.flows.utterances import Utterance

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@frozen
class PlayWait:
    """Play `prompts` in order. With `barge_in` a key stops them; that key comes back in the reply (type-ahead)."""

    prompts: tuple[Utterance, ...]
    language: Language
    barge_in: bool = True


@frozen
class KeysWait:
    """Play `prompts`, a key stops them; then take keys until `most` keys, `end_key`, or a time-out.

    `first_timeout` runs from the end of the prompts to the first key, `next_timeout` between keys. The end key is not
    part of the reply's keys. With `secret` no implementation may log, trace or store the keys. `typed_ahead` are keys the
    caller pressed during earlier prompts: they count as the first keys, are part of the reply, and are never secret.
    One of the keys `alone`, as the first one, is the whole reply at once, COMPLETE.
    """

    prompts: tuple[Utterance, ...]
    language: Language
    most: int
    end_key: str
    first_timeout: Millis
    next_timeout: Millis
    barge_in: bool = True
    secret: bool = False
    typed_ahead: str = field(default="", repr=False)
    alone: str = ""


@frozen
class RequestWait:
    """Ask `operation` of `service` with `send` (JSON); `secret` when a value of `send` is tainted."""

    service: str
    operation: str
    send: Mapping[str, Json] = field(repr=False)
    timeout: Millis
    secret: bool = False


@frozen
class QueueWait:
    """Wait in `queue` for an agent and talk to them. `priority`: higher is sooner.

    `prefers`: skills the caller would like; `agent`: who is wanted, and for `agent_wait` nobody else. One of `keys`
    leaves the queue.
    `since`: when the caller first came to this queue, if they left it by a key and are back; they get their place back.
    """

    queue: QueueName
    needs: tuple[SkillNeed, ...]
    priority: int
    language: Language
    keys: str = ""
    since: Instant | None = None
    prefers: tuple[SkillNeed, ...] = ()
    agent: AgentId | None = None
    agent_wait: Millis = Millis(0)


@dataclass(frozen=True, slots=True)
class Lock:
    """An identity is locked once it was refused `after` times within the time `within`."""

    after: int = 5
    within: Millis = Millis(24 * 3_600_000)


@frozen
class VerifyWait:
    """Have `operation` of `service` verify the identity `subject` by `pin`, unless `lock` says it was tried too often."""

    service: str
    operation: str
    subject: str = field(repr=False)
    pin: str = field(repr=False)
    lock: Lock
    timeout: Millis


@frozen
class RecordWait:
    """Play `prompts`, then record the caller under `name` until `end_key`, `silence`, or `longest` has passed."""

    prompts: tuple[Utterance, ...]
    language: Language
    name: str
    longest: Millis
    silence: Millis
    end_key: str


@frozen
class TransferWait:
    """Connect the caller with `number`, which stands in the files as `to`, ringing at most `ring`."""

    to: str
    number: str
    ring: Millis


@frozen
class ScriptWait:
    """Let a script, which stands in the files as `script`, take the caller over; `read` what it set afterwards."""

    script: str
    run: str
    arguments: tuple[str, ...] = field(repr=False)
    read: tuple[str, ...]
    timeout: Millis


Wait = PlayWait | KeysWait | RequestWait | QueueWait | VerifyWait | RecordWait | TransferWait | ScriptWait


@frozen
class Played:
    """The prompts ended. `key` is the one that stopped them, or several that came before they began, or empty."""

    key: str = field(default="", repr=False)


@frozen
class Keyed:
    """The keys that came, end key excluded. `interrupted`: a key stopped the prompts; `left`: keys pressed after the end."""

    keys: str = field(repr=False)
    ended: GatherEnd
    interrupted: bool = False
    left: str = field(default="", repr=False)


@frozen
class Responded:
    """The service's answer: `body` when OK, `result` the service's own named outcome when REFUSED."""

    outcome: RequestOutcome
    body: Json = field(default=None, repr=False)
    result: str = ""
    took: Millis = Millis(0)


@frozen
class QueueLeft:
    """The visit to the queue is over, the caller still there.

    ANSWERED: they talked and the agent left, or passed the caller into `flow`. FLOWOUT: they pressed `key`, one of those of
    the wait.
    """

    outcome: QueueOutcome
    agent: AgentId | None = None
    key: str = ""
    flow: str = ""


@frozen
class Verified:
    """What came of a verification. `subject` is a keyed digest; `answer` None: locked, so the service was not asked.

    `locked`: it is locked now, perhaps by this very refusal.
    """

    subject: str
    locked: bool
    answer: Responded | None


@frozen
class VoiceTaken:
    """What was recorded; also when the caller ended it by hanging up."""

    name: str
    lasted: Millis


@frozen
class TransferOver:
    """The transfer is over, the caller still there. ANSWERED: they talked and the other side hung up."""

    to: str
    outcome: OfferOutcome
    talked: Millis = Millis(0)


@frozen
class ScriptOver:
    """The script is over; `done`: it ended as it should."""

    done: bool
    values: Mapping[str, str] = field(repr=False)


@frozen
class CallerGone:
    """The caller hung up. Every wait accepts it."""


Reply = Played | Keyed | Responded | QueueLeft | Verified | VoiceTaken | TransferOver | ScriptOver | CallerGone
