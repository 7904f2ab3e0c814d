"""Which variables a call may still read from where it stands: backwards from each node over the ways that lead on.

What is not needed any more need not be stored, least of all a secret. Only kinds that are sure to write a variable count as
writing it. The key `back` is not followed: nearly every place would then need everything for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ivr_engine.core.ids import NodeName
from ivr_engine.flows.definition import Flow, Node
from ivr_engine.flows.graph import targets

Names = frozenset[str]
_NONE: Final[Names] = frozenset()
_SURE_TO_WRITE: Final = frozenset({"collect", "set"})  # by `next`; any other kind may leave a variable as it was


def still_needed(flow: Flow) -> Mapping[NodeName, Names]:
    """Node -> what may be read at it, or after it before it is written anew, by a call that stands at the node."""
    entering: dict[NodeName, Names] = dict.fromkeys(flow.nodes, _NONE)
    changed = True
    while changed:
        changed = False
        for name, node in reversed([*flow.nodes.items()]):
            needed = _reads(node) | _leaving(node, entering, sure=True)
            if needed != entering[name]:
                entering[name], changed = needed, True
    return {name: _reads(node) | _leaving(node, entering, sure=False) for name, node in flow.nodes.items()}


def _reads(node: Node) -> Names:
    return node.facts.reads | node.facts.gives


def _leaving(node: Node, entering: Mapping[NodeName, Names], *, sure: bool) -> Names:
    """What is needed after the node; `sure`: less what it writes on its way out."""
    writes = frozenset(node.facts.writes) if sure and node.spec.KIND in _SURE_TO_WRITE else _NONE
    needed: Names = _NONE
    for way, target in targets(node).items():
        needed |= entering.get(target, _NONE) - (writes if way == "next" else _NONE)
    return needed
