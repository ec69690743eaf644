"""Whether a model can learn: one batch forward and backward in train mode. Runs in the sandbox child only."""

import math
from typing import Any

import torch
from torch import nn


def try_learning(model: nn.Module, inputs: torch.Tensor, seed: int) -> dict[str, Any]:
    """`unreached`, the names of trainable parameters without a gradient, and `faults`, why it can't be trained.

    The loss is a random projection of the output, so no labels are needed.
    """
    model.train()
    output = model(inputs)
    weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(seed))
    loss = (output * weights).sum()
    faults: list[str] = []
    if not math.isfinite(float(loss.detach())):
        faults.append("the output of one training batch is not finite")
    if not loss.requires_grad:
        return {"unreached": [], "faults": [*faults, "no parameter receives a gradient"]}
    loss.backward()
    trained = [(name, parameter.grad) for name, parameter in model.named_parameters() if parameter.requires_grad]
    wild = [name for name, gradient in trained if gradient is not None and not _is_finite(gradient)]
    faults += [f"the gradient of {name} is not finite" for name in wild]
    return {"unreached": [name for name, gradient in trained if gradient is None], "faults": faults}


def _is_finite(gradient: torch.Tensor) -> bool:
    """By way of the sum, which is not finite where any element isn't; it may overflow, so then all are looked at."""
    return math.isfinite(float(gradient.sum())) or bool(torch.isfinite(gradient).all())
