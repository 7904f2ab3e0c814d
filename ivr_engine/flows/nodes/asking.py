"""What menu and collect share: ask, listen, judge, ask again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from ivr_engine.core.events.flow import KeysReceived
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import GatherEnd
from ivr_engine.flows import limits
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes import everywhere
from ivr_engine.flows.nodes.base import NodeSpec, Step
from ivr_engine.flows.saying import Line, read_lines, utter
from ivr_engine.flows.utterances import Utterance
from ivr_engine.flows.waits import Keyed, KeysWait, Reply
from ivr_engine.flows.walk import INVALID_KEY, NO_INPUT, Walk

Missed = Literal["no_input", "no_match"]
_SAYS: Mapping[Missed, str] = {"no_input": NO_INPUT, "no_match": INVALID_KEY}
EXITS = ("no_input", "no_match", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking(NodeSpec):
    """A question answered with keys, tried up to `attempts` times."""

    KIND: ClassVar[str]
    lines: tuple[Line, ...]
    most: int = 1
    end_key: str = ""
    timeout: Millis = Millis(5_000)
    key_timeout: Millis = Millis(5_000)
    attempts: int = 3
    secret: bool = False
    barge_in: bool = True
    retries: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """Whatever it may say, in any try."""
        return (*self.lines, *(line for lines in self.retries.values() for line in lines))

    def question(self, walk: Walk) -> tuple[Utterance, ...]:
        """What is said to ask."""
        return utter(walk, self.lines)

    def accept(self, walk: Walk, keys: str) -> Step | None:
        """Leave with these keys, or None when they are no answer."""
        raise NotImplementedError

    def begins(self, key: str) -> bool:
        """Whether an answer can begin with this key."""
        raise NotImplementedError

    def takes(self, key: str) -> bool:
        """See NodeSpec. Nothing typed ahead of a secret entry is taken."""
        return not self.secret and self.begins(key)

    def run(self, walk: Walk) -> Step:
        """Answer from the keys typed ahead, or listen."""
        typed, walk.session.typed_ahead = walk.session.typed_ahead, ""
        if self.secret or not typed:
            return self._listen(walk, self.question(walk))
        taken, ended = self._cut(typed, self._alone(walk))
        if ended is None:
            return self._listen(walk, (), typed_ahead=typed)
        rest = typed[len(taken) :]
        walk.session.typed_ahead = rest.removeprefix(self.end_key) if self.end_key else rest
        return self._judge(walk, taken, ended)

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Judge the keys that came."""
        assert isinstance(reply, Keyed)  # noqa: S101 - the engine lets no other reply through
        walk.keep(reply.left)
        return self._judge(walk, reply.keys[: self.most], reply.ended)

    def _cut(self, typed: str, alone: str) -> tuple[str, GatherEnd | None]:
        """The keys that a listener would have taken from `typed`, and what would have ended it (None: not yet)."""
        if typed[0] in alone:
            return typed[0], GatherEnd.COMPLETE
        taken = typed[: self.most]
        if self.end_key and self.end_key in taken:
            return taken[: taken.index(self.end_key)], GatherEnd.END_KEY
        return taken, GatherEnd.COMPLETE if len(taken) == self.most else None

    def _judge(self, walk: Walk, keys: str, ended: GatherEnd) -> Step:
        session = walk.session
        walk.events.append(
            KeysReceived(
                call=session.facts.call,
                node=session.node,
                keys="" if self.secret else keys,
                count=len(keys),
                ended=ended,
                secret=self.secret,
            ),
        )
        stray = walk.is_stray(keys or self.end_key)
        if not keys and ended is GatherEnd.TIMEOUT:
            return self._again(walk, "no_input")
        session.stray = self.end_key if ended is GatherEnd.COMPLETE else ""
        accepted = self.accept(walk, keys)
        if accepted is None and stray:
            return self._listen(walk, self.question(walk))
        return accepted or self._everywhere(walk, keys) or self._again(walk, "no_match")

    def _everywhere(self, walk: Walk, keys: str) -> Step | None:
        """What the whole answer means everywhere, if it is one key."""
        if len(keys) != 1:
            return None
        return everywhere.act(walk, keys, lambda: self._listen(walk, self.question(walk)))

    def _alone(self, walk: Walk) -> str:
        """The keys that act at once when an entry begins with them."""
        known = everywhere.known(walk) if self.most > 1 else ""
        return "".join([key for key in known if not self.begins(key)]) if known else ""

    def _again(self, walk: Walk, missed: Missed) -> Step:
        session = walk.session
        session.attempt += 1
        session.typed_ahead = ""
        if session.attempt >= self.attempts:
            return missed
        own = self.retries.get(missed)
        return self._listen(walk, utter(walk, own) if own else (*walk.prompt(_SAYS[missed]), *self.question(walk)))

    def _listen(self, walk: Walk, prompts: tuple[Utterance, ...], *, typed_ahead: str = "") -> KeysWait:
        return KeysWait(
            prompts=prompts,
            language=walk.session.language,
            most=self.most,
            end_key=self.end_key,
            first_timeout=self.timeout,
            next_timeout=self.key_timeout,
            barge_in=self.barge_in,
            secret=self.secret,
            typed_ahead=typed_ahead,
            alone=self._alone(walk),
        )


def read_retries(fields: Fields) -> dict[str, tuple[Line, ...]]:
    """`retry: {no_input: ..., no_match: ...}`: what is said in place of the usual words and the question."""
    inner = fields.fields("retry")
    if inner is None:
        return {}
    retries: dict[str, tuple[Line, ...]] = {
        missed: lines for missed in _SAYS if (lines := read_lines(inner, missed, required=False))
    }
    inner.finish()
    return retries


def read_patience(fields: Fields) -> tuple[Millis, int]:
    """`timeout` (to the first key) and `attempts`."""
    least = Millis(500)
    timeout = fields.span("timeout", default=Millis(5_000), least=least, most=limits.TIMEOUT)
    return timeout, fields.integer("attempts", default=3, least=1, most=limits.ATTEMPTS)
