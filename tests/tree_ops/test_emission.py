"""The file that a draft gives: unedited, and over generations."""

from pathlib import Path

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.identity import tree_hash
from archgraft.tree_ops.tree import Tree
from tests.grafting import Graftery, conv, edit_at, spec_of
from tests.planting import RESIDUAL, inputs, plant_tree

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
RESNET = (EXAMPLES / "resnet.py").read_text(encoding="utf-8"), "ResNet(in_channels=3)"
VIT = (EXAMPLES / "vit.py").read_text(encoding="utf-8"), "ViT(in_channels=3)"


@pytest.fixture(scope="module")
def images(shared_sandbox: LocalSandbox) -> Graftery:
    return Graftery(shared_sandbox, inputs(3, 8, 8))


@pytest.fixture(scope="module")
def residual(images: Graftery) -> Tree:
    return plant_tree(images.sandbox, RESIDUAL, "Net(width=4)", images.batch)


def state_of(tree: Tree) -> set[tuple[str, tuple[int, ...]]]:
    return {(f"{node.path}.{tensor.name}", tensor.shape) for node in tree for tensor in node.tensors}


@pytest.mark.parametrize(("source", "call"), [(RESIDUAL, "Net()"), RESNET, VIT])
def test_a_draft_that_changes_nothing_gives_the_same_model_and_then_the_same_file(
    images: Graftery, source: str, call: str
) -> None:
    tree = plant_tree(images.sandbox, source, call, inputs(3, 8, 8))
    reprint = Draft(tree, spec_of).finish().source
    again = plant_tree(images.sandbox, reprint[: reprint.rindex("def build_model")], call, inputs(3, 8, 8))
    assert tree_hash(again) == tree_hash(tree)
    assert state_of(again) == state_of(tree)
    assert Draft(again, spec_of).finish().source == again.source


def test_three_generations_at_one_place_are_one_line(images: Graftery, residual: Tree) -> None:
    tree = residual
    for path in ("stage1.1", "stage1.1.host", "stage1.1"):
        tree = images.grown(tree, edit_at(tree, "insert", path, graft=conv(4, 4)))
    assert tree.source.count("self.stage1[1] = ") == 1
    assert tree.at("stage1.1.host.host.host").nid == residual.at("stage1.1").nid


def test_a_call_that_makes_something_else_takes_lines_about_its_inside_along(images: Graftery, residual: Tree) -> None:
    inside = images.grown(residual, edit_at(residual, "swap", "stage1.1.conv", graft=conv(4, 4)))
    every = ("stage1.0", "stage1.1")
    wrapped = images.grown(inside, edit_at(inside, "wrap", *every, form="residual"))
    assert "Residual(Block(width)) for" in wrapped.source
    assert "self.stage1[1].host.conv = ConvBlock(" in wrapped.source
    replaced = images.grown(inside, edit_at(inside, "swap", *every, graft=conv(4, 4)))
    assert "self.stage1[" not in replaced.source


def test_what_all_of_many_get_is_set_in_a_loop_and_one_of_them_can_leave_it(images: Graftery) -> None:
    tree = plant_tree(images.sandbox, RESIDUAL, "Net(width=4, blocks=4)", inputs(3, 8, 8))
    norms = [f"stage1.{index}.norm" for index in range(4)]
    looped = images.grown(tree, edit_at(tree, "delete", *norms))
    assert "for index in range(4):\n            self.stage1[index].norm = nn.Identity()" in looped.source
    left = images.grown(looped, edit_at(looped, "swap", norms[2], graft=conv(4, 4)))
    assert "for index in (0, 1, 3):" in left.source
