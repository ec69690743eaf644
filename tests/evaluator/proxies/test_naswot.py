"""NASWOT against determinants done by hand."""

import math

import pytest
import torch
from torch import Tensor, nn

from archgraft.evaluator.proxies.naswot import Codes, naswot
from archgraft.evaluator.proxies.subject import NoScoreError
from tests.evaluator.proxies.subjects import subject

TWO = [[1.0, -1.0, 2.0], [1.0, -1.0, -2.0]]
"""Codes 101 and 100: three units, one differs, so K = [[3, 2], [2, 3]]."""


@pytest.mark.parametrize("unit", [nn.ReLU(), nn.ReLU(inplace=True), nn.LeakyReLU(), nn.GELU(), nn.SiLU()])
def test_the_score_is_the_log_determinant_of_agreements_for_rectifiers_and_their_smooth_kin(unit: nn.Module) -> None:
    assert naswot(subject(unit, TWO)) == pytest.approx(math.log(3 * 3 - 2 * 2))


def test_units_of_all_layers_count() -> None:
    model = nn.Sequential(nn.ReLU(), nn.Identity(), nn.ReLU())  # the second sees zeros where the first is off
    assert naswot(subject(model, TWO)) == pytest.approx(math.log(6 * 6 - 4 * 4))


class PositionsFirst(nn.Module):
    """Hands its units samples on the second axis."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x.reshape(-1, 3, 1).transpose(0, 1))


def test_samples_are_found_on_the_second_axis_too() -> None:
    assert naswot(subject(PositionsFirst(), TWO)) == pytest.approx(math.log(5))


def test_a_transformer_layer_of_torch_shows_its_units() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval()
    with torch.no_grad(), Codes(2) as codes:
        layer(torch.randn(2, 3, 4))
    assert codes.n_units == 3 * 8


def test_a_sample_drawn_twice_counts_once() -> None:
    assert naswot(subject(nn.ReLU(), [*TWO, TWO[0]])) == pytest.approx(math.log(5))


def test_samples_that_are_normalised_together_are_told_apart() -> None:
    far = torch.tensor([[100.0], [101.0]])  # both on, but for the mean of the batch
    assert naswot(subject(nn.Sequential(nn.BatchNorm1d(1), nn.ReLU()), far)) == pytest.approx(math.log(1))


@pytest.mark.parametrize(
    ("model", "reason"), [(nn.ReLU(), "share one code at all 2 units"), (nn.Identity(), "no activation units")]
)
def test_what_has_no_determinant_has_a_reason(model: nn.Module, reason: str) -> None:
    with pytest.raises(NoScoreError, match=reason):
        naswot(subject(model, [[1.0, -1.0], [2.0, -2.0]]))
