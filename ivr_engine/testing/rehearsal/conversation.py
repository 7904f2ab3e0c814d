"""A rehearsed call: it goes on by itself while services answer, and stops wherever a person has the next word."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from ivr_engine.core.ids import CallId, Millis
from ivr_engine.core.outcomes import GatherEnd, RequestOutcome
from ivr_engine.flows.session import Session
from ivr_engine.flows.utterances import Utterance, label
from ivr_engine.flows.waits import (
    CallerGone,
    Json,
    Keyed,
    KeysWait,
    Played,
    PlayWait,
    QueueWait,
    RecordWait,
    Reply,
    RequestWait,
    Responded,
    ScriptWait,
    TransferWait,
    Verified,
    VerifyWait,
    Wait,
)
from ivr_engine.testing import pace
from ivr_engine.testing.callers import ScriptedVerifier, respond, take
from ivr_engine.testing.rehearsal.outcome import Missed
from ivr_engine.testing.rehearsal.outside import line_of, reply_to
from ivr_engine.testing.rehearsal.script import Answer
from ivr_engine.testing.rehearsal.visit import Visit
from ivr_engine.testing.simulation import words
from ivr_engine.testing.stage import Stage

CALL = CallId("rehearsed")
SERVICE_TAKES = Millis(200)
_DOING: Mapping[type[Wait], str] = {
    KeysWait: "waits for keys",
    RecordWait: "records the caller",
    TransferWait: "transfers the call",
    ScriptWait: "runs a script",
}


class Answers:
    """The services of one test. Those in a list are given in turn; each must be asked for."""

    def __init__(self, answers: Mapping[str, tuple[Answer, ...]]) -> None:
        self._left = {name: deque(each) for name, each in answers.items()}
        self._unused = [answer for each in answers.values() for answer in each]

    def ask(self, wait: RequestWait | VerifyWait) -> Responded:
        """The next answer. Raises Missed when the test has none."""
        name = f"{wait.service}.{wait.operation}"
        left = self._left.get(name)
        if not left:
            found = "the test has no answer" if left is None else "the test has no answer left"
            raise Missed("every request to be answered by the test", f"the flow asks {name}, and {found} under `services`")
        return respond(self._taken(left))

    def has(self, name: str) -> bool:
        """Whether the test says beside its steps what comes of this recording, transfer or script (`outside.line_of`)."""
        return name in self._left

    def outside(self, name: str) -> Json:
        """What the test says comes of it. Raises Missed when it says no more."""
        left = self._left[name]
        if not left:
            kind, _, what = name.partition(" ")
            raise Missed(f"the test to say what comes of `{what}`", f"it has no line left under `{kind}`")
        return self._taken(left)

    def _taken(self, left: deque[Answer]) -> Json:
        answer = left[0] if left[0].always else left.popleft()
        self._unused = [each for each in self._unused if each is not answer]
        return answer.body

    def unused(self) -> Answer | None:
        """The first answer that nobody asked for."""
        return self._unused[0] if self._unused else None


class Conversation:
    """One call on a stage. `unheard`: said, and not yet looked at by a step; `heard`: in words, since the caller acted."""

    def __init__(self, stage: Stage, answers: Answers) -> None:
        self._stage = stage
        self._answers = answers
        self._verifier = ScriptedVerifier(answers)
        self._session: Session | None = None
        self.unheard: list[Utterance] = []
        self.heard: list[str] = []
        self.visit: Visit | None = None

    @property
    def wait(self) -> Wait | None:
        """What the call is blocked on; None: it is over."""
        return self._session.wait if self._session else None

    @property
    def session(self) -> Session:
        """The call's state, for reading only."""
        assert self._session is not None  # noqa: S101 - set by begin
        return self._session

    def begin(self, number: str, caller: str, *, reroute: str = "") -> None:
        """Dial."""
        self._session = self._stage.arrive(CALL, number=number, caller=caller, reroute=reroute).session
        self._go_on()

    def where(self) -> str:
        """What the call does now, for messages."""
        if self.visit is not None:
            return str(self.visit)
        if self.wait is None:
            return f"the call is over; its last node was `{self.session.node}`"
        doing = _DOING.get(type(self.wait), "plays")
        return f"the flow {doing} at node `{self.session.node}`"

    def listen(self) -> bool:
        """Hear what is being played to its end; False when nothing is."""
        if not isinstance(self.wait, PlayWait):
            return False
        self._reply(Played(), self._speaking(self.wait.prompts))
        return True

    def press(self, wait: KeysWait, keys: str, *, interrupted: bool = False) -> str:
        """Press keys at a question and then nothing more; the keys it left."""
        keyed, rest = take(wait, wait.typed_ahead + keys, interrupted=interrupted)
        self._forget()
        self._reply(keyed, self._keying(wait, keyed))
        return rest

    def interrupt(self, key: str) -> None:
        """Press a key while a prompt plays."""
        self._forget()
        self._reply(Played(key=key), pace.KEY)

    def hang_up(self) -> None:
        """The caller leaves."""
        if self.visit is not None:
            self.visit.hang_up()
        self._reply(CallerGone(), Millis(0))

    def answer(self, reply: Reply, took: Millis) -> None:
        """Somebody outside answers what the call waits for."""
        self._forget()
        self._reply(reply, took)

    def after_visit(self) -> None:
        """Go on with the flow if the visit to the queue is over."""
        if self.visit is not None and self.visit.left is not None:
            self._reply(self.visit.left, Millis(0))

    def hear(self, utterances: Iterable[Utterance]) -> None:
        """Something is said to the caller."""
        for each in utterances:
            self.unheard.append(each)
            self.heard.append(f"{label(each)}: {words(self._stage.definition, each, self.session.language)}")

    def _forget(self) -> None:
        self.unheard.clear()
        self.heard.clear()

    def _reply(self, reply: Reply, took: Millis) -> None:
        self._stage.advance(took)
        self.visit = None
        self._session = self._stage.reply(self.session, reply).session
        self._go_on()

    def _go_on(self) -> None:
        while isinstance(wait := self.wait, RequestWait | VerifyWait):
            reply = self._answered(wait)
            answer = reply.answer if isinstance(reply, Verified) else reply
            silent = answer is not None and answer.outcome is RequestOutcome.TIMEOUT
            self._stage.advance(wait.timeout if silent else SERVICE_TAKES)
            self._session = self._stage.reply(self.session, reply).session
        if isinstance(wait, PlayWait | KeysWait | RecordWait):
            self.hear(wait.prompts)
        if isinstance(wait, RecordWait | TransferWait | ScriptWait):
            self._scripted(wait)
        elif isinstance(wait, QueueWait):
            self.visit = Visit(self._stage, CALL, wait, say=self.hear)

    def _scripted(self, wait: RecordWait | TransferWait | ScriptWait) -> None:
        """Go on when the test says beside its steps what comes of the wait; else a step says it."""
        name = line_of(wait, self.session.node)
        if self._answers.has(name):
            self._reply(*reply_to(wait, self._answers.outside(name)))

    def _answered(self, wait: RequestWait | VerifyWait) -> Responded | Verified:
        return self._verifier.verify(wait, self._stage.now) if isinstance(wait, VerifyWait) else self._answers.ask(wait)

    def _speaking(self, prompts: Iterable[Utterance]) -> Millis:
        definition, language = self._stage.definition, self.session.language
        return Millis(sum(pace.speaking(words(definition, each, language)) for each in prompts))

    def _keying(self, wait: KeysWait, keyed: Keyed) -> Millis:
        silent = (wait.next_timeout if keyed.keys else wait.first_timeout) * (keyed.ended is GatherEnd.TIMEOUT)
        return Millis(self._speaking(wait.prompts) * (not keyed.interrupted) + len(keyed.keys) * pace.KEY + silent)
