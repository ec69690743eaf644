from archgraft.agent.descriptor import describe, dominant_mixer
from archgraft.sandbox.supervisor import LocalSandbox
from tests.planting import RESIDUAL, inputs, plant_tree

ATTENTIVE = """
from torch import nn


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return nn.functional.scaled_dot_product_attention(q, k, v)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = Attention()
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.attn(x).mean(1))
"""


def test_the_mixer_is_the_kind_that_holds_most_parameters(shared_sandbox: LocalSandbox) -> None:
    assert dominant_mixer(plant_tree(shared_sandbox, RESIDUAL, "Net()", inputs(3, 8, 8))) == "convolution"
    assert dominant_mixer(plant_tree(shared_sandbox, ATTENTIVE, "Net()", inputs(6, 8))) == "attention"


def test_bands_are_powers_of_two_of_the_rootstock(shared_sandbox: LocalSandbox) -> None:
    rootstock = plant_tree(shared_sandbox, RESIDUAL, "Net()", inputs(3, 8, 8))
    wider = plant_tree(shared_sandbox, RESIDUAL, "Net(width=16)", inputs(3, 8, 8))
    deeper = plant_tree(shared_sandbox, RESIDUAL, "Net(blocks=4)", inputs(3, 8, 8))
    assert (describe(rootstock, rootstock).cost_band, describe(rootstock, rootstock).depth_band) == (0, 0)
    assert describe(wider, rootstock).cost_band == 2
    assert describe(rootstock, wider).cost_band == -1
    assert describe(deeper, rootstock).depth_band == 1
