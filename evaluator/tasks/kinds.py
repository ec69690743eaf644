"""The usual kinds of task, made from three splits: loss, metric and output shape follow from the data."""

from typing import Any

import numpy as np

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks import scores
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.protocol import Split, Splits, TaskError


def classification(name: str, splits: Splits, recipe: Recipe) -> ArrayTask:
    """One class per sample: targets (N,) integers 0..K-1, outputs (N, K) logits. Raises `TaskError`."""
    splits = _with_targets(splits, np.int64)
    labels = np.concatenate([splits.train.targets, splits.validation.targets, splits.test.targets])
    if labels.ndim != 1:
        raise TaskError(f"{name}: classes must have shape (N,), but one target has shape {labels.shape[1:]}")
    found = np.unique(splits.train.targets)
    if len(found) < 2:
        raise TaskError(
            f"{name}: a classification needs at least two classes in train, but found only {found.tolist()}"
        )
    if not np.array_equal(found, np.arange(len(found))):
        raise TaskError(
            f"{name}: the classes in train must be 0..K-1 with none left out, but found {_listed(found)}; "
            "renumber them, or give float targets for a regression"
        )
    unknown = np.setdiff1d(labels, found)
    if len(unknown):
        raise TaskError(f"{name}: validation or test hold classes that train lacks: {_listed(unknown)}")
    return ArrayTask(name, *_parts(splits), "cross_entropy", scores.ACCURACY, scores.accuracy, (len(found),), recipe)


def regression(name: str, splits: Splits, recipe: Recipe) -> ArrayTask:
    """Targets (N,) or (N, ...) floats; outputs have the same shape, (N, 1) for (N,). Raises `TaskError`."""
    splits = _with_targets(splits, np.float32)
    shape = splits.train.targets.shape[1:]
    return ArrayTask(
        name, *_parts(splits), "mse_loss", scores.ROOT_MEAN_SQUARED_ERROR, scores.root_mean_squared_error, shape, recipe
    )


def token_prediction(name: str, splits: Splits, recipe: Recipe) -> ArrayTask:
    """One token per position: inputs and targets (N, T) integers, outputs (N, T, K) logits. Raises `TaskError`.

    K is one more than the largest token anywhere. The task is causal when each target is the next input, in all splits.
    """
    splits = _with_targets(splits, np.int64)
    parts = _parts(splits)
    for part in parts:
        if part.inputs.shape != part.targets.shape:
            raise TaskError(
                f"{name}: tokens and targets must have one shape, but got {part.inputs.shape} and {part.targets.shape}"
            )
        if min(part.inputs.min(initial=0), part.targets.min(initial=0)) < 0:
            raise TaskError(f"{name}: tokens must not be negative")
    n_tokens = 1 + int(max(max(part.inputs.max(initial=0), part.targets.max(initial=0)) for part in parts))
    length = splits.train.inputs.shape[1]
    causal = length > 1 and all(np.array_equal(part.targets[:, :-1], part.inputs[:, 1:]) for part in parts)
    return ArrayTask(
        name,
        *parts,
        "cross_entropy",
        scores.BITS_PER_TOKEN,
        scores.bits_per_token,
        (length, n_tokens),
        recipe,
        causal,
    )


def _parts(splits: Splits) -> tuple[Split, Split, Split]:
    return splits.train, splits.validation, splits.test


def _with_targets(splits: Splits, dtype: Any) -> Splits:
    """Targets in one dtype; one float per sample gets an axis of its own, so that no loss can broadcast."""
    parts = []
    for part in _parts(splits):
        targets = part.targets.astype(dtype)
        parts.append(Split(part.inputs, targets[:, None] if dtype is np.float32 and targets.ndim == 1 else targets))
    return Splits(*parts)


def _listed(values: np.ndarray) -> str:
    shown = ", ".join(str(value) for value in values[:8].tolist())
    return f"{shown}, ... ({len(values)} in all)" if len(values) > 8 else shown
