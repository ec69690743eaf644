"""Metrics and the functions that compute them. Numpy only: scoring happens in the parent (law 5)."""

from collections.abc import Callable

import numpy as np

from archgraft.evaluator.tasks.protocol import Metric

Score = Callable[[np.ndarray, np.ndarray], float]
"""Takes raw outputs (N, *output_shape) float32 and targets (N, ...); gives the metric."""

ACCURACY = Metric("accuracy", "%", higher_is_better=True)
ROOT_MEAN_SQUARED_ERROR = Metric("rmse", "target units", higher_is_better=False)
BITS_PER_TOKEN = Metric("bits_per_token", "bits", higher_is_better=False)


def accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Share of samples whose largest logit is the right one, in percent. Logits (N, K), classes (N,)."""
    return float(100.0 * np.mean(outputs.argmax(axis=-1) == targets))


def root_mean_squared_error(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Root of the mean squared difference over all entries of (N, ...) arrays."""
    return float(np.sqrt(np.mean(np.square(outputs.astype(np.float64) - targets))))


def bits_per_token(outputs: np.ndarray, targets: np.ndarray) -> float:
    """Mean negative log2-likelihood of the right token. Logits (N, T, K), tokens (N, T)."""
    logits = outputs.astype(np.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    log_normaliser = np.log(np.exp(logits).sum(axis=-1))
    chosen = np.take_along_axis(logits, targets[..., None].astype(np.int64), axis=-1)[..., 0]
    return float(np.mean(log_normaliser - chosen) / np.log(2.0))
