"""Cutting data into parts."""

import numpy as np

from archgraft.evaluator.tasks.protocol import Split


def stratified_split(labels: np.ndarray, n_held: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers (kept, held), both shuffled; held out are `n_held`, each class in proportion (largest remainder).

    Raises `ValueError` unless 0 < n_held < len(labels).
    """
    if not 0 < n_held < len(labels):
        raise ValueError(f"0 < n_held < {len(labels)} must hold, but got {n_held}")
    classes, counts = np.unique(labels, return_counts=True)
    due = counts * n_held / len(labels)
    quota = np.floor(due).astype(int)
    for index in np.argsort(quota - due, kind="stable")[: n_held - quota.sum()]:
        quota[index] += 1
    held = np.concatenate(
        [generator.permutation(np.flatnonzero(labels == name))[:n] for name, n in zip(classes, quota)]
    )
    kept = np.setdiff1d(np.arange(len(labels)), held)
    return generator.permutation(kept), generator.permutation(held)


def take(split: Split, rows: np.ndarray | slice) -> Split:
    """The samples at these rows, in this order."""
    return Split(split.inputs[rows], split.targets[rows])


def standardised(parts: list[np.ndarray], axes: tuple[int, ...]) -> list[np.ndarray]:
    """Parts as float32 with zero mean and unit variance over `axes` of the first part (the training inputs)."""
    first = parts[0].astype(np.float64)
    mean, deviation = first.mean(axis=axes, keepdims=True), first.std(axis=axes, keepdims=True)
    deviation[deviation == 0] = 1.0
    return [((part - mean) / deviation).astype(np.float32) for part in parts]
