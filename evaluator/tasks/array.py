"""A task over arrays in memory: what every built-in task is, and what a user's own task function returns."""

from dataclasses import dataclass, field

import numpy as np

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.protocol import Metric, Split, Splits, TaskError
from archgraft.evaluator.tasks.scores import Score


@dataclass(frozen=True)
class ArrayTask:
    """Data, loss, metric and training budget over arrays. Checked when made: raises `TaskError`.

    For the usual kinds use `classification`, `regression` or `token_prediction` (evaluator/tasks/kinds.py), which fill
    in everything but the data. `score_function` takes raw outputs (N, *output_shape) and targets. `loss` names a
    function of `torch.nn.functional`, or your own as `package.module:function`, taking (outputs, targets) tensors.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    loss: str
    metric: Metric
    score_function: Score
    output_shape: tuple[int, ...]
    recipe: Recipe = field(default_factory=Recipe)
    causal: bool = False
    feature_names: tuple[str, ...] = ()
    """What the inputs (N, F) of a table are called, for messages."""

    def __post_init__(self) -> None:
        check_splits(self.name, self.load())
        if self.causal and self.output_shape[:1] != self.train.inputs.shape[-1:]:
            raise TaskError(
                f"{self.name}: a causal task needs one output per position, but inputs have "
                f"{self.train.inputs.shape[-1]} positions and output_shape is {self.output_shape}"
            )

    def load(self) -> Splits:
        """The data, as given."""
        return Splits(self.train, self.validation, self.test)

    def score(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """The metric."""
        return self.score_function(outputs, targets)


def check_splits(name: str, splits: Splits) -> None:
    """Raises `TaskError` unless the parts are arrays that a model can take, finite, whole, and alike."""
    parts = [("train", splits.train), ("validation", splits.validation), ("test", splits.test)]
    for part, split in parts:
        _check_split(name, part, split)
    if len(splits.train) < 2:
        raise TaskError(f"{name}: train needs at least two samples")
    for part, split in parts[1:]:
        for what, ours, first in (
            ("inputs", split.inputs, splits.train.inputs),
            ("targets", split.targets, splits.train.targets),
        ):
            if ours.shape[1:] != first.shape[1:] or ours.dtype != first.dtype:
                raise TaskError(
                    f"{name}: one {what[:-1]} of {part} is {ours.dtype} {ours.shape[1:]}, "
                    f"but one of train is {first.dtype} {first.shape[1:]}; they must be alike"
                )


def _check_split(name: str, part: str, split: Split) -> None:
    for what, array in (("inputs", split.inputs), ("targets", split.targets)):
        if not isinstance(array, np.ndarray):
            raise TaskError(f"{name}: {part} {what} must be a numpy array, but is a {type(array).__name__}")
        if array.dtype not in (np.float32, np.int64):
            raise TaskError(f"{name}: {part} {what} must be float32 or int64, but are {array.dtype}")
        if array.ndim == 0 or array.size == 0:
            raise TaskError(f"{name}: {part} {what} are empty, shape {array.shape}")
        if array.dtype == np.float32 and not np.isfinite(array).all():
            n_bad = int(np.size(array) - np.isfinite(array).sum())
            raise TaskError(f"{name}: {part} {what} hold {n_bad} values that are NaN or infinite; clean them first")
    if len(split.inputs) != len(split.targets):
        raise TaskError(f"{name}: {part} has {len(split.inputs)} inputs but {len(split.targets)} targets")
