"""A learning rate that follows the architecture: a short range test before training. Runs in the sandbox child only.

The rate rises from step to step, exponentially, until the loss explodes; a tenth of the rate with the lowest loss is
taken. Source: Smith 2017, "Cyclical learning rates" (arXiv 1506.01186), section 3.3, for the test; Howard and Gugger
2020, "fastai" (arXiv 2002.04688), for exponential steps, smoothing and the tenth.

No formula from width and depth is used: those published (muP, Yang et al. 2022, arXiv 2203.03466; Chen et al. 2024,
arXiv 2402.17440) are derived for plain stacks of layers and their initialisation, and a candidate is any graph of mined
modules, each with its own.
"""

import math

import torch
from torch import Tensor, nn

from archgraft.evaluator.losses import Loss
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.stepping import batches_of, optimizer_for, set_learning_rate, take_step

MIN_STEPS, MAX_STEPS = 30, 100
SHARE_OF_TRAINING = 0.1
LOWEST, HIGHEST = 0.01, 100.0
"""Of the recipe's own rate: the range that is tested."""
BELOW_BEST = 0.1
SMOOTHING = 0.8
MIN_FALL = 0.01
"""Of the first loss: less than that is no learning."""
EXPLODED = 4.0
"""Times the lowest smoothed loss: from there on higher rates teach nothing."""


def rate_by_test(
    model: nn.Module, inputs: Tensor, targets: Tensor, recipe: Recipe, loss: Loss, seed: int, n_steps: int
) -> float:
    """The peak learning rate for a model, which is left as it was found.

    `n_steps` are those of the training to come. Parameters and buffers are put back; what a module keeps in plain
    attributes (a counter, say) is not. Gives the recipe's own rate where the loss hardly falls.
    """
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    n_tested = min(MAX_STEPS, max(MIN_STEPS, round(SHARE_OF_TRAINING * n_steps)))
    rates = [recipe.learning_rate * LOWEST * (HIGHEST / LOWEST) ** (step / (n_tested - 1)) for step in range(n_tested)]
    kept = [(tensor, tensor.detach().clone()) for tensor in (*model.parameters(), *model.buffers())]
    torch.manual_seed(seed)
    shuffle = torch.Generator().manual_seed(seed)
    optimizer = optimizer_for(model, recipe)
    losses: list[float] = []
    model.train()
    batches = (rows for _ in rates for rows in batches_of(len(inputs), recipe.batch_size, shuffle))
    for rate, rows in zip(rates, batches):
        set_learning_rate(optimizer, rate)
        losses.append(
            float(take_step(model, optimizer, inputs[rows].to(device), targets[rows].to(device), recipe, loss))
        )
        if exploded(losses):
            break
    with torch.no_grad():
        for tensor, before in kept:
            tensor.copy_(before)
    optimizer.zero_grad(set_to_none=True)
    return chosen_rate(rates[: len(losses)], losses) or recipe.learning_rate


def exploded(losses: list[float]) -> bool:
    """Whether the smoothed loss has left its lowest value far behind, or is no number any more."""
    smooth = smoothed(losses)
    return not math.isfinite(smooth[-1]) or smooth[-1] > EXPLODED * min(smooth)


def chosen_rate(rates: list[float], losses: list[float]) -> float | None:
    """A tenth of the rate with the lowest smoothed loss; None where the loss hardly fell: nothing was learnt."""
    finite = [value if math.isfinite(value) else math.inf for value in smoothed(losses)]
    best = finite.index(min(finite))
    fell = finite[0] - finite[best] > MIN_FALL * abs(finite[0])
    return BELOW_BEST * rates[best] if fell else None


def smoothed(losses: list[float]) -> list[float]:
    """An exponential moving average, corrected for its start at zero."""
    average, found = 0.0, []
    for number, value in enumerate(losses, start=1):
        average = SMOOTHING * average + (1 - SMOOTHING) * value
        found.append(average / (1 - SMOOTHING**number))
    return found
