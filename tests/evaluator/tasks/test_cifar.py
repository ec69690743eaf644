import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archgraft.evaluator.tasks.cifar import cifar_task
from archgraft.evaluator.tasks.protocol import TaskError

N_IN_BATCH = 20


def write_batch(path: Path, seed: int, key: bytes = b"labels", **changed: Any) -> None:
    """A batch as the author's files are: protocol 2, byte strings as keys."""
    generator = np.random.default_rng(seed)
    content = {
        b"data": generator.integers(0, 255, (N_IN_BATCH, 3072), dtype=np.uint8),
        key: [index % 10 for index in range(N_IN_BATCH)],
        b"batch_label": b"one of them",
    }
    content |= {name.encode(): value for name, value in changed.items()}
    path.write_bytes(pickle.dumps(content, protocol=2))


def cifar_10(folder: Path) -> Path:
    for number in range(1, 6):
        write_batch(folder / f"data_batch_{number}", number)
    write_batch(folder / "test_batch", 0)
    return folder


def test_the_batches_of_cifar_10_are_read_together(tmp_path: Path) -> None:
    task = cifar_task(str(cifar_10(tmp_path)))
    assert task.train.inputs.shape == (80, 3, 32, 32)
    assert (len(task.validation), len(task.test), task.output_shape) == (20, 20, (10,))
    np.testing.assert_allclose(task.train.inputs.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    assert task.test.targets.tolist() == [index % 10 for index in range(N_IN_BATCH)]


def test_cifar_100_is_read_by_its_fine_labels(tmp_path: Path) -> None:
    for name in ("train", "test"):
        write_batch(tmp_path / name, 1, b"fine_labels", coarse_labels=[0] * N_IN_BATCH)
    assert cifar_task(f"{tmp_path}?validation=10").output_shape == (10,)


def test_a_smaller_training_part_can_be_asked_for(tmp_path: Path) -> None:
    task = cifar_task(f"{cifar_10(tmp_path)}?train=40&validation=10")
    assert (len(task.train), len(task.validation), len(task.test)) == (40, 10, 20)
    with pytest.raises(TaskError, match="ask for 110 of 100 pictures"):
        cifar_task(f"{tmp_path}?train=100&validation=10")


class Harmful:
    """Runs a function of its maker's choice where it is unpickled without care."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_calls_functions_is_refused_before_it_does(tmp_path: Path, protocol: int) -> None:
    cifar_10(tmp_path)
    trap, sprung = tmp_path / "data_batch_3", tmp_path / "sprung"
    trap.write_bytes(pickle.dumps({b"data": Harmful(Path.touch, sprung)}, protocol=protocol))
    with pytest.raises(TaskError, match="only arrays, lists and texts are ever read"):
        cifar_task(str(tmp_path))
    assert not sprung.exists()
    pickle.loads(trap.read_bytes())  # noqa: S301 - the trap is real
    assert sprung.exists()


def test_an_array_of_objects_is_refused(tmp_path: Path) -> None:
    cifar_10(tmp_path)
    write_batch(tmp_path / "data_batch_1", 0, data=np.array([{}, []], object))
    with pytest.raises(TaskError, match="only numbers are read"):
        cifar_task(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "can't be read as a batch"),
        (b"\x80\x02garbage", "can't be read as a batch"),
        (pickle.dumps([1, 2], protocol=2), "holds no batch of pictures"),
        (pickle.dumps({b"data": np.zeros((2, 5), np.uint8), b"labels": [0, 1]}, protocol=2), "a row of 3072 bytes"),
    ],
)
def test_a_file_of_another_kind_is_told_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    cifar_10(tmp_path)
    (tmp_path / "data_batch_2").write_bytes(content)
    with pytest.raises(TaskError, match=f"data_batch_2: .*{message}"):
        cifar_task(str(tmp_path))


def test_a_folder_without_batches_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"neither data_batch_1 .* nor train"):
        cifar_task(str(tmp_path))
