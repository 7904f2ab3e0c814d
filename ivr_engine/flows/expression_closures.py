"""What the parts of an expression become: closures over their own parts, so that evaluating decides nothing by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr_engine.flows import expression_values as values
from ivr_engine.flows.expression_values import ExpressionFault, Fault
from ivr_engine.flows.waits import Json

Names = Mapping[str, Json]
Evaluate = Callable[[Names], Json]


def constant(value: Json) -> Evaluate:
    """Always the same value."""
    return lambda _names: value


def root(name: str) -> Evaluate:
    """The value of a name."""
    message = f"`{name}` has no value yet"

    def evaluate(names: Names) -> Json:
        if name in names:
            return names[name]
        raise ExpressionFault(Fault.MISSING_NAME, message)

    return evaluate


def key(holder: Evaluate, wanted: str, path: str) -> Evaluate:
    """A key of a mapping; `path` names it in a fault."""

    def evaluate(names: Names) -> Json:
        held = holder(names)
        if type(held) is not dict:
            code = Fault.MISSING_KEY if held is None else Fault.WRONG_TYPE
            raise ExpressionFault(code, f"`{path}`: {values.kind_of(held)} has no keys")
        if wanted not in held:
            raise ExpressionFault(Fault.MISSING_KEY, f"`{path}` has no value")
        return held[wanted]

    return evaluate


def binary(operation: Callable[[Json, Json], Json], left: Evaluate, right: Evaluate) -> Evaluate:
    """An operation on two values."""
    return lambda names: operation(left(names), right(names))


def choice(chosen: Evaluate, condition: Evaluate, otherwise: Evaluate) -> Evaluate:
    """`chosen if condition else otherwise`."""
    return lambda names: chosen(names) if condition(names) else otherwise(names)


def either(left: Evaluate, right: Evaluate) -> Evaluate:
    """`left or right`: the first that is not empty."""
    return lambda names: left(names) or right(names)


def both(left: Evaluate, right: Evaluate) -> Evaluate:
    """`left and right`: the first that is empty, else the last."""
    return lambda names: left(names) and right(names)


def listing(items: list[Evaluate]) -> Evaluate:
    """A list."""
    return lambda names: [item(names) for item in items]


def call(function: Callable[..., Json], arguments: list[Evaluate]) -> Evaluate:
    """A function of `expression_values.FUNCTIONS` on its arguments."""
    return lambda names: function(*[argument(names) for argument in arguments])


def default(value: Evaluate, otherwise: Evaluate) -> Evaluate:
    """`default(value, otherwise)`: what is missing or null is replaced, every other fault stays."""

    def evaluate(names: Names) -> Json:
        try:
            found = value(names)
        except ExpressionFault as fault:
            if fault.code not in (Fault.MISSING_NAME, Fault.MISSING_KEY):
                raise
            found = None
        return otherwise(names) if found is None else found

    return evaluate
