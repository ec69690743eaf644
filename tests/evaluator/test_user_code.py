from pathlib import Path

import pytest

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.protocol import TaskError
from archgraft.evaluator.user_code import check_apart, locate, trained_by


def written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("def own(): ...\n")
    return path


def test_a_file_is_imported_by_its_name_from_its_folder(tmp_path: Path) -> None:
    found = locate(f"{written(tmp_path / 'mine.py')}:own")
    assert (found.name, found.folder) == ("mine:own", tmp_path.resolve())


def test_a_file_in_a_package_is_imported_as_a_part_of_it(tmp_path: Path) -> None:
    for name in ("lab/__init__.py", "lab/work/__init__.py", "lab/work/mine.py"):
        written(tmp_path / name)
    found = locate(f"{tmp_path / 'lab/work/mine.py'}:own")
    assert (found.name, found.folder) == ("lab.work.mine:own", tmp_path.resolve())


def test_a_package_is_found_where_it_is_installed() -> None:
    found = locate("numpy.linalg:norm")
    assert found.name == "numpy.linalg:norm"
    assert (found.folder / "numpy").is_dir()


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("mine", "wanted path/to/file.py:function or package.module:function"),
        ("no/such.py:own", "no such file: no/such.py"),
        ("no_such_package.mine:own", "there is no package no_such_package"),
        ("a b:own", "there is no package a b"),
    ],
)
def test_what_is_not_there_is_one_clear_error(reference: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        locate(reference)


def test_a_home_folder_is_never_opened_to_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(TaskError, match="move the file to a folder of its own"):
        locate(f"{written(tmp_path / 'mine.py')}:own")


def test_data_are_never_opened_to_models_with_the_folder_of_a_function(tmp_path: Path) -> None:
    found = locate(f"{written(tmp_path / 'work/mine.py')}:own")
    check_apart([found.folder], tmp_path / "data.npz")
    (tmp_path / "link.npz").symlink_to(tmp_path / "work/data.npz")
    for data in ("work/data.npz", "work/deeper/data", "link.npz"):
        with pytest.raises(TaskError, match="move the function to a folder of its own"):
            check_apart([found.folder], tmp_path / data)


def test_what_is_not_the_users_needs_no_folder() -> None:
    assert trained_by(Recipe(), "cross_entropy").readable == ()
