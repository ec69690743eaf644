"""ZiCo against means and deviations done by hand."""

import math

import pytest
import torch
from torch import nn

from archgraft.evaluator.proxies.subject import NoScoreError
from archgraft.evaluator.proxies.zico import zico
from tests.evaluator.proxies.subjects import linear, subject

INPUTS = [[1.0, 2.0], [1.0, 4.0], [-3.0, 5.0], [-1.0, 5.0]]
"""A batch of two with gradients (1, 3), then one with (-2, 5): sizes have means (1.5, 4) and deviations (0.5, 1)."""


def test_a_layer_scores_the_log_of_its_summed_means_over_deviations_of_gradient_sizes() -> None:
    assert zico(subject(linear([7.0, -7.0]), INPUTS)) == pytest.approx(math.log(1.5 / 0.5 + 4 / 1))


def test_layers_add_up_and_a_weight_whose_gradient_is_the_same_in_all_batches_counts_in_none() -> None:
    model = nn.Sequential(linear([1.0, 0.0], [0.0, 1.0]), linear([1.0, 2.0]))
    first = 1.5 / 0.5 + 4 / 1 + 1.5 / 0.5 + 4 / 1  # (1, 3), (-2, 5) times 1 and times 2: the same ratios twice
    second = 1.5 / 0.5 + 4 / 1
    assert zico(subject(model, INPUTS)) == pytest.approx(math.log(first) + math.log(second))
    constant = [[1.0, 2.0], [1.0, 4.0], [1.0, 5.0], [1.0, 5.0]]
    assert zico(subject(linear([7.0, -7.0]), constant)) == pytest.approx(math.log(4 / 1))


@pytest.mark.parametrize("inputs", [torch.ones(4, 2), torch.ones(2, 2)])
def test_what_does_not_vary_has_a_reason(inputs: torch.Tensor) -> None:
    with pytest.raises(NoScoreError, match=r"differs between batches|no 2 batches"):
        zico(subject(linear([7.0, -7.0]), inputs))
