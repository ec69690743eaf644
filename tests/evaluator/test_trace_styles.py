"""Models in the styles that people write: each instance is a node, with the call that made it."""

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.sites import sites
from archgraft.tree_ops.source_text import read_site
from archgraft.tree_ops.tree import Tree
from tests.planting import inputs, plant_tree

HEADER = """
from collections import OrderedDict
from dataclasses import dataclass, field
import torch
from torch import nn


"""

STRINGS = """
def layer(text):
    kind, *numbers = text.split("-")
    if kind == "fc":
        return nn.Linear(*map(int, numbers))
    return {"relu": nn.ReLU, "gelu": nn.GELU}[kind]()


class Net(nn.Sequential):
    def __init__(self, plan="fc-4-6 relu fc-6-4 gelu"):
        super().__init__()
        for index, text in enumerate(plan.split()):
            self.add_module(f"{text.partition('-')[0]}{index}", layer(text))
"""

CONFIGURED = """
@dataclass
class Part:
    width: int = 6
    act: type = nn.GELU


@dataclass
class Config:
    n: int = 2
    part: Part = field(default_factory=Part)


class Block(nn.Module):
    def __init__(self, config: Part):
        super().__init__()
        self.up, self.act, self.down = nn.Linear(4, config.width), config.act(), nn.Linear(config.width, 4)

    def forward(self, x):
        return x + self.down(self.act(self.up(x)))


class Net(nn.Module):
    def __init__(self, config=None):
        super().__init__()
        config = config or Config()
        self.layers = nn.ModuleDict(
            OrderedDict((f"block{i}", Block(config.part)) for i in range(config.n))
        )

    def forward(self, x):
        for layer in self.layers.values():
            x = layer(x)
        return x
"""

SHARED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.twice = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.other_name = self.one
        self.free = nn.Linear(4, 4)

    def forward(self, x):
        return self.free(self.other_name(self.twice(self.twice(self.one(x)))))
"""

TORCHS_OWN = """
class Last(nn.Module):
    def forward(self, pair):
        return pair[0][:, -1]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.lstm = nn.LSTM(4, 6, batch_first=True)
        self.head = nn.Sequential(Last(), nn.Linear(6, 4))

    def forward(self, x):
        return self.head(self.lstm(self.encoder(x)))
"""

CHAINED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = (
            nn.Sequential(
                nn.Linear(4, 4),
                nn.ReLU(),
            )
            .float()
            .requires_grad_(True)
        )

    def forward(self, x):
        y = self.layers(x)
        return (
            x
            .add(
                y
            )
        )
"""


def planted(sandbox: LocalSandbox, source: str, *shape: int) -> Tree:
    return plant_tree(sandbox, HEADER + source, "Net()", inputs(*shape))


def made_by(tree: Tree, path: str) -> str:
    site = tree.at(path).site
    assert site is not None, path
    return read_site(tree.source, site)


def open_paths(tree: Tree) -> set[str]:
    return {site.node.path for site in sites(tree)}


def test_layers_that_strings_ask_for(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox, STRINGS, 4)
    assert open_paths(tree) == {"fc0", "relu1", "fc2", "gelu3"}
    assert made_by(tree, "fc0") == made_by(tree, "fc2") == "nn.Linear(*map(int, numbers))"
    assert [(a.name, a.text) for a in tree.at("fc2").arguments][:2] == [("in_features", "6"), ("out_features", "4")]


def test_configurations_and_dataclasses(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox, CONFIGURED, 4)
    block = tree.at("layers.block1")
    assert [(a.name, a.kind, a.text) for a in block.arguments] == [("config", "opaque", "Part")]
    assert block.site is not None
    assert block.site.n_instances == 2
    assert made_by(tree, "layers.block1.act") == "config.act()"
    assert open_paths(tree) == {f"layers.block{i}{slot}" for i in range(2) for slot in ("", ".up", ".act", ".down")}
    assert [join.operator for join in block.joins] == ["add"]


def test_instances_in_two_slots_are_shared_and_one_that_is_called_twice_is_not(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox, SHARED, 4)
    assert {path: tree.at(path).shared for path in ("one", "twice", "free")} == {
        "one": True,
        "twice": False,
        "free": False,
    }
    assert tree.at("twice").n_calls == 2
    assert {node.path for node in tree} == {"", "one", "twice", "twice.0", "twice.1", "free"}
    assert open_paths(tree) == {"twice", "twice.0", "twice.1", "free"}


def test_torchs_own_containers_are_one_node_each_with_their_tensors(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox, TORCHS_OWN, 6, 4)
    assert {node.path for node in tree if node.opaque} >= {"encoder.layers.0", "encoder.layers.1.linear1"}
    assert [tensor.name for tensor in tree.at("lstm").tensors][:2] == ["weight_ih_l0", "weight_hh_l0"]
    assert tree.at("lstm").flops > 0
    assert open_paths(tree) == {"encoder", "head.1"}


@pytest.mark.parametrize("path", ["layers", "layers.0"])
def test_a_call_that_others_are_chained_to_is_told_from_them(shared_sandbox: LocalSandbox, path: str) -> None:
    tree = planted(shared_sandbox, CHAINED, 4)
    text = made_by(tree, path)
    assert text.startswith("nn.Sequential(" if path == "layers" else "nn.Linear(4, 4)")
    assert "float" not in text


def test_a_join_written_as_a_chain_spans_what_it_is_called_on(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox, CHAINED, 4)
    [join] = tree.at("").joins
    assert "".join(read_site(tree.source, join.site).split()) == "x.add(y)"


def test_the_arguments_of_torchs_recurrent_layers_have_their_names(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox, TORCHS_OWN, 6, 4)
    arguments = {argument.name: argument.text for argument in tree.at("lstm").arguments}
    assert (arguments["input_size"], arguments["hidden_size"], arguments["batch_first"]) == ("4", "6", "True")
