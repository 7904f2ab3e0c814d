"""Make sure who the caller is: a number and a PIN, verified by a service, with a lock against trying.

    who:
      authenticate:
        service: host
        operation: verify
        id: {prompt: welcome, digits: 16..19, check: luhn}
        pin: {prompt: welcome, digits: 6}
        wrong: welcome
        tries: 3
        lock: {after: 5, within: 24h}
        level: 2
        into: customer
      next: end
      exits: {locked: end, refused: end}
      failed: end

The service is asked with `id` and `pin`. What it answers goes into `into`, and from then on every flow of the call can
read `identity.level` (0 before) and `identity.customer`. A caller who is at this level already is not asked again. When
the service refuses, `wrong` is said and both are asked again, `tries` times in all; then it leaves by `refused`.

Refusals are counted for each id over all calls: after `lock.after` of them within `lock.within` the service is not
asked any more and the call leaves by `locked`, as when the service itself answers `locked`. The count is made of
events, so it survives restarts. Neither id nor PIN reach an event, a record or a log; the id stands there as a keyed
digest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from ivr_engine.core.events.flow import IdentityConfirmed, IdentityRefused
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.flows import limits
from ivr_engine.flows.checks import CHECKS, FIRSTS
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.asking import EXITS, Asking, read_patience
from ivr_engine.flows.nodes.base import Leave, NodeFacts, NodeSpec, Step
from ivr_engine.flows.nodes.serving import TROUBLE, note_answer, read_timeout
from ivr_engine.flows.saying import Line, names_read, prompt_names, read_lines, utter
from ivr_engine.flows.settings import as_target
from ivr_engine.flows.waits import KeysWait, Lock, Reply, Verified, VerifyWait
from ivr_engine.flows.walk import Walk

USUAL_LOCK = Lock()
LOCKED, REFUSED = "locked", "refused"
_ID, _PIN, _TRIES, _TAKEN = "id", "pin", "tries", "taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Asking):
    """One of the two secret entries, remembered under `name` until the service has answered."""

    KIND: ClassVar[str] = "entry"
    name: str
    least: int
    check: str

    def begins(self, key: str) -> bool:
        """See Asking."""
        return key in FIRSTS[self.check]

    def accept(self, walk: Walk, keys: str) -> Step | None:
        """Remember the keys if they are long enough and pass the check."""
        value = CHECKS[self.check](keys) if len(keys) >= self.least else None
        if value is None:
            return None
        walk.session.memo[self.name] = value
        return _TAKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate(NodeSpec):
    """Ask `number` and `pin`, have `service` verify them, and raise the call to `level`."""

    KIND: ClassVar[str] = "authenticate"
    secret_memo: ClassVar[frozenset[str]] = frozenset({_ID, _PIN})
    service: str
    operation: str
    number: Entry
    pin: Entry
    wrong: tuple[Line, ...] = ()
    tries: int = 3
    lock: Lock = USUAL_LOCK
    level: int = 1
    into: str = ""
    timeout: Millis | None = None

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`authenticate: {service, operation, id, pin, wrong, tries, lock, level, into, timeout}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            nothing = Entry(name="", lines=(), least=1, check="none")
            return cls(service="", operation="", number=nothing, pin=nothing)
        spec = cls(
            service=fields.name("service", required=True),
            operation=fields.name("operation", default="authenticate"),
            number=_read_entry(fields, _ID),
            pin=_read_entry(fields, _PIN),
            wrong=read_lines(fields, "wrong", required=False),
            tries=fields.integer("tries", default=3, least=1, most=limits.ATTEMPTS),
            lock=_read_lock(fields),
            level=fields.integer("level", default=1, least=1, most=limits.LEVEL),
            into=fields.read("into", as_target, default=""),
            timeout=read_timeout(fields),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by `next`, by how it went wrong, or by `failed`."""
        lines = (*self.number.lines, *self.pin.lines, *self.wrong)
        return NodeFacts(
            exits=("next", LOCKED, REFUSED, *TROUBLE, *EXITS),
            required=(("next",), (LOCKED, "failed"), (REFUSED, "failed"), ("failed",)),
            level=self.level,
            claims=tuple({self.number.end_key, self.pin.end_key} - {""}),
            attempts=self.number.attempts,
            lines=tuple(lines),
            prompts=prompt_names(lines),
            services=(self.service,),
            reads=names_read(lines),
            writes=(self.into,) if self.into else (),
        )

    def run(self, walk: Walk) -> Step:
        """Ask for the number, unless the caller is known well enough."""
        known = walk.identity
        if isinstance(known["level"], int) and known["level"] >= self.level:
            return self._known(walk)
        walk.session.memo = {_TRIES: 0}
        return self._on(walk, self.number.run(walk))

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Take the next entry, or the service's answer."""
        if isinstance(reply, Verified):
            return self._verified(walk, reply)
        return self._on(walk, self._asked(walk).resume(walk, reply))

    def returned(self, walk: Walk, leave: Leave) -> Step:
        """Back from the flow of the agent key: ask for the same entry again."""
        del leave
        return self._on(walk, self._asked(walk).run(walk))

    def _asked(self, walk: Walk) -> Entry:
        return self.pin if _ID in walk.session.memo else self.number

    def _on(self, walk: Walk, step: Step) -> Step:
        """After an entry: the next one, then the service."""
        if step != _TAKEN:
            return step
        walk.session.attempt = 0
        if _PIN not in walk.session.memo:
            return self._on(walk, self.pin.run(walk))
        memo = walk.session.memo
        number, pin = memo.pop(_ID), memo.pop(_PIN)
        return VerifyWait(
            service=self.service,
            operation=self.operation,
            subject=number,
            pin=pin,
            lock=self.lock,
            timeout=self.timeout or walk.service(self.service).timeout,
        )

    def _verified(self, walk: Walk, reply: Verified) -> Step:
        session, answer = walk.session, reply.answer
        if answer is None:
            return LOCKED
        way = note_answer(walk, answer, service=self.service, operation=self.operation)
        if answer.outcome is RequestOutcome.REFUSED:
            walk.events.append(
                IdentityRefused(call=session.facts.call, node=session.node, service=self.service, subject=reply.subject),
            )
            return LOCKED if reply.locked or way == LOCKED else self._again(walk)
        if answer.outcome is not RequestOutcome.OK:
            return way
        walk.events.append(
            IdentityConfirmed(
                call=session.facts.call,
                node=session.node,
                service=self.service,
                subject=reply.subject,
                level=self.level,
            ),
        )
        walk.identify(self.level, answer.body)
        return self._known(walk)

    def _known(self, walk: Walk) -> Step:
        if self.into:
            walk.assign(self.into, walk.identity.get("customer"), secret=False)
        return "next"

    def _again(self, walk: Walk) -> Step:
        memo = walk.session.memo
        memo[_TRIES] += 1
        if memo[_TRIES] >= self.tries:
            return REFUSED
        walk.session.attempt = 0
        said = utter(walk, self.wrong)
        step = self.number.run(walk)
        return replace(step, prompts=(*said, *step.prompts)) if isinstance(step, KeysWait) else step


def _read_entry(node: Fields, key: str) -> Entry:
    fields = node.fields(key, required=True)
    if fields is None:
        return Entry(name=key, lines=(), least=1, check="none")
    timeout, attempts = read_patience(fields)
    least, most = fields.number_range("digits", default=(1, 32), least=1, most=limits.KEYS)
    entry = Entry(
        name=key,
        lines=read_lines(fields, "prompt"),
        least=least,
        most=most,
        end_key=fields.choice("end_key", ("#", "*", "none"), default="#").replace("none", ""),
        check=fields.choice("check", CHECKS, default="none"),
        key_timeout=fields.span("key_timeout", default=Millis(5_000), least=Millis(500), most=limits.TIMEOUT),
        timeout=timeout,
        attempts=attempts,
        secret=True,
    )
    fields.finish()
    return entry


def _read_lock(node: Fields) -> Lock:
    fields = node.fields("lock")
    if fields is None:
        return USUAL_LOCK
    lock = Lock(
        after=fields.integer("after", default=USUAL_LOCK.after, least=1, most=limits.LOCK_AFTER),
        within=fields.span("within", default=USUAL_LOCK.within, least=Millis(60_000), most=limits.LOCK_WITHIN),
    )
    fields.finish()
    return lock
