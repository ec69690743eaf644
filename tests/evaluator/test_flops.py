"""The count of FLOPs against torch's own counter."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from archgraft.evaluator.flops import FlopCount

MODELS = {
    "convolutions": (nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=4)), (2, 3, 8, 8)),
    "linear": (nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.Linear(6, 2, bias=False)), (2, 5, 4)),
    "recurrent": (nn.GRU(4, 6, batch_first=True), (2, 5, 4)),
}


def counts(model: nn.Module, inputs: torch.Tensor) -> tuple[int, int]:
    """Ours, and torch's."""
    with FlopCount() as ours:
        model(inputs)
    with FlopCounterMode(display=False) as theirs:
        model(inputs)
    return ours.total, theirs.get_total_flops()


@pytest.mark.parametrize("name", MODELS)
def test_the_count_is_that_of_torchs_counter_with_or_without_gradients(name: str) -> None:
    model, shape = MODELS[name]
    for context in (torch.enable_grad(), torch.no_grad(), torch.inference_mode()):
        with context:
            ours, theirs = counts(model, torch.randn(shape))
        assert ours == theirs > 0


def test_attention_on_a_cpu_counts_as_its_two_products_do() -> None:
    query = torch.randn(2, 3, 5, 8)
    with torch.no_grad(), FlopCount() as count:
        nn.functional.scaled_dot_product_attention(query, query, query)
    assert count.total == 2 * (2 * 2 * 3 * 5 * 5 * 8)


def test_an_lstm_on_a_cpu_counts_as_its_products_do() -> None:
    model, inputs = nn.LSTM(4, 6, num_layers=2, bidirectional=True), torch.randn(5, 2, 4)
    with torch.no_grad(), FlopCount() as count:
        model(inputs)
    per_step = sum(weight.numel() for name, weight in model.named_parameters() if name.startswith("weight"))
    assert count.total == 2 * 5 * 2 * per_step


class SelfAttention(nn.MultiheadAttention):
    """Attention of a sequence to itself, its weights not asked for."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        y: torch.Tensor = super().forward(x, x, x, need_weights=False)[0]
        return y


@pytest.mark.parametrize(
    "layer", [SelfAttention(8, 2, batch_first=True), nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)]
)
def test_what_torch_would_do_in_one_fast_operation_counts_as_in_training(layer: nn.Module) -> None:
    inputs = torch.randn(2, 5, 8)
    with FlopCount() as training:
        layer.train()(inputs)
    with torch.no_grad(), FlopCount() as inference:
        layer.eval()(inputs)
    assert inference.total == training.total > 0
    assert torch.backends.mha.get_fastpath_enabled()
