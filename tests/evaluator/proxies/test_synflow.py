"""SynFlow against sums done by hand: of R = 1^T |V||W| 1, every layer's saliencies add up to R."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archgraft.evaluator.proxies.subject import NoScoreError
from archgraft.evaluator.proxies.synflow import synflow
from tests.evaluator.proxies.subjects import linear, subject

FIRST, SECOND = [[1.0, -2.0], [3.0, 4.0]], [[5.0, -6.0]]
FLOW = 5 * (1 + 2) + 6 * (3 + 4)


class Between(nn.Module):
    """Two linear layers with something between them."""

    def __init__(self, between: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.second, self.between = linear(*FIRST), linear(*SECOND), between

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(self.between(self.first(x)))
        return y


class HandwrittenNorm(nn.Module):
    """Normalises with plain arithmetic, as mined code does."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-5)


@pytest.mark.parametrize(
    "between",
    [
        nn.Identity(),
        nn.ReLU(inplace=True),
        nn.GELU(),
        F.silu,
        nn.Tanh(),
        nn.BatchNorm1d(2),
        nn.LayerNorm(2),
        HandwrittenNorm(),
        F.dropout,
        lambda x: x.float().to(torch.float32),
        lambda x: 2 * x * torch.sigmoid(x),
    ],
)
def test_two_linear_layers_score_twice_their_flow_whatever_activation_norm_or_dropout_stands_between(
    between: Callable[[Tensor], Tensor],
) -> None:
    assert synflow(subject(Between(between), [[0.3, -7.0]])) == pytest.approx(2 * FLOW)


def test_a_kernel_counts_once_for_each_place_it_is_laid_on() -> None:
    convolution = nn.Conv2d(1, 1, 2, bias=False)
    convolution.weight.data = torch.tensor([[[[1.0, -2.0], [3.0, -4.0]]]])
    assert synflow(subject(convolution, torch.randn(1, 1, 3, 3))) == pytest.approx(4 * 10)


class Attention(nn.Module):
    """Attention over three positions of width two: queries and keys of FIRST, values of FIRST, then SECOND."""

    def __init__(self, attend: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.query, self.value, self.out = linear(*FIRST), linear(*FIRST), linear(*SECOND)
        self.attend = attend

    def forward(self, x: Tensor) -> Tensor:
        query = self.query(x)
        y: Tensor = self.out(self.attend(query, query, self.value(x)))
        return y


def by_softmax(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    hidden = torch.ones(3, 3, dtype=torch.bool).triu(1)
    return torch.softmax((query @ key.transpose(1, 2)).masked_fill(hidden, -torch.inf), -1) @ value


@pytest.mark.parametrize(
    "attend",
    [
        F.scaled_dot_product_attention,
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        by_softmax,
    ],
)
def test_attention_passes_values_on_evenly_and_its_queries_and_keys_carry_nothing(
    attend: Callable[[Tensor, Tensor, Tensor], Tensor],
) -> None:
    assert synflow(subject(Attention(attend), torch.randn(1, 3, 2))) == pytest.approx(3 * 2 * FLOW)


def test_torchs_own_attention_scores_as_its_value_and_output_projections_do() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    attention = layer.self_attn
    alone = synflow(subject(OnlyAttention(attention), torch.randn(1, 3, 4)))
    values, out = attention.in_proj_weight.detach()[8:].abs(), attention.out_proj.weight.detach().abs()
    assert alone == pytest.approx(2 * 3 * float((out @ values).sum()), rel=1e-5)
    assert math.isfinite(synflow(subject(layer, torch.randn(1, 3, 4))))


class OnlyAttention(nn.Module):
    """Self-attention that gives one tensor."""

    def __init__(self, attention: nn.MultiheadAttention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.attention(x, x, x)[0]
        return y


def test_tokens_stand_for_the_mean_row_of_their_embedding() -> None:
    embedding = nn.Embedding(2, 2)
    embedding.weight.data = torch.tensor([[1.0, -2.0], [3.0, 4.0]])
    model = nn.Sequential(embedding, linear([5.0, -6.0]))
    flow = 5 * (1 + 3) / 2 + 6 * (2 + 4) / 2
    assert synflow(subject(model, torch.zeros(1, 7, dtype=torch.long))) == pytest.approx(2 * 7 * flow)


def test_a_deep_network_is_no_infinity() -> None:
    layers = [nn.Linear(100, 100, bias=False) for _ in range(30)]
    for layer in layers:
        nn.init.ones_(layer.weight)
    assert synflow(subject(nn.Sequential(*layers), torch.ones(1, 100))) == pytest.approx(30 * 100.0**31)


def test_a_model_in_which_nothing_flows_from_weights_has_no_score() -> None:
    with pytest.raises(NoScoreError, match="nothing flows"):
        synflow(subject(nn.ReLU(), torch.ones(1, 2)))
