"""Which reads of a module's attributes by other code a trace tells of."""

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.tree import AttributeRead, Node
from tests.planting import inputs, plant_tree

SOURCE = """
import torch
from torch import nn


class Patches(nn.Module):
    kind = "patches"

    def __init__(self, width):
        super().__init__()
        self.num_patches = 16
        self.proj = nn.Linear(4, width)

    @property
    def width(self):
        return self.proj.out_features

    def forward(self, x):
        return self.proj(x)


class Later(Patches):
    def scaled(self):
        return self.num_patches * 2


def init(module):
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight)
    elif isinstance(module, nn.Module) and hasattr(module, "reset"):
        module.reset()


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.ones(1))

    def reset(self):
        pass

    def forward(self, x):
        return self.linear(x) * self.scale


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = Later(4)
        self.position = torch.zeros(self.embed.num_patches, self.embed.width)
        self.doubled = self.embed.scaled()
        self.blocks = nn.Sequential(*[Block() for _ in range(2)])
        self.tagged = getattr(self.blocks[0], "tag", None)
        self.embed.tag = self.embed.kind
        self.head = nn.Linear(4, 4)
        self.apply(init)

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        if self.embed.tag and len(self.blocks) > 1:
            x = x + self.head.bias
        return self.head(x)
"""


def read(node: Node, name: str, when: str = "construction") -> AttributeRead:
    [found] = [read for read in node.reads if (read.name, read.when) == (name, when)]
    return found


def test_reads_of_constructors_carry_values_and_who_read_them(shared_sandbox: LocalSandbox) -> None:
    tree = plant_tree(shared_sandbox, SOURCE, "Net()", inputs(4))
    embed = tree.at("embed")
    assert read(embed, "num_patches") == AttributeRead("num_patches", "construction", "Net.__init__", "16")
    assert read(embed, "width").value == "4"
    assert read(embed, "kind").value == "'patches'"
    assert read(embed, "scaled").value is None
    assert read(tree.at("embed.proj"), "out_features").reader == "Patches.width"


def test_reads_of_forward_are_told_apart_and_close_the_node(shared_sandbox: LocalSandbox) -> None:
    tree = plant_tree(shared_sandbox, SOURCE, "Net()", inputs(4))
    assert tree.at("embed").attribute_reads == ("tag",)
    assert read(tree.at("embed"), "tag", "forward").value == "'patches'"
    assert tree.at("head").attribute_reads == ("bias",)
    assert not read(tree.at("head"), "bias", "forward").is_guarded
    assert tree.at("blocks.0").attribute_reads == tree.at("blocks.0.linear").attribute_reads == ()


def test_a_loop_over_a_container_and_its_length_are_reads_that_close_no_list(shared_sandbox: LocalSandbox) -> None:
    tree = plant_tree(shared_sandbox, SOURCE, "Net()", inputs(4))
    blocks = tree.at("blocks")
    assert [(one.name, one.when, one.value) for one in blocks.reads] == [
        ("__getitem__", "construction", None),
        ("__iter__", "forward", None),
        ("__len__", "forward", "2"),
    ]
    assert blocks.attribute_reads == ()


def test_a_reader_that_asked_for_the_class_or_the_attribute_would_do_without(shared_sandbox: LocalSandbox) -> None:
    tree = plant_tree(shared_sandbox, SOURCE, "Net()", inputs(4))
    assert read(tree.at("head"), "weight").is_guarded
    assert read(tree.at("blocks.1"), "reset").is_guarded
    assert not read(tree.at("embed"), "num_patches").is_guarded
