from pathlib import Path

import numpy as np
import pytest

from archgraft.evaluator.tasks.protocol import TaskError
from archgraft.evaluator.tasks.text import text_task


def written(folder: Path, text: str) -> Path:
    path = folder / "book.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_character_is_to_be_told_from_those_before_it(tmp_path: Path) -> None:
    path = written(tmp_path, "abcdefgh" * 100)
    task = text_task(f"{path}?length=8")
    assert task.train.inputs.shape == (79, 8)
    assert task.train.inputs[0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert task.train.targets[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 0]
    assert (task.output_shape, task.metric.name, task.causal) == ((8, 8), "bits_per_token", True)


def test_the_parts_are_stretches_of_the_text_in_order(tmp_path: Path) -> None:
    letters = [chr(ord("a") + index % 26) for index in range(2000)]
    letters[1900:] = "é" * 100
    task = text_task(f"{written(tmp_path, ''.join(letters))}?length=10")
    assert 26 not in task.train.inputs
    assert 26 not in task.validation.inputs
    assert (task.test.inputs[-1] == 26).all()


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", "", "is empty"),
        ("short", "", "too few for windows of 64"),
        ("abc" * 200, "?length=1", "length must be a whole number of at least 2"),
        ("abc" * 200, "?width=8", "there is no option width; there are length"),
        ("abc" * 200, "?length", "write options as"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_message(tmp_path: Path, text: str, options: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        text_task(f"{written(tmp_path, text)}{options}")


def test_a_file_in_another_encoding_is_told_by_its_first_strange_byte(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("naïve".encode("latin-1") * 100)
    with pytest.raises(TaskError, match="byte 2 can't be read"):
        text_task(str(path))


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="no such file"):
        text_task(str(tmp_path / "none.txt"))


def test_the_same_text_gives_the_same_tokens_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first, second = (text_task(str(written(folder, "to be or not " * 99))) for folder in (tmp_path, tmp_path / "other"))
    np.testing.assert_array_equal(first.test.inputs, second.test.inputs)
