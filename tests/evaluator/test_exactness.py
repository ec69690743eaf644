"""Every kind of edit that promises to keep the function keeps it, in numbers; what doesn't promise is told why."""

from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from archgraft.evaluator.exactness import BOUNDS, exactness
from archgraft.evaluator.inheriting import inherited
from archgraft.evaluator.results import Status
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.edits import Adapter, Edit, Graft, combine
from archgraft.tree_ops.inheritance import inheritance
from archgraft.tree_ops.lineage import Lineage
from archgraft.tree_ops.promises import judge, promise_of
from tests.evaluator.growing import Nursery, nursery
from tests.planting import LIMITS, RESIDUAL, inputs

EXAMPLES = Path(__file__).parents[2] / "examples"
MLP = """
import torch
from torch import nn


class Gated(nn.Module):
    def __init__(self, dim, hidden_dim, dropout=0.1):
        super().__init__()
        self.up, self.down = nn.Linear(dim, 2 * hidden_dim), nn.Linear(hidden_dim, dim)
        self.norm, self.drop = nn.LayerNorm(hidden_dim), nn.Dropout(dropout)

    def forward(self, x):
        value, gate = self.up(x).chunk(2, dim=-1)
        return x + self.down(self.drop(self.norm(value * torch.sigmoid(gate))))


class Net(nn.Module):
    def __init__(self, hidden=8, gated_hidden=4, kernel=3, groups=1):
        super().__init__()
        self.conv = nn.Conv1d(4, 4, kernel, padding=kernel // 2, groups=groups)
        self.act = nn.ReLU()
        self.gated = Gated(6, gated_hidden)
        self.mlp = nn.Sequential(nn.Linear(6, hidden), nn.Tanh(), nn.Linear(hidden, 6))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = self.act(self.conv(x)) + x
        return self.head(self.mlp(self.gated(x)).mean(1))
"""
CONV_GRAFT = Graft("conv", (("in_chs", "8"), ("out_chs", "8")))
PROJECTED = Graft(
    "conv",
    (("in_chs", "8"), ("out_chs", "6")),
    after=(Adapter("nn.Conv2d", (("in_channels", "6"), ("out_channels", "8"), ("kernel_size", "1"))),),
)
PROJECTION = Adapter("nn.Conv2d", (("in_channels", "16"), ("out_channels", "8"), ("kernel_size", "1")))


@pytest.fixture(scope="module")
def resnet(shared_sandbox: LocalSandbox) -> Nursery:
    return nursery(shared_sandbox, (EXAMPLES / "resnet.py").read_text(), "ResNet(blocks=2)", inputs(1, 8, 8))


@pytest.fixture(scope="module")
def vit(shared_sandbox: LocalSandbox) -> Nursery:
    return nursery(shared_sandbox, (EXAMPLES / "vit.py").read_text(), "ViT(dim=12, heads=2)", inputs(1, 8, 8))


@pytest.fixture(scope="module")
def mlp(shared_sandbox: LocalSandbox) -> Nursery:
    return nursery(shared_sandbox, MLP, "Net(groups=4)", inputs(4, 6), (3,))


def assert_exact(parent: Nursery, edit: Edit, *beginnings: str) -> Lineage:
    """The promise is made beforehand, stays when the child is known, and holds; the tensors begin as stated."""
    assert judge(parent.tree, edit, parent.anatomy).promise == "exact", judge(parent.tree, edit, parent.anatomy).reason
    grown = parent.grow(edit)
    assert grown.lineage.promise == "exact", grown.lineage.reasons
    assert grown.check.holds, grown.check
    assert {plan.beginning for plan in grown.lineage.tensors} == set(beginnings)
    return grown.lineage


def test_more_width_inside_a_block_or_in_the_whole_network(resnet: Nursery, vit: Nursery) -> None:
    assert_exact(resnet, resnet.edit("change_argument", "", changes=(("width", "16"),)), "copy", "widen")
    assert_exact(vit, vit.edit("change_argument", "blocks.0.mlp", changes=(("hidden_dim", "36"),)), "copy", "widen")
    lineage = assert_exact(vit, vit.edit("change_argument", "", changes=(("mlp_ratio", "4"),)), "copy", "widen")
    assert lineage.inherited_share == lineage.handed_on_share == 1


def test_more_blocks_that_start_as_the_identity(resnet: Nursery, vit: Nursery) -> None:
    deeper = resnet.edit("change_argument", "", changes=(("blocks", "3"),))
    lineage = assert_exact(resnet, deeper, "copy", "zero", "fresh")
    zeroed = {plan.name for plan in lineage.tensors if plan.beginning == "zero"}
    assert zeroed == {f"layer{stage}.2.bn2.{name}" for stage in (1, 2, 3) for name in ("weight", "bias")}
    assert_exact(vit, vit.edit("change_argument", "", changes=(("depth", "3"),)), "copy", "zero", "fresh")
    assert_exact(vit, vit.edit("duplicate", "blocks.1"), "copy", "zero")


def test_a_convolution_with_a_larger_kernel_or_fewer_groups(resnet: Nursery, mlp: Nursery) -> None:
    larger = resnet.edit("change_argument", "layer2.0.conv1", changes=(("kernel_size", "5"), ("padding", "2")))
    assert_exact(resnet, larger, "copy", "centre")
    assert_exact(mlp, mlp.edit("change_argument", "conv", changes=(("groups", "2"),)), "copy", "blocks")


def test_an_inserted_module_behind_or_in_front_begins_behind_a_closed_gate(resnet: Nursery) -> None:
    for form in ("after", "before"):
        edit = resnet.edit("insert", "layer1.1", graft=CONV_GRAFT, form=form)
        assert_exact(resnet, edit, "copy", "zero", "fresh")


def test_a_path_beside_a_module_that_ends_in_zeros(resnet: Nursery) -> None:
    for form in ("parallel", "gate"):
        assert_exact(resnet, resnet.edit("wrap", "layer1.1", form=form, graft=PROJECTED), "copy", "zero", "fresh")
    edit = resnet.edit("wrap", "layer1.1", form="concatenate", graft=CONV_GRAFT, projection=PROJECTION)
    assert_exact(resnet, edit, "copy", "identity", "zero", "fresh")


def test_paths_that_share_the_work_of_one_and_merge_again(resnet: Nursery) -> None:
    assert_exact(resnet, resnet.edit("split", "layer1.0.conv1", form="channels"), "copy", "slice")
    assert_exact(resnet, resnet.edit("split", "layer1.0", form="average"), "copy")
    split = resnet.edit("split", "layer2.1.conv2", form="average")
    twins = replace(resnet, tree=resnet.child(split))
    assert_exact(twins, twins.edit("delete", "layer2.1.conv2.second"), "copy", "average")


def test_several_exact_edits_at_once(resnet: Nursery) -> None:
    wider = resnet.edit("change_argument", "layer3.1.conv1", changes=(("kernel_size", "5"), ("padding", "2")))
    edit = combine([wider, resnet.edit("duplicate", "layer2.1")])
    assert_exact(resnet, edit, "copy", "centre", "zero")


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(width=st.sampled_from((4, 5, 8, 11)), more=st.integers(1, 20), factor=st.integers(2, 3))
def test_any_width_of_a_small_network(shared_sandbox: LocalSandbox, width: int, more: int, factor: int) -> None:
    parent = nursery(shared_sandbox, MLP, f"Net(hidden=7, gated_hidden={width})", inputs(4, 6), (3,))
    gated = parent.edit("change_argument", "gated", changes=(("hidden_dim", str(width * factor)),))
    assert_exact(parent, gated, "copy", "widen")
    assert_exact(parent, parent.edit("change_argument", "", changes=(("hidden", str(7 + more)),)), "copy", "widen")


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(width=st.integers(3, 9), more=st.integers(1, 9))
def test_any_width_of_a_small_convolutional_network(shared_sandbox: LocalSandbox, width: int, more: int) -> None:
    parent = nursery(shared_sandbox, RESIDUAL, f"Net(width={2 * width}, blocks=1)", inputs(3, 8, 8))
    edit = parent.edit("change_argument", "", changes=(("width", str(2 * (width + more))),))
    assert_exact(parent, edit, "copy", "widen")


def test_an_unedited_model_inherits_everything_as_it_is(resnet: Nursery, vit: Nursery, mlp: Nursery) -> None:
    for parent in (resnet, vit, mlp):
        lineage = inheritance(parent.tree, parent.tree, None)
        assert {origin.kind for origin in lineage.origins} == {"kept"}
        assert {plan.beginning for plan in lineage.tensors} == {"copy"}
        check = exactness(parent.sandbox, parent.tree, parent.tree, lineage, parent.batch, 0, LIMITS)
        assert {difference.absolute for difference in check.differences} == {0.0}


def test_the_childs_state_is_made_from_the_parents(resnet: Nursery) -> None:
    edit = resnet.edit("duplicate", "layer1.1")
    child = resnet.child(edit)
    lineage = inheritance(resnet.tree, child, edit, resnet.anatomy)
    weights = {plan.sources[0]: np.full(plan.shape, 5.0, np.float32) for plan in lineage.tensors if plan.sources}
    found = inherited(resnet.sandbox, child, lineage, weights, 0, LIMITS)
    assert found.status is Status.OK, found.reason
    assert found.weights is not None
    assert (found.weights["layer1.1.0.conv1.weight"] == 5).all()
    assert (found.weights["layer1.1.1.conv1.weight"] == 5).all()
    assert (found.weights["layer1.1.1.bn2.weight"] == 0).all()
    assert found.weights["bn1.num_batches_tracked"] == 5


def test_a_wrong_transfer_is_found_out(resnet: Nursery) -> None:
    edit = resnet.edit("duplicate", "layer1.1")
    child = resnet.child(edit)
    unsilenced = inheritance(resnet.tree, child, edit)  # without an anatomy, the copy is a plain copy
    assert unsilenced.promise == "changing"
    check = exactness(resnet.sandbox, resnet.tree, child, unsilenced, resnet.batch, 0, LIMITS)
    assert not check.holds
    assert check.worst("float64", "outputs") > BOUNDS["float32"]


@pytest.mark.parametrize(
    ("operator", "path", "fields", "promise", "reason"),
    [
        ("change_argument", "", {"changes": (("dim", "24"),)}, "near", "a reshape takes them apart or merges them"),
        (
            "change_argument",
            "blocks.0.attn",
            {"changes": (("heads", "4"),)},
            "changing",
            "what heads does is not known",
        ),
        ("change_argument", "", {"changes": (("mlp_ratio", "1"),)}, "changing", "mlp_ratio does not grow"),
        ("duplicate", "norm", {}, "changing", "how another LayerNorm starts as the identity is not known"),
        ("delete", "blocks.0", {}, "changing", "delete puts something else in its place"),
        ("wrap", "blocks.0", {"form": "residual"}, "changing", "a skip connection around it adds its input"),
    ],
)
def test_what_is_not_exact_is_told_why(
    vit: Nursery, operator: str, path: str, fields: dict[str, object], promise: str, reason: str
) -> None:
    found = judge(vit.tree, vit.edit(operator, path, **fields), vit.anatomy)
    assert found.promise == promise
    assert reason in found.reason


def test_without_an_anatomy_only_what_needs_none_is_exact(resnet: Nursery) -> None:
    assert promise_of(resnet.tree, resnet.edit("insert", "layer1.1", graft=CONV_GRAFT)) == "exact"
    assert promise_of(resnet.tree, resnet.edit("duplicate", "layer1.1")) == "changing"
    assert promise_of(resnet.tree, resnet.edit("change_argument", "", changes=(("blocks", "3"),))) == "near"
