import importlib.util
from pathlib import Path

import numpy as np
import pytest

from archgraft.evaluator.tasks.hugging_face import hugging_face_task
from archgraft.evaluator.tasks.protocol import TaskError

has_datasets = importlib.util.find_spec("datasets") is not None
needs_datasets = pytest.mark.skipif(not has_datasets, reason="the extra archgraft[datasets] is not installed")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def table(folder: Path, header: str, rows: list[str]) -> Path:
    path = folder / "rows.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.mark.skipif(has_datasets, reason="the extra is installed")
def test_without_the_library_its_extra_is_named() -> None:
    with pytest.raises(TaskError, match=r"pip install 'archgraft\[datasets\]'"):
        hugging_face_task("datasets:mnist")


@needs_datasets
def test_texts_are_classified_by_their_bytes(tmp_path: Path) -> None:
    path = table(tmp_path, "sentence,label", [f"word {index},{index % 2}" for index in range(50)])
    task = hugging_face_task(f"csv?data={path}&length=8")
    assert task.train.inputs.shape == (32, 8)
    assert task.train.inputs.dtype == np.int64
    assert (task.train.inputs[:, 0] == ord("w") + 1).all()
    assert (task.output_shape, len(task.validation), len(task.test)) == ((2,), 8, 10)


@needs_datasets
def test_numbers_make_a_regression(tmp_path: Path) -> None:
    path = table(tmp_path, "x,y", [f"{index},{index / 7}" for index in range(50)])
    task = hugging_face_task(f"csv?data={path}&target=y&input=x")
    assert (task.metric.name, task.train.inputs.shape[1:]) == ("rmse", (1,))


@needs_datasets
def test_pictures_in_folders_are_read_with_their_classes(tmp_path: Path) -> None:
    from tests.evaluator.tasks.test_folder import write_pictures

    task = hugging_face_task(f"imagefolder?data={write_pictures(tmp_path / 'pictures', 20)}&size=16&target=label")
    assert task.train.inputs.shape[1:] == (3, 16, 16)
    assert task.output_shape == (2,)


@needs_datasets
@pytest.mark.parametrize(
    ("options", "message"),
    [("&target=colour", "there is no column colour; columns are sentence, label"), ("&input=x", "no column x")],
)
def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path, options: str, message: str) -> None:
    path = table(tmp_path, "sentence,label", [f"word {index},{index % 2}" for index in range(50)])
    with pytest.raises(TaskError, match=message):
        hugging_face_task(f"csv?data={path}{options}")


@needs_datasets
def test_what_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="can't be loaded"):
        hugging_face_task(f"csv?data={tmp_path / 'none.csv'}")
