from collections.abc import Callable

import numpy as np
import pytest

from archgraft.evaluator.examination import Examination, FailedExaminationError, prepare
from archgraft.evaluator.results import Status

Model = Callable[[np.ndarray], np.ndarray]


def answered(exam: Examination, model: Model) -> np.ndarray:
    """The model's outputs, batch by batch."""
    size = exam.batch_size
    batches = [exam.inputs[start : start + size] for start in range(0, len(exam.inputs), size)]
    return np.concatenate([model(batch).astype(np.float32) for batch in batches])


def tokens(n_rows: int) -> np.ndarray:
    return np.random.default_rng(n_rows).integers(0, 50, (n_rows, 12))


@pytest.mark.parametrize("n_rows", [1, 2, 7, 300])
def test_an_honest_model_gets_its_own_rows_back_in_order(n_rows: int) -> None:
    rows = tokens(n_rows)
    exam = prepare(rows, True, np.random.default_rng(0))
    marked = exam.mark(answered(exam, lambda x: x[..., None]), (12, 1))
    np.testing.assert_array_equal(marked[..., 0], rows)


@pytest.mark.parametrize(
    "leak",
    [
        lambda x: x - x.mean(axis=0),
        lambda x: x + x[:1],
        lambda x: np.cumsum(x, axis=0),
        lambda x: x + np.arange(len(x))[:, None],
    ],
)
@pytest.mark.parametrize("n_rows", [8, 300])
def test_a_model_that_looks_at_its_neighbours_is_caught(n_rows: int, leak: Model) -> None:
    rows = np.random.default_rng(0).normal(size=(n_rows, 5)).astype(np.float32)
    exam = prepare(rows, False, np.random.default_rng(0))
    with pytest.raises(FailedExaminationError) as caught:
        exam.mark(answered(exam, leak), (5,))
    assert caught.value.status is Status.BATCH_LEAK


@pytest.mark.parametrize(
    "peek",
    [lambda x: np.roll(x, -1, axis=1), lambda x: x + x[:, -1:], lambda x: x[:, ::-1], lambda x: x - x.mean(1)[:, None]],
)
def test_a_model_that_looks_ahead_is_caught(peek: Model) -> None:
    exam = prepare(tokens(30), True, np.random.default_rng(0))
    with pytest.raises(FailedExaminationError) as caught:
        exam.mark(answered(exam, lambda x: peek(x)[..., None]), (12, 1))
    assert caught.value.status is Status.NOT_CAUSAL


def test_rounding_is_no_leak() -> None:
    rows = np.random.default_rng(0).normal(size=(100, 5)).astype(np.float32)
    noise = np.random.default_rng(1)
    exam = prepare(rows, False, np.random.default_rng(0))
    exam.mark(answered(exam, lambda x: x * (1 + 1e-5 * noise.normal(size=x.shape))), (5,))


def test_outputs_in_another_precision_are_refused() -> None:
    exam = prepare(np.zeros((4, 2), np.float32), False, np.random.default_rng(0))
    with pytest.raises(FailedExaminationError, match="where float32"):
        exam.mark(exam.inputs.astype(np.float64), (2,))
