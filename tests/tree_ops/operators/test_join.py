"""Changes of joins: the code before and after, and every change that is offered rebuilt in the sandbox."""

from collections.abc import Iterator

import pytest

from archgraft.evaluator.verify import Verified, verify
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.edits import Adapter, Edit, JoinChange
from archgraft.tree_ops.emission import emissions
from archgraft.tree_ops.operators.join import join_edits
from archgraft.tree_ops.operators.skip import skip_edits
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.tree import Tree
from tests.planting import LIMITS, inputs, plant_tree

MODEL = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, scale=1):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, scale * width)
        self.fc2 = nn.Linear(scale * width, width)

    def forward(self, x):
        shortcut = x
        x = self.norm(x)
        x = self.fc2(torch.relu(self.fc1(x)))
        return shortcut + x  # the skip


class Mixed(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a = nn.Linear(width, width)
        self.b = nn.Linear(width, width)

    def forward(self, x):
        y = self.a(x)
        y += x
        z = torch.sub(y, self.b(x) * torch.sigmoid(x))
        z = (z + y) * x
        z.add_(x)
        return torch.maximum(z, y).mul(x + y - z)


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Linear(4, width)
        self.blocks = nn.Sequential(*[Block(width) for _ in range(3)])
        self.last = Block(width, scale=2)
        self.mixed = Mixed(width)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = self.blocks(self.stem(x))
        x = self.last(x)
        return self.head(self.mixed(x))
"""


@pytest.fixture(scope="module")
def tree(shared_sandbox: LocalSandbox) -> Tree:
    return plant_tree(shared_sandbox, MODEL, "Net()", inputs(4))


def no_library(module_id: str) -> ModuleSpec:
    raise KeyError(module_id)


def verified(sandbox: LocalSandbox, tree: Tree, edit: Edit) -> Verified:
    return verify(sandbox, tree, emissions(tree, edit, no_library), inputs(4), (10,), 0, 0, LIMITS)


def changed(sandbox: LocalSandbox, tree: Tree, path: str, change: JoinChange, *others: str) -> Tree:
    pairs = tuple((tree.at(other).nid, other) for other in others)
    made = verified(sandbox, tree, Edit("join", tree.at(path).nid, path, join=change, others=pairs))
    assert made.tree is not None, made.reason
    return made.tree


def added(before: Tree, after: Tree) -> Iterator[str]:
    known = set(before.source.splitlines())
    return (line for line in after.source.splitlines() if line.strip() and line not in known)


@pytest.mark.parametrize(
    ("index", "operator", "line"),
    [
        (0, "multiply", "        y *= x"),
        (0, "maximum", "        y = torch.maximum(y, x)"),
        (2, "add", "        z = y + self.b(x) * torch.sigmoid(x)"),
        (2, "multiply", "        z = y * (self.b(x) * torch.sigmoid(x))"),
        (1, "left", "        z = torch.sub(y, self.b(x))"),
        (3, "left", "        z = z * x"),
        (3, "maximum", "        z = torch.maximum(z, y) * x"),
        (5, "maximum", "        z = torch.maximum(z, x)"),
        (6, "subtract", "        return (z - y).mul(x + y - z)"),
        (7, "subtract", "        return torch.maximum(z, y).mul(x - y - z)"),
        (7, "multiply", "        return torch.maximum(z, y).mul(x * y - z)"),
        (9, "add", "        return torch.maximum(z, y) + (x + y - z)"),
    ],
)
def test_a_join_of_a_class_with_one_instance_is_changed_where_it_stands(
    tree: Tree, shared_sandbox: LocalSandbox, index: int, operator: str, line: str
) -> None:
    after = changed(shared_sandbox, tree, "mixed", JoinChange(index, operator))  # type: ignore[arg-type]
    assert list(added(tree, after)) == [line]


def test_a_dropped_statement_leaves_no_line_behind(tree: Tree, shared_sandbox: LocalSandbox) -> None:
    after = changed(shared_sandbox, tree, "mixed", JoinChange(0, "left"))
    assert after.source == tree.source.replace("        y += x\n", "")


def test_where_all_instances_are_meant_the_class_itself_is_changed(tree: Tree, shared_sandbox: LocalSandbox) -> None:
    after = changed(shared_sandbox, tree, "blocks.0", JoinChange(0, "maximum"), "blocks.1", "blocks.2", "last")
    assert list(added(tree, after)) == ["        return torch.maximum(shortcut, x)  # the skip"]


def test_where_a_call_makes_just_those_that_are_meant_it_makes_them_of_a_subclass(
    tree: Tree, shared_sandbox: LocalSandbox
) -> None:
    after = changed(shared_sandbox, tree, "blocks.0", JoinChange(0, "multiply"), "blocks.1", "blocks.2")
    assert list(added(tree, after)) == [
        "class BlockWithProduct(Block):",
        '    """Block with a product in place of a sum in its forward."""',
        "        return shortcut * x  # the skip",
        "        self.blocks = nn.Sequential(*[BlockWithProduct(width) for _ in range(3)])",
    ]
    assert after.at("blocks.1").nid == tree.at("blocks.1").nid
    assert [join.operator for join in after.at("last").joins] == ["add"]


def test_one_of_several_is_built_anew_behind_all_that_made_it(tree: Tree, shared_sandbox: LocalSandbox) -> None:
    after = changed(shared_sandbox, tree, "blocks.1", JoinChange(0, "subtract"))
    assert "        self.blocks[1] = BlockWithDifference(width=8)" in added(tree, after)
    assert after.at("blocks.1.fc1").nid == tree.at("blocks.1.fc1").nid


def test_a_concatenation_is_projected_back_by_a_layer_of_its_own(tree: Tree, shared_sandbox: LocalSandbox) -> None:
    projection = Adapter("nn.Linear", (("in_features", "16"), ("out_features", "8")))
    after = changed(shared_sandbox, tree, "last", JoinChange(0, "concatenate", projection))
    assert list(added(tree, after)) == [
        "class BlockWithConcatenation(Block):",
        '    """Block with a concatenation in place of a sum in its forward."""',
        "        super().__init__(width, scale)",
        "        self.join_projection = nn.Linear(in_features=16, out_features=8)",
        "        return self.join_projection(torch.cat([shortcut, x], dim=-1))  # the skip",
        "        self.last = BlockWithConcatenation(width, scale=2)",
    ]
    assert after.at("last.join_projection").definition == "torch.nn.Linear"


def test_a_specialised_class_is_edited_where_it_stands_by_the_next_edit(
    tree: Tree, shared_sandbox: LocalSandbox
) -> None:
    first = changed(shared_sandbox, tree, "blocks.1", JoinChange(0, "subtract"))
    second = changed(shared_sandbox, first, "blocks.1", JoinChange(0, "maximum"))
    assert list(added(first, second)) == ["        return torch.maximum(shortcut, x)  # the skip"]


def test_every_join_and_skip_that_is_offered_rebuilds_to_the_intended_tree(
    tree: Tree, shared_sandbox: LocalSandbox
) -> None:
    edits = [*join_edits(tree), *skip_edits(tree)]
    assert len(edits) > 60
    reasons = {
        f"{edit}: {made.reason}" for edit in edits if (made := verified(shared_sandbox, tree, edit)).tree is None
    }
    assert not reasons


def test_a_skip_that_is_the_only_way_to_what_learns_is_not_offered_for_removal(tree: Tree) -> None:
    kept = {edit.join.operator for edit in join_edits(tree) if edit.path == "last" and edit.join is not None}
    assert "right" in kept
    assert "left" not in kept
