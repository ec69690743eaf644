"""Expressions are a closed kind of source: what else a child might send is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.tree_ops.expressions import Expression, source_of


def test_widths_are_filled_in_and_worked_out() -> None:
    expression = Expression("torch.nn.Linear(in_width, in_width * 4 // 2, bias=False)")
    assert expression.at({"in_width": 8}).text == "torch.nn.Linear(8, 16, bias=False)"
    assert expression.roles == {"in_width"}


@pytest.mark.parametrize(
    "text",
    [
        "torch.nn.GELU",
        "torch.nn.functional.relu",
        "types.SimpleNamespace(hidden_size=in_width, rope={'theta': -1.0}, inner=types.SimpleNamespace())",
        "functools.partial(torch.nn.LayerNorm, eps=1e-06)",
        "out_width // 2",
    ],
)
def test_what_templates_need_is_allowed(text: str) -> None:
    assert Expression(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "torch.load('weights')",
        "torch.hub.load('a', 'b')",
        "open",
        "(lambda: 1)()",
        "[x for x in (1, 2)]",
        "'a' * 999999999",
        "(1,) * 999999999",
        "2 ** 99999",
        "in_width // 0",
        "in_width // (in_width // 64)",
        "*".join(["1"] * 9_000),
        "-" * 9_000 + "1",
        "[" * 9_000,
        "torch.nn.Linear(**{'in_features': 1})",
        "f'{in_width}'",
        "torch.nn.Linear(4, 4).weight",
        "a b",
        "",
    ],
)
def test_all_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expression|may not|multiplied"):
        Expression(text)


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_a_value_error(text: str) -> None:
    try:
        Expression(text)
    except ValueError:
        return


def test_literals_and_expressions_have_a_source() -> None:
    assert source_of((1, "a")) == "(1, 'a')"
    assert source_of(Expression("torch.nn.ReLU")) == "torch.nn.ReLU"
