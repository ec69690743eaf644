import pytest

from archgraft.tree_ops.line_length import MAX_COLUMNS, shortened
from archgraft.tree_ops.one_line import one_line
from archgraft.tree_ops.syntax import parse

LONG = "number_of_channels=1234, " * 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"self.mlp = Grafted(self.mlp, Mixer({LONG}activation=nn.GELU, hidden={'9' * 20}))",
            f"self.mlp = Grafted(\n    self.mlp, Mixer({LONG}activation=nn.GELU, hidden={'9' * 20})\n)",
        ),
        (
            f"self.mlp = Grafted(Grafted(self.mlp, Mixer({LONG}activation=nn.GELU)), Mixer({LONG}activation=nn.GELU))",
            f"self.mlp = Grafted(\n    Grafted(self.mlp, Mixer({LONG}activation=nn.GELU)),\n"
            f"    Mixer({LONG}activation=nn.GELU),\n)",
        ),
        (f"x = f(1)  # {'long ' * 30}", f"x = f(1)  # {'long ' * 30}"),
        (f"x = '{'long ' * 30}'", f"x = '{'long ' * 30}'"),
    ],
)
def test_a_long_line_is_broken_inside_its_brackets(before: str, after: str) -> None:
    assert shortened(f"{before}\n", ()) == f"{after}\n"


def test_what_was_long_before_stays_as_it_is() -> None:
    line = f"x = f({LONG * 3}last=1)"
    assert shortened(line, {line}) == line
    assert max(map(len, shortened(line, ()).split("\n"))) <= MAX_COLUMNS


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("f(\n    a,\n    b=[\n        1,\n    ],\n)", "f(a, b=[1,])"),
        ("f(\n    (1,),\n)", "f((1,))"),
        ("x +\n    y", "x + y"),
        ("f(a,  # why\n  b)", "f(a,  # why\n  b)"),
        ("f('''a\nb''')", "f('''a\nb''')"),
        ("f(a, b)", "f(a, b)"),
    ],
)
def test_an_expression_is_put_on_one_line_where_no_word_of_it_is_lost(broken: str, whole: str) -> None:
    assert one_line(broken) == whole
    parse(f"({whole}\n)")
