"""Trains a model with a recipe. Runs in the sandbox child only."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from archgraft.evaluator.augmentation import augmented
from archgraft.evaluator.learning_rate import rate_by_test
from archgraft.evaluator.losses import Loss, require_finite
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.schedule import learning_rate_share
from archgraft.evaluator.stepping import batches_of, n_batches, optimizer_for, set_learning_rate, take_step

KeepGoing = Callable[[int, float], bool]
"""Told after each epoch (counted from 1) with its mean training loss; False ends the training."""
CPU = torch.device("cpu")
_AUGMENTATION_SEED = 2**32
"""Apart from every seed of a search, so that crops don't follow the shuffling."""


def train(
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    recipe: Recipe,
    loss: Loss,
    seed: int,
    keep_going: KeepGoing,
    device: torch.device = CPU,
) -> float:
    """Train in place, a model that is on `device` already; the data (N, ...) stay where they are, batches move.

    Shuffling and augmentation have generators of their own, so that a model's use of chance can't change the batches.
    Returns the peak learning rate. Raises `NonFiniteLossError`.
    """
    n_steps = recipe.epochs * n_batches(len(inputs), recipe.batch_size)
    peak = recipe.learning_rate
    if recipe.learning_rate_rule == "range_test":
        peak = rate_by_test(model, inputs, targets, recipe, loss, seed, n_steps)
    torch.manual_seed(seed)
    shuffle, augment = (torch.Generator().manual_seed(seed + offset) for offset in (0, _AUGMENTATION_SEED))
    optimizer = optimizer_for(model, recipe)
    step = 0
    model.train()
    for epoch in range(1, recipe.epochs + 1):
        total = torch.zeros((), device=device)
        n_seen = 0
        for rows in batches_of(len(inputs), recipe.batch_size, shuffle):
            set_learning_rate(optimizer, peak * learning_rate_share(step, n_steps, recipe.warmup_share))
            x = augmented(inputs[rows], recipe, augment).to(device)
            total += take_step(model, optimizer, x, targets[rows].to(device), recipe, loss) * len(rows)
            n_seen += len(rows)
            step += 1
        if not keep_going(epoch, require_finite(float(total) / n_seen, epoch, recipe.epochs)):
            break
    return peak
