"""One step of training, and what it takes: batches, precision, the optimiser. Runs in the sandbox child only."""

import torch
from torch import Tensor, nn

from archgraft.evaluator.losses import Loss
from archgraft.evaluator.recipe import Recipe

MOMENTUM = 0.9


def take_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor, recipe: Recipe, loss: Loss
) -> Tensor:
    """One step on one batch, in as many parts as the recipe wants. Returns the batch's mean loss, a detached scalar.

    A loss is taken to be a mean over samples, as all of `torch.nn.functional` are by default.
    """
    optimizer.zero_grad(set_to_none=True)
    mean = torch.zeros((), device=inputs.device)
    for x, y in zip(*(parts_of(part, recipe.gradient_accumulation) for part in (inputs, targets)), strict=True):
        value = loss(_outputs(model, x, recipe), y) * (len(x) / len(inputs))
        torch.autograd.backward(value)
        mean += value.detach()
    nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_clip)
    optimizer.step()
    return mean


def parts_of(batch: Tensor, n_parts: int) -> tuple[Tensor, ...]:
    """A batch (B, ...) in parts that differ by one sample at most, none of a single one: batch norm can't take that."""
    return torch.tensor_split(batch, max(1, min(n_parts, len(batch) // 2)))


def training_dtype(device: torch.device, recipe: Recipe) -> torch.dtype:
    """The precision of the forward pass while training; weights, losses and gradients are float32 throughout."""
    return torch.bfloat16 if device.type == "cuda" and recipe.mixed_precision else torch.float32


def _outputs(model: nn.Module, inputs: Tensor, recipe: Recipe) -> Tensor:
    dtype = training_dtype(inputs.device, recipe)
    if dtype is torch.float32:
        outputs: Tensor = model(inputs)
        return outputs
    with torch.autocast(inputs.device.type, dtype):
        outputs = model(inputs)
    return outputs.float()


def n_batches(n_samples: int, batch_size: int) -> int:
    """Batches in an epoch. A last batch of one sample is left out: batch normalisation can't train on it."""
    n_whole, rest = divmod(n_samples, batch_size)
    return max(1, n_whole + (rest > 1))


def batches_of(n_samples: int, batch_size: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Shuffled row numbers of one epoch."""
    rows = torch.randperm(n_samples, generator=generator)
    return torch.split(rows, batch_size)[: n_batches(n_samples, batch_size)]


def optimizer_for(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Weight decay for matrices and kernels only: on scales, biases and gates it would just pull them to zero."""
    learnt = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in learnt if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in learnt if p.ndim <= 1], "weight_decay": 0.0},
    ]
    # One fused kernel instead of a dozen small ones per tensor; it takes real numbers only.
    fused = all(parameter.is_floating_point() for parameter in learnt)
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, recipe.learning_rate, momentum=MOMENTUM, nesterov=True, fused=fused)
    return torch.optim.AdamW(groups, recipe.learning_rate, fused=fused)


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """The rate of every parameter group, from the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
