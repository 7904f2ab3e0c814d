"""Record what the caller says.

    say_it:
      record: {prompt: welcome, into: message, longest: 2m, silence: 5s, end_key: "#"}
      next: end
      exits: {empty: end}
      failed: end

Recording begins after the prompt, and after the prompt `record_tone` where the centre has it. It ends with the end key,
with silence, after the longest time, or when the caller hangs up; a flow goes on after that until it wants something of
the caller, so a ticket behind it is still opened. Less than a second leaves by `empty`. `into` keeps `name`, under
which the recording is found, and `seconds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.events.flow import VoiceRecorded
from ivr_engine.core.ids import Millis
from ivr_engine.flows import limits
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.saying import Line, names_read, prompt_names, read_lines, utter
from ivr_engine.flows.settings import as_target
from ivr_engine.flows.waits import RecordWait, Reply, VoiceTaken
from ivr_engine.flows.walk import RECORD_TONE, Walk

EMPTY = "empty"
SHORTEST = Millis(1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(NodeSpec):
    """Say `lines`, then record for at most `longest`, until `silence` or `end_key`."""

    KIND: ClassVar[str] = "record"
    lines: tuple[Line, ...]
    longest: Millis = Millis(120_000)
    silence: Millis = Millis(5_000)
    end_key: str = "#"
    into: str = ""

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`record: {prompt, into, longest, silence, end_key}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(lines=())
        spec = cls._read_rest(fields)
        fields.finish()
        return spec

    @classmethod
    def _read_rest(cls, fields: Fields) -> Self:
        return cls(
            lines=read_lines(fields, "prompt"),
            longest=fields.span("longest", default=Millis(120_000), least=SHORTEST, most=limits.RECORDING),
            silence=fields.span("silence", default=Millis(5_000), least=SHORTEST, most=Millis(60_000)),
            end_key=fields.choice("end_key", ("#", "*", "none"), default="#").replace("none", ""),
            into=fields.read("into", as_target, default=""),
        )

    def facts(self) -> NodeFacts:
        """Leaves by `next`, or by `empty` when nothing was said."""
        return NodeFacts(
            exits=("next", EMPTY, "failed"),
            required=(("next",), (EMPTY, "failed")),
            claims=tuple(self.end_key),
            lines=self.lines,
            prompts=prompt_names(self.lines),
            reads=names_read(self.lines),
            writes=(self.into,) if self.into else (),
        )

    def run(self, walk: Walk) -> Step:
        """Record; keys typed ahead are forgotten."""
        session = walk.session
        session.typed_ahead = session.stray = ""
        return RecordWait(
            prompts=(*utter(walk, self.lines), *walk.prompt(RECORD_TONE)),
            language=session.language,
            name=f"{session.facts.call}-{session.node}-{walk.now}",
            longest=self.longest,
            silence=self.silence,
            end_key=self.end_key,
        )

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Keep its name."""
        assert isinstance(reply, VoiceTaken)  # noqa: S101 - the engine lets no other reply through
        if reply.lasted < SHORTEST:
            return EMPTY
        session = walk.session
        walk.events.append(
            VoiceRecorded(call=session.facts.call, node=session.node, recording=reply.name, lasted=reply.lasted),
        )
        if self.into:
            walk.assign(self.into, {"name": reply.name, "seconds": reply.lasted // 1000}, secret=False)
        return "next"
