"""Errors say what a call should have been given."""

import pytest

from archgraft.evaluator.call_repair import Inputs, repairs
from archgraft.evaluator.inputs import plain, tensor


def first_repair(inputs: Inputs, error: BaseException, optional: Inputs | None = None) -> Inputs:
    return next(repairs(inputs, error, optional or []))


@pytest.mark.parametrize(
    ("shape", "error", "repaired"),
    [
        ([2, 16, 32], RuntimeError("mat1 and mat2 shapes cannot be multiplied (32x32 and 48x8)"), [2, 16, 48]),
        (
            [2, 32, 8, 8],
            RuntimeError(
                "weight of size [4, 3, 1, 1], expected input[2, 32, 8, 8] to have 3 channels, but got 32 channels"
            ),
            [2, 3, 8, 8],
        ),
        ([2, 16, 32], ValueError("not enough values to unpack (expected 4, got 3)"), [2, 32, 8, 8]),
        ([2, 8, 4, 4], ValueError("expected 2D or 3D input (got 4D input)"), [2, 16, 8]),
        ([2, 16, 32], ValueError("a tensor of 3 axes does not fit 'b (h d) x y -> b h'"), [2, 32, 8, 8]),
    ],
)
def test_a_shape_is_changed_to_what_was_wanted(shape: list[int], error: BaseException, repaired: list[int]) -> None:
    assert first_repair([("x", tensor(*shape))], error) == [("x", tensor(*repaired))]


def test_numbers_become_ids_where_indices_are_due() -> None:
    error = RuntimeError(
        "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int"
    )
    assert first_repair([("x", tensor(2, 16))], error) == [("x", tensor(2, 16, dtype="int64", high=2))]


def test_an_optional_input_that_the_error_names_is_given() -> None:
    optional = [("cond=", tensor(2, 8)), ("mask=", tensor(2, 8, dtype="bool"))]
    error = ValueError("mask must be given")
    assert first_repair([("x", tensor(2, 16, 32))], error, optional)[1:] == [optional[1]]


def test_none_gives_way_to_a_tensor() -> None:
    inputs = [("x", tensor(2, 16, 32)), ("context", plain(None))]
    error = AttributeError("'NoneType' object has no attribute 'shape'")
    assert first_repair(inputs, error)[1] == ("context", tensor(2, 16, 32))


def test_an_error_that_tells_nothing_repairs_nothing() -> None:
    assert list(repairs([("x", tensor(2, 16, 32))], RuntimeError("no"), [])) == []
