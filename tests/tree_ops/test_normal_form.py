"""What a source's own names are doesn't count; whatever changes what it computes does."""

import ast
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.tree_ops.normal_form import body_hash

BLOCK = '''
import torch
from torch import nn

SCALE = 2

def {helper}(value, amount):
    return value * amount

class {prefix}Inner(nn.Module):
    """{prefix} documentation."""

    def __init__(self, dim: int):
        super().__init__()
        self.linear = nn.Linear(dim, dim)

    def forward(self, {tensor}):
        for {index} in range(2):
            {tensor} = {helper}(self.linear({tensor}), SCALE + {index})
        if {tensor}.ndim != 3:
            raise ValueError("{prefix}Inner needs three axes")
        return {tensor}

class {prefix}Block(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.inner = {prefix}Inner(dim)

    def forward(self, {tensor}):
        return {tensor} + self.inner({tensor})
'''
NAMES = {"prefix": "Bert", "helper": "scaled", "tensor": "hidden_states", "index": "i"}
TAKEN = {*dir(__builtins__), "torch", "nn", "self", "dim", "SCALE", "value", "amount", "x"}


def identifiers() -> st.SearchStrategy[str]:
    return st.from_regex(r"[a-z_][a-z0-9_]{2,8}", fullmatch=True).filter(
        lambda name: not keyword.iskeyword(name) and name not in TAKEN and name not in dir(ast) and name != "range"
    )


@given(st.lists(identifiers(), min_size=3, max_size=3, unique=True), st.from_regex(r"[A-Z][a-z]{2,6}", fullmatch=True))
def test_a_renaming_changes_nothing(names: list[str], prefix: str) -> None:
    helper, tensor, index = names
    renamed = BLOCK.format(prefix=prefix, helper=helper, tensor=tensor, index=index)
    assert body_hash(renamed) == body_hash(BLOCK.format(**NAMES))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("nn.Linear(dim, dim)", "nn.Linear(dim, dim, bias=False)"),
        ("SCALE = 2", "SCALE = 3"),
        ("range(2)", "range(3)"),
        ("value * amount", "value + amount"),
        ("value * amount", "amount * value"),
        ("hidden_states + self", "hidden_states - self"),
        ("self.linear", "self.weight"),
        ("SCALE + i", "SCALE + SCALE"),
        ("ndim != 3", "ndim != 4"),
        ("nn.Linear", "nn.LazyLinear"),
    ],
)
def test_what_changes_the_result_changes_the_hash(before: str, after: str) -> None:
    source = BLOCK.format(**NAMES)
    assert before in source
    assert body_hash(source) != body_hash(source.replace(before, after))


def test_two_variables_that_change_places_are_no_renaming() -> None:
    one = "def f(a, b):\n    c = a - b\n    return c\n"
    assert body_hash(one) == body_hash("def g(x, y):\n    z = x - y\n    return z\n")
    assert body_hash(one) != body_hash("def f(a, b):\n    c = b - a\n    return c\n")


def test_a_keyword_keeps_its_name() -> None:
    one = "def f(bias):\n    return nn.Linear(3, 3, bias=bias)\n"
    other = "def f(device):\n    return nn.Linear(3, 3, device=device)\n"
    assert body_hash(one) != body_hash(other)


def test_methods_keep_their_names_even_when_a_function_bears_the_same() -> None:
    source = "def norm(x):\n    return x\nclass A:\n    def {name}(self, x):\n        return norm(x)\n"
    assert body_hash(source.format(name="norm")) != body_hash(source.format(name="call"))
    assert body_hash(
        source.format(name="norm").replace("def norm(x)", "def size(x)").replace("norm(x)\n", "size(x)\n")
    ) == (body_hash(source.format(name="norm")))
