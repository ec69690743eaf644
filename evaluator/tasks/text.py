"""Character language modelling from a text file: `text:FILE?length=64`.

The text is cut in three stretches, the first to train on, and each stretch in windows that don't overlap: neighbours in
a text share what a random split would leak.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import token_prediction
from archgraft.evaluator.tasks.options import Options
from archgraft.evaluator.tasks.protocol import Split, Splits, TaskError

TRAIN_SHARE, VALIDATION_SHARE = 0.8, 0.1
LENGTH = 64
OPTIONS = ("length",)
RECIPE = Recipe(epochs=4, batch_size=64, learning_rate=2e-3)


def text_task(reference: str) -> ArrayTask:
    """Next-character prediction: tokens (N, length) int64, the characters of the file in order of their code points.

    Raises `TaskError`.
    """
    place, options = Options.parse(reference, OPTIONS)
    path, length = Path(place), options.whole("length", LENGTH, at_least=2)
    tokens = _tokens(path)
    ends = [0, int(len(tokens) * TRAIN_SHARE), int(len(tokens) * (TRAIN_SHARE + VALIDATION_SHARE)), len(tokens)]
    stretches = [tokens[start:end] for start, end in pairwise(ends)]
    if min(map(len, stretches)) <= length:
        raise TaskError(
            f"{path}: {len(tokens):,} characters are too few for windows of {length}; give a longer text, or ?length=N"
        )
    return token_prediction(path.stem, Splits(*(_windows(stretch, length) for stretch in stretches)), RECIPE)


def _tokens(path: Path) -> np.ndarray:
    if not path.is_file():
        raise TaskError(f"{path}: no such file")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TaskError(f"{path}: is no UTF-8 text: byte {error.start} can't be read. Convert it first.") from error
    except OSError as error:
        raise TaskError(f"{path}: can't be read: {error.strerror}") from error
    if not text:
        raise TaskError(f"{path}: is empty")
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    _, tokens = np.unique(codes, return_inverse=True)
    return tokens.astype(np.int64)


def _windows(tokens: np.ndarray, length: int) -> Split:
    n_windows = (len(tokens) - 1) // length
    inputs = tokens[: n_windows * length].reshape(n_windows, length)
    targets = tokens[1 : n_windows * length + 1].reshape(n_windows, length)
    return Split(inputs, targets)
