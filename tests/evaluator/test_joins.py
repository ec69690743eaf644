"""Where a trace finds that tensors join, and where it finds that they don't."""

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.source_text import read_site
from archgraft.tree_ops.tree import Join, Tree
from tests.planting import BATCH, inputs, plant_tree

HEADER = "import torch\nfrom torch import nn\n\n\n"

STYLES = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.out = nn.Linear(8, 4)

    def forward(self, x):
        x = x + self.a(x)
        y = self.a(x)
        y += self.b(x)
        x = y
        x = torch.sub(x, self.a(x)) * torch.sigmoid(x)
        x = torch.maximum(x, self.b(x))
        return self.out(torch.cat([x, self.a(x)], dim=-1))
"""

BLOCKS = """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return self.mixed(x, self.layer(x))

    def mixed(self, x, y):
        return x + y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Block(), Block())
        self.after = Block()

    def forward(self, x):
        return self.after(self.blocks(x))
"""

NO_JOINS = """
def helper(x, y):
    return x + y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        self.gamma = nn.Parameter(torch.ones(4))
        self.register_buffer("scale", torch.ones(4))
        self.token = nn.Parameter(torch.zeros(1, 1, 4))

    def forward(self, x):
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1)
        x = self.layer(x) * self.gamma + self.scale * 2 + 1
        x = x * torch.ones_like(x) + torch.arange(4)
        return helper(x, x).mean(1)
"""


def joins(tree: Tree, path: str = "") -> list[tuple[str, str]]:
    return [(join.operator, read_site(tree.source, join.site)) for join in tree.at(path).joins]


def test_every_way_to_write_a_join_is_found_with_the_span_of_its_expression(shared_sandbox: LocalSandbox) -> None:
    tree = plant_tree(shared_sandbox, HEADER + STYLES, "Net()", inputs(4))
    assert joins(tree) == [
        ("add", "x + self.a(x)"),
        ("add", "y += self.b(x)"),
        ("subtract", "torch.sub(x, self.a(x))"),
        ("multiply", "torch.sub(x, self.a(x)) * torch.sigmoid(x)"),
        ("maximum", "torch.maximum(x, self.b(x))"),
        ("concatenate", "torch.cat([x, self.a(x)], dim=-1)"),
    ]
    last: Join = tree.at("").joins[-1]
    assert last.operand_shapes == ((BATCH, 4), (BATCH, 4))
    assert last.output_shape == (BATCH, 8)
    assert last.axis == 1
    assert tree.at("a").joins == ()


def test_a_join_counts_the_instances_that_ran_it_and_may_stand_in_any_method(shared_sandbox: LocalSandbox) -> None:
    tree = plant_tree(shared_sandbox, HEADER + BLOCKS, "Net()", inputs(4))
    for path in ("blocks.0", "blocks.1", "after"):
        [join] = tree.at(path).joins
        assert (join.site.function, join.site.n_instances) == ("Block.mixed", 3)
    assert tree.at("").joins == tree.at("blocks").joins == ()


def test_what_does_not_flow_does_not_join_and_helpers_and_torch_are_no_nodes_code(shared_sandbox: LocalSandbox) -> None:
    tree = plant_tree(shared_sandbox, HEADER + NO_JOINS, "Net()", inputs(3, 4))
    assert [node.path for node in tree if node.joins] == []
