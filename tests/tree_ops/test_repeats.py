import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.repeats import Repeat, counterparts, repeats, tied
from archgraft.tree_ops.tree import Tree
from tests.planting import inputs, plant_tree

SOURCE = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, drop=0.0):
        super().__init__()
        self.norm = nn.Identity()
        self.again = nn.Identity()
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width), nn.GELU())

    def forward(self, x):
        return x + self.mlp(self.again(self.norm(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(4, 6), *[Block(6, drop=i / 10) for i in range(3)], Block(6, 0.2)])
        for i in range(2):
            self.add_module(f"tail{i}", nn.Linear(6, 6))
        self.first = nn.Linear(6, 6)
        self.second = nn.Linear(6, 6)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.second(self.first(self.tail1(self.tail0(x))))
"""


@pytest.fixture(scope="module")
def tree(shared_sandbox: LocalSandbox) -> Tree:
    return plant_tree(shared_sandbox, SOURCE, "Net()", inputs(4))


def paths(tree: Tree, repeat: Repeat) -> list[list[str]]:
    return [[tree.nodes[nid].path for nid in block] for block in repeat.blocks]


def test_neighbours_that_are_built_alike_are_a_repeat_and_what_varies_is_told(tree: Tree) -> None:
    [outer] = [repeat for repeat in repeats(tree) if tree.nodes[repeat.blocks[0][0]].class_name == "Block"]
    assert paths(tree, outer) == [["blocks.1"], ["blocks.2"], ["blocks.3"], ["blocks.4"]]
    assert outer.varying == ("drop",)


def test_a_block_may_be_several_neighbours(tree: Tree) -> None:
    inner = [repeat for repeat in repeats(tree) if len(repeat.blocks[0]) == 2]
    assert len(inner) == 4
    assert paths(tree, inner[0]) == [["blocks.1.mlp.0", "blocks.1.mlp.1"], ["blocks.1.mlp.2", "blocks.1.mlp.3"]]
    assert inner[0].varying == ()


def test_named_neighbours_are_a_repeat_only_where_one_call_made_them(tree: Tree) -> None:
    found = [paths(tree, repeat) for repeat in repeats(tree)]
    assert [["tail0"], ["tail1"]] in found
    assert not any("first" in block or block[0].endswith("norm") for blocks in found for block in blocks)


def test_the_tied_view_shows_each_block_once(tree: Tree) -> None:
    shown = [(one.node.path, len(one.copies)) for one in tied(tree)]
    assert shown == [
        ("", 1),
        ("blocks", 1),
        ("blocks.0", 1),
        ("blocks.1", 4),
        ("blocks.1.norm", 1),
        ("blocks.1.again", 1),
        ("blocks.1.mlp", 1),
        ("blocks.1.mlp.0", 2),
        ("blocks.1.mlp.1", 2),
        ("tail0", 2),
        ("first", 1),
        ("second", 1),
    ]


def test_counterparts_are_the_same_place_in_the_other_blocks(tree: Tree) -> None:
    def at(path: str) -> list[str]:
        return [tree.nodes[nid].path for nid in counterparts(tree, tree.at(path).nid)]

    assert at("blocks.3.mlp") == ["blocks.1.mlp", "blocks.2.mlp", "blocks.3.mlp", "blocks.4.mlp"]
    assert at("blocks.2.mlp.3") == ["blocks.2.mlp.1", "blocks.2.mlp.3"]
    assert at("blocks.0") == ["blocks.0"]
    assert at("first") == ["first"]
