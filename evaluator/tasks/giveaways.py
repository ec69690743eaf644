"""Targets that stand among the inputs, as they are or in other words."""

import numpy as np

from archgraft.evaluator.tasks.protocol import Split

N_TRIED = 512
"""Rows that every column is tried on, before those that are left are checked on all."""
MIN_VALUES = 3
"""Distinct targets below which an order says nothing."""


def copies(split: Split) -> np.ndarray:
    """Columns of the inputs (N, F) that are the target, (N,) or (N, 1), of every row."""
    if not _is_table(split):
        return np.zeros(0, int)
    target = split.targets.reshape(-1, 1).astype(np.float64)
    tolerance = 1e-5 * max(float(np.abs(target).max()), 1e-12)
    left = np.arange(split.inputs.shape[1])
    for rows in (_spread(len(split)), np.arange(len(split))):
        left = left[(np.abs(split.inputs[rows[:, None], left] - target[rows]) <= tolerance).all(axis=0)]
    return left


def telling(split: Split) -> np.ndarray:
    """Columns of the inputs (N, F) that tell the target of every row by themselves.

    A class is told by a column that differs between classes and never within one, a number by a column in which the
    rows have the very same order, or its reverse (a rank correlation of 1 or -1).
    """
    if not _is_table(split):
        return np.zeros(0, int)
    is_class = split.targets.dtype.kind == "i"
    order = np.argsort(split.targets.reshape(-1), kind="stable")
    tried = order[_spread(len(order))]
    left = np.arange(split.inputs.shape[1])
    for rows in (tried, order):
        target, columns = split.targets.reshape(-1)[rows], split.inputs[rows[:, None], left]
        left = left[_constant_within(target, columns) if is_class else _same_order(target, columns)]
    return left


def _constant_within(classes: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Which columns (N, F) have one value for each class, and more than one in all; rows are sorted by class."""
    starts = np.flatnonzero(np.diff(classes, prepend=classes[0] - 1))
    low, high = np.minimum.reduceat(columns, starts), np.maximum.reduceat(columns, starts)
    return np.asarray((low == high).all(axis=0) & (low.min(axis=0) < high.max(axis=0)))


def _same_order(target: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Which columns (N, F) rise, or fall, exactly where the sorted target does."""
    rises = np.diff(target) > 0
    if rises.sum() < MIN_VALUES - 1:
        return np.zeros(columns.shape[1], bool)
    steps = np.sign(np.diff(columns, axis=0))
    return np.asarray((steps == rises[:, None]).all(axis=0) | (steps == -rises[:, None].astype(int)).all(axis=0))


def _is_table(split: Split) -> bool:
    return split.inputs.ndim == 2 and split.targets.size == len(split)


def _spread(n_rows: int) -> np.ndarray:
    return np.unique(np.linspace(0, n_rows - 1, N_TRIED).round().astype(int))
