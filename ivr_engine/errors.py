"""The exception tree. Exceptions are faults of ours, of our host or of a command; expected endings are outcomes.

EngineError
├── DefinitionError     the centre's files cannot be used; carries every problem found
├── CommandRefused      a command that may not be carried out now (unknown agent, already on a call)
├── ReplyMismatch       a wait was given a reply it does not accept
├── WireError           the bytes of a protocol peer make no sense
├── SwitchError         the PBX is absent, too old, or refused an instruction
├── StoreError          the journal or the records cannot be read or written
├── PromptError         a prompt can be neither found nor spoken
└── SetupError          this machine lacks something; the message says how to mend it
"""

from __future__ import annotations


class EngineError(Exception):
    """Root of everything this package raises on purpose."""


class DefinitionError(EngineError):
    """The centre's files cannot be used. `problems` are ready-made lines `file:line:column: severity CODE message`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CommandRefused(EngineError):
    """A command was understood and may not be carried out; the text says why."""


class ReplyMismatch(EngineError):
    """A wait was given a reply that it does not accept. The session is unchanged and may be resumed again."""


class WireError(EngineError):
    """A protocol peer sent bytes that make no sense; the connection cannot be trusted any more."""


class SwitchError(EngineError):
    """The PBX is absent, too old, not ours, or refused an instruction."""


class StoreError(EngineError):
    """The journal or the records cannot be read or written."""


class PromptError(EngineError):
    """A prompt can be neither found as a recording nor spoken by the synthesiser."""


class SetupError(EngineError):
    """This machine lacks something. The message names it and the command that mends it."""
