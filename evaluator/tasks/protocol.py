"""The seam between archgraft and what a user wants learnt."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from archgraft.evaluator.recipe import Recipe


class TaskError(ValueError):
    """A task can't be used: the message says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Split:
    """Inputs and targets, first axis the samples. Images are float32 (N, C, H, W); tokens int64 (N, T)."""

    inputs: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class Splits:
    """Train feeds the child; validation ranks; test is sealed until the end (law 9)."""

    train: Split
    validation: Split
    test: Split


@dataclass(frozen=True, slots=True)
class Metric:
    """What a score means. Scores are compared through `oriented`, so that more is always better."""

    name: str
    unit: str
    higher_is_better: bool

    def oriented(self, score: float) -> float:
        """The score with its sign set so that more is better."""
        return score if self.higher_is_better else -score


class Task(Protocol):
    """Data, loss, metric and training budget. Lives in the parent: labels never travel before they must.

    `loss` names a function of `torch.nn.functional` (`cross_entropy`, `mse_loss`, ...) or a user's
    `package.module:function` taking `(outputs, targets)` tensors; it runs in the child. `causal` says that an output
    may not depend on later positions of its input; such candidates are checked before their score counts.
    """

    @property
    def name(self) -> str: ...
    @property
    def loss(self) -> str: ...
    @property
    def metric(self) -> Metric: ...
    @property
    def recipe(self) -> Recipe: ...
    @property
    def causal(self) -> bool: ...
    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of one sample's output: (classes,), or (positions, classes)."""
        ...

    def load(self) -> Splits:
        """The data. Raises `TaskError`."""
        ...

    def score(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """The metric of raw float32 outputs (N, *output_shape) against targets."""
        ...
