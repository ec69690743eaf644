"""A proxy leaves the model as it found it, and gives the same number again."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archgraft.evaluator.proxies.compute import PROXIES
from archgraft.evaluator.proxies.names import NAMES
from archgraft.evaluator.proxies.subject import Subject, is_normalisation, restored


class Mixed(nn.Module):
    """Much that is easily harmed: batch norm, in-place units, dropout, attention, tied weights, an expanded buffer."""

    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv1d(3, 4, 3, padding=1), nn.BatchNorm1d(4), nn.ReLU(inplace=True))
        self.attention = nn.MultiheadAttention(4, 2, dropout=0.5, batch_first=True)
        self.dropout = nn.Dropout(0.5)
        self.up, self.down = nn.Linear(4, 4), nn.Linear(4, 4)
        self.down.weight = self.up.weight
        self.up.bias.requires_grad_(False)
        self.register_buffer("scale", torch.ones(1).expand(4))
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).transpose(1, 2)
        x = x + self.dropout(self.attention(x, x, x)[0])
        x = self.down(F.gelu(self.up(x)) * self.scale)
        y: Tensor = self.head(x.mean(1))
        return y


@pytest.fixture
def mixed() -> Subject:
    torch.manual_seed(0)
    model = Mixed()
    inputs, targets = torch.randn(8, 3, 5), torch.arange(8) % 2
    F.cross_entropy(model(inputs), targets).backward()  # type: ignore[no-untyped-call]  # so in torch
    model.eval()
    model.dropout.train()
    return Subject(model, inputs, targets, F.cross_entropy)


@pytest.mark.parametrize("name", NAMES)
def test_values_gradients_modes_and_hooks_are_what_they_were(name: str, mixed: Subject) -> None:
    model = mixed.model
    tensors = [*model.parameters(), *model.buffers()]
    before = [(one.dtype, one.data_ptr(), one.clone()) for one in tensors]
    gradients = [one.grad for one in model.parameters()]
    modes = [module.training for module in model.modules()]
    score = PROXIES[name](mixed)
    assert PROXIES[name](mixed) == score
    assert all(now is held for now, held in zip([*model.parameters(), *model.buffers()], tensors, strict=True))
    for now, (dtype, place, value) in zip(tensors, before, strict=True):
        assert (now.dtype, now.data_ptr()) == (dtype, place)
        assert torch.equal(now, value)
    assert all(now.grad is held for now, held in zip(model.parameters(), gradients, strict=True))
    assert [module.training for module in model.modules()] == modes or name == "flops"
    assert not any(module._forward_hooks for module in model.modules())
    assert torch.get_default_dtype() is torch.float32


def test_a_model_is_restored_when_a_proxy_fails_half_way() -> None:
    model = nn.Linear(2, 2)
    kept = model.weight.clone()

    def fail() -> None:
        with restored(model):
            model.double().weight.data.zero_()
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert torch.equal(model.weight, kept)


def test_norms_are_told_from_what_holds_one() -> None:
    class PreNorm(nn.Sequential):
        pass

    assert is_normalisation(nn.GroupNorm(1, 2))
    assert not is_normalisation(PreNorm(nn.LayerNorm(2), nn.Linear(2, 2)))
    assert not is_normalisation(nn.Linear(2, 2))
