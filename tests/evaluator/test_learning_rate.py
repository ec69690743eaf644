import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from archgraft.evaluator.learning_rate import chosen_rate, exploded, rate_by_test, smoothed
from archgraft.evaluator.losses import loss_named
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.training import train

RECIPE = Recipe(epochs=3, batch_size=8, optimizer="sgd", learning_rate=0.1, learning_rate_rule="range_test")
MEAN_SQUARED_ERROR = loss_named("mse_loss", 0.0)


def slope(scale: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs whose curvature, and so the highest rate that gradient descent bears, goes with the scale's square."""
    x = scale * torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    return x, x.sum(1, keepdim=True) / scale


def linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(4, 1)


def rate(scale: float = 1.0, seed: int = 0) -> float:
    return rate_by_test(linear(), *slope(scale), replace(RECIPE, gradient_clip=1e9), MEAN_SQUARED_ERROR, seed, 24)


def test_a_steeper_problem_gets_a_lower_rate() -> None:
    assert rate(8.0) < rate(1.0) / 10


def test_the_same_seed_finds_the_same_rate() -> None:
    assert rate() == rate()


def test_the_model_is_left_as_it_was_found_running_statistics_included() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    rate_by_test(model, *slope(), RECIPE, MEAN_SQUARED_ERROR, 0, 24)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_training_says_the_rate_that_it_used() -> None:
    found = train(linear(), *slope(), RECIPE, MEAN_SQUARED_ERROR, 0, lambda epoch, train_loss: True)
    assert found == rate_by_test(linear(), *slope(), RECIPE, MEAN_SQUARED_ERROR, 0, 24)
    fixed = replace(RECIPE, learning_rate_rule="fixed")
    assert train(linear(), *slope(), fixed, MEAN_SQUARED_ERROR, 0, lambda epoch, train_loss: True) == 0.1


def test_a_tenth_of_the_rate_with_the_lowest_loss_is_chosen() -> None:
    rates = [1.0, 2.0, 4.0, 8.0]
    assert chosen_rate(rates, [4.0, 2.0, 1.0, 50.0]) == pytest.approx(0.4)
    assert chosen_rate(rates, [4.0, 2.0, math.nan]) == pytest.approx(0.2)


def test_a_model_that_learns_at_no_rate_keeps_the_recipe_s() -> None:
    assert chosen_rate([1.0, 2.0], [1.0, 3.0]) is None
    assert rate_by_test(linear(), *slope(1e4), RECIPE, lambda outputs, _: outputs.sum() * 0 + 1, 0, 24) == 0.1


def test_the_average_starts_at_the_first_loss_and_a_constant_stays_one() -> None:
    assert smoothed([3.0, 3.0, 3.0]) == pytest.approx([3.0, 3.0, 3.0])
    assert smoothed([1.0, 2.0]) == pytest.approx([1.0, (0.8 * 0.2 * 1 + 0.2 * 2) / 0.36])


@pytest.mark.parametrize(("losses", "over"), [([1.0, 1.5], False), ([1.0, 30.0], True), ([1.0, math.nan], True)])
def test_the_test_ends_when_the_loss_explodes(losses: list[float], over: bool) -> None:
    assert exploded(losses) is over
