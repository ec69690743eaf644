"""Folding on decided tests: what the text looks like afterwards, and that it does the same."""

import ast
from collections.abc import Mapping
from textwrap import dedent, indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.tree_ops.folding import fold
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.text_edits import SourceBytes


class Flags:
    """An oracle that knows some names."""

    def __init__(self, values: Mapping[str, bool]) -> None:
        self._values = values

    def truth(self, node: ast.expr) -> bool | None:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand)
            return None if inner is None else not inner
        if isinstance(node, ast.BoolOp):
            found = [self.truth(value) for value in node.values]
            stops = isinstance(node.op, ast.Or)
            if stops in found and all(isinstance(value, ast.Name) for value in node.values):
                return stops
            return None if None in found else not stops
        return self._values.get(node.id) if isinstance(node, ast.Name) else None

    def replacement(self, node: ast.expr) -> str | None:
        return None


YES_NO = Flags({"YES": True, "NO": False})


def folded(source: str, oracle: Flags = YES_NO) -> str:
    text = dedent(source).strip("\n")
    return SourceBytes(text).apply(fold(text, parse(text).body, oracle).edits)


def assert_folds(before: str, after: str) -> None:
    assert folded(before) == dedent(after).strip("\n")
    assert folded(after) == dedent(after).strip("\n")


def test_a_decided_if_gives_way_to_its_branch_and_comments_stay() -> None:
    assert_folds(
        """
        def f(x):
            # about x
            if YES:  # the header goes
                # inside
                x = x + 1  # kept

                x = x + 2
                # at the end
            else:
                x = 0
            return x
        """,
        """
        def f(x):
            # about x
            # inside
            x = x + 1  # kept

            x = x + 2
            # at the end
            return x
        """,
    )


def test_what_never_runs_goes_with_the_comment_that_describes_it() -> None:
    assert_folds(
        """
        def f(x):
            y = 1

            # the other way
            if NO:
                x = 2
                # more

            return x + y
        """,
        """
        def f(x):
            y = 1

            return x + y
        """,
    )


def test_elif_chains_close_up() -> None:
    assert_folds(
        """
        def f(x):
            if NO:
                a(x)
            elif x > 1:
                b(x)
            # then
            elif YES:
                c(x)
            else:
                d(x)
        """,
        """
        def f(x):
            if x > 1:
                b(x)
            # then
            else:
                c(x)
        """,
    )


def test_else_with_an_if_inside_is_no_elif() -> None:
    assert_folds(
        """
        def f(x):
            if x:
                a(x)
            else:
                if NO:
                    b(x)
                else:
                    c(x)
        """,
        """
        def f(x):
            if x:
                a(x)
            else:
                c(x)
        """,
    )


def test_an_emptied_block_holds_pass_and_an_emptied_else_goes() -> None:
    assert_folds(
        """
        def f(x):
            if x:
                if NO:
                    a(x)
            else:
                if NO:
                    b(x)
            for y in x:
                assert YES, "never"
        """,
        """
        def f(x):
            if x:
                pass
            for y in x:
                pass
        """,
    )


def test_strings_over_several_lines_keep_their_value() -> None:
    before = '''
        def f(x):
            if YES:
                if YES:
                    text = """one
                two
            three"""
                    call(
                        x,
                        f"""{x}
                          y""",
                    )
            return text
        '''
    after = folded(before)
    assert "one\n        two\n    three" in after
    assert "                  y" in after
    assert "\n    call(\n        x,\n" in after


def test_code_behind_a_return_that_became_certain_goes() -> None:
    assert_folds(
        """
        def f(x):
            if YES:
                return x
            # never
            y = x + 1

            return y
        """,
        """
        def f(x):
            return x
        """,
    )


def test_values_that_only_removed_code_read_go_with_it() -> None:
    assert_folds(
        """
        def f(x):
            kind = None
            other = None
            if NO:
                x = kind
            return x
        """,
        """
        def f(x):
            other = None
            return x
        """,
    )


def test_generators_and_scopes_stay_what_they_are() -> None:
    same = """
        def f():
            if NO:
                yield 1
            return 2

        def g():
            if NO:
                global z
            z = 1

        def h(flag):
            if NO:
                name = 1
            return lambda: name
        """
    assert_folds(same, same)


def test_expressions_shrink_to_what_counts() -> None:
    assert folded("def f(x, y):\n    return (x or y) if NO else y") == "def f(x, y):\n    return y"
    assert folded("a = YES and x") == "a = x"
    assert folded("a = x or NO or y") == "a = x or y"
    assert folded("a = NO or (x if y else 1)") == "a = (x if y else 1)"
    assert folded("a = [x if NO else lambda: y]") == "a = [(lambda: y)]"
    assert folded("a = x if YES else y") == "a = x"
    assert folded("a = (x,\n y) if YES else y") == "a = ((x,\n y))"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if YES: a(); b()\nc()", "a(); b()\nc()"),
        ("if NO: a()\nelse: b()  # kept\nc()", "b()  # kept\nc()"),
        ("if NO: a()\nc()", "c()"),
        ("while NO:\n    a()\nc()", "c()"),
        ("if (NO\n    ):\n    a()\nelse:\n    b()", "b()"),
        ("class A:\n    if NO:\n        x = 1", "class A:\n    pass"),
        ("try:\n    if YES:\n        a()\nfinally:\n    b()", "try:\n    a()\nfinally:\n    b()"),
        ("x = 1; assert YES", "x = 1; assert YES"),
        ("if YES:\n\ta()\n\tif x:\n\t\tb()", "a()\nif x:\n\tb()"),
    ],
)
def test_layouts(before: str, after: str) -> None:
    assert folded(before) == after
    assert folded(after) == after


FLAG = st.sampled_from(
    ["YES", "NO", "not NO", "YES and NO", "NO or YES", "x > 1", "YES and x > 0", "NO or x", "x and NO"]
)
LEAF = st.sampled_from(
    [
        "out.append(x)",
        "x += 1",
        "y = x",
        "out.append(y)",
        "out.append(x if YES else y)",
        "out.append(YES and (x or 2))",
        'out.append("""a\n      b""")',
        "assert YES, 'never'",
        "return x",
        "raise ValueError(x)",
        "break",
        "continue",
        "pass",
        "# a comment\nout.append(3)  # another",
        "def inner(): return y\nout.append(inner())",
        "out.append([z for z in (x, 5) if NO or z])",
    ]
)


def block(statements: list[str]) -> str:
    return indent("\n".join(statements), "    ", lambda line: not line.startswith("      b"))


def compound(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(children, min_size=1, max_size=3).map(block)
    return st.one_of(
        st.builds("if {}:\n{}".format, FLAG, body),
        st.builds("if {}:  # why\n{}\nelse:\n{}".format, FLAG, body, body),
        st.builds("# first\nif {}:\n{}\nelif {}:\n{}".format, FLAG, body, FLAG, body),
        st.builds(
            "if {}:\n{}\n# next\nelif {}:\n{}\nelif {}:\n{}\nelse:\n{}".format, FLAG, body, FLAG, body, FLAG, body, body
        ),
        st.builds("if {}: out.append(8)\nelse: out.append(9)".format, FLAG),
        st.builds("for x in (x, 7):\n{}".format, body),
        st.builds("while NO:\n{}".format, body),
        st.builds("try:\n{}\nexcept ValueError:\n{}".format, body, body),
    )


FUNCTION = st.lists(st.recursive(LEAF, compound, max_leaves=12), min_size=1, max_size=5).map(
    lambda statements: f"def f(x, out):\n    y = 0\n{block(statements)}\n    return x"
)


def behaviour(source: str, x: int) -> object:
    names: dict[str, object] = {"YES": True, "NO": False}
    exec(compile(source, "<folded>", "exec"), names)
    out: list[object] = []
    function = names["f"]
    assert callable(function)
    try:
        result = function(x, out)
    except (ValueError, NameError) as error:
        result = type(error).__name__.replace("UnboundLocal", "Name")
    return result, out


@given(FUNCTION)
def test_folded_functions_do_the_same_and_fold_no_further(source: str) -> None:
    try:
        compile(source, "<given>", "exec")
    except SyntaxError:  # a `break` outside of a loop
        return
    text = folded(source)
    for _ in range(3):
        text = folded(text)
    assert folded(text) == text
    for x in (0, 1, 2):
        assert behaviour(text, x) == behaviour(source, x)
        assert behaviour(folded(source), x) == behaviour(source, x)
