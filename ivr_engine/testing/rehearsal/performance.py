"""Plays a conversation test: step by step, and then the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from ivr_engine.cdr.record import CallRecord
from ivr_engine.core.events import call_of
from ivr_engine.core.ids import Millis
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.tree import Position
from ivr_engine.flows.utterances import Money, Prompt, Utterance
from ivr_engine.flows.waits import (
    Json,
    KeysWait,
    PlayWait,
    RecordWait,
    ScriptOver,
    ScriptWait,
    TransferOver,
    TransferWait,
    VoiceTaken,
)
from ivr_engine.testing.rehearsal.conversation import CALL, Answers, Conversation
from ivr_engine.testing.rehearsal.outcome import Failure, Missed, Result
from ivr_engine.testing.rehearsal.outside import SCRIPT_TAKES, TALK
from ivr_engine.testing.rehearsal.script import (
    AgentActs,
    ConversationTest,
    Ends,
    Expects,
    HangsUp,
    Hears,
    Interrupts,
    Presses,
    QueueEnds,
    ScriptEnds,
    Speaks,
    Step,
    Talks,
    Transfers,
    Waits,
    Words,
)
from ivr_engine.testing.rehearsal.visit import PICKS_UP_AFTER, Visit
from ivr_engine.testing.stage import Stage

MOST_TURNS: Final = 1_000  # without a step of the test


def perform(definition: CentreDefinition, test: ConversationTest, *, stage: Stage | None = None) -> Result:
    """Play the test, on a stage of its own unless one is given."""
    stage = stage or Stage(definition, now=test.instant)
    answers = Answers(test.answers)
    conversation = Conversation(stage, answers)
    failure = _play(test, _Performance(conversation), answers=answers, stage=stage)
    events = tuple(each.event for each in stage.journal if call_of(each.event) == CALL)
    return Result(test=test, failure=failure, events=events, record=stage.records.get(CALL))


def _play(test: ConversationTest, performance: _Performance, *, answers: Answers, stage: Stage) -> Failure | None:
    conversation, at = performance.conversation, test.at
    try:
        conversation.begin(test.number, test.caller, reroute=test.reroute)
        for step in test.steps:
            at = step.at
            performance.do(step)
        at = test.ends.at if test.ends is not None else at
        performance.finish(ends=test.ends is not None)
        _judge(stage.records[CALL], test.ends, answers)
    except Missed as missed:
        return _failure(missed, at, conversation)
    return None


def _failure(missed: Missed, at: Position, conversation: Conversation) -> Failure:
    return Failure(at=missed.at or at, expected=missed.expected, found=missed.found, heard=tuple(conversation.heard))


class _Performance:
    """Each step's deed."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation

    def do(self, step: Step) -> None:
        """Do one step. Raises Missed."""
        _DEEDS[type(step)](self, step)
        self.conversation.after_visit()

    def finish(self, *, ends: bool) -> None:
        """Hear the call to its end, or hang up where the test says nothing of an end."""
        call = self.conversation
        for _ in range(MOST_TURNS):
            self._stop_talking()
            if not call.listen():
                break
        if call.wait is None:
            return
        if ends:
            raise Missed("the call to come to its end", f"{call.where()}, and the test has no step left")
        call.hang_up()

    def hear(self, step: Hears) -> None:
        """Go on until the words have been said."""
        call = self.conversation
        for _ in range(MOST_TURNS):
            if (end := _heard(step.words, call.unheard)) is not None:
                del call.unheard[:end]
                return
            if not self._go_on():
                break
        raise Missed(f"to hear {', '.join(map(str, step.words))}", call.where())

    def press(self, step: Presses) -> None:
        """Press the keys, at as many questions as it takes; in a queue, the key that leaves it."""
        keys = step.keys
        self._listen()
        if self.conversation.visit is not None and self.conversation.visit.takes_keys:
            self._in_queue(staffed=False).press(keys[0])
            self.conversation.after_visit()
            keys = keys[1:]
        while keys:
            keys = self.conversation.press(self._question("a question that takes keys"), keys)

    def interrupt(self, step: Interrupts) -> None:
        """Press a key while something is said."""
        call = self.conversation
        if isinstance(call.wait, KeysWait):
            call.press(call.wait, step.key, interrupted=True)
        elif isinstance(call.wait, PlayWait) and call.wait.barge_in:
            call.interrupt(step.key)
        else:
            barred = isinstance(call.wait, PlayWait)
            raise Missed("a prompt that a key interrupts", f"{call.where()}{', with barge_in: false' * barred}")

    def wait(self, step: Waits) -> None:
        """Press nothing; in a queue, let time pass."""
        call = self.conversation
        self._listen()
        if call.visit is not None:
            if step.span is None:
                raise Missed("a question", f"{call.visit}; say how long, such as `waits: 30s`")
            self._in_queue(staffed=False).wait(step.span)
            return
        question = self._question("a question, or a queue")
        if step.span is not None:
            raise Missed("a queue", f"{call.where()}; there `waits` stands without a span: nothing is pressed at all")
        call.press(question, "")

    def hang_up(self, _step: HangsUp) -> None:
        """Leave."""
        call = self.conversation
        if call.wait is None:
            raise Missed("a call to hang up", call.where())
        if call.visit is not None:
            self._in_queue(staffed=False)
        call.hang_up()

    def act(self, step: AgentActs) -> None:
        """An agent does something."""
        self._listen()
        self._in_queue(staffed=True).act(step)

    def talk(self, step: Talks) -> None:
        """Talk to the agent."""
        self._visit().talk(step.span)

    def end_visit(self, step: QueueEnds) -> None:
        """The visit to the queue ends."""
        self._listen()
        visit = self._visit()
        if visit.entered:
            self._wait_until_it_ends(visit, step)
        else:
            visit.enter_to_end(step.outcome)

    def speak(self, step: Speaks) -> None:
        """Speak while being recorded."""
        self._listen()
        wait = self.conversation.wait
        if not isinstance(wait, RecordWait):
            raise Missed("a recording", self.conversation.where())
        self.conversation.answer(VoiceTaken(name=wait.name, lasted=min(step.span, wait.longest)), step.span)

    def transfer(self, step: Transfers) -> None:
        """Somebody elsewhere is rung."""
        self._listen()
        wait = self.conversation.wait
        if not isinstance(wait, TransferWait):
            raise Missed("a transfer", self.conversation.where())
        talked = TALK if step.outcome is OfferOutcome.ANSWERED else Millis(0)
        self.conversation.answer(
            TransferOver(to=wait.to, outcome=step.outcome, talked=talked), Millis(PICKS_UP_AFTER + talked)
        )

    def end_script(self, step: ScriptEnds) -> None:
        """A script is over."""
        self._listen()
        if not isinstance(self.conversation.wait, ScriptWait):
            raise Missed("a script", self.conversation.where())
        self.conversation.answer(ScriptOver(done=step.values is not None, values=step.values or {}), SCRIPT_TAKES)

    def expect(self, step: Expects) -> None:
        """Look at what is known of the call."""
        session = self.conversation.session
        _same("node", step.node or session.node, session.node)
        _same("language", step.language or session.language, session.language)
        for name, value in step.variables.items():
            if name.split(".")[0] in session.secrets:
                raise Missed(f"variable `{name}` to be looked at", "it is secret")
            _same(f"variable `{name}`", value, _variable(session.variables, name))

    def _listen(self) -> None:
        for _ in range(MOST_TURNS):
            if not self.conversation.listen():
                return

    def _question(self, wanted: str) -> KeysWait:
        self._stop_talking()
        self._listen()
        wait = self.conversation.wait
        if not isinstance(wait, KeysWait):
            raise Missed(wanted, self.conversation.where())
        return wait

    def _go_on(self) -> bool:
        """One turn further without any deed of the caller; False when only the caller or an agent can do something."""
        call = self.conversation
        if self._stop_talking() or call.listen():
            return True
        if call.visit is None:
            return False
        if not call.visit.entered:
            call.visit.enter(staffed=False)
            return True
        went_on = call.visit.wait_for_news()
        call.after_visit()
        return went_on

    def _stop_talking(self) -> bool:
        visit = self.conversation.visit
        if visit is None or visit.talking_to is None:
            return False
        visit.talk(TALK)
        self.conversation.after_visit()
        return True

    def _visit(self) -> Visit:
        if self.conversation.visit is None:
            raise Missed("a caller in a queue", self.conversation.where())
        return self.conversation.visit

    def _in_queue(self, *, staffed: bool) -> Visit:
        visit = self._visit()
        if not visit.entered:
            visit.enter(staffed=staffed)
        return visit

    def _wait_until_it_ends(self, visit: Visit, step: QueueEnds) -> None:
        for _ in range(MOST_TURNS):
            if visit.left is not None or not visit.wait_for_news():
                break
        _same("the visit's end", str(step.outcome), str(visit.left.outcome) if visit.left else str(visit))


_DEEDS: Mapping[type[Step], Callable[[_Performance, Any], None]] = {
    Hears: _Performance.hear,
    Presses: _Performance.press,
    Interrupts: _Performance.interrupt,
    Waits: _Performance.wait,
    HangsUp: _Performance.hang_up,
    AgentActs: _Performance.act,
    Talks: _Performance.talk,
    QueueEnds: _Performance.end_visit,
    Speaks: _Performance.speak,
    Transfers: _Performance.transfer,
    ScriptEnds: _Performance.end_script,
    Expects: _Performance.expect,
}


def _heard(wanted: Sequence[Words], said: Sequence[Utterance]) -> int | None:
    """The index after the first place where all the words stand one after the other."""
    for start in range(len(said) - len(wanted) + 1):
        if all(map(_fits, wanted, said[start:])):
            return start + len(wanted)
    return None


def _fits(words: Words, utterance: Utterance) -> bool:
    if isinstance(utterance, Prompt):
        return words.kind == "prompt" and words.value == utterance.name
    if isinstance(utterance, Money) and words.currency not in ("", utterance.currency):
        return False
    kind = type(utterance).__name__.lower()
    return words.kind == kind and words.value == getattr(utterance, utterance.__slots__[0])


def _variable(variables: Mapping[str, Json], path: str) -> Json:
    value: Json = dict(variables)
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _judge(record: CallRecord, ends: Ends | None, answers: Answers) -> None:
    unused = answers.unused()
    if unused is not None:
        raise Missed("every answer of the test to be asked for", "nothing in the call took this one", at=unused.at)
    _same("faults", ", ".join(ends.faults if ends else ()) or "none", ", ".join(record.faults) or "none")
    if ends is None:
        return
    given = dict(record.answers)
    for what, wanted, found in _endings(ends, record):
        _same(what, wanted or found, found)
    for name, value in ends.answers.items():
        _same(f"answer `{name}`", value, given.get(name, "nothing"))


def _endings(ends: Ends, record: CallRecord) -> Iterable[tuple[str, str, str]]:
    yield "the last node", ends.node, record.last_node or "none"
    yield "the disposition", ends.disposition or "", record.disposition
    yield "the language", ends.language, record.language or "none"
    yield "the last queue", ends.queue, record.queue or "none"
    yield "the agent", ends.agent, record.agent or "none"


def _same(what: str, wanted: Json, found: Json) -> None:
    if wanted != found:
        raise Missed(f"{what}: {wanted}", f"{found}")
