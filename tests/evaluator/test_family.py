"""Families and kinds are told by behaviour, and agree with what the field calls torch's own layers."""

import pytest
import torch
from torch import nn

from archgraft.evaluator.behaviour import Subject, wake
from archgraft.evaluator.family import Nature, nature_of
from archgraft.evaluator.layouts import sizes_of
from archgraft.tree_ops.contract import Family, Layout
from tests.evaluator import torch_layers
from tests.evaluator.torch_layers import LAYERS, WIDTH, Residual


def nature(module: nn.Module, layout: Layout) -> Nature:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    wake(module.eval(), generator)
    return nature_of(Subject(module, layout, WIDTH, WIDTH, generator), sizes_of(layout).base)


@pytest.mark.parametrize(
    ("label", "layout", "number"), [(label, layout, number) for number, (label, layout, _) in enumerate(LAYERS)]
)
def test_a_layer_is_in_the_family_that_the_field_gives_it(label: Family, layout: Layout, number: int) -> None:
    torch.manual_seed(0)
    module = LAYERS[number][2]()
    assert nature(module, layout).family == label, repr(module)


@pytest.mark.parametrize(
    ("module", "layout"),
    [
        (Residual(nn.Conv2d(WIDTH, WIDTH, 3, padding=1)), "map"),
        (Residual(torch_layers.First(nn.LSTM(WIDTH, WIDTH, batch_first=True))), "sequence"),
        (Residual(torch_layers.SelectiveScan()), "sequence"),
        (nn.TransformerEncoderLayer(WIDTH, 4, 64, batch_first=True), "sequence"),
        (torch_layers.ProjectedShortcut(), "map"),
    ],
)
def test_what_joins_paths_is_a_block(module: nn.Module, layout: Layout) -> None:
    assert nature(module, layout).kind == "block"


@pytest.mark.parametrize(
    ("module", "layout"),
    [
        (nn.Conv2d(WIDTH, WIDTH, 3, padding=1), "map"),
        (nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.LayerNorm(WIDTH)), "sequence"),
        (torch_layers.SelfAttention(), "sequence"),
        (torch_layers.SelectiveScan(), "sequence"),
        (torch_layers.First(nn.GRU(WIDTH, WIDTH, batch_first=True)), "sequence"),
        (torch_layers.Rotary(), "sequence"),
        (torch_layers.SqueezeExcite(), "map"),
        (nn.GELU("tanh"), "map"),
    ],
)
def test_what_has_one_path_is_a_layer(module: nn.Module, layout: Layout) -> None:
    assert nature(module, layout).kind == "layer"
