"""Trains a model with a function of the user's own. Runs in the sandbox child only.

The function is called as `function(model, data, budget)` with a `TrainingData` and a `TrainingBudget`, and trains the
model in place. It sees the training split alone: what is scored comes after it has returned (law 5).
"""

import importlib.util
import random  # noqa: TID251 - only to set the state that the user's code may draw from
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from archgraft.evaluator.imported import imported
from archgraft.evaluator.losses import Loss, require_finite
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.training import KeepGoing, train


class TrainingFunctionError(RuntimeError):
    """The user's training function failed: the message says in which line of theirs, and how."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The training split: inputs (N, ...) and targets (N, ...), in the CPU's memory."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, slots=True)
class TrainingBudget:
    """What a training function may use, and whom it reports to."""

    recipe: Recipe
    """All hyperparameters, those of a second try after a divergence included: rates, weight decay, clip, ..."""
    loss: Loss
    """The task's own, taking (outputs, targets) tensors; label smoothing as in the recipe."""
    seed: int
    device: torch.device
    """Where the model is already; batches must be moved there."""
    keep_going: KeepGoing

    @property
    def epochs(self) -> int:
        """Passes over the training split."""
        return self.recipe.epochs

    @property
    def batch_size(self) -> int:
        """Samples in a step."""
        return self.recipe.batch_size

    def report(self, epoch: int, train_loss: float | Tensor) -> bool:
        """Tell an epoch (counted from 1) with its mean training loss; return from the function when this is false.

        Raises `NonFiniteLossError` for a loss that is NaN or infinite, which is the candidate's failure.
        """
        return self.keep_going(int(epoch), require_finite(float(train_loss), int(epoch), self.epochs))


class Training(Protocol):
    """What `archgraft.evaluator.training.train` does, whoever does it. Returns the peak rate where it is known."""

    def __call__(
        self,
        model: nn.Module,
        inputs: Tensor,
        targets: Tensor,
        recipe: Recipe,
        loss: Loss,
        seed: int,
        keep_going: KeepGoing,
        device: torch.device,
        /,
    ) -> float | None: ...


def training_of(recipe: Recipe) -> Training:
    """The built-in training, or the recipe's own function. Raises `TrainingFunctionError` when it can't be imported."""
    name = recipe.train_function
    if name is None:
        return train
    with _told_by_line(name):
        function = imported(name)

    def train_by_function(
        model: nn.Module,
        inputs: Tensor,
        targets: Tensor,
        recipe: Recipe,
        loss: Loss,
        seed: int,
        keep_going: KeepGoing,
        device: torch.device,
    ) -> None:
        data, budget = TrainingData(inputs, targets), TrainingBudget(recipe, loss, seed, device, keep_going)
        _run(name, function, model, data, budget)

    return train_by_function


def _run(
    name: str, function: Callable[..., object], model: nn.Module, data: TrainingData, budget: TrainingBudget
) -> None:
    """Run the user's function, all generators seeded.

    Raises `TrainingFunctionError` where it fails, or leaves another model behind than it was given: the state that it
    trained is loaded into the architecture as it stands in the source. What has a kind of its own, such as memory that
    runs out or a loss that diverges, is raised as it is.
    """
    torch.manual_seed(budget.seed)
    random.seed(budget.seed)
    np.random.seed(budget.seed)  # noqa: TID251 - likewise
    before = _shapes(model)
    model.train()
    with _told_by_line(name):
        returned = function(model, data, budget)
    if returned is not None and returned is not model:
        raise TrainingFunctionError(
            f"{name} returned a {type(returned).__name__}; train the given model in place, and copy averaged or "
            "distilled weights into it with load_state_dict"
        )
    if changed := sorted(dict(before.items() ^ _shapes(model).items())):
        raise TrainingFunctionError(f"{name} changed what the model consists of: {', '.join(changed[:5])}")


def _shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    state: dict[str, Any] = model.state_dict()
    return {name: tuple(value.shape) for name, value in state.items() if isinstance(value, Tensor)}


@contextmanager
def _told_by_line(name: str) -> Iterator[None]:
    """Failures inside are raised with the line of the user's file; those that have a kind of their own, as they are."""
    try:
        yield
    except (FloatingPointError, MemoryError):
        raise
    except (Exception, SystemExit) as error:  # part of the sandbox's boundary: it becomes this job's outcome
        raise TrainingFunctionError(f"{_line_in(name, error)}{type(error).__name__}: {error}") from error


def _line_in(name: str, error: BaseException) -> str:
    """`file.py, line 12: `, the innermost line of the user's file that led to the error; empty where none did."""
    spec = importlib.util.find_spec(name.rpartition(":")[0])
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if spec and frame.filename == spec.origin
    ]
    return f"{Path(str(spec.origin)).name}, line {lines[-1]}: " if spec and lines else ""
