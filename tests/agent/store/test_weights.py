"""Trained weights are either those that were written or not there."""

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from archgraft.agent.errors import UsageError
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.weights import save_weights, weights_of
from tests.agent.synthetic import run_info

ARRAYS: dict[str, np.ndarray] = {"b": np.arange(6, dtype=np.float32).reshape(2, 3).T, "a": np.asarray(7, np.int64)}


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    path = save_weights(tmp_path, 3, 1000, ARRAYS)
    assert weights_of(tmp_path, 3) == {1000: path}
    read = load_file(path)
    assert all(np.array_equal(read[name], array) and read[name].shape == array.shape for name, array in ARRAYS.items())


@pytest.mark.parametrize("damage", ["a bit", "cut", "empty", "garbage", "no header"])
def test_a_damaged_file_is_as_good_as_none(damage: str, tmp_path: Path) -> None:
    path = save_weights(tmp_path, 3, 1000, ARRAYS)
    content = path.read_bytes()
    path.write_bytes(
        {
            "a bit": content[:-1] + bytes([content[-1] ^ 1]),
            "cut": content[:-4],
            "empty": b"",
            "garbage": os.urandom(300),
            "no header": (2).to_bytes(8, "little") + b"[]" + content,
        }[damage]
    )
    assert weights_of(tmp_path, 3) == {}


def test_what_cannot_be_written_leaves_nothing_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("in the way")
    with pytest.raises(UsageError, match=r"3-1000\.safetensors: can't be written"):
        save_weights(tmp_path, 3, 1000, ARRAYS)


def test_what_a_killed_search_left_half_written_is_removed_by_the_next(tmp_path: Path) -> None:
    path = save_weights(tmp_path, 3, 1000, ARRAYS)
    (tmp_path / "weights" / ".3-1001.safetensors.x7f2").write_bytes(b"half")
    open_run(tmp_path, run_info()).close()
    assert list((tmp_path / "weights").iterdir()) == [path]
