"""Microseconds of one expression of the flow language.

    python -m benchmarks.expressions

What a call evaluates between two waits: conditions, texts with values in them, sums, functions. Each is compiled once, as at
load, and evaluated with the names of a call.

The baseline, measured in the same run, is Python's own: the same conditions as compiled code for `eval`, which guards
against nothing. `ratio` is the language's rate over the baseline's, by the mean of all of them; `goal` is the rate that the
project asks for, 3 us an expression, over the baseline's. Each is printed, and the slowest.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from types import SimpleNamespace
from typing import Any

from ivr_engine.flows.expressions import compile_expression, compile_template

WANTED_US = 3.0
SECONDS = 0.05  # of each measurement
ROUNDS = 5  # measurements; the best counts, the others met the machine's other work

NAMES: dict[str, Any] = {
    "card": "6299990000100015",
    "tries": 2,
    "account": {"balance": "1234.50", "vip": True, "kind": "gold", "limits": [100, 200]},
    "identity": {"level": 2, "customer": {"id": "C1", "segment": "vip"}},
    "call": {"number": "95500", "caller": "13800138000", "language": "zh-CN"},
}
SAME = {
    "identity.level >= 2": "identity.level >= 2",
    "account.vip and tries < 3": "account.vip and tries < 3",
    "account.kind in ['gold', 'platinum']": "account.kind in ['gold', 'platinum']",
    "50 if account.vip else 0": "50 if account.vip else 0",
    "tries + 1": "tries + 1",
    "default(nothing, false) or identity.customer.segment == 'vip'": "False or identity.customer.segment == 'vip'",
    "last(card, 4)": "card[-4:]",
    "len(call.caller) >= 7 and not call.number == '95501'": "len(call.caller) >= 7 and not call.number == '95501'",
    "int(account.balance) > account.limits[1] * 2 - 100": "int(account.balance_) > account.limits[1] * 2 - 100",
}
TEMPLATE = "card {{ last(card, 4) }}: {{ account.balance }} CNY"


def language(source: str) -> Callable[[], object]:
    """An expression of the flow language, ready to be evaluated."""
    expression = compile_expression(source)
    return lambda: expression.evaluate(NAMES)


def text() -> Callable[[], object]:
    """A text with two expressions in it."""
    template = compile_template(TEMPLATE)
    return lambda: template.evaluate(NAMES)


def bare(source: str) -> Callable[[], object]:
    """The same as Python's own code."""
    code = compile(source, "bare", "eval")
    account = SimpleNamespace(**NAMES["account"], balance_="1234")
    identity = SimpleNamespace(level=2, customer=SimpleNamespace(segment="vip"))
    names = {**NAMES, "account": account, "identity": identity, "call": SimpleNamespace(**NAMES["call"])}
    return lambda: eval(code, {"len": len, "int": int}, names)


def microseconds(evaluate: Callable[[], object]) -> float:
    """Of one evaluation: the best of some rounds."""
    return min(_round(evaluate) for _ in range(ROUNDS))


def _round(evaluate: Callable[[], object]) -> float:
    count, began = 0, process_time()
    while (took := process_time() - began) < SECONDS / ROUNDS:
        for _ in range(200):
            evaluate()
        count += 200
    return 1e6 * took / count


def main() -> None:
    """Measure and print."""
    NAMES["account"]["balance"] = "1234"  # a whole number, for `int`
    ours = {source: microseconds(language(source)) for source in SAME}
    theirs = {source: microseconds(bare(same)) for source, same in SAME.items()}
    for source, took in ours.items():
        print(f"{took:6.2f} us   (Python's eval {theirs[source]:5.2f})   {source}")
    whole = microseconds(text())
    print(f"{whole:6.2f} us   (two expressions)       {TEMPLATE}")
    mean, base = sum(ours.values()) / len(ours), sum(theirs.values()) / len(theirs)
    print(f"mean {mean:.2f} us, slowest {max(ours.values()):.2f} us, wanted {WANTED_US:.0f} us an expression")
    ratio, goal = base / mean, base / WANTED_US
    print(f"expressions ratio={ratio:.3f} goal={goal:.3f} {'met' if ratio >= goal else 'short'}")


if __name__ == "__main__":
    main()
