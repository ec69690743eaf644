"""What a model is trained to make small. Runs in the sandbox child only."""

import math
from collections.abc import Callable
from functools import partial

import torch.nn.functional as F
from torch import Tensor

from archgraft.evaluator.imported import imported

Loss = Callable[[Tensor, Tensor], Tensor]
"""Takes outputs and targets of a batch; gives a scalar."""


class NonFiniteLossError(FloatingPointError):
    """The training loss became NaN or infinite: a candidate's failure of its own kind."""


def loss_named(name: str, label_smoothing: float) -> Loss:
    """A function of `torch.nn.functional`, or a user's `package.module:function`. Raises `ValueError`.

    Cross-entropy takes logits with the classes last, (N, K) or (N, T, K).
    """
    if name == "cross_entropy":
        return partial(_cross_entropy, label_smoothing=label_smoothing)
    found = imported(name) if ":" in name else getattr(F, name, None)
    if not callable(found):
        raise ValueError(
            f"there is no loss {name!r}: name a function of torch.nn.functional, package.module:function or "
            "path/to/file.py:function"
        )
    loss: Loss = found
    return loss


def require_finite(train_loss: float, epoch: int, n_epochs: int) -> float:
    """The mean loss of an epoch (counted from 1). Raises `NonFiniteLossError` when it is no finite number."""
    if not math.isfinite(train_loss):
        raise NonFiniteLossError(f"the training loss became {train_loss} in epoch {epoch} of {n_epochs}")
    return train_loss


def _cross_entropy(outputs: Tensor, targets: Tensor, label_smoothing: float) -> Tensor:
    return F.cross_entropy(outputs.flatten(0, -2), targets.flatten(), label_smoothing=label_smoothing)
