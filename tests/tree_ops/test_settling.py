"""Overrides before and after they are folded, and that what they build stays the same."""

import ast
from dataclasses import dataclass, field
from textwrap import dedent, indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgraft.tree_ops.module_access import path_of
from archgraft.tree_ops.overrides import IN_BUILDER, override
from archgraft.tree_ops.settling import settled
from archgraft.tree_ops.syntax import literal, parse

HEAD = "def build_model():\n    model = Net()\n"
TAIL = "    return model\n"


def file_of(body: str) -> str:
    return HEAD + indent(dedent(body).strip() + "\n" if body.strip() else "", "    ") + TAIL


def with_lines(source: str, *lines: str, moved: dict[str, str | None] | None = None) -> str:
    pairs = [line.split(" = ", 1) for line in lines]
    new = [override(target, expression, "model") for target, expression in pairs]
    return settled(source, source, IN_BUILDER, new, moved or {})


@pytest.mark.parametrize(
    ("old", "new", "after"),
    [
        ("model.a = X()", "model.a = Y()", "model.a = Y()"),
        ("model.a = X()", "model.a = Grafted(model.a, Y())", "model.a = Grafted(X(), Y())"),
        ("model.a = X(model.b)", "model.b = Y()", "model.a = X(model.b)\nmodel.b = Y()"),
        ("model.a = X(model.b)\nmodel.b = Y()", "model.a = Z(model.a)", None),
        ("model.a.c = X()", "model.a = Y()", "model.a = Y()"),
        ("model.a.c = X()", "model.a = Y(model.a)", None),
        ("", "model.a = model.a", ""),
        (
            "model.a[1] = Grafted(model.a[1], X())",
            "model.a[1].host = Grafted(model.a[1].host, Y())",
            "model.a[1] = Grafted(Grafted(model.a[1], Y()), X())",
        ),
        (
            "model.a[1] = Grafted(model.a[1], X())",
            "model.a[1].host.conv = Y()",
            "model.a[1].conv = Y()\nmodel.a[1] = Grafted(model.a[1], X())",
        ),
        ("model.a[1] = Grafted(model.a[1], X())", "model.a[1].graft.conv = Y()", None),
        ("model.a[1] = Mine(model.a[1], X())", "model.a[1].host.conv = Y()", None),
        (
            "model.a[0] = X()\nmodel.a[1] = X()",
            "model.a[2] = X()",
            "for index in range(3):\n    model.a[index] = X()",
        ),
        (
            "for index in range(3):\n    model.a[index] = X()",
            "model.a[1] = Y()",
            "model.a[0] = X()\nmodel.a[2] = X()\nmodel.a[1] = Y()",
        ),
        ("for index in range(3):\n    model.a[index] = X()  # mine", "model.a[1] = Y()", None),
        ("if model.a:\n    model.b = X()", "model.b = Y()", None),
    ],
)
def test_overrides_are_kept_few(old: str, new: str, after: str | None) -> None:
    expected = f"{old}\n{new}" if after is None else after
    assert with_lines(file_of(old), new) == file_of(expected)


def test_a_line_that_builds_the_same_anew_stands_before_those_that_set_what_is_inside() -> None:
    source = file_of("model.a[1].conv = X()\nmodel.b = Y()")
    line = override("model.a[1]", "Other(3)", "model", is_rebuilt=True)
    expected = file_of("model.a[1] = Other(3)\nmodel.a[1].conv = X()\nmodel.b = Y()")
    assert settled(source, source, IN_BUILDER, [line], {}) == expected


def test_lines_follow_what_a_call_now_wraps_and_go_with_what_it_no_longer_makes() -> None:
    source = file_of("model.a[1].conv = X(model.a[1].conv)\nmodel.a[2].conv = Y()\nmodel.b.c = Z()")
    moved: dict[str, str | None] = {"a.1": "host", "a.2": None, "b": ""}
    expected = file_of("model.a[1].host.conv = X(model.a[1].host.conv)\nmodel.b.c = Z()")
    assert with_lines(source, moved=moved) == expected


def test_nothing_new_changes_nothing() -> None:
    source = file_of(
        "model.a = X(\n    1,\n    2,\n)\nmodel.a.b = Y()  # kept\nfor index in range(4):\n    model.c[index] = Z()"
    )
    assert with_lines(source) == source


# A model in miniature: what a file of overrides builds, told without running it.


@dataclass
class Part:
    """A module: what made it, what it holds."""

    made_by: str
    slots: dict[str, "Part"] = field(default_factory=dict)

    def copy(self) -> "Part":
        return Part(self.made_by, {name: part.copy() for name, part in self.slots.items()})


def built(source: str) -> Part:
    model = Part("Net", {name: Part(name, {"x": Part("x"), "y": Part("y")}) for name in "ab"})
    model.slots["c"] = Part("c", {str(index): Part("c", {"x": Part("x"), "y": Part("y")}) for index in range(4)})
    [function] = parse(source).body
    assert isinstance(function, ast.FunctionDef)
    for statement in function.body[1:-1]:
        run(statement, model)
    return model


def run(statement: ast.stmt, model: Part) -> None:
    if isinstance(statement, ast.For):
        over = ast.unparse(statement.iter)
        for index in range(int(over[6:-1])) if over.startswith("range") else literal(over):
            for inner in statement.body:
                run(parse(ast.unparse(inner).replace("[index]", f"[{index}]")).body[0], model)
        return
    assert isinstance(statement, ast.Assign)
    path = path_of(statement.targets[0], "model")
    assert path
    *above, name = path.split(".")
    holder = model
    for part in above:
        holder = holder.slots[part]
    holder.slots[name] = value_of(statement.value, model)


def value_of(expression: ast.expr, model: Part) -> Part:
    path = path_of(expression, "model")
    if path is not None:
        found = model
        for part in path.split("."):
            found = found.slots[part]
        return found
    assert isinstance(expression, ast.Call)
    given = [value_of(argument, model) for argument in expression.args]
    name = ast.unparse(expression.func)
    return Part(name, dict(zip(("host", "graft"), given, strict=False)) if given else {"x": Part("x"), "y": Part("y")})


def paths_in(part: Part, at: str = "") -> list[str]:
    below = [path for name, inner in part.slots.items() for path in paths_in(inner, f"{at}.{name}" if at else name)]
    return [at, *below] if at else below


def written(path: str) -> str:
    return "model" + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split("."))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_folded_file_builds_what_the_lines_one_by_one_build(data: st.DataObject) -> None:
    plain = folded = file_of("")
    for _ in range(data.draw(st.integers(1, 8))):
        target = written(data.draw(st.sampled_from(sorted(paths_in(built(plain))))))
        shape = data.draw(st.sampled_from(("{new}()", "Grafted({old}, {new}())", "Mine({old}, {new}())")))
        line = f"{target} = {shape.format(old=target, new=data.draw(st.sampled_from('XY')))}"
        plain = plain.replace(TAIL, f"    {line}\n{TAIL}")
        folded = with_lines(folded, line)
        assert built(folded) == built(plain)
    assert folded.count("\n") <= plain.count("\n") + 1
