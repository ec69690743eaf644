"""Which tensors and plain values a traced node is said to keep on itself."""

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.tree import Tree
from tests.planting import inputs, plant_tree

SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.width, self.scale, self.name, self.depths = 4, 0.5, "net", (2, 2)
        self._private, self.config = 3, object()
        self.gamma = nn.Parameter(torch.ones(4))
        self.register_buffer("mask", torch.ones(4, dtype=torch.int64))
        self.register_buffer("cache", torch.ones(4), persistent=False)
        self.register_parameter("bias", None)
        self.norm = nn.BatchNorm1d(4)
        self.embed = nn.Linear(4, 4, bias=False)
        self.head = nn.Linear(4, 4)
        self.head.weight = self.embed.weight

    def forward(self, x):
        return self.head(self.norm(self.embed(x))) * self.gamma * self.mask
"""


def planted(sandbox: LocalSandbox) -> Tree:
    return plant_tree(sandbox, SOURCE, "Net()", inputs(4))


def test_tensors_are_those_of_the_state_dict_that_no_child_owns(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox)
    assert [(t.name, t.shape, t.dtype, t.kind) for t in tree.at("").tensors] == [
        ("gamma", (4,), "float32", "parameter"),
        ("mask", (4,), "int64", "buffer"),
    ]
    assert [t.name for t in tree.at("norm").tensors] == [
        *("weight", "bias", "running_mean", "running_var"),
        "num_batches_tracked",
    ]


def test_a_tied_tensor_names_the_place_where_the_model_first_holds_it(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox)
    assert [(t.name, t.tied_to) for t in tree.at("embed").tensors] == [("weight", "")]
    assert [(t.name, t.tied_to) for t in tree.at("head").tensors] == [("weight", "embed.weight"), ("bias", "")]


def test_attributes_are_plain_values_without_those_of_every_module(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox)
    assert dict(tree.at("").attributes) == {"width": "4", "scale": "0.5", "name": "'net'", "depths": "(2, 2)"}
    assert dict(tree.at("embed").attributes) == {"in_features": "4", "out_features": "4"}


def test_slots_are_told_where_one_holds_what_stands_elsewhere_too(shared_sandbox: LocalSandbox) -> None:
    source = """
    from torch import nn


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.act = nn.ReLU()
            self.layers = nn.Sequential(nn.Linear(4, 4), self.act, self.act)
            self.head = nn.Linear(4, 4)

        def forward(self, x):
            return self.head(self.layers(x))
    """
    tree = plant_tree(shared_sandbox, source, "Net()", inputs(4))
    assert tree.at("layers").slots == (("0", "layers.0"), ("1", "act"), ("2", "act"))
    assert tree.at("").slots == tree.at("act").slots == ()


def test_what_tensors_begin_with_is_told_unless_it_was_drawn(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox)
    assert [(t.name, t.content) for t in tree.at("").tensors] == [("gamma", "1.0"), ("mask", "1")]
    norm = {t.name: t.content for t in tree.at("norm").tensors}
    assert norm == {
        "weight": "1.0",
        "bias": "0.0",
        "running_mean": "0.0",
        "running_var": "1.0",
        "num_batches_tracked": "0",
    }, "before the model was trained on the batch that traces it"
    assert [t.content for t in tree.at("head").tensors] == ["", ""]


def test_buffers_of_many_values_are_told_apart(shared_sandbox: LocalSandbox) -> None:
    found = []
    for values in ("torch.arange(4)", "torch.arange(4)", "torch.arange(1, 5)", "torch.arange(4) > 1"):
        tree = plant_tree(
            shared_sandbox, SOURCE.replace("torch.ones(4, dtype=torch.int64)", values), "Net()", inputs(4)
        )
        [content] = [t.content for t in tree.at("").tensors if t.name == "mask"]
        found.append(content)
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_hooks_and_methods_of_one_instance_are_told(shared_sandbox: LocalSandbox) -> None:
    done = """self.head = nn.Linear(4, 4)
        self.embed.register_forward_pre_hook(lambda module, given: None)
        self.norm.extra_repr = lambda: "own"
        self.head.bias.requires_grad_(False)"""
    source = SOURCE.replace("self.head = nn.Linear(4, 4)", done, 1)
    tree = plant_tree(shared_sandbox, source, "Net()", inputs(4))
    told = {node.path: node.alterations for node in tree if node.alterations}
    assert told == {"embed": ("hook",), "norm": ("extra_repr",)}
    assert dict(tree.at("").further_attributes) == {"_private": "3", "config": ""}
    assert [t.is_frozen for t in tree.at("head").tensors] == [False, True]
