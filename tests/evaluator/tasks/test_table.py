from pathlib import Path

import numpy as np
import pytest

from archgraft.evaluator.tasks.protocol import TaskError
from archgraft.evaluator.tasks.table import table_task


def written(folder: Path, header: str, rows: list[str]) -> Path:
    path = folder / "houses.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def houses(folder: Path, separator: str = ",") -> Path:
    """100 houses: their size (one unknown), their town (three), a number of no meaning, their price and rank."""
    rows = []
    for index in range(100):
        size = "" if index == 3 else str(50 + index)
        town = ("Rome", "Oslo", "Lima")[index % 3]
        rows.append(separator.join([size, town, "7", str(1000.0 * index), f"rank {index % 4}"]))
    return written(folder, separator.join(["size", "town", "constant", "price", "rank"]), rows)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_numbers_are_standardised_words_one_hot_and_constants_left_out(tmp_path: Path, separator: str) -> None:
    task = table_task(f"{houses(tmp_path, separator)}?target=price")
    assert task.train.inputs.shape == (60, 1 + 3 + 4)
    assert task.train.inputs[:, 0].mean() == pytest.approx(0, abs=1e-5)
    assert set(np.unique(task.train.inputs[:, 1:])) == {0.0, 1.0}
    assert (task.train.inputs[:, 1:4].sum(axis=1) == 1).all()


def test_an_empty_cell_takes_the_mean_of_the_training_part(tmp_path: Path) -> None:
    task = table_task(f"{houses(tmp_path)}?target=price")
    parts = [task.train, task.validation, task.test]
    cells = np.concatenate([part.inputs[:, 0] for part in parts])
    assert np.isfinite(cells).all()
    assert np.abs(cells).min() == pytest.approx(0, abs=1e-6)


def test_a_regression_is_scored_in_the_units_of_its_target(tmp_path: Path) -> None:
    task = table_task(f"{houses(tmp_path)}?target=price")
    assert (task.metric.name, task.output_shape) == ("rmse", (1,))
    truth = task.test.targets
    assert task.score(truth, truth) == 0
    off_by_one_deviation = task.score(truth + 1, truth)
    assert 20_000 < off_by_one_deviation < 40_000


def test_a_target_of_words_is_a_classification(tmp_path: Path) -> None:
    task = table_task(f"{houses(tmp_path)}?target=rank")
    assert (task.metric.name, task.output_shape) == ("accuracy", (4,))


def test_columns_can_be_left_out_and_are_named(tmp_path: Path) -> None:
    task = table_task(f"{houses(tmp_path)}?target=price&without=town,constant")
    assert task.feature_names == ("column size", *["column rank"] * 4)


def test_a_target_that_stands_in_a_second_column_is_refused_with_what_to_write(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b,c", [f"{index},{index % 3},{index % 3}" for index in range(60)])
    with pytest.raises(TaskError, match="the target b is also among the inputs: add &without=c"):
        table_task(f"{path}?target=b")


def test_numbers_can_be_taken_for_classes(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b", [f"{index},{index % 3}" for index in range(60)])
    assert table_task(f"{path}?target=b&kind=classes").output_shape == (3,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "say which column to predict, as .target=COLUMN; columns are size, town, constant, price, rank"),
        ("?target=colour", "there is no column 'colour'"),
        ("?target=price&without=colour", "there is no column 'colour' to leave out"),
        ("?target=size", "column size is empty in data row 4"),
        ("?target=rank&kind=numbers", "column rank holds words"),
        ("?target=rank&kind=both", "kind must be classes or numbers"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_message(tmp_path: Path, options: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        table_task(f"{houses(tmp_path)}{options}")


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("a,b", ["1,2"] * 5, "5 rows below its header"),
        ("a,a", ["1,2"] * 30, "must name each column once"),
        ("a,b", [*["1,2"] * 30, "1,2,3"], "data row 31 has 3 cells, the header 2"),
        ("a,b", ["1,2"] * 30, "tells anything"),
        ("a,b", [*["1,2"] * 30, '"1'], "comma-separated"),
    ],
)
def test_a_broken_table_is_told_by_its_place(tmp_path: Path, header: str, rows: list[str], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        table_task(f"{written(tmp_path, header, rows)}?target=b")
