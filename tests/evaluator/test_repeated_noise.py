import math

import pytest
import torch
from torch import nn

from archgraft.evaluator.repeated_noise import PERIOD, repeated_noise

LARGE = (256, 512)


@pytest.mark.parametrize(
    "fill",
    [nn.init.kaiming_uniform_, nn.init.xavier_normal_, nn.init.trunc_normal_, lambda tensor: tensor.normal_(0.0, 0.5)],
)
def test_large_tensors_have_the_distribution_that_they_should_have(fill: object) -> None:
    assert callable(fill)
    torch.manual_seed(0)
    usual = fill(torch.empty(LARGE))
    with repeated_noise():
        repeated = fill(torch.empty(LARGE))
    assert math.isclose(repeated.std(), usual.std(), rel_tol=0.05)
    assert abs(repeated.mean()) < 0.1 * usual.std()
    assert repeated.abs().max() <= 1.1 * usual.abs().max()


def test_neither_rows_nor_filters_come_out_alike() -> None:
    with repeated_noise():
        weight = nn.Conv2d(64, 64, 3).weight.detach().flatten(1)
    assert torch.unique(weight, dim=0).shape == weight.shape


def test_it_really_repeats() -> None:
    with repeated_noise():
        flat = nn.Linear(512, 256).weight.detach().flatten()
    assert torch.equal(flat[:PERIOD], flat[PERIOD : 2 * PERIOD])
    assert torch.equal(flat[-10:], flat[-10 - PERIOD : -PERIOD])


def test_small_tensors_and_constants_are_as_ever() -> None:
    torch.manual_seed(0)
    usual = nn.Linear(8, 8)
    torch.manual_seed(0)
    with repeated_noise():
        small, ones = nn.Linear(8, 8), nn.LayerNorm(100_000).weight
    assert torch.equal(small.weight, usual.weight)
    assert bool((ones == 1).all())


def test_what_was_not_drawn_is_shaped_element_by_element() -> None:
    values = torch.linspace(-0.9, 0.9, 100_000)
    with repeated_noise():
        assert torch.equal(values.clone().erfinv_(), torch.erfinv(values))


def test_what_torch_refuses_is_refused() -> None:
    weight = nn.Parameter(torch.empty(LARGE))
    with repeated_noise(), pytest.raises(RuntimeError, match="in-place operation"):
        weight.normal_()


def test_afterwards_torch_is_as_it_was() -> None:
    with repeated_noise():
        pass
    assert "normal_" not in vars(torch.Tensor)
    flat = torch.empty(4 * PERIOD + 1).normal_()
    assert not torch.equal(flat[:PERIOD], flat[PERIOD : 2 * PERIOD])
