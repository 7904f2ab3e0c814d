from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_engine.errors import EngineError
from ivr_engine.flows.expression_tokens import LONGEST_SOURCE
from ivr_engine.flows.expression_values import LARGEST_NUMBER, LONGEST_TEXT
from ivr_engine.flows.expressions import (
    ExpressionFault,
    ExpressionSyntax,
    Fault,
    compile_expression,
    compile_template,
)
from ivr_engine.flows.waits import Json

NAMES: dict[str, Any] = {
    "customer": {"vip": True, "name": "Li", "tags": ["gold", "zh"], "items": 3, "__class__": "kept"},
    "account": {"balance": "1234.50", "limit": None},
    "card": "6222020200112233",
    "n": 3,
    "zero": 0,
    "half": 0.5,
    "long": "x" * LONGEST_TEXT,
    "huge": 10**4000,
    "big": LARGEST_NUMBER,
    "nan": float("nan"),
}


def value(source: str) -> object:
    return compile_expression(source).evaluate(NAMES)


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("50 if customer.vip else 0", 50),
        ("1 if false else 2 if false else 3", 3),
        ("n + 1 * 2", 5),
        ("(n + 1) * 2", 8),
        ("10 - 4 - 3", 3),
        ("7 / 2", 3.5),
        ("-7 % 3", 2),
        ("--n", 3),
        ("-n + 1", -2),
        ("n >= 3 and n < 4", True),
        ("not n == 3", False),
        ("not not n", True),
        ("zero or 'none'", "none"),
        ("n and 'some'", "some"),
        ("'gold' in customer.tags", True),
        ("'go' in 'gold'", True),
        ("'vip' in customer", True),
        ("n not in [1, 2]", True),
        ("customer.tags[0]", "gold"),
        ("customer.tags[-1]", "zh"),
        ("customer['name']", "Li"),
        ("card[0]", "6"),
        ("customer.items", 3),
        ("customer.__class__", "kept"),
        ("'a' + \"b\"", "ab"),
        (r"'it\'s'", "it's"),
        ("1 == 1.0", True),
        ("1 == '1'", False),
        ("true == 1", False),
        ("null == account.limit", True),
        ("customer != null", True),
        ("'10' < '9'", True),
        ("len(card)", 16),
        ("len(customer.tags)", 2),
        ("int('0042')", 42),
        ("int(3.9)", 3),
        ("text(n) + text(half) + text(null) + text(true)", "30.5true"),
        ("last(card, 4)", "2233"),
        ("last(card, 0)", ""),
        ("last('12', 4)", "12"),
        ("default(nobody, 'x')", "x"),
        ("default(account.limit, 1)", 1),
        ("default(account.nothing.more, 1)", 1),
        ("default(n, nobody)", 3),
        ("true or nobody", True),
        ("false and nobody", False),
        ("[1, [2], 'a']", [1, [2], "a"]),
        ("[]", []),
    ],
)
def test_an_expression_means_what_it_says(source: str, meant: object) -> None:
    found = value(source)
    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("nobody", Fault.MISSING_NAME),
        ("nobody.name", Fault.MISSING_NAME),
        ("customer.age", Fault.MISSING_KEY),
        ("account.limit.more", Fault.MISSING_KEY),
        ("customer.tags[2]", Fault.MISSING_KEY),
        ("customer['age']", Fault.MISSING_KEY),
        ("card.name", Fault.WRONG_TYPE),
        ("customer.tags['a']", Fault.WRONG_TYPE),
        ("customer.tags[true]", Fault.WRONG_TYPE),
        ("n + card", Fault.WRONG_TYPE),
        ("true + 1", Fault.WRONG_TYPE),
        ("n < card", Fault.WRONG_TYPE),
        ("customer == customer", Fault.WRONG_TYPE),
        ("1 in 5", Fault.WRONG_TYPE),
        ("len(n)", Fault.WRONG_TYPE),
        ("text(customer)", Fault.WRONG_TYPE),
        ("default(n + card, 1)", Fault.WRONG_TYPE),
        ("n / zero", Fault.DIVISION_BY_ZERO),
        ("n % zero", Fault.DIVISION_BY_ZERO),
        ("big * 2", Fault.TOO_LARGE),
        ("huge + 1", Fault.TOO_LARGE),
        ("huge / 3", Fault.TOO_LARGE),
        ("nan + 1", Fault.TOO_LARGE),
        ("text(huge)", Fault.TOO_LARGE),
        ("int(nan)", Fault.TOO_LARGE),
        ("long + 'y'", Fault.TOO_LARGE),
        ("int('12a')", Fault.NOT_A_NUMBER),
        ("int('９')", Fault.NOT_A_NUMBER),
    ],
)
def test_an_expression_without_a_value_faults_with_a_code(source: str, code: Fault) -> None:
    with pytest.raises(ExpressionFault) as caught:
        value(source)
    assert caught.value.code == code


def test_a_fault_never_shows_a_value() -> None:
    for source in ("card.name", "n + card", "int(card + 'x')", "customer[card]", "text(customer)"):
        with pytest.raises(ExpressionFault) as caught:
            value(source)
        assert "6222" not in str(caught.value)
        assert "Li" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "offset"),
    [
        ("", 0),
        ("1 +", 3),
        ("(1", 2),
        ("1)", 1),
        ("1 2", 2),
        ("a b", 2),
        ("a = 1", 2),
        ("a && b", 2),
        ("a | b", 2),
        ("!a", 0),
        ("1 < 2 < 3", 6),
        ("'open", 0),
        ("a.", 2),
        ("a.1", 2),
        ("1.", 0),
        ("1a", 0),
        ("99999999999999999", 0),
        ("if", 0),
        ("1 if 2", 6),
        ("f(1)", 0),
        ("len()", 0),
        ("len(1, 2)", 0),
        ("default(1)", 0),
        ("True", 0),
        ("None", 0),
        ("{}", 0),
        ("欢迎", 0),
        ("a if b else", 11),
    ],
)
def test_a_mistake_is_found_at_its_place_when_the_file_is_loaded(source: str, offset: int) -> None:
    with pytest.raises(ExpressionSyntax) as caught:
        compile_expression(source)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "attack",
    [
        "''.__class__",
        "''.__class__.__mro__[1].__subclasses__()",
        "().__class__.__bases__",
        "[].append(1)",
        "[x for x in y]",
        "lambda: 1",
        "__import__('os').system('id')",
        "open('/etc/passwd')",
        "eval('1')",
        "globals()",
        "a := 1",
        "a ** b",
        "9 ** 9 ** 9",
        "1 << 1000",
        "'%9999999d' % 1 if 0 else f'{1}'",
        "'{0.__class__}'.format(1)",
        "customer.items()",
        "card.upper()",
        "a; b",
        "@a",
        "*a",
        "`id`",
        "${x}",
        "\x00",
        "0x41",
        "1_000",
        "1e308",
        "(" * 200 + ")" * 200,
        "[" * 60 + "]" * 60,
        "-" * 150 + "1",
        "not " * 60 + "1",
        "1 if 1 else " * 60 + "1",
        "a" * (LONGEST_SOURCE + 1),
        "1+" * 150 + "1",
    ],
)
def test_an_attack_does_not_compile(attack: str) -> None:
    with pytest.raises(ExpressionSyntax):
        compile_expression(attack)


@pytest.mark.parametrize("attack", ["'a' * 999999999", "[1] * 999999999", "'%9999999d' % 1", "long + long", "card.__len__"])
def test_an_attack_that_compiles_faults_without_building_anything(attack: str) -> None:
    with pytest.raises(ExpressionFault):
        value(attack)


def test_the_names_an_expression_reads_are_its_roots() -> None:
    expression = compile_expression("default(a.b[c], 'd') if e in [f] else true and len(a)")
    assert expression.names == {"a", "c", "e", "f"}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("plain", "plain"),
        ("{{ n }}", 3),
        ("{{n}}", 3),
        ("{{ customer }}", NAMES["customer"]),
        ("{{ n }} ", "3 "),
        ("{{ n }}{{ n }}", "33"),
        ("Dear {{ customer.name }}, {{ half }}", "Dear Li, 0.5"),
        ("{{ '}}' }}", "}}"),
        ('{{ "{{" + \'"\' }}!', '{{"!'),
        ("a }} b", "a }} b"),
        ("", ""),
    ],
)
def test_a_template_is_a_text_or_the_raw_value_of_its_only_expression(text: str, meant: object) -> None:
    assert compile_template(text).evaluate(NAMES) == meant


@pytest.mark.parametrize(
    ("text", "offset"), [("ab {{ n", 3), ("{{ n }} {{ 1 + }}", 14), ("{{ 'x }}", 0), ("{{ {{ n }} }}", 3)]
)
def test_a_templates_mistake_counts_from_the_beginning_of_the_text(text: str, offset: int) -> None:
    with pytest.raises(ExpressionSyntax) as caught:
        compile_template(text)
    assert caught.value.offset == offset


def test_a_template_is_bounded_however_often_it_repeats_a_text() -> None:
    with pytest.raises(ExpressionFault) as caught:
        compile_template("{{ long }}" * 20).evaluate(NAMES)
    assert caught.value.code == Fault.TOO_LARGE


numbers = st.integers(0, 5).map(str)
sums = st.recursive(
    numbers,
    lambda inner: (
        st.tuples(inner, st.sampled_from([" + ", " - ", " * "]), inner).map("".join)
        | inner.map("({})".format)
        | inner.map("-{}".format)
    ),
    max_leaves=10,
)
comparisons = st.tuples(sums, st.sampled_from([" == ", " != ", " < ", " <= ", " > ", " >= "]), sums).map("".join)
conditions = st.recursive(
    comparisons,
    lambda inner: (
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join)
        | inner.map("not {}".format)
        | inner.map("({})".format)
    ),
    max_leaves=6,
)
choices = st.tuples(sums, conditions, sums).map(lambda parts: "{} if {} else {}".format(*parts))


@settings(max_examples=400, deadline=None)
@given(sums | conditions | choices)
def test_numbers_conditions_and_choices_mean_what_python_says(source: str) -> None:
    assert compile_expression(source).evaluate({}) == eval(source)


def outcome(source: str, names: dict[str, Json], *, template: bool) -> Json | EngineError:
    try:
        return (compile_template if template else compile_expression)(source).evaluate(names)
    except (ExpressionSyntax, ExpressionFault) as error:
        return error


@settings(max_examples=400, deadline=None)
@given(
    st.text(max_size=60) | st.text(alphabet="ab1. ()[]'\"{}+-*/%<>=!,notifelse", max_size=60),
    st.booleans(),
)
def test_any_text_compiles_or_is_refused_and_evaluates_or_faults(source: str, template: bool) -> None:
    result = outcome(source, {"a": {"b": [1, "x"]}, "b": 2}, template=template)
    if isinstance(result, ExpressionSyntax):
        assert 0 <= result.offset <= len(source)
    elif not isinstance(result, ExpressionFault):
        json.dumps(result)
