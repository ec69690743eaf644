"""What a model is trained to make small. Runs in the sandbox child only."""

import importlib
from collections.abc import Callable
from functools import partial

import torch.nn.functional as F
from torch import Tensor

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
    place, _, function = name.rpartition(":")
    found = getattr(importlib.import_module(place) if place else F, function, None)
    if not callable(found):
        raise ValueError(
            f"there is no loss {name!r}: name a function of torch.nn.functional or package.module:function"
        )
    loss: Loss = found
    return loss


def _cross_entropy(outputs: Tensor, targets: Tensor, label_smoothing: float) -> Tensor:
    return F.cross_entropy(outputs.flatten(0, -2), targets.flatten(), label_smoothing=label_smoothing)
