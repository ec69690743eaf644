"""A table with a column to predict: `table:FILE.csv?target=COLUMN`.

Numbers are standardised and words one-hot encoded, both by the training part alone; an empty cell takes the training
part's mean, or a word of its own. A target of numbers is a regression, scored in the target's own units; any other, or
`&kind=classes`, a classification.
"""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification, regression
from archgraft.evaluator.tasks.options import Options
from archgraft.evaluator.tasks.protocol import Split, Splits, TaskError
from archgraft.evaluator.tasks.scores import root_mean_squared_error
from archgraft.evaluator.tasks.splitting import stratified_split

OPTIONS = ("target", "kind", "seed", "without")
KINDS = ("", "classes", "numbers")
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.2
MIN_ROWS = 20
MAX_WORDS = 64
"""A column of words with more of them in the training part names rows rather than describing them."""
RECIPE = Recipe(epochs=20, batch_size=64)


def table_task(reference: str) -> ArrayTask:
    """The task in a CSV file with a header: inputs (N, F) float32. Raises `TaskError`."""
    place, options = Options.parse(reference, OPTIONS)
    path, kind, target = Path(place), options.text("kind"), options.text("target")
    if kind not in KINDS:
        raise TaskError(f"{reference}: kind must be classes or numbers, got {kind!r}")
    columns = read_columns(path)
    if target not in columns:
        wanted = f"there is no column {target!r}" if target else "say which column to predict"
        raise TaskError(f"{path}: {wanted}, as ?target=COLUMN; columns are {', '.join(columns)}")
    words = columns.pop(target)
    for name in filter(None, options.text("without").split(",")):
        if columns.pop(name, None) is None:
            raise TaskError(f"{path}: there is no column {name!r} to leave out; columns are {', '.join(columns)}")
    if copies := [name for name, cells in columns.items() if np.array_equal(cells, words)]:
        raise TaskError(f"{path}: the target {target} is also among the inputs: add &without={','.join(copies)}")
    if "" in words:
        raise TaskError(f"{path}: column {target} is empty in data row {int(np.flatnonzero(words == '')[0]) + 1}")
    numbers = as_numbers(words)
    if kind == "numbers" and numbers is None:
        raise TaskError(f"{path}: column {target} holds words; leave kind=numbers out to predict classes")
    is_classes = kind == "classes" or numbers is None
    labels = np.unique(words, return_inverse=True)[1] if is_classes else np.zeros(len(words), int)
    parts = _rows(labels, options.whole("seed", 0, at_least=0))
    inputs, names = _encoded(path, columns, parts)
    if is_classes or numbers is None:
        task = classification(path.stem, Splits(*map(Split, inputs, [labels[rows] for rows in parts])), RECIPE)
    else:
        task = _regression(path.stem, inputs, [numbers[rows] for rows in parts])
    return replace(task, feature_names=names)


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """The columns (N,) of texts, by the names in the header. Raises `TaskError`."""
    if not path.is_file():
        raise TaskError(f"{path}: no such file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            start = file.read(2**16)
            file.seek(0)
            rows = [row for row in csv.reader(file, _dialect(start), strict=True) if row]
    except UnicodeDecodeError as error:
        raise TaskError(f"{path}: is no UTF-8 text: byte {error.start} can't be read. Convert it first.") from error
    except csv.Error as error:
        raise TaskError(f"{path}: can't be read as comma-separated values: {error}") from error
    if len(rows) < MIN_ROWS + 1:
        raise TaskError(f"{path}: holds {max(0, len(rows) - 1)} rows below its header; at least {MIN_ROWS} are needed")
    header = [name.strip() for name in rows[0]]
    if len(set(header)) < len(header) or "" in header:
        raise TaskError(f"{path}: the first line must name each column once, but is {', '.join(rows[0])}")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise TaskError(f"{path}: data row {number} has {len(row)} cells, the header {len(header)}")
    return {name: np.array([row[index].strip() for row in rows[1:]]) for index, name in enumerate(header)}


def _dialect(start: str) -> type[csv.Dialect]:
    """Comma, semicolon or tab, whichever the header has most of; quoting is as spreadsheets do it."""

    class Found(csv.excel):
        delimiter = max(",;\t", key=start.partition("\n")[0].count)

    return Found


def as_numbers(words: np.ndarray) -> np.ndarray | None:
    """A column as floats, empty cells as NaN; None when some cell is no finite number."""
    try:
        numbers = np.array([float(word) if word else np.nan for word in words])
    except ValueError:
        return None
    return None if np.isinf(numbers).any() or np.isnan(numbers[words != ""]).any() else numbers


def _rows(labels: np.ndarray, seed: int) -> list[np.ndarray]:
    """Row numbers of the training, validation and test part."""
    generator = np.random.default_rng(seed)
    n_test = max(1, round(len(labels) * TEST_SHARE))
    rest, test = stratified_split(labels, n_test, generator)
    kept, held = stratified_split(labels[rest], max(1, round(len(labels) * VALIDATION_SHARE)), generator)
    return [rest[kept], rest[held], test]


def _encoded(
    path: Path, columns: dict[str, np.ndarray], parts: list[np.ndarray]
) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """The inputs (N, F) float32 of each part, and for each of the F the column that it comes from."""
    found = {name: block for name, words in columns.items() if (block := _column(words, parts[0])) is not None}
    if not found:
        raise TaskError(f"{path}: no column but the target tells anything: all are constant, or differ in every row")
    whole = np.concatenate(list(found.values()), axis=1).astype(np.float32)
    names = tuple(f"column {name}" for name, block in found.items() for _ in range(block.shape[1]))
    return [whole[rows] for rows in parts], names


def _column(words: np.ndarray, train: np.ndarray) -> np.ndarray | None:
    """One column as (N, f) numbers; None when it tells nothing."""
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = as_numbers(words)
    if numbers is not None and not np.isnan(numbers[train]).all():
        column = numbers[:, None]
        filled = SimpleImputer().fit(column[train]).transform(column)
        scaler = StandardScaler().fit(filled[train])
        return None if not scaler.var_[0] else np.asarray(scaler.transform(filled))
    if not 2 <= len(np.unique(words[train])) <= MAX_WORDS:
        return None
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(words[train, None])
    return np.asarray(encoder.transform(words[:, None]))


def _regression(name: str, inputs: list[np.ndarray], targets: list[np.ndarray]) -> ArrayTask:
    """Learnt in standard deviations of the training targets, where a network starts; scored in the targets' units."""
    mean, deviation = float(targets[0].mean()), float(targets[0].std()) or 1.0
    parts = [Split(x, ((y - mean) / deviation).astype(np.float32)) for x, y in zip(inputs, targets)]
    task = regression(name, Splits(*parts), RECIPE)
    return replace(task, score_function=lambda outputs, truth: deviation * root_mean_squared_error(outputs, truth))
