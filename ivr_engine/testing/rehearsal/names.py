"""What tests mention stands in the centre: readers of its names, each with the nearest one when it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ivr_engine.core.ids import AgentId
from ivr_engine.flows import shapes
from ivr_engine.flows.definition import CentreDefinition
from ivr_engine.flows.fields import unknown
from ivr_engine.flows.shapes import ShapeFault
from ivr_engine.flows.tree import Scalar, Sequence, Tree
from ivr_engine.flows.waits import Json


def known(names: Iterable[str], code: str, what: str) -> Callable[[Tree], str]:
    """A reader of one of the names; another one is `unknown <what>`."""
    there_are = dict.fromkeys(names)

    def as_known(tree: Tree) -> str:
        name = shapes.as_text(tree)
        if name in there_are:
            return name
        raise ShapeFault(tree.at, code, unknown(what, name, there_are))

    return as_known


def known_node(centre: CentreDefinition) -> Callable[[Tree], str]:
    """A reader of a node of any flow."""
    return known((name for flow in centre.flows.values() for name in flow.nodes), "T508", "node")


def known_agent(centre: CentreDefinition) -> Callable[[Tree], AgentId]:
    """A reader of an agent's id."""
    reader = known(centre.agents, "T511", "agent")
    return lambda tree: AgentId(reader(tree))


def known_language(centre: CentreDefinition) -> Callable[[Tree], str]:
    """A reader of one of the centre's languages."""
    return known(centre.languages, "T514", "language")


def known_prompt(centre: CentreDefinition) -> Callable[[Tree], str]:
    """A reader of a prompt that some language has."""
    names = (name for prompts in centre.prompts.values() for name in prompts)
    return known(names, "T503", "prompt")


def plain(tree: Tree) -> Json:
    """What stands there as JSON values."""
    if isinstance(tree, shapes.Asked):  # any value will do
        return None
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, Sequence):
        return [plain(item) for item in tree.items]
    return {entry.key: plain(entry.value) for entry in tree}
