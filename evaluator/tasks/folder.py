"""Pictures in folders, one a class: `folder:PATH?size=32`.

`PATH` holds a folder for each class; or `train` and `test` (and `validation` or `val`), each with those. Pictures are
cut to a square in the middle and brought to one size. Needs Pillow: `pip install 'archgraft[images]'`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification
from archgraft.evaluator.tasks.options import Options
from archgraft.evaluator.tasks.pictures import read_picture, room_for
from archgraft.evaluator.tasks.protocol import Split, Splits, TaskError
from archgraft.evaluator.tasks.splitting import standardised, stratified_split, take

OPTIONS = ("size", "grey")
SIZE = 32
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
PARTS = {"train": ("train", "training"), "validation": ("validation", "val", "valid"), "test": ("test", "testing")}
HELD_SHARE = 0.2
MIN_PICTURES = 10
RECIPE = Recipe()


def folder_task(reference: str) -> ArrayTask:
    """Pictures (N, C, size, size) standardised by channel, C 3 or with `grey=1` 1. Raises `TaskError`."""
    place, options = Options.parse(reference, OPTIONS)
    root, size = Path(place), options.whole("size", SIZE, at_least=4)
    mode = "L" if options.text("grey") == "1" else "RGB"
    if not root.is_dir():
        raise TaskError(f"{root}: no such folder")
    named = {part: _first_folder(root, names) for part, names in PARTS.items()}
    if (named["train"] is None) != (named["test"] is None):
        raise TaskError(f"{root}: a folder train wants a folder test beside it, and the other way round")
    folders = {part: folder for part, folder in named.items() if folder is not None} or {"train": root}
    classes = _classes(folders["train"])
    splits = {part: _read(folder, classes, size, mode) for part, folder in folders.items()}
    generator = np.random.default_rng(0)
    for part in ("test", "validation"):
        if part not in splits:
            splits["train"], splits[part] = _cut(root, splits["train"], generator)
    parts = [splits[part] for part in PARTS]
    inputs = standardised([part.inputs for part in parts], axes=(0, 2, 3))
    return classification(root.resolve().name, Splits(*map(Split, inputs, [part.targets for part in parts])), RECIPE)


def _first_folder(root: Path, names: Sequence[str]) -> Path | None:
    return next((root / name for name in names if (root / name).is_dir()), None)


def _classes(folder: Path) -> list[str]:
    classes = sorted(child.name for child in folder.iterdir() if child.is_dir() and _pictures(child))
    if len(classes) < 2:
        raise TaskError(f"{folder}: wanted a folder of pictures for each of at least two classes, found {classes}")
    return classes


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def _read(folder: Path, classes: Sequence[str], size: int, mode: str) -> Split:
    unknown = sorted(child.name for child in folder.iterdir() if child.is_dir() and child.name not in classes)
    if any(_pictures(folder / name) for name in unknown):
        raise TaskError(f"{folder}: holds classes that the training part lacks: {', '.join(unknown)}")
    paths = [(path, label) for label, name in enumerate(classes) for path in _pictures(folder / name)]
    pictures = room_for(folder, len(paths), 1 if mode == "L" else 3, size)
    for index, (path, _) in enumerate(paths):
        pictures[index] = read_picture(path, size, mode)
    return Split(pictures, np.array([label for _, label in paths], np.int64))


def _cut(root: Path, split: Split, generator: np.random.Generator) -> tuple[Split, Split]:
    if len(split) < MIN_PICTURES:
        raise TaskError(f"{root}: holds {len(split)} pictures to train on; at least {MIN_PICTURES} are needed")
    kept, held = stratified_split(split.targets, max(1, round(len(split) * HELD_SHARE)), generator)
    return take(split, kept), take(split, held)
