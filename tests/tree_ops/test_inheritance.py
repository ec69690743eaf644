"""Lineage as data: total over nodes and tensors, and what happens to tensors when the function isn't kept."""

import json

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import TypeAdapter

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.anatomy import full_name
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.inheritance import inheritance
from archgraft.tree_ops.lineage import Lineage, TensorPlan
from archgraft.tree_ops.tree import Tree
from tests.evaluator.growing import Nursery, nursery
from tests.planting import RESIDUAL, inputs

TIED = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, dim=8, vocabulary=11, inner=6, bias_scale=1.0):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, inner), nn.Softmax(-1), nn.Linear(inner, dim))
        self.head = nn.Linear(dim, vocabulary, bias=False)
        self.head.weight = self.embed.weight
        self.register_buffer("table", bias_scale * torch.arange(4.0))

    def forward(self, x):
        x = self.embed(x) + self.table.sum()
        return self.head(x + self.mlp(x))[:, -1]
"""


@pytest.fixture(scope="module")
def net(shared_sandbox: LocalSandbox) -> Nursery:
    return nursery(shared_sandbox, RESIDUAL, "Net(width=4)", inputs(3, 8, 8))


@pytest.fixture(scope="module")
def tied(shared_sandbox: LocalSandbox) -> Nursery:
    return nursery(shared_sandbox, TIED, "Net()", inputs(7, tokens=True), (11,))


def plans(lineage: Lineage) -> dict[str, TensorPlan]:
    return {plan.name: plan for plan in lineage.tensors}


def tensor_names(tree: Tree) -> set[str]:
    return {full_name(node.path, tensor.name) for node in tree for tensor in node.tensors}


EDITS = st.sampled_from(
    [
        ("delete", "stage1.0", {}),
        ("duplicate", "stage1.1", {}),
        ("split", "stage1", {"form": "average"}),
        ("split", "stem", {"form": "channels"}),
        ("change_argument", "", {"changes": (("blocks", "3"),)}),
        ("change_argument", "", {"changes": (("blocks", "1"),)}),
        ("change_argument", "", {"changes": (("width", "6"),)}),
        ("change_argument", "", {"changes": (("width", "2"),)}),
        ("wrap", "stage1.0", {"form": "residual"}),
    ]
)


@settings(max_examples=9, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=EDITS)
def test_every_node_and_every_tensor_of_a_child_has_a_lineage(
    net: Nursery, drawn: tuple[str, str, dict[str, object]]
) -> None:
    operator, path, fields = drawn
    edit = net.edit(operator, path, **fields)
    child = net.child(edit)
    lineage = inheritance(net.tree, child, edit, net.anatomy)
    assert [origin.path for origin in lineage.origins] == [node.path for node in child]
    assert set(plans(lineage)) | {name for name, _ in lineage.tied} == tensor_names(child)
    assert {source for plan in lineage.tensors for source in plan.sources} <= tensor_names(net.tree)
    assert 0 <= lineage.inherited_share <= 1
    assert 0 <= lineage.handed_on_share <= 1


def test_a_lineage_survives_json(net: Nursery) -> None:
    edit = net.edit("change_argument", "", changes=(("width", "6"),))
    lineage = inheritance(net.tree, net.child(edit), edit, net.anatomy)
    assert lineage.unit_maps
    assert TypeAdapter(Lineage).validate_python(json.loads(json.dumps(lineage.as_json()))) == lineage


def test_what_becomes_smaller_keeps_what_overlaps(net: Nursery) -> None:
    edit = net.edit("change_argument", "", changes=(("width", "2"),))
    lineage = inheritance(net.tree, net.child(edit), edit, net.anatomy)
    stem = plans(lineage)["stem.weight"]
    assert (stem.beginning, stem.shape, stem.n_inherited) == ("overlap", (2, 3, 3, 3), 54)
    assert stem.reason == "they become fewer"
    assert lineage.promise == "changing"


def test_copies_inherit_from_what_they_copy_and_what_is_deleted_is_not_handed_on(net: Nursery) -> None:
    copied = net.edit("duplicate", "stage1.1")
    lineage = inheritance(net.tree, net.child(copied), copied, net.anatomy)
    assert plans(lineage)["stage1.1.1.conv.weight"].sources == ("stage1.1.conv.weight",)
    assert lineage.handed_on_share == 1
    deleted = net.edit("delete", "stage1.1")
    lineage = inheritance(net.tree, net.child(deleted), deleted, net.anatomy)
    assert lineage.inherited_share == 1
    assert lineage.handed_on_share < 1


def test_tied_tensors_are_planned_once(tied: Nursery) -> None:
    lineage = inheritance(tied.tree, tied.tree, None)
    assert lineage.tied == (("head.weight", "embed.weight"),)
    assert "head.weight" not in plans(lineage)
    assert lineage.handed_on_share == lineage.inherited_share == 1


def test_units_that_can_not_be_replicated_promise_no_more_than_near(tied: Nursery) -> None:
    edit = tied.edit("change_argument", "", changes=(("inner", "12"),))
    lineage = inheritance(tied.tree, tied.child(edit), edit, tied.anatomy)
    assert lineage.promise == "near"
    assert "a softmax shares out among them" in lineage.reasons[0]
    assert plans(lineage)["mlp.0.weight"].beginning == "overlap"


def test_a_buffer_that_a_constructor_computes_is_computed_anew(tied: Nursery) -> None:
    edit = tied.edit("change_argument", "", changes=(("inner", "12"),))
    table = plans(inheritance(tied.tree, tied.child(edit), edit, tied.anatomy))["table"]
    assert (table.beginning, table.reason) == ("fresh", "its constructor computes it from the arguments")
    assert plans(inheritance(tied.tree, tied.tree, None))["table"].beginning == "copy"


def test_a_promise_is_weakened_when_the_child_is_not_as_foreseen(net: Nursery) -> None:
    wider = net.edit("change_argument", "", changes=(("width", "6"),))
    child = net.child(wider)
    unchanged: Edit = net.edit("insert", "stem")
    found = inheritance(net.tree, child, unchanged, net.anatomy)  # the child of another edit
    assert found.promise == "near"
    assert found.reasons == ("there is no stem.gate",)


DROPPING = """
from torch import nn


class Drop(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        return x * (1 - self.rate)


class Block(nn.Module):
    def __init__(self, width, rate, index, blocks):
        super().__init__()
        self.conv, self.drop = nn.Conv2d(width, width, 3, padding=1), Drop(rate * index / blocks)

    def forward(self, x):
        return x + self.drop(self.conv(x))


class Net(nn.Module):
    def __init__(self, blocks=2, rate=0.2):
        super().__init__()
        self.names = [f"block {index}" for index in range(blocks)]
        self.blocks = nn.Sequential(*(Block(3, rate, index, blocks) for index in range(blocks)))

    def forward(self, x):
        return self.blocks(x).mean((2, 3))
"""


def test_rates_that_follow_from_the_depth_are_found_out(shared_sandbox: LocalSandbox) -> None:
    found = {}
    for rate in ("0.2", "0.0"):
        net = nursery(shared_sandbox, DROPPING, f"Net(rate={rate})", inputs(3, 8, 8), (3,))
        deeper = net.edit("change_argument", "", changes=(("blocks", "3"),))
        lineage = inheritance(net.tree, net.child(deeper), deeper, net.anatomy)
        found[rate] = (lineage.promise, *(reason.partition("=")[0] for reason in lineage.reasons))
    assert found == {"0.2": ("near", "blocks.1.drop now has rate"), "0.0": ("exact",)}
