"""Models of a few lines in which a batch norm may, or may not, be folded away."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archgraft.evaluator.fusion import Fusion, fuse

IMAGES = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
ROWS = IMAGES.flatten(1)[:, :6]


class Net(nn.Module):
    """A convolution, a batch norm, and a forward given as a function of the module."""

    def __init__(self, forward: Callable[["Net", Tensor], Any], norm: nn.Module | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.norm = norm or nn.BatchNorm2d(4)
        self.further = nn.Conv2d(4, 4, 1)
        self.run = forward

    def forward(self, x: Tensor) -> Any:
        return self.run(self, x)


class NormAct(nn.BatchNorm2d):
    """As timm has it: an activation of its own."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(super().forward(x))  # type: ignore[no-any-return]  # a module's call


class NormPlus(nn.BatchNorm2d):
    """Does more than its children."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 1


def trained(model: nn.Module, inputs: Tensor) -> nn.Module:
    """With statistics and scales other than those a batch norm starts with, which change hardly anything."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.weight is not None:
            nn.init.uniform_(module.weight, 0.5, 1.5, generator)
            nn.init.normal_(module.bias, generator=generator)
    with torch.no_grad():
        model.train()(inputs)
    return model.eval()


def chain(net: Net, x: Tensor) -> Tensor:
    return net.norm(net.conv(x)).relu()  # type: ignore[no-any-return]  # a module's call


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (Net(chain), IMAGES),
        (Net(chain, NormAct(4)), IMAGES),
        (Net(chain, nn.BatchNorm2d(4, affine=False)), IMAGES),
        (Net(lambda net, x: net.further(chain(net, x)).relu_() + x.sum()), IMAGES),
        (
            nn.Sequential(nn.Conv2d(3, 6, 3, padding="same", padding_mode="reflect", groups=3), nn.BatchNorm2d(6)),
            IMAGES,
        ),
        (nn.Sequential(nn.ConvTranspose2d(3, 4, 2, stride=2), nn.BatchNorm2d(4)), IMAGES),
        (nn.Sequential(nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4)), IMAGES[..., 0]),
        (nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU()), ROWS),
    ],
    ids=["plain", "own activation", "no scale", "in place after", "grouped", "transposed", "1-d", "linear"],
)
def test_a_batch_norm_behind_a_layer_is_folded_and_outputs_stay(model: nn.Module, inputs: Tensor) -> None:
    trained(model, inputs)
    with torch.no_grad():
        before = model(inputs)
        assert fuse(model, inputs) == Fusion(1)
        torch.testing.assert_close(model(inputs), before, rtol=1e-4, atol=1e-4)
    assert not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules())


def hooked(net: Net) -> Net:
    net.norm.register_forward_hook(lambda *_: None)
    return net


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (Net(lambda net, x: (y := net.conv(x)).mean() + net.norm(y)), IMAGES),
        (Net(lambda net, x: (net.norm(y := net.conv(x)), y)), IMAGES),
        (Net(lambda net, x: net.norm(y := net.conv(x)) + y.data.sum()), IMAGES),
        (Net(lambda net, x: net.norm(net.conv(x).relu_())), IMAGES),
        (Net(lambda net, x: net.norm(net.conv(x) * 2)), IMAGES),
        (Net(lambda net, x: net.norm(net.conv(x)) + net.norm(net.further(net.conv(x)))), IMAGES),
        (Net(lambda net, x: net.norm(net.conv(x)) + net.conv.weight.sum()), IMAGES),
        (Net(lambda net, x: net.norm(net.conv(x)) + net.get_buffer('norm.running_mean').sum()), IMAGES),
        (Net(chain, nn.BatchNorm2d(4, track_running_stats=False)), IMAGES),
        (Net(chain, NormPlus(4)), IMAGES),
        (hooked(Net(chain)), IMAGES),
        (nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 3, 1)), IMAGES),
        (nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)), IMAGES[:, 0]),
        (nn.Sequential(nn.ConvTranspose2d(3, 6, 2, groups=3), nn.BatchNorm2d(6)), IMAGES),
    ],
    ids=[
        "another user", "an output", "by its data", "in place between", "something between", "called twice",
        "weight used elsewhere", "statistics used elsewhere", "no statistics", "does more", "hooked", "before",
        "over positions", "transposed and grouped",
    ],
)  # fmt: skip
def test_what_can_not_be_folded_is_left(model: nn.Module, inputs: Tensor) -> None:
    trained(model, inputs)
    with torch.no_grad():
        before = model(inputs)
        assert fuse(model, inputs).n_pairs == 0
        torch.testing.assert_close(model(inputs), before, rtol=0, atol=0)


def test_a_model_that_wants_what_was_folded_away_is_put_back_and_the_reason_told() -> None:
    net = Net(lambda net, x: chain(net, x) * net.norm.num_features)  # type: ignore[operator]  # a number
    trained(net, IMAGES)
    before, norm = net(IMAGES), net.norm
    fusion = fuse(net, IMAGES)
    assert fusion.n_pairs == 0
    assert "AttributeError: 'Identity' object has no attribute 'num_features'" in fusion.reason
    assert net.norm is norm
    torch.testing.assert_close(net(IMAGES), before, rtol=0, atol=0)
