"""Crossover: what one tree gives another, and that names of the two never clash."""

import pytest

from archgraft.tree_ops.donors import donor
from archgraft.tree_ops.edits import Donor
from archgraft.tree_ops.tree import Tree
from tests.grafting import Graftery, conv, edit_at
from tests.planting import plant_tree

SAME_NAMES = """
import functools
from torch import nn

WIDTHS = {"wide": 8}


def make_norm(width, eps=1e-3):
    return nn.BatchNorm2d(width, eps=eps)


class Scaled(nn.Module):
    def __init__(self, width, norm):
        super().__init__()
        self.norm = norm(width)

    def forward(self, x):
        return 2 * self.norm(x)


class Block(nn.Module):
    def __init__(self, width, *kernels, inner, norm=make_norm):
        super().__init__()
        self.convs = nn.Sequential(*[nn.Conv2d(width, width, k, padding=k // 2) for k in kernels])
        self.inner = inner
        self.norm = Scaled(WIDTHS["wide"] * width // 8, norm)

    def forward(self, x):
        return self.norm(self.inner(self.convs(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 1)
        self.block = Block(4, 3, 1, inner=Scaled(4, nn.BatchNorm2d), norm=functools.partial(make_norm, eps=0.1))
        self.pair = nn.ModuleDict({"a": nn.Conv2d(4, 4, 1), "b": nn.ReLU()})
        self.head = nn.Linear(4, 10)

    def forward(self, x):
        x = self.block(self.stem(x))
        for layer in self.pair.values():
            x = layer(x)
        return self.head(x.mean(dim=(2, 3)))
"""


@pytest.fixture(scope="module")
def other(images: Graftery) -> Tree:
    return plant_tree(images.sandbox, SAME_NAMES, "Net()", images.batch)


def given(tree: Tree, path: str) -> Donor:
    found = donor(tree, tree.at(path).nid)
    assert found is not None
    return found


def test_modules_handed_to_a_donor_are_written_with_it(other: Tree) -> None:
    assert given(other, "block").expression == (
        "Block(4, *(3, 1), inner=Scaled(width=4, norm=nn.BatchNorm2d), norm=functools.partial(make_norm, eps=0.1))"
    )
    assert "class Net" not in given(other, "block").source
    assert given(other, "pair").expression.startswith("nn.ModuleDict({'a': nn.Conv2d(")


def test_classes_functions_and_values_of_equal_names_live_side_by_side(
    images: Graftery, residual: Tree, other: Tree
) -> None:
    for _, tree in images.on_each_rung(
        residual, edit_at(residual, "crossover", "stage1.0", "stage1.1", donor=given(other, "block"))
    ):
        assert tree.at("stage1.0").definition != tree.at("stage2").definition
        assert tree.at("stage1.0").class_name.startswith("Block")
        assert tree.at("stage1.1.norm.norm").arguments[1].text == "0.1"


def test_an_offspring_of_a_crossover_is_a_donor_in_its_turn(images: Graftery, residual: Tree, other: Tree) -> None:
    first = images.grown(residual, edit_at(residual, "crossover", "stage1.0", donor=given(other, "block")))
    grafted = images.grown(first, edit_at(first, "insert", "stage1.0", graft=conv(4, 4)))
    third = images.grown(other, edit_at(other, "crossover", "block", donor=given(grafted, "stage1.0")))
    assert third.at("block.host").class_name.startswith("Block")
    back = images.grown(third, edit_at(third, "delete", "block.graft"))
    assert back.at("block").class_name.startswith("Block")


def test_what_was_set_inside_a_node_later_keeps_it_from_being_rebuilt(images: Graftery, residual: Tree) -> None:
    edited = images.grown(residual, edit_at(residual, "swap", "stage1.0.conv", graft=conv(4, 4)))
    assert donor(edited, edited.at("stage1.0").nid) is None
    assert donor(edited, edited.at("stage1").nid) is None
    assert given(edited, "stage1.1").expression == "Block(width=4)"
