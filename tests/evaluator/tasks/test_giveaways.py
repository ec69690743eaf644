import numpy as np
import pytest

from archgraft.evaluator.tasks.giveaways import copies, telling
from archgraft.evaluator.tasks.protocol import Split

N_ROWS = 700
"""More than are tried first."""


def table(targets: np.ndarray, columns: dict[int, np.ndarray]) -> Split:
    """Noise in six columns but for the given ones."""
    inputs = np.random.default_rng(0).normal(size=(N_ROWS, 6)).astype(np.float32)
    for index, column in columns.items():
        inputs[:, index] = column
    return Split(inputs, targets)


NUMBERS = np.random.default_rng(1).normal(size=(N_ROWS, 1)).astype(np.float32)
CLASSES = np.random.default_rng(2).integers(0, 5, N_ROWS)


def test_a_copy_of_the_target_is_found_and_a_scaled_one_is_none() -> None:
    split = table(NUMBERS, {2: NUMBERS[:, 0], 4: 2 * NUMBERS[:, 0]})
    assert copies(split).tolist() == [2]


def test_columns_in_the_order_of_the_targets_are_found_either_way_round() -> None:
    numbers = NUMBERS[:, 0]
    nearly = numbers + np.where(np.arange(N_ROWS) == 333, 3, 0)
    split = table(NUMBERS, {1: np.exp(numbers), 3: -numbers, 4: nearly, 5: np.sign(numbers)})
    assert telling(split).tolist() == [1, 3]


def test_columns_that_never_vary_within_a_class_are_found() -> None:
    nearly = CLASSES + np.where(np.arange(N_ROWS) == 333, 1, 0)
    split = table(CLASSES, {0: 7 - CLASSES, 2: np.full(N_ROWS, 1.0), 3: nearly, 5: CLASSES == 4})
    assert telling(split).tolist() == [0, 5]


@pytest.mark.parametrize("targets", [NUMBERS, CLASSES, (NUMBERS > 0).astype(np.float32)])
def test_noise_tells_nothing(targets: np.ndarray) -> None:
    assert telling(table(targets, {})).tolist() == []
    assert copies(table(targets, {})).tolist() == []


def test_pictures_and_tokens_with_many_targets_are_left_alone() -> None:
    tokens = np.zeros((4, 5), np.int64)
    assert telling(Split(tokens, tokens)).tolist() == []
    assert telling(Split(np.zeros((4, 1, 2, 2), np.float32), np.arange(4))).tolist() == []
