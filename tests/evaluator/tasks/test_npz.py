from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archgraft.evaluator.tasks.npz import npz_task
from archgraft.evaluator.tasks.protocol import TaskError


def written(folder: Path, n_train: int = 40, n_test: int = 10, **changed: Any) -> Path:
    """An archive of grey uint8 pictures in two classes, with arrays changed or (None) left out."""
    generator = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "x_train": generator.integers(0, 255, (n_train, 6, 5), dtype=np.uint8),
        "y_train": np.arange(n_train) % 2,
        "x_test": generator.integers(0, 255, (n_test, 6, 5), dtype=np.uint8),
        "y_test": np.arange(n_test) % 2,
    } | changed
    path = folder / "data.npz"
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def test_grey_pictures_become_standardised_channels_first(tmp_path: Path) -> None:
    task = npz_task(written(tmp_path))
    assert task.train.inputs.shape == (32, 1, 6, 5)
    assert len(task.validation) == 8
    assert task.train.inputs.mean() == pytest.approx(0, abs=1e-5)
    assert (task.metric.name, task.output_shape) == ("accuracy", (2,))


def test_colour_pictures_are_standardised_channel_by_channel_with_training_statistics(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    train = generator.integers(0, 100, (40, 6, 5, 3), dtype=np.uint8)
    train[..., 2] += 100
    task = npz_task(written(tmp_path, x_train=train, x_test=train[:10] + 50))
    assert task.train.inputs.shape[1:] == (3, 6, 5)
    np.testing.assert_allclose(task.train.inputs.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    assert task.test.inputs.mean() > 1


def test_float_targets_make_a_regression(tmp_path: Path) -> None:
    task = npz_task(written(tmp_path, y_train=np.linspace(0, 1, 40), y_test=np.linspace(0, 1, 10)))
    assert (task.loss, task.metric.name, task.output_shape) == ("mse_loss", "rmse", (1,))
    assert not task.metric.higher_is_better


def windows(n_windows: int, length: int = 8) -> np.ndarray:
    return np.random.default_rng(n_windows).integers(0, 30, (n_windows, length + 1))


def test_next_tokens_make_a_causal_task_whose_validation_part_is_the_tail(tmp_path: Path) -> None:
    train, test = windows(40), windows(10)
    train[0, 0] = 30
    arrays: dict[str, Any] = {
        "x_train": train[:, :-1],
        "y_train": train[:, 1:],
        "x_test": test[:, :-1],
        "y_test": test[:, 1:],
    }
    task = npz_task(written(tmp_path, **arrays))
    assert task.causal
    assert task.output_shape == (8, 31)
    np.testing.assert_array_equal(task.validation.inputs, train[32:, :-1])


def test_tokens_with_other_targets_are_not_causal(tmp_path: Path) -> None:
    train, test = windows(40), windows(10)
    task = npz_task(written(tmp_path, x_train=train, y_train=train[:, ::-1], x_test=test, y_test=test[:, ::-1]))
    assert not task.causal
    assert task.metric.name == "bits_per_token"


def test_bits_per_token_of_a_uniform_guess_is_the_logarithm_of_the_vocabulary(tmp_path: Path) -> None:
    train, test = windows(40) % 16, windows(10) % 16
    task = npz_task(written(tmp_path, x_train=train, y_train=train, x_test=test, y_test=test))
    assert task.score(np.zeros((10, 9, 16), np.float32), task.test.targets) == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"y_test": None, "labels": np.zeros(3)},
            r"found the keys labels, x_test, x_train, y_train; wanted x_train, y_",
        ),
        ({"x_validation": np.zeros(3)}, "both or none, x_validation, y_validation"),
        ({"y_train": np.zeros(39, int)}, "x_train has 40 rows but y_train has 39"),
        ({"y_train": np.zeros(40, int)}, "at least two classes in train, but found only"),
        ({"y_train": np.arange(40) % 2 + 1, "y_test": np.arange(10) % 2 + 1}, r"must be 0..K-1 .* but found 1, 2"),
        ({"y_test": np.arange(10)}, "validation or test hold classes that train lacks: 2, 3"),
        ({"x_train": np.full((40, 3), np.nan)}, "must be alike"),
        ({"x_train": np.full((40, 3), np.nan), "x_test": np.zeros((10, 3))}, "values that are NaN or infinite"),
        ({"y_train": np.full(40, np.inf), "y_test": np.zeros(10)}, "targets hold .* NaN or infinite"),
        ({"x_test": np.zeros((0, 6, 5), np.uint8), "y_test": np.zeros(0, int)}, "x_test is empty"),
        ({"x_train": np.array(["a"] * 40)}, "x_train has dtype <U1; wanted integers or floats"),
        ({"y_train": np.zeros((40, 3), int), "y_test": np.zeros((10, 3), int)}, "fits no kind of task"),
        ({"x_train": np.zeros((40, 2, 2), int), "x_test": np.zeros((10, 2, 2), int)}, "integers must be tokens"),
        ({"y_train": np.array([None] * 40)}, "holds Python objects, which are never loaded"),
    ],
)
def test_a_wrong_file_is_one_clear_error(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(TaskError, match=message) as raised:
        npz_task(written(tmp_path, **changed))
    assert "\n" not in str(raised.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"absent\.npz: no such file"):
        npz_task(tmp_path / "absent.npz")


def test_a_file_that_is_no_archive_says_so(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    path.write_text("not numpy")
    with pytest.raises(TaskError, match="can't be read as a numpy archive: it is some other kind of file"):
        npz_task(path)


def test_a_bare_array_says_what_to_save(tmp_path: Path) -> None:
    path = tmp_path / "data.npy"
    np.save(path, np.zeros(3))
    with pytest.raises(TaskError, match="one bare array"):
        npz_task(path)
