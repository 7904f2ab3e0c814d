"""What goes wrong inside a node when a flow meets values its author did not expect."""

from __future__ import annotations

from ivr_engine.errors import EngineError


class NodeFault(EngineError):
    """A node cannot do what its settings ask for. Never leaves the engine: it becomes an AuthorFault or a FlowFailed.

    `code` is stable; the message is the author's own words and names, never a caller's value.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
