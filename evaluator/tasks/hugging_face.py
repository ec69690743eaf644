"""Data of the `datasets` library: `datasets:NAME?config=...`, from its hub or from files at hand.

What the columns are called and hold is taken from the data set's own description. Pictures become float32 (N, C, H, W),
texts the bytes of their UTF-8 (N, T), shifted by one so that zero pads, and numbers are taken as they are. Needs the
library: `pip install 'archgraft[datasets]'`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification, regression
from archgraft.evaluator.tasks.options import Options
from archgraft.evaluator.tasks.pictures import as_array, room_for
from archgraft.evaluator.tasks.protocol import Split, Splits, TaskError
from archgraft.evaluator.tasks.splitting import standardised, stratified_split, take

OPTIONS = ("config", "data", "input", "target", "size", "length", "grey", "train")
PARTS = {"train": ("train",), "validation": ("validation", "valid", "val", "dev"), "test": ("test",)}
TARGETS = ("label", "labels", "target", "fine_label", "y")
HELD_SHARE = 0.2
RECIPE = Recipe()


def hugging_face_task(reference: str) -> ArrayTask:
    """A classification or a regression. `data` names files for the loaders `csv`, `json`, `parquet`, `imagefolder`.

    Raises `TaskError`.
    """
    name, options = Options.parse(reference, OPTIONS)
    found = _load(name, options)
    parts = {part: found[key] for part, names in PARTS.items() for key in names if key in found}
    if "train" not in parts:
        raise TaskError(f"{reference}: has no split train; it has {', '.join(found)}")
    target = _column(parts["train"], options.text("target"), TARGETS, "target", reference)
    others = tuple(column for column in parts["train"].column_names if column != target)
    source = _column(parts["train"], options.text("input"), others, "input", reference)
    limit = options.whole("train", len(parts["train"]), at_least=2)
    reader = _Reader(options, source, target)
    splits = {part: reader.read(rows, limit if part == "train" else len(rows)) for part, rows in parts.items()}
    generator = np.random.default_rng(0)
    for part in ("test", "validation"):
        if part not in splits or _hides_labels(splits[part]):
            splits["train"], splits[part] = _cut(splits["train"], generator)
    return _task(name, [splits[part] for part in PARTS])


def _load(name: str, options: Options) -> Any:
    try:
        import datasets
    except ImportError:
        raise TaskError("datasets:NAME needs the library: pip install 'archgraft[datasets]'") from None
    data = options.text("data")
    where = {} if not data else {"data_dir" if name == "imagefolder" else "data_files": data}
    try:
        return datasets.load_dataset(name, options.text("config") or None, **where)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise TaskError(f"{options.reference}: can't be loaded: {' '.join(str(error).split())[:300]}") from error


def _column(rows: Any, wanted: str, usual: Sequence[str], what: str, reference: str) -> str:
    if wanted and wanted not in rows.column_names:
        raise TaskError(f"{reference}: there is no column {wanted}; columns are {', '.join(rows.column_names)}")
    found = wanted or next((name for name in usual if name in rows.column_names), "")
    if not found:
        raise TaskError(f"{reference}: say which column is the {what}, as ?{what}=; columns are {rows.column_names}")
    return found


class _Reader:
    """Turns rows of two columns into arrays."""

    def __init__(self, options: Options, source: str, target: str) -> None:
        self._options, self._source, self._target = options, source, target

    def read(self, rows: Any, limit: int) -> Split:
        rows = rows.select(range(min(limit, len(rows))))
        kind = type(rows.features[self._source]).__name__
        targets = np.asarray(rows[self._target][:])
        if kind == "Image":
            return Split(self._pictures(rows), targets)
        values = rows[self._source][:]
        inputs = self._bytes(values) if isinstance(values[0], str) else np.asarray(values)
        if inputs.dtype.kind not in "iuf":
            raise TaskError(
                f"{self._options.reference}: column {self._source} holds {kind}, which can't be learnt from"
            )
        if inputs.ndim == 1:
            inputs = inputs[:, None]
        return Split(inputs if inputs.dtype == np.int64 and inputs.ndim == 2 else inputs.astype(np.float32), targets)

    def _pictures(self, rows: Any) -> np.ndarray:
        size = self._options.whole("size", 32, at_least=4)
        mode = "L" if self._options.text("grey") == "1" else "RGB"
        pictures = room_for(self._options.reference, len(rows), 1 if mode == "L" else 3, size)
        for index, picture in enumerate(rows[self._source]):
            pictures[index] = as_array(picture, size, mode)
        return pictures

    def _bytes(self, texts: Sequence[str]) -> np.ndarray:
        length = self._options.whole("length", 128, at_least=2)
        tokens = np.zeros((len(texts), length), np.int64)
        for index, text in enumerate(texts):
            kept = np.frombuffer(text.encode()[:length], np.uint8)
            tokens[index, : len(kept)] = kept.astype(np.int64) + 1
        return tokens


def _hides_labels(split: Split) -> bool:
    """Whether all labels are -1, as in the test parts of contests."""
    return split.targets.dtype.kind == "i" and bool((split.targets < 0).all())


def _cut(split: Split, generator: np.random.Generator) -> tuple[Split, Split]:
    is_class = split.targets.dtype.kind in "iu"
    labels = split.targets if is_class else np.zeros(len(split), int)
    kept, held = stratified_split(labels, max(1, round(len(split) * HELD_SHARE)), generator)
    return take(split, kept), take(split, held)


def _task(name: str, parts: list[Split]) -> ArrayTask:
    title = name.rpartition("/")[2]
    if parts[0].inputs.dtype == np.uint8:
        inputs = standardised([part.inputs for part in parts], axes=(0, 2, 3))
        parts = [Split(x, part.targets) for x, part in zip(inputs, parts)]
    kind = regression if parts[0].targets.dtype.kind == "f" else classification
    return kind(title, Splits(*parts), RECIPE)
