"""Trains a model with a recipe. Runs in the sandbox child only."""

import importlib
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archgraft.evaluator.augmentation import augmented
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.schedule import learning_rate_share

Loss = Callable[[Tensor, Tensor], Tensor]
"""Takes outputs and targets of a batch; gives a scalar."""
KeepGoing = Callable[[int, float], bool]
"""Told after each epoch (counted from 1) with its mean training loss; False ends the training."""
MOMENTUM = 0.9
CPU = torch.device("cpu")
_AUGMENTATION_SEED = 2**32
"""Apart from every seed of a search, so that crops don't follow the shuffling."""


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


def train(
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    recipe: Recipe,
    loss: Loss,
    seed: int,
    keep_going: KeepGoing,
    device: torch.device = CPU,
) -> None:
    """Train in place, a model that is on `device` already; the data (N, ...) stay where they are, batches move.

    Shuffling and augmentation have generators of their own, so that a model's use of chance can't change the batches.
    Raises `NonFiniteLossError`.
    """
    torch.manual_seed(seed)
    shuffle, augment = (torch.Generator().manual_seed(seed + offset) for offset in (0, _AUGMENTATION_SEED))
    optimizer = _optimizer(model, recipe)
    n_steps = recipe.epochs * n_batches(len(inputs), recipe.batch_size)
    step = 0
    model.train()
    for epoch in range(1, recipe.epochs + 1):
        total = torch.zeros((), device=device)
        n_seen = 0
        for rows in _batches(len(inputs), recipe.batch_size, shuffle):
            share = learning_rate_share(step, n_steps, recipe.warmup_share)
            _set_learning_rate(optimizer, recipe.learning_rate * share)
            x = augmented(inputs[rows], recipe, augment).to(device)
            total += take_step(model, optimizer, x, targets[rows].to(device), recipe, loss) * len(rows)
            n_seen += len(rows)
            step += 1
        mean = float(total) / n_seen
        if not -float("inf") < mean < float("inf"):
            raise NonFiniteLossError(f"the training loss became {mean} in epoch {epoch} of {recipe.epochs}")
        if not keep_going(epoch, mean):
            return


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


def _batches(n_samples: int, batch_size: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Shuffled row numbers of one epoch."""
    rows = torch.randperm(n_samples, generator=generator)
    return torch.split(rows, batch_size)[: n_batches(n_samples, batch_size)]


def _optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
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


def _set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
