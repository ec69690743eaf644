import sys
from pathlib import Path

import numpy as np
import pytest

from archgraft.evaluator.tasks.load import data_place, load_task
from archgraft.evaluator.tasks.protocol import TaskError


@pytest.mark.parametrize(
    ("reference", "place"),
    [
        ("npz:a/b.npz", Path("a/b.npz")),
        ("table:a/b.csv?target=y", Path("a/b.csv")),
        ("folder:pictures?size=32", Path("pictures")),
        ("digits", None),
        ("module:a.py:task", None),
    ],
)
def test_the_place_of_data_is_known_where_a_task_is_one_of_files(reference: str, place: Path | None) -> None:
    assert data_place(reference) == place


@pytest.mark.parametrize(
    ("reference", "input_shape", "output_shape"), [("digits", (1, 8, 8), (10,)), ("mnist1d", (1, 40), (10,))]
)
def test_built_in_tasks_are_standardised_and_stratified(
    reference: str, input_shape: tuple[int, ...], output_shape: tuple[int, ...]
) -> None:
    task = load_task(reference)
    splits = task.load()
    for part in (splits.train, splits.validation, splits.test):
        assert part.inputs.shape[1:] == input_shape
        assert part.inputs.dtype == np.float32
        shares = np.bincount(part.targets) / len(part)
        assert np.abs(shares - 0.1).max() < 0.02
    assert task.output_shape == output_shape
    assert abs(float(splits.train.inputs.mean())) < 1e-3
    assert abs(float(splits.train.inputs.std()) - 1) < 1e-3


def test_the_same_reference_gives_the_same_data() -> None:
    first, second = (load_task("mnist1d").load() for _ in range(2))
    np.testing.assert_array_equal(first.train.inputs, second.train.inputs)
    np.testing.assert_array_equal(first.test.targets, second.test.targets)


@pytest.mark.parametrize("reference", ["", "cifar", "digits:8", "npz:", "module:"])
def test_an_unknown_reference_lists_what_there_is(reference: str) -> None:
    with pytest.raises(TaskError, match="tasks are digits, mnist1d, npz:FILE"):
        load_task(reference)


TASK_FILE = """
import numpy as np
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.kinds import regression
from archgraft.evaluator.tasks.protocol import Split, Splits
from helper_of_the_user import SLOPE

def lines():
    x = np.linspace(0, 1, 30, dtype=np.float32)[:, None]
    split = Split(x, SLOPE * x[:, 0])
    return regression("lines", Splits(split, split, split), Recipe(epochs=3))

def broken():
    raise KeyError("no data here")

def nothing():
    return 7
"""


@pytest.fixture
def task_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "helper_of_the_user.py").write_text("SLOPE = 2.0\n")
    path = tmp_path / "mine.py"
    path.write_text(TASK_FILE)
    return path


def test_a_users_function_gives_its_task(task_file: Path) -> None:
    task = load_task(f"module:{task_file}:lines")
    assert (task.name, task.recipe.epochs, task.output_shape, task.loss) == ("lines", 3, (1,), "mse_loss")
    assert task.score(np.zeros((30, 1), np.float32), task.load().test.targets) == pytest.approx(2 * np.sqrt(59 / 174))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("broken", r"raised KeyError: 'no data here' \(mine.py, line 14\)"),
        ("nothing", "its int lacks name, loss, metric"),
        ("absent", "has no function absent; it has .*broken, .*lines, nothing"),
    ],
)
def test_a_users_function_that_fails_is_one_clear_error(task_file: Path, function: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        load_task(f"module:{task_file}:{function}")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("module:no/such.py:task", "no/such.py: no such file"),
        ("module:task", "wanted module:path/to/file.py:function"),
        ("module:no_such_package.tasks:task", "can't be imported: ModuleNotFoundError"),
    ],
)
def test_a_users_module_that_is_not_there_is_one_clear_error(reference: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        load_task(reference)


@pytest.mark.parametrize("body", ["raise SystemExit(3)", "def task():\n    raise SystemExit(3)"])
def test_a_users_task_that_exits_is_one_clear_error(tmp_path: Path, body: str) -> None:
    path = tmp_path / "leaving.py"
    path.write_text(body)
    with pytest.raises(TaskError, match="SystemExit: 3"):
        load_task(f"module:{path}:task")
