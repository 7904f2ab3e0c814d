"""Run a script that the shop already has.

    points:
      agi: {script: points, arguments: ["{{ call.caller }}"], read: {POINTS: points}}
      next: say
      failed: end
    say: {play: [{number: "{{ points }}"}], next: end, failed: end}

The script is an entry of `scripts` in `centre.yaml`: the file of an AGI script, or the address of a FastAGI server. It
takes the caller over while it runs. Arguments are letters, digits and `.@+*#:/_-`, never secret. `read` keeps channel
variables that it set, as texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from ivr_engine.core.events.flow import ScriptEnded
from ivr_engine.flows import limits, settings, shapes
from ivr_engine.flows.expression_values import text_of
from ivr_engine.flows.faults import NodeFault
from ivr_engine.flows.fields import Fields
from ivr_engine.flows.messages import Message
from ivr_engine.flows.nodes.base import NodeFacts, NodeSpec, Step
from ivr_engine.flows.settings import Setting, as_setting, as_target
from ivr_engine.flows.waits import Reply, ScriptOver, ScriptWait
from ivr_engine.flows.walk import Walk

_ARGUMENT = re.compile(r"[A-Za-z0-9.@+*#:/_-]{0,80}", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agi(NodeSpec):
    """Run `script` with `arguments`; keep what it set as `reads` says: its name -> our variable."""

    KIND: ClassVar[str] = "agi"
    script: str
    arguments: tuple[Setting, ...] = ()
    reads: Mapping[str, str]

    @classmethod
    def read(cls, node: Fields) -> Self:
        """`agi: {script, arguments, read}`."""
        fields = node.fields(cls.KIND)
        if fields is None:
            return cls(script="", reads={})
        arguments = fields.each("arguments", as_setting)
        reads = fields.mapping_of("read", as_target)
        if len(arguments) > limits.ARGUMENTS or len(reads) > limits.ARGUMENTS:
            fields.error("S313", Message.of("a script takes and gives at most $most values", most=limits.ARGUMENTS))
        for entry in fields.entries("read"):
            name = shapes.matching(_VARIABLE, "a variable of the script: letters, digits and _, at most 40")
            shapes.read(shapes.key_of(entry), name, "", fields.issues)
        spec = cls(script=fields.name("script", required=True), arguments=arguments, reads=reads)
        fields.finish()
        return spec

    def facts(self) -> NodeFacts:
        """Leaves by `next` when the script ended well."""
        return NodeFacts(
            exits=("next", "failed"),
            required=(("next",), ("failed",)),
            scripts=(self.script,),
            reads=settings.reads(self.arguments),
            writes=tuple(self.reads.values()),
        )

    def run(self, walk: Walk) -> Step:
        """Hand the caller to the script; keys typed ahead are forgotten."""
        walk.session.typed_ahead = walk.session.stray = ""
        script = walk.script(self.script)
        return ScriptWait(
            script=self.script,
            run=script.run,
            arguments=tuple(_argument(walk, setting) for setting in self.arguments),
            read=tuple(self.reads),
            timeout=script.timeout,
        )

    def resume(self, walk: Walk, reply: Reply) -> Step:
        """Keep what it set."""
        assert isinstance(reply, ScriptOver)  # noqa: S101 - the engine lets no other reply through
        session = walk.session
        walk.events.append(
            ScriptEnded(call=session.facts.call, node=session.node, script=self.script, done=reply.done),
        )
        if not reply.done:
            return "failed"
        for name, variable in self.reads.items():
            walk.assign(variable, reply.values.get(name, ""), secret=False)
        return "next"


def _argument(walk: Walk, setting: Setting) -> str:
    text = text_of(walk.open_value(setting, "a script's argument"))
    if not _ARGUMENT.fullmatch(text):
        raise NodeFault("bad_argument", "an argument of a script is letters, digits and .@+*#:/_-, at most 80")
    return text
