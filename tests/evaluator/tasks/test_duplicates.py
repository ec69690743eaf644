import numpy as np
import pytest

from archgraft.evaluator.tasks.duplicates import Pictures, near_pictures, same_rows


def pictures(n: int, seed: int = 0) -> np.ndarray:
    """Smooth pictures (n, 3, 16, 16) of 4 x 4 patches, as 8-bit numbers."""
    patches = np.random.default_rng(seed).integers(0, 256, (n, 3, 4, 4))
    return patches.repeat(4, axis=2).repeat(4, axis=3).astype(np.float32)


@pytest.mark.parametrize("n_entries", [3, 500])
def test_rows_are_the_same_when_every_byte_is(n_entries: int) -> None:
    kept = np.random.default_rng(0).normal(size=(40, n_entries)).astype(np.float32)
    held = kept[[7, 7, 30, 2]].copy()
    held[3, n_entries // 2] += 1e-6
    assert same_rows(kept, held).tolist() == [7, 7, 30, -1]


def test_rows_that_differ_only_between_the_sampled_entries_are_not_the_same() -> None:
    kept = np.zeros((5, 1000), np.int64)
    kept[:, 3] = np.arange(5)
    held = kept[[4, 1]] + 0
    held[1, 5] = 1
    assert same_rows(kept, held).tolist() == [4, -1]


def test_rows_of_another_kind_are_never_the_same() -> None:
    assert same_rows(np.zeros((2, 3), np.int64), np.zeros((1, 3), np.float32)).tolist() == [-1]


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x,
        lambda x: 0.7 * x + 30,
        lambda x: np.round(x / 8) * 8,
        lambda x: x + np.random.default_rng(1).normal(0, 2, x.shape).astype(np.float32),
    ],
    ids=["copied", "darker", "rounded to 5 bits", "noisy"],
)
def test_pictures_are_near_through_brightness_rounding_and_noise(change: object) -> None:
    kept = pictures(300)
    held = np.concatenate([change(kept[100:150]), pictures(50, seed=1)])  # type: ignore[operator]  # parametrised
    found = near_pictures(Pictures.of(kept), Pictures.of(held))
    assert found[:50].tolist() == list(range(100, 150))
    assert (found[50:] == -1).all()


def test_pictures_of_one_colour_are_like_no_other() -> None:
    plain = Pictures.of(np.full((3, 1, 8, 8), 5.0, np.float32))
    assert near_pictures(plain, plain).tolist() == [-1, -1, -1]
