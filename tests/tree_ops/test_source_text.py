import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgraft.tree_ops.source_text import call_with, read_site
from archgraft.tree_ops.syntax import parse_expression
from archgraft.tree_ops.tree import CodeSite

PARAMETERS = ["in_channels", "out_channels", "kernel_size", "stride", "padding"]


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ("Conv(8, 16, 3)", [("kernel_size", "5")], "Conv(8, 16, 5)"),
        ("Conv(8, 16, kernel_size=3)", [("kernel_size", "5")], "Conv(8, 16, kernel_size=5)"),
        ("Conv(8, 16, 3)", [("padding", "2")], "Conv(8, 16, 3, padding=2)"),
        ("Conv(8, 16, 3)", [("kernel_size", "5"), ("padding", "2")], "Conv(8, 16, 5, padding=2)"),
        ("Conv()", [("stride", "2")], "Conv(stride=2)"),
        (
            "Conv(8, 16,\n     3,  # small\n     )",
            [("kernel_size", "(1, 3)")],
            "Conv(8, 16,\n     (1, 3),  # small\n     )",
        ),
        ("Conv(8, 16,)", [("stride", "2")], "Conv(8, 16, stride=2)"),
        ("Conv(größe, 16, 3)", [("kernel_size", "5")], "Conv(größe, 16, 5)"),
    ],
)
def test_an_argument_is_set_where_it_stands_and_the_rest_of_the_call_keeps_its_form(
    before: str, changes: list[tuple[str, str]], after: str
) -> None:
    assert call_with(before, changes, PARAMETERS) == after


@pytest.mark.parametrize("call", ["Conv(*widths)", "Conv(8, **options)"])
def test_a_call_whose_arguments_cannot_be_told_from_its_text_is_left_alone(call: str) -> None:
    assert call_with(call, [("stride", "2")], PARAMETERS) is None


def test_a_site_is_read_by_byte_columns_as_cpython_counts_them() -> None:
    source = "def f():\n    größe = Conv(1, 2)  # ä\n"
    start = len("    größe = ".encode())
    site = CodeSite(2, start, 2, start + len("Conv(1, 2)"), "f", 1)
    assert read_site(source, site) == "Conv(1, 2)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Conv(8, 16  # last\n)", "Conv(8, 16, stride=2  # last\n)"),
        ("Conv(\n    8,\n    16,  # last\n)", "Conv(\n    8,\n    16,\n    stride=2,  # last\n)"),
        ("Conv(\n\t8,\n\t16,\n)", "Conv(\n\t8,\n\t16,\n\tstride=2,\n)"),
        ("Conv(8,\r\n     16)", "Conv(8,\r\n     16, stride=2)"),
        ("Conv((8))", "Conv((8), stride=2)"),
        ("Conv(f(8, (16)))", "Conv(f(8, (16)), stride=2)"),
        ("make(1)(8)", "make(1)(8, stride=2)"),
        ("Conv(name=')')", "Conv(name=')', stride=2)"),
        ("Conv('größe', 16)", "Conv('größe', 16, stride=2)"),
        ("Conv((n := 8), 16)", "Conv((n := 8), 16, stride=2)"),
        ("Conv(# nothing\n)", "Conv(stride=2# nothing\n)"),
    ],
)
def test_a_keyword_is_added_behind_the_last_argument_whatever_follows_that(before: str, after: str) -> None:
    assert call_with(before, [("stride", "2")], PARAMETERS) == after


@pytest.mark.parametrize("call", ["Conv(n := 8, 16)", "Conv(width for width in widths)"])
def test_an_argument_that_does_more_than_give_a_value_is_not_replaced(call: str) -> None:
    assert call_with(call, [("in_channels", "2")], PARAMETERS) is None


@st.composite
def calls(draw: st.DrawFn) -> str:
    values = st.sampled_from(("8", "(8)", "f(1, 2)", "'a, (b'", "[1,\n 2]", "größe", "lambda x: x", "a if b else c"))
    gaps = st.sampled_from((" ", "\n    ", "\t", "  # note, (x)\n  ", "\r\n  "))
    n_placed = draw(st.integers(0, 3))
    named = draw(st.lists(st.sampled_from(PARAMETERS[3:]), unique=True))
    given_values = [draw(values) for _ in range(n_placed)] + [f"{name}={draw(values)}" for name in named]
    body = "".join(f"{draw(gaps)}{value}{draw(gaps)}," for value in given_values)
    return f"Conv({body if draw(st.booleans()) else body.removesuffix(',')}{draw(gaps)})"


@settings(max_examples=300, deadline=None)
@given(calls(), st.dictionaries(st.sampled_from(PARAMETERS), st.sampled_from(("5", "(1, 3)", "g(x=1)")), min_size=1))
def test_a_changed_call_gives_just_the_changed_arguments(call: str, changes: dict[str, str]) -> None:
    changed = call_with(call, list(changes.items()), PARAMETERS)
    assert changed is not None
    wanted = arguments_of(call) | {name: ast.dump(parse_expression(value)) for name, value in changes.items()}
    assert arguments_of(changed) == wanted


def arguments_of(call: str) -> dict[str, str]:
    expression = parse_expression(f"({call}\n)")
    assert isinstance(expression, ast.Call)
    placed = dict(zip(PARAMETERS, expression.args, strict=False))
    named = {str(keyword.arg): keyword.value for keyword in expression.keywords}
    return {name: ast.dump(value) for name, value in (placed | named).items()}
