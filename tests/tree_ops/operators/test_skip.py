"""Skip connections: where they are offered, and the code before and after."""

from textwrap import dedent

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.operators.join import join_edits
from archgraft.tree_ops.operators.skip import skip_edits
from archgraft.tree_ops.tree import Tree
from tests.planting import inputs, plant_tree
from tests.tree_ops.operators.test_join import added, verified

MODEL = """
import torch
from torch import nn
import torch.nn.functional as F


class Plain(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.conv2 = nn.Linear(width, width)

    def forward(self, x):
        x = F.relu(self.norm(self.conv1(x)))
        if x is not None:
            x = self.norm(x)
        return self.conv2(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(4, 8)
        self.a = Plain(8)
        self.b = Plain(8)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        x = self.stem(x)
        x = self.b(self.a(x))
        return self.head(x)
"""


@pytest.fixture(scope="module")
def tree(shared_sandbox: LocalSandbox) -> Tree:
    return plant_tree(shared_sandbox, MODEL, "Net()", inputs(4))


def test_where_all_instances_are_meant_the_skip_is_added_to_the_class(tree: Tree, shared_sandbox: LocalSandbox) -> None:
    edit = Edit("skip", tree.at("a").nid, "a", skip=0, others=((tree.at("b").nid, "b"),), scope="site")
    made = verified(shared_sandbox, tree, edit)
    assert made.tree is not None, made.reason
    assert list(added(tree, made.tree)) == ["        return x + self.conv2(x)"]


def test_a_skip_is_added_to_an_assignment(tree: Tree, shared_sandbox: LocalSandbox) -> None:
    made = verified(shared_sandbox, tree, Edit("skip", tree.root, "", skip=1))
    assert made.tree is not None, made.reason
    assert list(added(tree, made.tree)) == ["        x = x + self.b(self.a(x))"]


def test_one_instance_gets_its_own_class(tree: Tree, shared_sandbox: LocalSandbox) -> None:
    made = verified(shared_sandbox, tree, Edit("skip", tree.at("b").nid, "b", skip=0))
    assert made.tree is not None, made.reason
    assert list(added(tree, made.tree)) == [
        "class PlainWithSkip(Plain):",
        '    """Plain with a skip connection around its conv2."""',
        "        return x + self.conv2(x)",
        "        self.b = PlainWithSkip(8)",
    ]


def test_a_join_in_a_loop_keeps_what_only_its_other_operand_uses(shared_sandbox: LocalSandbox) -> None:
    source = """
        import torch
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList([nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)]) for _ in range(2)])

            def forward(self, x):
                for first, second in self.layers:
                    y = first(x)
                    x = y + x
                    x = second(x) + x
                return x
    """
    tree = plant_tree(shared_sandbox, dedent(source), "Net()", inputs(4))
    kept = {edit.join.operator for edit in join_edits(tree) if edit.join is not None}
    assert {"left", "multiply"} <= kept
    assert "right" not in kept


def test_skips_are_offered_where_shapes_agree_and_something_learns(tree: Tree) -> None:
    offered = {(edit.path, edit.skip, edit.scope) for edit in skip_edits(tree)}
    assert offered == {("", 1, "instance"), ("a", 0, "instance"), ("a", 0, "site"), ("b", 0, "instance")}
