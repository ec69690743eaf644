"""An argument is open to change only where nothing outside of the node would notice."""

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.argument_changes import changes_for
from archgraft.tree_ops.tree import Tree
from tests.planting import inputs, plant_tree

DENSE = """
import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self, width, growth_rate):
        super().__init__()
        self.conv = nn.Conv2d(width, growth_rate, 3, padding=1)

    def forward(self, x):
        return torch.cat([x, self.conv(x)], 1)


class Dense(nn.Module):
    def __init__(self, width, num_layers, growth_rate=8):
        super().__init__()
        self.layers = nn.Sequential(*[Layer(width + growth_rate * i, growth_rate) for i in range(num_layers)])

    def forward(self, x):
        return self.layers(x)


class Mix(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.up = nn.Conv2d(width, hidden, 1)
        self.down = nn.Conv2d(hidden, width, 1)

    def forward(self, x):
        return x + self.down(self.up(x))


class Stage(nn.Module):
    def __init__(self, width, depth, hidden, expand3x3_planes=16, extra_layers=0):
        super().__init__()
        self.blocks = nn.Sequential(*[Mix(width, 2 * width) for _ in range(depth)])
        self.last = nn.Conv2d(width, hidden, 1)

    def forward(self, x):
        return self.last(self.blocks(x))


class Listed(nn.Module):
    def __init__(self, width, depth, rates):
        super().__init__()
        self.blocks = nn.Sequential(*[nn.Sequential(Mix(width, 8), nn.Dropout(rates[i])) for i in range(depth)])

    def forward(self, x):
        return self.blocks(x)


class Net(nn.Module):
    def __init__(self, growth_rate=8):
        super().__init__()
        self.dense = Dense(3, 2, growth_rate)
        self.stage = Stage(3 + 2 * growth_rate, 2, 48)
        self.listed = Listed(48, 2, [0.1, 0.2])
        self.head = nn.Linear(48, 10)

    def forward(self, x):
        return self.head(self.listed(self.stage(self.dense(x))).mean((2, 3)))
"""


@pytest.fixture(scope="module")
def tree(shared_sandbox: LocalSandbox) -> Tree:
    return plant_tree(shared_sandbox, DENSE, "Net()", inputs(3, 8, 8))


def changed(tree: Tree, path: str) -> set[str]:
    return {change.name for change in changes_for(tree, tree.at(path))}


def test_growth_is_the_roots_alone(tree: Tree) -> None:
    assert changed(tree, "") == {"growth_rate"}
    assert "growth_rate" not in changed(tree, "dense")


def test_a_number_of_blocks_is_open_where_the_blocks_keep_their_width(tree: Tree) -> None:
    assert "num_layers" not in changed(tree, "dense")
    assert "depth" in changed(tree, "stage")


def test_a_number_of_blocks_is_closed_where_something_is_listed_for_each(tree: Tree) -> None:
    assert "depth" not in changed(tree, "listed")


def test_an_inner_width_is_open_and_one_that_flows_out_is_not(tree: Tree) -> None:
    assert "hidden" in changed(tree, "stage.blocks.0")
    assert "hidden" not in changed(tree, "stage")


def test_only_whole_words_make_a_factor_and_nothing_is_no_count(tree: Tree) -> None:
    assert {"expand3x3_planes", "extra_layers"}.isdisjoint(changed(tree, "stage"))
