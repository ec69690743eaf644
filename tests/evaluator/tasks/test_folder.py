from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archgraft.evaluator.tasks.folder import folder_task
from archgraft.evaluator.tasks.protocol import TaskError

COLOURS = {"blue": (0, 0, 255), "red": (255, 0, 0)}


def write_pictures(root: Path, n_each: int = 10, size: tuple[int, int] = (48, 20), suffix: str = "png") -> Path:
    for name, colour in COLOURS.items():
        (root / name).mkdir(parents=True)
        for index in range(n_each):
            Image.new("RGB", size, colour).save(root / name / f"{index}.{suffix}")
    return root


def test_each_folder_is_a_class_and_the_parts_are_cut_by_class(tmp_path: Path) -> None:
    task = folder_task(f"{write_pictures(tmp_path)}?size=16")
    assert task.train.inputs.shape[1:] == (3, 16, 16)
    assert [len(part) for part in (task.train, task.validation, task.test)] == [13, 3, 4]
    blue = task.train.inputs[task.train.targets == 0]
    assert (blue[:, 2] > blue[:, 0]).all()


def test_folders_of_parts_are_kept_apart(tmp_path: Path) -> None:
    for part, n_each in (("train", 8), ("val", 2), ("test", 3)):
        write_pictures(tmp_path / part, n_each, suffix="jpg")
    task = folder_task(str(tmp_path))
    assert [len(part) for part in (task.train, task.validation, task.test)] == [16, 4, 6]


def test_grey_pictures_have_one_channel(tmp_path: Path) -> None:
    assert folder_task(f"{write_pictures(tmp_path)}?grey=1").train.inputs.shape[1:] == (1, 32, 32)


def test_a_turned_picture_is_read_as_it_is_shown(tmp_path: Path) -> None:
    write_pictures(tmp_path, suffix="jpg")
    wide = Image.new("RGB", (40, 40), (255, 255, 255))
    wide.paste((0, 0, 0), (0, 0, 20, 40))
    turned = Image.Exif()
    turned[0x0112] = 6  # to be shown turned by a quarter: what was left is up
    for index in range(10):
        wide.save(tmp_path / "red" / f"{index}.jpg", exif=turned)
    task = folder_task(f"{tmp_path}?size=8")
    red = task.train.inputs[task.train.targets == 1].mean(axis=(0, 1))
    assert red[1].mean() < red[6].mean()
    assert np.ptp(red[1]) < 0.2


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda root: None, "at least two classes, found"),
        (lambda root: write_pictures(root / "train"), "wants a folder test"),
        (
            lambda root: (write_pictures(root) / "red" / "0.png").write_bytes(b"none"),
            "0.png: can't be read as a picture",
        ),
        (lambda root: write_pictures(root, n_each=2), "at least 10 are needed"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_message(tmp_path: Path, prepare: object, message: str) -> None:
    prepare(tmp_path)  # type: ignore[operator]
    with pytest.raises(TaskError, match=message):
        folder_task(str(tmp_path))


def test_a_class_that_only_the_test_part_has_is_named(tmp_path: Path) -> None:
    write_pictures(tmp_path / "train")
    write_pictures(tmp_path / "test")
    (tmp_path / "test" / "red").rename(tmp_path / "test" / "green")
    with pytest.raises(TaskError, match="classes that the training part lacks: green"):
        folder_task(str(tmp_path))


def test_more_than_fits_in_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"give a smaller \?size="):
        folder_task(f"{write_pictures(tmp_path)}?size=20000")
