import math

import torch
from torch import nn

from archgraft.evaluator.swap_effect import LARGEST, compare_outputs, copy_weights, gap, keys, matched


def network(middle: nn.Module, damp: float = 1.0) -> nn.Sequential:
    torch.manual_seed(0)
    last = nn.Linear(4, 2)
    last.weight.data *= damp
    return nn.Sequential(nn.Linear(4, 4), middle, last)


def outcome(old: nn.Module, new: nn.Module) -> tuple[float, float, float]:
    copy_weights(old, new, matched(old.state_dict(), new.state_dict(), ["1"]))
    return compare_outputs(old, new, torch.randn(3, 4, generator=torch.Generator().manual_seed(1)), ["1"])


def test_equal_modules_give_equal_outputs() -> None:
    assert outcome(network(nn.ReLU()), network(nn.Threshold(0, 0)))[0] == 0


def test_a_change_that_the_model_hides_at_its_end_is_seen() -> None:
    error, _, relative = outcome(network(nn.ReLU(), 1e-9), network(nn.SiLU(), 1e-9))
    assert error < 1e-8
    assert relative > 0.01


def test_a_change_in_training_alone_is_seen() -> None:
    assert outcome(network(nn.Identity()), network(nn.Dropout(0.5)))[2] > 0.01


class Times(nn.Module):
    """Gives its input times something."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor


def test_outputs_that_are_no_numbers_differ_from_all() -> None:
    error, _, relative = outcome(network(nn.ReLU()), network(Times(math.nan)))
    assert error == LARGEST
    assert relative > 1
    assert outcome(network(Times(math.nan)), network(nn.ReLU()))[2] > 1


def test_equal_infinities_are_no_difference() -> None:
    masked, as_masked, less = (
        torch.tensor([[-math.inf, 1.0]]),
        torch.tensor([[-math.inf, 1.0]]),
        torch.tensor([[0, 1.0]]),
    )
    assert gap([masked], [as_masked]) == (0.0, 1.0)
    assert gap([less], [masked]) == (LARGEST, 1.0)


def test_tensors_are_the_same_by_name_then_by_order_of_equal_shapes() -> None:
    class Renamed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale, self.shift = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(4))

    old, new = network(nn.LayerNorm(4)).state_dict(), network(Renamed()).state_dict()
    pairs = matched(old, new, ["1"])
    assert pairs["1.scale"] == ("1.weight", "moved")
    assert pairs["0.weight"] == ("0.weight", "kept")
    assert {entry["how"] for entry in keys(old, new, pairs)} == {"kept", "moved"}


def test_tensors_without_a_counterpart_are_new_or_gone() -> None:
    old, new = network(nn.BatchNorm1d(4)).state_dict(), network(nn.LayerNorm(4)).state_dict()
    told = {entry["old"] or entry["new"]: entry["how"] for entry in keys(old, new, matched(old, new, ["1"]))}
    assert told["1.weight"] == "kept"
    assert told["1.running_mean"] == "gone"
