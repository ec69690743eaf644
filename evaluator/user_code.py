"""Functions of the user's that run in the sandbox child, losses and training functions: where they stand."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.protocol import TaskError


@dataclass(frozen=True, slots=True)
class UserFunction:
    """`name` is `package.module:function`, which a job can import when `folder` is among its readable ones."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class TrainedBy:
    """A recipe and a loss whose functions a job can import, given the folders."""

    recipe: Recipe
    loss: str
    readable: tuple[Path, ...]


def trained_by(recipe: Recipe, loss: str) -> TrainedBy:
    """Recipe and loss as the child can use them. Raises `TaskError` where a function of the user's isn't there."""
    readable = []
    if ":" in loss:
        found = locate(loss)
        loss, readable = found.name, [found.folder]
    if recipe.train_function is not None:
        found = locate(recipe.train_function)
        recipe, readable = replace(recipe, train_function=found.name), [*readable, found.folder]
    return TrainedBy(recipe, loss, tuple(dict.fromkeys(readable)))


def check_apart(readable: Sequence[Path], data: Path) -> None:
    """Raises `TaskError` where models, which may read some folders, would find a task's targets in one of them."""
    for folder in readable:
        if data.resolve().is_relative_to(folder):
            raise TaskError(
                f"models may read the folder {folder}, for your function's sake, but the task's data lie in it: "
                f"{data}; move the function to a folder of its own, or they could look up what they should learn"
            )


def locate(reference: str) -> UserFunction:
    """Where `path/to/file.py:function` or `package.module:function` stands; nothing is run. Raises `TaskError`.

    A file within a package is taken as a part of it, so that its relative imports work.
    """
    place, _, name = reference.rpartition(":")
    if not place or not name.isidentifier():
        raise TaskError(f"{reference}: wanted path/to/file.py:function or package.module:function")
    if not place.endswith(".py"):
        return UserFunction(reference, _open_to_models(reference, _folder_of(reference, place)))
    path = Path(place).resolve()
    if not path.is_file():
        raise TaskError(f"{reference}: no such file: {place}")
    folder, module = path.parent, path.stem
    while (folder / "__init__.py").is_file():
        folder, module = folder.parent, f"{folder.name}.{module}"
    return UserFunction(f"{module}:{name}", _open_to_models(reference, folder))


def _folder_of(reference: str, place: str) -> Path:
    top = place.partition(".")[0]
    spec = importlib.util.find_spec(top) if top.isidentifier() else None
    folders = [Path(folder).parent for folder in (spec and spec.submodule_search_locations) or ()]
    if spec is not None and spec.origin is not None and not folders:
        folders = [Path(spec.origin).parent]
    if not folders:
        raise TaskError(f"{reference}: there is no package {top}; install it, or give a file: path/to/file.py:function")
    return folders[0].resolve()


def _open_to_models(reference: str, folder: Path) -> Path:
    """The folder; refused where it holds all that the user has, for models can read what the function can import."""
    home = Path.home().resolve()
    if folder in (home, *home.parents):
        raise TaskError(f"{reference}: models may read the folder {folder}; move the file to a folder of its own")
    return folder
