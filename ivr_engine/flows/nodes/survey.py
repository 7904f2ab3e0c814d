"""Ask the caller's opinion: questions answered with one key each.

    rate:
      survey:
        name: service
        invite: {prompt: welcome, key: 1}
        questions:
          - {prompt: welcome, into: friendly, scale: 1..5}
          - {prompt: welcome, into: waited, scale: 1..5, reversed: true}
          - {prompt: welcome, into: solved, answers: {1: "yes", 2: "no"}, when: "{{ friendly < 5 }}"}
        total: points
        attempts: 2
      next: end

With `invite` only a caller who presses that key is asked; the others leave by `declined`. A question keeps its answer
in `into`: a number of the `scale`, or the value of `answers` for the key. `reversed` turns numbers round, for questions
in which agreeing is a complaint: of 1 to 5, key 1 counts 5. A question whose `when` does not hold is left out. A caller
who gives no answer to a question, `attempts` times, is asked no more and leaves by `partial`. `declined` and `partial`
go the way of `next` unless they are given. `total` keeps the sum of the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from ivr_engine.core.events.flow import SurveyAnswered, SurveyEnded
from ivr_engine.core.ids import AgentId
from ivr_engine.core.outcomes import SurveyOutcome
from ivr_engine.flows import limits, settings, shapes
from ivr_engine.flows.expressions import Expression
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes import everywhere
from ivr_engine.flows.nodes.asking import Asking, read_patience
from ivr_engine.flows.nodes.base import Leave, NodeFacts, NodeSpec, Step
from ivr_engine.flows.saying import names_read, prompt_names, read_lines
from ivr_engine.flows.settings import as_target
from ivr_engine.flows.shapes import ShapeFault
from ivr_engine.flows.tree import Mapping as TreeMapping
from ivr_engine.flows.tree import Scalar, Tree
from ivr_engine.flows.waits import Reply
from ivr_engine.flows.walk import KEYS, Walk

_ANSWERED, _TAKES_PART = "answered", "takes part"
_AT, _POINTS, _COUNT, _ASKED = "at", "points", "count", "asked"
_INVITE = -1

_NO_KEY = "`$key` is not a key of a telephone: 0 to 9, `*` or `#` (in quotes)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Asking):
    """One question: `values` by key, kept in `into`; asked if `when` holds."""

    KIND: ClassVar[str] = "question"
    into: str
    values: Mapping[str, int | str]
    when: Expression | None = None

    def begins(self, key: str) -> bool:
        """See Asking."""
        return key in self.values

    def accept(self, walk: Walk, keys: str) -> Step | None:
        """Keep the value of the key."""
        if keys not in self.values:
            return None
        value = self.values[keys]
        walk.assign(self.into, value, secret=False)
        memo = walk.session.memo
        memo[_POINTS] += value if isinstance(value, int) else 0
        memo[_COUNT] += 1
        return _ANSWERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite(Asking):
    """Whether the caller takes part: they press `key` or do not."""

    KIND: ClassVar[str] = "invite"
    key: str

    def begins(self, key: str) -> bool:
        """See Asking."""
        return key == self.key

    def accept(self, walk: Walk, keys: str) -> Step | None:
        """Any other key declines, except one that means something everywhere."""
        if keys == self.key:
            return _TAKES_PART
        return None if keys in everywhere.known(walk) else str(SurveyOutcome.DECLINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey(NodeSpec):
    """Ask `questions` in turn."""

    KIND: ClassVar[str] = "survey"
    name: str
    invite: Invite | None = None
    questions: tuple[Question, ...]
    total: str = ""

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`survey: {name, invite, questions, total, timeout, attempts}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(name="", questions=())
        timeout, attempts = read_patience(fields)
        questions = [_read_question(tree, fields) for tree in fields.items("questions", required=True)]
        if not 1 <= len(questions) <= limits.QUESTIONS and fields.has("questions"):
            message = Message.of("a survey asks 1 to $most questions", most=limits.QUESTIONS)
            fields.error("S314", message, at=fields.place("questions"))
        asked = [replace(each, timeout=timeout, attempts=attempts) for each in questions if each is not None]
        invite = _read_invite(fields)
        spec = cls(
            name=fields.name("name", required=True),
            invite=replace(invite, timeout=timeout, attempts=1) if invite else None,
            questions=tuple(asked),
            total=fields.read("total", as_target, default=""),
        )
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by how the survey ended."""
        lines = [line for each in self._asked() for line in each.lines]
        conditions = settings.reads(each.when for each in self.questions if each.when is not None)
        return NodeFacts(
            exits=("next", str(SurveyOutcome.PARTIAL), str(SurveyOutcome.DECLINED), "failed"),
            required=(("next",),),
            claims=tuple({key: None for each in self._asked() for key in KEYS if each.begins(key)}),
            attempts=max((each.attempts for each in self.questions), default=1),
            lines=tuple(lines),
            prompts=prompt_names(lines),
            reads=names_read(lines) | conditions,
            writes=(*(each.into for each in self.questions), *((self.total,) if self.total else ())),
        )

    def _asked(self) -> tuple[Asking, ...]:
        return (*((self.invite,) if self.invite else ()), *self.questions)

    def takes(self, key: str) -> bool:
        """See NodeSpec. Without an invitation any question may be the first: the others may be left out."""
        return self.invite.begins(key) if self.invite else any(each.begins(key) for each in self.questions)

    def returned(self, walk: Walk, leave: Leave) -> Step:
        """Back from the flow of the agent key: ask the same question again."""
        del leave
        return self._on(walk, self._present(walk).run(walk))

    def run(self, walk: Walk) -> Step:
        """Invite, or begin."""
        walk.session.memo = {_AT: _INVITE, _POINTS: 0, _COUNT: 0, _ASKED: 0}
        return self._on(walk, self.invite.run(walk)) if self.invite else self._next(walk)

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Judge the key of the question asked last."""
        return self._on(walk, self._present(walk).resume(walk, reply))

    def _present(self, walk: Walk) -> Asking:
        at = walk.session.memo[_AT]
        asked = self.invite if at == _INVITE else self.questions[at]
        assert asked is not None  # noqa: S101 - an invitation is only waited for where there is one
        return asked

    def _on(self, walk: Walk, step: Step) -> Step:
        """After a question: the next one, or the end."""
        if not isinstance(step, str):
            return step
        if step == _ANSWERED:
            self._note(walk)
            return self._next(walk)
        if step == _TAKES_PART:
            return self._next(walk)
        invited = walk.session.memo[_AT] == _INVITE
        return self._end(walk, SurveyOutcome.DECLINED if invited else SurveyOutcome.PARTIAL)

    def _next(self, walk: Walk) -> Step:
        memo = walk.session.memo
        for at in range(memo[_AT] + 1, len(self.questions)):
            question = self.questions[at]
            if question.when is None or walk.value(question.when):
                memo[_AT], memo[_ASKED], walk.session.attempt = at, memo[_ASKED] + 1, 0
                return self._on(walk, question.run(walk))
        return self._end(walk, SurveyOutcome.COMPLETE)

    def _note(self, walk: Walk) -> None:
        session, question = walk.session, self.questions[walk.session.memo[_AT]]
        value = session.variables[question.into]
        walk.events.append(
            SurveyAnswered(
                call=session.facts.call,
                node=session.node,
                survey=self.name,
                question=question.into,
                value=str(value),
                points=value if isinstance(value, int) else None,
                agent=_agent(walk),
            ),
        )

    def _end(self, walk: Walk, outcome: SurveyOutcome) -> Step:
        session, memo = walk.session, walk.session.memo
        if self.total:
            walk.assign(self.total, memo[_POINTS], secret=False)
        walk.events.append(
            SurveyEnded(
                call=session.facts.call,
                node=session.node,
                survey=self.name,
                outcome=outcome,
                asked=memo[_ASKED],
                answered=memo[_COUNT],
                points=memo[_POINTS],
                agent=_agent(walk),
            ),
        )
        return str(outcome) if str(outcome) in walk.node.exits else "next"


def _agent(walk: Walk) -> AgentId | None:
    """The agent the caller talked to last."""
    visit = walk.session.given.get("queue", {})
    return AgentId(visit["agent"]) if visit.get("agent") else None


def _read_question(tree: Tree, survey: Fields) -> Question | None:
    mapping = shapes.read(tree, shapes.as_mapping, None, survey.issues)
    if mapping is None:
        return None
    fields = Fields(mapping, survey.issues, where="a question")
    if fields.has("scale") == fields.has("answers"):
        fields.error("S315", "a question has either `scale: 1..5` or `answers: {1: ..., 2: ...}`")
    low, high = fields.number_range("scale", default=(1, 5), least=0, most=9)
    scale: dict[str, int | str] = {str(key): key for key in range(low, high + 1)}
    values = _read_answers(fields) if fields.has("answers") else scale
    question = Question(
        lines=read_lines(fields, "prompt"),
        into=fields.read("into", as_target, default="", required=True),
        values=_turned(values, fields) if fields.boolean("reversed") else values,
        when=fields.expression("when") if fields.has("when") else None,
    )
    fields.finish()
    return question


def _read_answers(fields: Fields) -> dict[str, int | str]:
    answers: dict[str, int | str] = {}
    for entry in fields.entries("answers"):
        if entry.key not in KEYS or len(entry.key) != 1:
            message = Message.of(_NO_KEY, key=entry.key)
            fields.error("S311", message, at=entry.key_at)
        answers[entry.key] = shapes.read(entry.value, _as_answer, "", fields.issues)
    return answers


def _as_answer(tree: Tree) -> int | str:
    value = tree.value if isinstance(tree, Scalar) else None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | str)
        or (isinstance(value, int) and abs(value) > limits.POINTS)
    ):
        message = Message.of("expected a word, or a whole number up to $most", most=limits.POINTS)
        raise ShapeFault(tree.at, "S315", message)
    return value


def _turned(values: dict[str, int | str], fields: Fields) -> dict[str, int | str]:
    numbers = [value for value in values.values() if isinstance(value, int)]
    if len(numbers) < len(values) or not numbers:
        fields.error("S315", "only numbers can be reversed", at=fields.place("reversed"))
        return values
    return {key: min(numbers) + max(numbers) - value for key, value in values.items() if isinstance(value, int)}


def _read_invite(survey: Fields) -> Invite | None:
    tree = survey.get("invite")
    if tree is None:
        return None
    fields = Fields(
        shapes.read(tree, shapes.as_mapping, TreeMapping(tree.at, ()), survey.issues), survey.issues, where="invite"
    )
    key = fields.text("key", required=True)
    if key and (key not in KEYS or len(key) != 1):
        fields.error("S311", Message.of(_NO_KEY, key=key), at=fields.place("key"))
    invite = Invite(lines=read_lines(fields, "prompt"), key=key)
    fields.finish()
    return invite
