"""What a model must take and give: one tensor each. Runs in the sandbox child only."""

import inspect
from typing import Any

import torch
from torch import nn

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def require_one_input(model: nn.Module) -> None:
    """Raises `TypeError` for a model whose forward can't be called with one tensor and nothing else."""
    parameters = inspect.signature(model.forward).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind in (*_POSITIONAL, p.KEYWORD_ONLY)]
    if len(needed) > 1:
        raise TypeError(f"{type(model).__name__}.forward takes {len(needed)} inputs: {', '.join(needed)}")


def require_one_output(output: Any) -> torch.Tensor:
    """The output itself. Raises `TypeError` where it is anything but one tensor."""
    if not isinstance(output, torch.Tensor):
        raise TypeError(f"the model's output must be one tensor, but is a {type(output).__name__}")
    return output
