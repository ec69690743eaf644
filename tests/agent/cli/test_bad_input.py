"""What a user gets wrong ends as one clear message and exit code 2, before anything is written."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from archgraft.agent.cli import main
from archgraft.tree_ops.library import Library

GOOD_MODEL = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        if classes < 1:
            raise ValueError("a network needs at least one class")
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        return self.fc(x.flatten(1))
"""


class Place:
    """A folder with a good model and an empty library; what a test changes is then the one thing wrong."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.model = folder / "net.py"
        self.model.write_text(GOOD_MODEL)
        self.library = folder / "modules.sqlite"
        Library(self.library, create=True).close()
        self._capsys = capsys

    def search(self, **changed: str) -> str:
        """Search with these options changed; the message, after the checks that hold for all."""
        options = {
            "task": "digits",
            "library": str(self.library),
            "budget": "trials=1",
            "out": str(self.folder / "run"),
        }
        model = changed.pop("model", f"{self.model}:Net")
        arguments = ["search", model, *(f"--{name}={value}" for name, value in (options | changed).items())]
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        shown = self._capsys.readouterr()
        assert stop.value.code == 2, shown.err
        assert "Traceback" not in shown.err
        assert shown.err.count("archgraft: ") == 1
        assert not (self.folder / "run").exists()
        return shown.err


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Place:
    return Place(tmp_path, capsys)


def test_a_missing_file(place: Place) -> None:
    assert "absent.py" in place.search(model="absent.py:Net")


def test_a_syntax_error_in_the_model_file(place: Place) -> None:
    place.model.write_text("class Net(:\n")
    message = place.search()
    assert "net.py" in message
    assert "line 1" in message or ":1" in message


def test_a_class_that_the_file_lacks(place: Place) -> None:
    message = place.search(model=f"{place.model}:Nett")
    assert "Nett" in message


def test_a_constructor_that_raises(place: Place) -> None:
    message = place.search(model=f"{place.model}:Net(classes=0)")
    assert "a network needs at least one class" in message


def test_a_model_whose_output_does_not_fit_the_task(place: Place) -> None:
    message = place.search(model=f"{place.model}:Net(classes=7)")
    assert "7" in message
    assert "10" in message


def test_an_npz_with_wrong_keys(place: Place) -> None:
    path = place.folder / "data.npz"
    np.savez(path, images=np.zeros((4, 2)), labels=np.zeros(4))
    message = place.search(task=f"npz:{path}")
    assert "images" in message
    assert "x_train" in message


def test_a_task_that_does_not_exist(place: Place) -> None:
    assert "digits" in place.search(task="digit")


def test_an_output_folder_that_can_not_be_written(place: Place) -> None:
    place.folder.joinpath("file").write_text("")
    message = place.search(out=str(place.folder / "file" / "run"))
    assert "file/run" in message


@pytest.mark.parametrize("budget", ["lots", "trials=-1", "hours=2", ""])
def test_a_budget_that_can_not_be_parsed(place: Place, budget: str) -> None:
    assert "trials" in place.search(budget=budget)


def test_a_library_made_by_a_newer_version(place: Place) -> None:
    connection = sqlite3.connect(place.library)
    connection.execute("pragma user_version = 999")
    connection.close()
    assert "newer" in place.search()


def test_a_library_that_is_not_there(place: Place) -> None:
    assert "archgraft mine" in place.search(library=str(place.folder / "absent.sqlite"))


def test_a_setting_that_does_not_exist(place: Place) -> None:
    assert "search.seed" in place.search(set="search.sead=1")


def test_a_device_that_is_not_there_is_named_with_those_that_are(place: Place) -> None:
    message = place.search(set="sandbox.device=cuda:99")
    assert "there is no device 'cuda:99' here, only " in message
    assert "archgraft doctor" in message


def test_flips_are_refused_for_data_that_are_no_pictures(place: Place) -> None:
    text = place.folder / "text.txt"
    text.write_text(" ".join(str(number) for number in range(1000)))
    message = place.search(task=f"text:{text}", set="recipe.horizontal_flip=true")
    assert "recipe.crop_padding and recipe.horizontal_flip change pictures, but one input is int64" in message
