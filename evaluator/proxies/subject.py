"""What a proxy is given, and how it leaves the model as it was. Runs in the sandbox child only."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archgraft.evaluator.losses import Loss


class NoScoreError(ValueError):
    """This proxy says nothing of this model; the message says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A model as it was initialised, a batch of training samples (N, ...) with targets, and the task's loss."""

    model: nn.Module
    inputs: Tensor
    targets: Tensor
    loss: Loss


@contextmanager
def restored(model: nn.Module) -> Iterator[None]:
    """Afterwards values, dtypes, gradients and modes of the model are what they were, whatever happened."""
    with ExitStack() as undo:
        for module in model.modules():
            undo.callback(setattr, module, "training", module.training)
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    undo.callback(module._buffers.__setitem__, name, buffer)
                    undo.callback(_put_back, buffer, buffer.clone())
        for parameter in model.parameters():
            data = parameter.data
            undo.callback(setattr, parameter, "grad", parameter.grad)
            undo.callback(setattr, parameter, "data", data)
            undo.callback(_put_back, data, data.clone())
            parameter.grad = None
        yield


def _put_back(held: Tensor, kept: Tensor) -> None:
    """Only where it differs: a buffer that was expanded from one number can't be written."""
    if not torch.equal(held, kept):
        with torch.no_grad():
            held.copy_(kept)


def normalise_by_batch(model: nn.Module) -> None:
    """Evaluation mode, dropout off, but normalisations take the batch's own statistics, as when training begins.

    At initialisation the running ones are nobody's: means of zero and deviations of one.
    """
    model.eval()
    for module in model.modules():
        if is_normalisation(module):
            module.train()


def is_normalisation(module: nn.Module) -> bool:
    """Whether the module only normalises: told by its name, since mined code brings norms of its own."""
    return "norm" in type(module).__name__.lower() and not any(True for _ in module.children())


def weights_of(model: nn.Module) -> list[nn.Parameter]:
    """Trainable matrices and kernels: what the papers call the parameters of a layer. No biases, no scales."""
    return [one for one in model.parameters() if one.requires_grad and one.ndim > 1]
