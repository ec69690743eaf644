"""Models and batches small enough to score by hand."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archgraft.evaluator.proxies.subject import Subject


def mean_product(outputs: Tensor, targets: Tensor) -> Tensor:
    """A loss whose gradient is plain: that of a linear layer's weight is the mean of input times target."""
    return (outputs * targets).mean()


def subject(model: nn.Module, inputs: Tensor | Sequence[Sequence[float]], targets: Tensor | None = None) -> Subject:
    """The model with a batch; targets of one where none are given."""
    batch = inputs if isinstance(inputs, Tensor) else torch.tensor(inputs)
    return Subject(model, batch, torch.ones(len(batch), 1) if targets is None else targets, mean_product)


def linear(*rows: Sequence[float]) -> nn.Linear:
    """A layer without bias that has these rows of weights."""
    layer = nn.Linear(len(rows[0]), len(rows), bias=False)
    layer.weight.data = torch.tensor(rows)
    return layer
