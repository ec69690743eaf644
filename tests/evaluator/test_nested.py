"""Nested values are compared leaf by leaf, and the answer says where they part."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from archgraft.evaluator.nested import copied, difference, tensors


@dataclass
class Output:
    logits: Tensor
    cache: tuple[Tensor, ...] = ()


def test_equal_values_have_no_difference() -> None:
    value = {"a": [torch.ones(2), (torch.zeros(1), None)], "b": Output(torch.eye(2)), "c": 3}
    assert difference(value, copied(value), 0.0) is None


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ([torch.ones(2), torch.ones(2)], [torch.ones(2), torch.zeros(2)], "[1]: differs by 1"),
        (Output(torch.ones(2)), Output(torch.ones(3)), ".logits: (2,) torch.float32 in place of (3,)"),
        (torch.ones(1), torch.ones(1, dtype=torch.float64), "torch.float32 in place of (1,) torch.float64"),
        ((torch.ones(1),), (torch.ones(1), None), "parts [0] in place of [0], [1]"),
        (torch.ones(1), None, "a Tensor in place of a NoneType"),
        (3, 4, "3 in place of 4"),
        (torch.tensor([1.0, float("inf")]), torch.tensor([1.0, 2.0]), "not finite in other places"),
        (torch.tensor([float("nan")]), torch.tensor([0.0]), "not finite in other places"),
    ],
)
def test_a_difference_is_found_and_located(first: object, second: object, says: str) -> None:
    found = difference(first, second, 1e-6)
    assert found is not None
    assert says in found


def test_rounding_is_no_difference_and_more_than_rounding_is() -> None:
    base = torch.linspace(1, 100, 50)
    assert difference(base, base + 5e-5, 1e-6) is None
    assert difference(base, base + 5e-3, 1e-6) is not None


def test_what_is_not_a_number_equals_itself() -> None:
    value = torch.tensor([float("nan"), float("inf"), 1.0])
    assert difference(value, value.clone(), 0.0) is None


def test_a_copy_shares_nothing() -> None:
    original = (torch.zeros(2), {"x": [torch.zeros(2)]})
    for tensor in tensors(copied(original)):
        tensor.add_(1)
    assert all(not tensor.any() for tensor in tensors(original))
