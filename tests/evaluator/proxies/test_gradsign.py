"""GradSign against signs counted by hand."""

import pytest
import torch
from torch import nn

from archgraft.evaluator.proxies.gradsign import gradsign, hold_statistics
from archgraft.evaluator.proxies.subject import NoScoreError
from tests.evaluator.proxies.subjects import linear, subject


def test_the_score_adds_up_how_far_the_signs_of_samples_agree_at_each_weight() -> None:
    inputs = [[1.0, 2.0], [3.0, -0.1], [0.5, -9.0], [2.0, 0.0]]  # signs ++ +- +- +0
    assert gradsign(subject(linear([7.0, -7.0]), inputs)) == 4 + 1


def test_biases_count_and_targets_turn_signs() -> None:
    targets = torch.tensor([[1.0], [1.0], [-1.0]])
    assert gradsign(subject(nn.Linear(1, 1), [[1.0], [1.0], [1.0]], targets)) == 1 + 1


def test_a_single_sample_is_normalised_as_it_was_in_the_batch() -> None:
    norm = nn.BatchNorm1d(1, momentum=0.1)
    batch = torch.tensor([[1.0], [3.0], [5.0]])
    hold_statistics(norm, subject(norm, batch))
    assert norm.momentum == 0.1
    torch.testing.assert_close(norm(batch[1:2]), torch.zeros(1, 1))


def test_a_model_without_parameters_has_a_reason() -> None:
    with pytest.raises(NoScoreError, match="no parameters"):
        gradsign(subject(nn.ReLU(), [[1.0]]))
